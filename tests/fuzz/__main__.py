"""The long form: python -m tests.fuzz --inputs 1000000 --seed 3."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.engine import fuzz
from tests.fuzz.targets import MAKERS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of each target")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--target", action="append", choices=list(MAKERS), help="left out: all")
    given = parser.parse_args()
    total, problems = 0, []
    for name in given.target or MAKERS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="nacre-fuzz-") as folder:
            found = fuzz(MAKERS[name](Path(folder)), given.inputs, given.seed)
        total += found.inputs
        problems += found.problems
        print(f"{name:12} {found.inputs:>12,} inputs in {time.monotonic() - began:.1f} s", flush=True)
    print(f"{total:,} inputs, seed {given.seed}, {len(problems)} problems", *problems, sep="\n")
    return 1 if problems else 0


sys.exit(main())
