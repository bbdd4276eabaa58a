"""The long form: python -m tests.simulation --seeds 10000 --steps 200."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .simulate import ARTEFACTS, simulate_many


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument(
        "--keep", type=Path, default=ARTEFACTS, help="where reduced files of failing seeds go"
    )
    given = parser.parse_args()
    result = simulate_many(given.first, given.seeds, given.steps, given.keep)
    print(result)
    return 1 if result.failures else 0


sys.exit(main())
