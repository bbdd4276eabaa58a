"""Which known vulnerabilities the locked packages have, as the registries tell: pip-audit and `npm audit`.

    audit.py [-o json]      exit 1: there is one; 2: a registry can't be asked, or knows nothing of a package

Run it in an environment that has audit.lock: `make audit` makes one. What can't be asked about isn't called
good.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCKS = (
    *sorted((ROOT / "deploy" / "setup").glob("*.lock")),
    *sorted((ROOT / "periphery" / "nautilus_trader" / "locks").glob("*.lock")),
)
FRONTEND = ROOT / "periphery" / "frontend"
PATIENCE_S = 600.0

type Told = dict[str, Any]


def python(lock: Path) -> Told:
    """packages: asked about; vulnerabilities: package, version, id; unknown: to the registry."""
    with tempfile.TemporaryDirectory(prefix="nacre-audit-") as folder:
        out = Path(folder) / "out.json"
        words = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--require-hashes", "--disable-pip"]
        words += [
            "--vulnerability-service",
            "pypi",
            "--progress-spinner",
            "off",
            "-f",
            "json",
            "-o",
            str(out),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        if not out.exists():
            return failed(done.stderr)
        return told(json.loads(out.read_text())["dependencies"])


def told(rows: Iterable[Told]) -> Told:
    """Of pip-audit's rows."""
    rows = list(rows)
    known = [f"{row['name']} {row['version']}: {each['id']}" for row in rows for each in row.get("vulns", ())]
    unknown = [row["name"] for row in rows if "skip_reason" in row]
    return {"packages": len(rows), "vulnerabilities": known, "unknown": unknown, "why": ""}


def npm() -> Told:
    """Of the pages' package-lock.json."""
    words = ["npm", "audit", "--json", "--package-lock-only"]
    try:
        done = subprocess.run(
            words, cwd=FRONTEND, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return failed(str(error))
    if "vulnerabilities" not in found:
        return failed(str(found.get("message", found)))
    known = [f"{name}: {each['severity']}" for name, each in found["vulnerabilities"].items()]
    packages = found["metadata"]["dependencies"]["total"]
    return {"packages": packages, "vulnerabilities": known, "unknown": [], "why": ""}


def failed(why: str) -> Told:
    """Nothing is known."""
    last = (why.strip().splitlines() or ["it said nothing"])[-1]
    return {"packages": 0, "vulnerabilities": [], "unknown": [], "why": last}


def code(found: Iterable[Told]) -> int:
    """0: everything was asked about, and nothing is known against it."""
    found = list(found)
    if any(each["vulnerabilities"] for each in found):
        return 1
    return 2 if any(each["why"] or each["unknown"] for each in found) else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="audit.py", description=__doc__)
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table")
    given = parser.parse_args()
    found = {str(lock.relative_to(ROOT)): python(lock) for lock in LOCKS}
    found["periphery/frontend/package-lock.json"] = npm()
    if given.output == "json":
        print(json.dumps(found))
    else:
        for name, each in found.items():
            print(
                f"{name}: {each['packages']} packages, {len(each['unknown'])} of them unknown; {each['why']}"
            )
            print(*(f"  {line}" for line in each["vulnerabilities"]), sep="\n", end="")
    return code(found.values())


if __name__ == "__main__":
    sys.exit(main())
