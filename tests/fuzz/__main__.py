"""The long form: python -m tests.fuzz --inputs 1000000 --seed 3."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.fuzz.engine import fuzz
from tests.fuzz.targets import MAKERS
from tests.results import keep, stamp

MEMORY = Path("/dev/shm")
"""Where files are made that are read at once: on a disk a journal's inputs take fifty times as long."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of each target")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--target", action="append", choices=list(MAKERS), help="left out: all")
    parser.add_argument("--results", type=Path, help="a folder whose fuzz.json this run is added to")
    given = parser.parse_args()
    told = {**stamp(), **run(given.target or list(MAKERS), given.inputs, given.seed)}
    print(f"{sum(told['inputs'].values()):,} inputs, seed {given.seed}, {len(told['problems'])} problems")
    print(*told["problems"], sep="\n")
    if given.results is not None:
        keep(given.results, "fuzz", told)
    return 1 if told["problems"] else 0


def run(targets: list[str], inputs: int, seed: int) -> dict[str, Any]:
    """So many inputs of each; what they came to."""
    began = time.monotonic()
    counts, problems = dict[str, int](), list[str]()
    for name in targets:
        since = time.monotonic()
        where = MEMORY if MEMORY.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="nacre-fuzz-", dir=where) as place:
            found = fuzz(MAKERS[name](Path(place)), inputs, seed)
        counts[name] = found.inputs
        problems += found.problems
        print(f"{name:12} {found.inputs:>12,} inputs in {time.monotonic() - since:.1f} s", flush=True)
    seconds = round(time.monotonic() - began, 1)
    return {"seed": seed, "seconds": seconds, "inputs": counts, "problems": problems}


if __name__ == "__main__":
    sys.exit(main())
