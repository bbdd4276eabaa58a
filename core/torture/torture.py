"""Kills processes of a core under load, again and again, and looks for anything that is lost or doubled.

A round is a core with a journal of its own: kills of its processes, of a client, of the whole core, then an
orderly stop; then its journal is damaged in each way. Each `check_...` of a round says what it sees to.
Beside the rounds, the disk fails in each way.

Rounds know nothing of each other, and each draws from a seed of its own: so some run at a time. For most of a
kill a core waits for the one process that begins anew; a processor would wait with it.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from itertools import islice
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

from core.torture.damage import DAMAGES, check
from core.torture.disks import FAILURES, fail
from core.torture.rounds import CLIENT, CORE, PLACEMENTS, Round, Tally

ROUND = 25

type Part = partial[Tally]


def torture(
    folder: Path,
    kills: int,
    seed: int,
    placements: list[str] | None = None,
    *,
    stops: int = 0,
    damages: int = 0,
    disks: int = 0,
    jobs: int = 1,
) -> dict[str, Any]:
    """So many kills, over every process of every placement in turn; what all of it came to.

    stops: SIGSTOPs besides, a placement. damages: of each kind, to each round's journal. disks: failures of
    each kind. jobs: how many rounds and disks at a time; more than one are in processes of their own. After a
    problem nothing new begins.
    """
    tally = Tally()
    parts = _parts(folder, kills, seed, placements or list(PLACEMENTS), stops, damages, disks)
    for found in _one_by_one(parts) if jobs == 1 else _together(parts, jobs):
        tally.add(found)
        if tally.problems:
            parts.close()
    return tally.told()


def _parts(
    folder: Path, kills: int, seed: int, places: list[str], stops: int, damages: int, disks: int
) -> Generator[Part]:
    """Every round and every failure of a disk, each to be called once."""
    number = 0
    while kills > 0:
        stop = number < stops * len(places)
        count = min(kills - stop, ROUND)
        kills -= count + stop
        place, placement = folder / f"round{number}", places[number % len(places)]
        yield partial(round_of, place, placement, seed, number, count, stop, damages)
        number += 1
    for number in range(disks * len(FAILURES)):
        yield partial(disk_of, folder / f"disk{number}", list(FAILURES)[number % len(FAILURES)], seed, number)


def _one_by_one(parts: Iterator[Part]) -> Iterator[Tally]:
    for part in parts:
        yield part()


def _together(parts: Iterator[Part], jobs: int) -> Iterator[Tally]:
    """As each is done, the next begins."""
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), ends_on_sigterm) as pool:
        try:
            running: set[Future[Tally]] = {pool.submit(part) for part in islice(parts, jobs)}
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for each in done:
                    yield each.result()
                running |= {pool.submit(part) for part in islice(parts, jobs - len(running))}
        except SystemExit:
            for child in multiprocessing.active_children():
                child.terminate()
            raise


def ends_on_sigterm() -> None:
    """As SIGINT does: what a round has started ends with it."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def round_of(
    place: Path, placement: str, seed: int, number: int, kills: int, stop: bool, damages: int
) -> Tally:
    """One round; its folder is left only where something was wrong."""
    rng, tally = random.Random(f"{seed} round {number}"), Tally()
    place.mkdir()
    _round(place, placement, rng, tally, number, kills, stop)
    for name in DAMAGES if not tally.problems else ():
        _damage(place, name, rng, tally, damages)
    return _cleared(place, tally)


def disk_of(place: Path, failure: str, seed: int, number: int) -> Tally:
    """One failure of a disk."""
    tally = Tally()
    place.mkdir()
    fail(failure, place, random.Random(f"{seed} disk {number}"), tally)
    return _cleared(place, tally)


def _cleared(place: Path, tally: Tally) -> Tally:
    if not tally.problems:
        shutil.rmtree(place)
    return tally


def _round(
    place: Path, placement: str, rng: random.Random, tally: Tally, number: int, kills: int, stop: bool
) -> None:
    one = Round(place, placement, rng, tally)
    try:
        targets = [each["name"] for each in one.status()["workers"]] + [CLIENT, CORE]
        rng.shuffle(targets)
        for i in range(kills):
            one.strike(targets[(number * ROUND + i) % len(targets)])
        if stop:
            one.strike(rng.choice([each["name"] for each in one.status()["workers"]]), signal.SIGSTOP)
        one.end()
    except (AssertionError, OSError, SubprocessError) as error:
        one.failed(error)
    finally:
        one.close()


def _damage(place: Path, name: str, rng: random.Random, tally: Tally, times: int) -> None:
    for _ in range(times):
        wrong = check(place / "journal", name, rng, place / "damaged")
        tally.damages[name] += 1
        if wrong:
            tally.note(wrong)
