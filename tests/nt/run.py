"""What can only be shown with NautilusTrader installed: its conformance cases on a core, its clients of a
venue behind the gateway, nodes that are started again, and a core that is killed.

    python -m tests.nt.run                          all of it, both versions
    python -m tests.nt.run cases [--version 2] [CASE ...]
    python -m tests.nt.run gateway | binance | issues
    python -m tests.nt.run kills [--kills 100] [--seed 1]

Without --python the environment is made first (`nacre nt env`). Each case is printed with its outcome and
why. Exit 1: one failed, or one is skipped that tests/nt/skips.json doesn't have, or has and it passed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from periphery.nautilus_trader import env
from tests.integration.live_core import Process
from tests.nt import bridge, issues, kills
from tests.nt.desk import DECLARED

ROOT = Path(__file__).parents[2]
SKIPS = Path(__file__).with_name("skips.json")
PATIENCE_S = 900
KILLS = 100


def python_for(version: str, given: str | None) -> str:
    """An interpreter that has that version; the environment is made where there is none."""
    if given is not None:
        return given
    name = env.version_of(version)
    folder = env.default_folder(name)
    if env.make(name, folder):
        print(f"made {folder}", file=sys.stderr)
    return str(env.python_of(folder))


def lines_of(
    python: str, module: str, *args: str, patience_s: float = PATIENCE_S
) -> Iterator[dict[str, Any]]:
    """The JSON lines of a module that runs there. SystemExit: it ended with an error."""
    command = [python, "-m", module, *args]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        for line in child.stdout:
            if line.startswith("{"):
                yield json.loads(line)
        if code := child.wait(patience_s):
            raise SystemExit(f"{module} ended with {code}")
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def cases(version: str, python: str, only: list[str]) -> int:
    skips: dict[str, str] = json.loads(SKIPS.read_text())[f"v{version}"]
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="nacre-nt-") as folder:
        core = Process(Path(folder), declared=DECLARED)
        core.start()
        try:
            for what in ("cases", "commands"):
                for row in lines_of(python, f"tests.nt.{what}_v{version}", str(core.socket), *only):
                    found[row["case"]] = row
                    _print(row)
            core.stop()
        finally:
            core.end()
    return judge(found, {} if only else skips)


def gateway(python: str) -> int:
    """Their sandbox behind a core: quotes and fills come, nothing is lost or sent again while it is down."""
    with tempfile.TemporaryDirectory(prefix="nacre-nt-") as folder:
        core = Process(Path(folder), declared=kills.DECLARED)
        core.start()
        try:
            notes = str(Path(folder) / "notes")
            (told,) = lines_of(python, "tests.nt.gateway_v1", str(core.socket), notes)
        finally:
            core.end()
    wanted = {
        "ask": told.get("ask") == "1.10002",
        "fills": told.get("fills") == [["takes", "1000", "1.10002"]],
        "sent once": told.get("children") == {"takes": 1, "rests": 1},
        "works on while it is down": told.get("down", {}).get("rests") == "new",
        "a cancel of what is filled is answered once": told.get("answers")
        == [["new", "cancel_rejected", "new"], ["new", "new"]],
        "nothing goes there meanwhile": not any(each[0] == "late" for each in told.get("told", [])),
    }
    for what, holds in wanted.items():
        print(f"gateway: {what}: {'passed' if holds else f'failed: {told}'}", flush=True)
    return 0 if all(wanted.values()) else 1


def judge(found: dict[str, dict[str, Any]], skips: dict[str, str]) -> int:
    """Exit code: what failed, and what was skipped without being on the list."""
    for name, why in skips.items():
        if name not in found:
            found[name] = {"case": name, "outcome": "skipped", "why": why}
            _print(found[name])
    failed = sorted(name for name, row in found.items() if row["outcome"] == "failed")
    stray = sorted(name for name, row in found.items() if row["outcome"] == "skipped" and name not in skips)
    stale = sorted(name for name in skips if found[name]["outcome"] != "skipped")
    count = sum(row["outcome"] == "passed" for row in found.values())
    print(f"{count} passed, {len(failed)} failed, {len(found) - count - len(failed)} skipped")
    for what, names in (
        ("failed", failed),
        ("skipped, not on the list", stray),
        ("on the list, not skipped", stale),
    ):
        if names:
            print(f"{what}: {', '.join(names)}")
    return 1 if failed or stray or stale or not count else 0


def _print(row: dict[str, Any]) -> None:
    print(f"{row['case']:22} {row['outcome']:8} {row['why']}".rstrip(), flush=True)


def main() -> int:
    words = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    words.add_argument("what", choices=("all", *PARTS, "kills", "cases"), nargs="?", default="all")
    words.add_argument("only", nargs="*", metavar="CASE")
    words.add_argument("--version", choices=("1", "2"), default="1")
    words.add_argument("--python", help="of an environment that has the version; for `all`: that has 1.231")
    words.add_argument("--kills", type=int, default=100)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_intermixed_args()
    python = python_for(given.version, given.python)
    if given.what == "all":
        runs = [cases("1", python, []), cases("2", python_for("2", None), [])]
        runs += [part(python) for part in PARTS.values()]
        return max(*runs, kills.run("1", python, KILLS, given.seed))
    if given.what == "kills":
        return kills.run(given.version, python, given.kills, given.seed)
    return cases(given.version, python, given.only) if given.what == "cases" else PARTS[given.what](python)


PARTS = {"gateway": gateway, "binance": bridge.run, "issues": issues.run}

if __name__ == "__main__":
    raise SystemExit(main())
