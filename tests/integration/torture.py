"""Kills processes of a core under load, again and again, and looks for anything that is lost or doubled.

`python -m tests.integration.torture --kills 200 -o json`. A round is a core with a journal of its own: kills
of its processes, of a client, of the whole core, then an orderly stop. Each `check_...` of a round says what
it sees to.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.integration.rounds import CLIENT, CORE, PLACEMENTS, Round, Tally

ROUND = 25


def torture(folder: Path, kills: int, seed: int, placements: list[str], stops: int = 0) -> dict[str, Any]:
    """So many kills, over every process of every placement in turn. stops: SIGSTOPs besides, a placement."""
    rng = random.Random(seed)
    tally = Tally()
    number = 0
    while sum(tally.kills.values()) < kills:
        placement = placements[number % len(placements)]
        place = folder / f"round{number}"
        place.mkdir()
        one = Round(place, placement, rng, tally)
        try:
            targets = [each["name"] for each in one.status()["workers"]] + [CLIENT, CORE]
            rng.shuffle(targets)
            left = kills - sum(tally.kills.values())
            for i in range(min(left, ROUND)):
                one.strike(targets[(number * ROUND + i) % len(targets)])
            if number < stops * len(placements):
                one.strike(rng.choice([each["name"] for each in one.status()["workers"]]), signal.SIGSTOP)
            one.end()
        except (AssertionError, OSError) as error:
            one.failed(error)
            break
        finally:
            one.core.end()
        number += 1
    return tally.told()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--stops", type=int, default=1)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--placement", choices=list(PLACEMENTS), action="append")
    parser.add_argument("-o", dest="output", choices=("table", "json"), default="table")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nacre-torture-") as folder:
        began = time.monotonic()
        told = torture(
            Path(folder), asked.kills, asked.seed, asked.placement or list(PLACEMENTS), asked.stops
        )
    told |= {"seed": asked.seed, "seconds": round(time.monotonic() - began)}
    if asked.output == "json":
        print(json.dumps(told))
    else:
        for key, value in told.items():
            print(f"{key:14} {value}")
    return 1 if told["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
