"""A journal's executions, observed once: each question reads on from where the one before ended.

It is kept by the process that answers (`Tasks.run` with `kept`), and is given up with it.
"""

from __future__ import annotations

import os
from pathlib import Path

from core.analytics.measure import Measured
from core.analytics.observer import Observer
from core_ext import journal
from periphery.backend.venue_states import VenueStates

type Journal = tuple[str, int, int]


class Observed:
    """Of one journal, as of its last event that was there when it was asked."""

    def __init__(self, folder: Path) -> None:
        self.made_of = journal_at(folder)
        self.observer = Observer(folder)
        self.venues = VenueStates(self.observer)
        self._measured: Measured | None = None
        self._events = 0

    def measured(self) -> Measured:
        """What it comes to; made anew only where something came since. As a replay raises."""
        self.observer.catch_up()
        if self._measured is None or self._events != self.observer.events:
            self._measured, self._events = self.observer.measure(), self.observer.events
        return self._measured


def journal_at(folder: Path) -> Journal:
    """Which one is there now: another core's in the same place is another one."""
    first = journal.info(folder)[0]
    return os.fspath(folder), os.stat(folder).st_ino, first.run_epoch


_kept: Observed | None = None
"""This process's: of the journal that was asked about last."""


def observed(folder: Path) -> Observed:
    """The one that is kept, where it is of this journal. OSError, JournalError, ValueError: as a replay."""
    global _kept
    if _kept is None or _kept.made_of != journal_at(folder):
        _kept = None  # its memory goes before the next one takes some
        _kept = Observed(folder)
    return _kept


def forget() -> None:
    global _kept
    _kept = None
