"""Writes the locks: exact versions and the hashes of their wheels, without addresses.

requirements.lock is the project's own environment; NautilusTrader's pins conflict with it, so each of its
versions has an environment and a lock of its own: `lock.py --nautilus-trader`. So has who looks for known
vulnerabilities: `lock.py --audit`. Whom `nacre bench data` asks besides are in a lock each, as one has wheels
where the other has none: `lock.py --peers`.

pip resolves once for each Python and processor that nacre supports; the lock holds the union.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("requirements.lock")
AUDIT_LOCK = Path(__file__).with_name("audit.lock")
EXTRAS = (
    "analytics", "backend", "bench", "calendars", "cluster", "dev", "factor", "features", "ml",
    "parquet", "periphery", "portfolio", "top",
)  # fmt: skip
"""What the project's own environment holds."""

PYTHONS = ("3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
GLIBCS = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in (17, 24, 26, 27, 28, 31, 34)))
NEWER_GLIBCS = (*GLIBCS, "manylinux_2_35")
NAUTILUS_VERSIONS = ("1.231.0", "2.0.0rc7")
PEERS = {
    "itchcpp": ("itchcpp>=1.6", ("3.13",), ("x86_64",)),
    "polars": ("polars>=2.1", PYTHONS, MACHINES),
}
"""The Pythons and machines that each has wheels for."""

NAUTILUS_LOCKS = ROOT / "periphery" / "nautilus_trader" / "locks"
HEADER = "# Written by `make lock` from pyproject.toml: versions and hashes of wheels, no addresses.\n"

type Pins = dict[tuple[str, str], set[str]]


def wanted() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = config["project"]
    extras = [req for extra in EXTRAS for req in project["optional-dependencies"][extra]]
    return sorted({*config["build-system"]["requires"], *project["dependencies"], *extras})


def resolve(
    pip: list[str], python: str, machine: str, scratch: Path, wanted: list[str], glibcs: tuple[str, ...]
) -> list[dict[str, Any]]:
    report = scratch / "report.json"
    platforms = [flag for glibc in glibcs for flag in ("--platform", f"{glibc}_{machine}")]
    command = [*pip, "install", "-q", "--dry-run", "--ignore-installed", "--only-binary", ":all:"]
    command += ["--python-version", python, *platforms, "--target", str(scratch / "none")]
    subprocess.run([*command, "--report", str(report), *wanted], check=True)
    installs: list[dict[str, Any]] = json.loads(report.read_text())["install"]
    return installs


def collect(
    pip: list[str], scratch: Path, wanted: list[str], pythons: tuple[str, ...] = PYTHONS,
    machines: tuple[str, ...] = MACHINES, glibcs: tuple[str, ...] = GLIBCS,
) -> Pins:  # fmt: skip
    pins: Pins = {}
    for python in pythons:
        for machine in machines:
            print(f"lock: resolving for Python {python} on {machine}", file=sys.stderr)
            for item in resolve(pip, python, machine, scratch, wanted, glibcs):
                name = item["metadata"]["name"].lower().replace("_", "-")
                pin = (name, item["metadata"]["version"])
                pins.setdefault(pin, set()).add(item["download_info"]["archive_info"]["hashes"]["sha256"])
    return pins


def lines(pins: Pins) -> Iterator[str]:
    names = [name for name, _ in pins]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise SystemExit(f"lock: no one version for every Python and machine: {', '.join(sorted(doubled))}")
    yield HEADER
    for (name, version), hashes in sorted(pins.items()):
        yield (
            f"{name}=={version}"
            + "".join(f" \\\n    --hash=sha256:{value}" for value in sorted(hashes))
            + "\n"
        )


def nautilus_wanted(version: str) -> list[str]:
    """That version, and what the client library needs."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*config["dependencies"], *config["optional-dependencies"]["periphery"]]
    needed = ("msgspec", "numpy", "pyzmq", "click")
    return [f"nautilus_trader=={version}", *(req for req in wanted if req.startswith(needed))]


def write(lock: Path, wanted: list[str], *more: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(prefix="nacre-lock-") as folder:
        scratch = Path(folder)
        subprocess.run([sys.executable, "-m", "venv", str(scratch / "venv")], check=True)
        pip = [str(scratch / "venv/bin/python"), "-m", "pip"]
        text = "".join(lines(collect(pip, scratch, wanted, *more)))
    lock.write_text(text)
    print(f"lock: wrote {lock.relative_to(ROOT)}, {text.count('==')} packages", file=sys.stderr)


def main() -> None:
    if sys.argv[1:] == ["--nautilus-trader"]:
        for version in NAUTILUS_VERSIONS:
            write(
                NAUTILUS_LOCKS / f"{version}.lock",
                nautilus_wanted(version),
                ("3.13",),
                MACHINES,
                NEWER_GLIBCS,
            )
    elif sys.argv[1:] == ["--audit"]:
        write(AUDIT_LOCK, ["pip-audit>=2.10"])
    elif sys.argv[1:] == ["--peers"]:
        for peer, (least, pythons, machines) in PEERS.items():
            write(LOCK.with_name(f"{peer}.lock"), [least], pythons, machines)
    else:
        write(LOCK, wanted())


if __name__ == "__main__":
    main()
