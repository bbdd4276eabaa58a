"""An observer of executions: over a journal that has ended, or behind a core that runs.

It reads the journal, so it can neither slow nor stop a core: there is no ring that it could fill, and no
cursor that waits for it. A core that is ahead of it is caught up with from the same file. It sees what the
engines of this build make of the events; a difference to what was recorded is an error, as in a replay.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from core.analytics.measure import Measured, measure
from core.analytics.tape import MOST, Tape
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core_ext.journal import JournalReader

TURN_S = 0.25
"""How long it reads before it looks up."""

STEP = 4096
"""Events between two looks at the clock."""


class Observer:
    """Follows the journal in a folder. most: rows of each kind that its tape may have."""

    def __init__(self, folder: str | os.PathLike[str], most: int = MOST) -> None:
        capacity = capacity_of(folder)
        self.tape = Tape(capacity, most)
        self._reader = JournalReader(folder, follow=True)
        self._replay = Replay(capacity)
        self._replay.on_page = self.tape.page

    @property
    def events(self) -> int:
        """How many events it has seen."""
        return self._replay.events

    def poll(self, for_s: float = TURN_S) -> int:
        """Reads on, for so long at most; how many events there were. JournalCorrupt, a CoreFault: as a
        replay.
        """
        before, end = self.events, time.monotonic() + for_s
        while time.monotonic() < end and self._some():
            pass
        return self.events - before

    def _some(self) -> bool:
        """Whether the journal had something more."""
        before = self.events
        self._replay.play(self._reader, before + STEP)
        if self.events == before:
            self._reader.refresh()
            self._replay.play(self._reader, before + STEP)
        return self.events != before

    def catch_up(self) -> Observer:
        """Reads on until there is nothing more."""
        while self.poll():
            pass
        return self

    def measure(self) -> Measured:
        """The figures of all that it has seen."""
        return measure(self.tape)


def follow(
    observer: Observer, every_s: float, tell: Callable[[Measured], None], stopped: Callable[[], bool]
) -> None:
    """Tells the figures each time that `every_s` have gone by and something was new, until it is stopped."""
    due, new = time.monotonic(), True
    while not stopped():
        new = bool(observer.poll()) or new
        if new and time.monotonic() >= due:
            tell(observer.measure())
            due, new = time.monotonic() + every_s, False
        time.sleep(min(TURN_S, every_s))
