"""A core's events as batches, as its journal has them: by the core's own engines, at the speed of a replay.

The journal is the spine's copy in memory that is mapped: a record is there for whoever follows as soon as it
is whole, and nobody who follows can hold the core up, or be lapped by it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from core.recovery.journal import capacity_of
from core.recovery.tap import Tap
from core.stream.live import Live
from core_ext.journal import JournalReader
from periphery.service.mark import digest_of_record
from periphery.stream.topics import FILLS, ROW_BYTES, topic_of
from periphery.stream.wire import Batch

MOST = 2048
"""Events of a batch."""
NAP_S = 0.00005
GAP_NS = 500_000
"""Between two looks of a live end that sends one message behind another: each costs both ends their threads'
turns, and many small ones take the processors from those who are to hear them.
"""


class NoJournal(ValueError):
    """It isn't there, or is none of a core."""


class JournalFeed:
    """A journal from its first event on. NoJournal; JournalCorrupt and CoreFault where it can't be played."""

    def __init__(self, folder: str | os.PathLike[str], most: int = MOST) -> None:
        self.folder = Path(folder)
        try:
            self._reader = JournalReader(folder, follow=True)
            self._tap = Tap(capacity_of(folder), topic_of(), FILLS, ROW_BYTES, most)
            self.live = Live(self._tap, self._reader, GAP_NS)
        except (OSError, ValueError) as error:
            raise NoJournal(f"{folder}: {error}") from error

    @property
    def through(self) -> int:
        """The last event that was read."""
        return self._tap.through

    @property
    def digest(self) -> bytes:
        """What the last event was."""
        return digest_of_record(self._tap.record()) if self._tap.through else b""

    def poll(self) -> Batch | None:
        """What came next; None: nothing yet."""
        after = self._tap.through
        if not self._tap.poll(self._reader):
            return None
        return self._batch(after)

    def next(self, who: list[Any], for_s: float, spin_s: float, nap_s: float) -> Batch | None:
        """What comes next, told at once to those of `who` that can be told so; waits so long for it. At first
        it yields its turn only, then naps so long at a time.
        """
        after = self._tap.through
        digest = self.live.next(who, int(for_s * 1e9), int(spin_s * 1e9), int(nap_s * 1e9))
        return None if digest is None else Batch(after, self._tap.through, digest, self._tap.take())

    def skip(self, until: int) -> bool:
        """Lives through events up to `until`, and leaves nothing of them; whether it has come so far."""
        while self._tap.through < until and self._tap.poll(self._reader, until, rows=False):
            pass
        return self._tap.through >= until

    def skim(self, until: int) -> Batch | None:
        """The next records up to event `until`, not lived through: names and settings are good, no more."""
        after = self._tap.through
        if not self._tap.skim(self._reader, until):
            return None
        return self._batch(after)

    def refresh(self) -> None:
        """Sees segments that came since. NoJournal: it was taken away."""
        if not self.folder.exists():
            raise NoJournal(f"{self.folder}: was taken away")
        self._reader.refresh()

    def wait(self, for_s: float, nap_s: float = NAP_S) -> bool:
        """Until there is something, or for so long; whether there is. nap_s: between two looks."""
        return self._tap.wait(self._reader, int(for_s * 1e9), 0, int(nap_s * 1e9))

    def _batch(self, after: int) -> Batch:
        tap = self._tap
        return Batch(after, tap.through, digest_of_record(tap.record()), tap.take())
