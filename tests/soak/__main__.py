"""The long form: python -m tests.soak --minutes 30 --sessions 1000."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.results import keep, stamp
from tests.soak.soak import SESSIONS_MAX, Plan, Soak

EVERY_S = 300.0
"""Each ring is filled, and the processors stolen, once in so long."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--sessions", type=int, default=SESSIONS_MAX, help=f"in all, {SESSIONS_MAX} at most")
    rate = "ten times the busiest second of the demonstration's day"
    parser.add_argument("--quotes-per-s", type=float, default=Plan.quotes_per_s, help=rate)
    parser.add_argument("--orders-per-s", type=float, default=Plan.orders_per_s)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, help="a folder in which soak.json and the page are written")
    given = parser.parse_args()
    if not Plan.at_once <= given.sessions <= SESSIONS_MAX:
        parser.error(f"--sessions {given.sessions}: give {Plan.at_once} to {SESSIONS_MAX}")
    seconds = 60 * given.minutes
    often = max(1, round(seconds / EVERY_S))
    plan = Plan(
        seconds, given.sessions, quotes_per_s=given.quotes_per_s, orders_per_s=given.orders_per_s,
        squeezes=often, steals=often, seed=given.seed,
    )  # fmt: skip
    began = stamp()
    with tempfile.TemporaryDirectory(prefix="nacre-soak-") as folder:
        told = Soak(Path(folder), plan).run() | began
    print(json.dumps(told, indent=1))
    if given.results is not None:
        keep(given.results, "soak", told)
    return 0 if told["flat"] and not told["problems"] and told["lost"] == told["duplicated"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
