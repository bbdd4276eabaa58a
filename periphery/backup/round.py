"""A backup each so often, verified, and then what is old goes: until it is told to end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from periphery.backup.manifest import BackupError
from periphery.backup.retention import backups, prune
from periphery.backup.take import Places, take, verify

NAP_S = 0.1


def go_round(
    into: Path,
    places: Places,
    every_s: float,
    days: float | None,
    size: int | None,
    stopped: Callable[[], bool],
    say: Callable[[str], object],
) -> None:
    """One that fails is told, and tried again when the next one is due. A backup that is young enough
    already counts.
    """
    while not stopped():
        if _due_s(into, every_s) <= 0:
            _one(into, places, days, size, say)
            end = time.monotonic() + every_s
        else:
            end = time.monotonic() + min(_due_s(into, every_s), every_s)
        while not stopped() and time.monotonic() < end:
            time.sleep(NAP_S)


def _due_s(into: Path, every_s: float) -> float:
    made = [found.made_ns for _, found in backups(into)]
    return every_s - (time.time_ns() - max(made)) / 1e9 if made else 0.0


def _one(
    into: Path, places: Places, days: float | None, size: int | None, say: Callable[[str], object]
) -> None:
    try:
        made = take(into, places)
        problems = verify(made)
        for problem in problems:
            say(problem)
        if not problems:
            say(f"{made}: made and verified")
            for each in prune(into, time.time_ns(), days, size):
                if each.gone:
                    say(f"{each.folder}: deleted, {each.why}")
    except (BackupError, OSError) as error:
        say(f"no backup: {error}")
