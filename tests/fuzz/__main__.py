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
    total, problems = 0, list[str]()
    for name in given.target or MAKERS:
        told = stamp() | run(name, given.inputs, given.seed)
        total += told["inputs"][name]
        problems += told["problems"]
        print(f"{name:12} {told['inputs'][name]:>12,} inputs in {told['seconds']} s", flush=True)
        if given.results is not None:
            keep(given.results, "fuzz", told)
    print(f"{total:,} inputs, seed {given.seed}, {len(problems)} problems", *problems, sep="\n")
    return 1 if problems else 0


def run(name: str, inputs: int, seed: int) -> dict[str, Any]:
    """So many inputs of a target; what they came to."""
    began = time.monotonic()
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="nacre-fuzz-", dir=where) as place:
        found = fuzz(MAKERS[name](Path(place)), inputs, seed)
    seconds = round(time.monotonic() - began, 1)
    return {"seed": seed, "seconds": seconds, "inputs": {name: found.inputs}, "problems": found.problems}


if __name__ == "__main__":
    sys.exit(main())
