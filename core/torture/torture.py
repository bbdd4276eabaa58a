"""Kills processes of a core under load, again and again, and looks for anything that is lost or doubled.

A round is a core with a journal of its own: kills of its processes, of a client, of the whole core, then an
orderly stop; then its journal is damaged in each way. Each `check_...` of a round says what it sees to.
Beside the rounds, the disk fails in each way.
"""

from __future__ import annotations

import random
import signal
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

from core.torture.damage import DAMAGES, check
from core.torture.disks import FAILURES, fail
from core.torture.rounds import CLIENT, CORE, PLACEMENTS, Round, Tally

ROUND = 25


def torture(
    folder: Path,
    kills: int,
    seed: int,
    placements: list[str] | None = None,
    *,
    stops: int = 0,
    damages: int = 0,
    disks: int = 0,
) -> dict[str, Any]:
    """So many kills, over every process of every placement in turn; what all of it came to.

    stops: SIGSTOPs besides, a placement. damages: of each kind, to each round's journal. disks: failures of
    each kind.
    """
    rng, tally = random.Random(seed), Tally()
    places = placements or list(PLACEMENTS)
    number = 0
    while sum(tally.kills.values()) < kills and not tally.problems:
        left = kills - sum(tally.kills.values())
        stop = number < stops * len(places)
        _round(_made(folder / f"round{number}"), places[number % len(places)], rng, tally, number, left, stop)
        for name in DAMAGES if not tally.problems else ():
            _damage(folder / f"round{number}", name, rng, tally, damages)
        number += 1
    for number in range(disks * len(FAILURES) if not tally.problems else 0):
        fail(list(FAILURES)[number % len(FAILURES)], _made(folder / f"disk{number}"), rng, tally)
    return tally.told()


def _round(
    place: Path, placement: str, rng: random.Random, tally: Tally, number: int, left: int, stop: bool
) -> None:
    one = Round(place, placement, rng, tally)
    try:
        targets = [each["name"] for each in one.status()["workers"]] + [CLIENT, CORE]
        rng.shuffle(targets)
        for i in range(min(left, ROUND)):
            one.strike(targets[(number * ROUND + i) % len(targets)])
        if stop:
            one.strike(rng.choice([each["name"] for each in one.status()["workers"]]), signal.SIGSTOP)
        one.end()
    except (AssertionError, OSError, SubprocessError) as error:
        one.failed(error)
    finally:
        one.core.end()


def _damage(place: Path, name: str, rng: random.Random, tally: Tally, times: int) -> None:
    for _ in range(times):
        wrong = check(place / "journal", name, rng, place / "damaged")
        tally.damages[name] += 1
        if wrong:
            tally.note(wrong)


def _made(place: Path) -> Path:
    place.mkdir()
    return place
