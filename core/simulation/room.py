"""The disk is full, and has room again: orders are denied, then the core stops, then it comes back."""

from __future__ import annotations

from collections.abc import Callable
from errno import ENOSPC
from pathlib import Path

from core.errors import JournalFull
from core.simulation.marks import PLACE
from core.simulation.swarm import Swarm
from core.simulation.workers import UNBOUNDED, Workers
from core.simulation.world import World
from core_ext import journal


class Room(World):
    """What a core's journal may take. The others are the play's own."""

    swarm: Swarm
    workers: Workers
    journal: Path

    def lose(self, i: int) -> None: ...
    def bring_back(self) -> None: ...
    def drop_core(self) -> None: ...
    def come_back(self) -> None: ...
    def put_off(self, steps: int, what: Callable[[], None]) -> None: ...

    def run(self, steps: int) -> None:
        """So many steps. A core that stops because it can't record comes back once there is room."""
        end = self.step_no + steps
        while self.step_no < end:
            if self._stops(end - self.step_no):
                self.mark(PLACE["stopped_journal_full"])
                self.drop_core()
                self.come_back()

    def _stops(self, steps: int) -> bool:
        """Whether the core stopped; what its frames held of the dead is gone by then."""
        try:
            super().run(steps)
        except (JournalFull, OSError) as error:  # full, or too full for a journal's process to begin
            if self.workers.max_bytes == UNBOUNDED or getattr(error, "errno", ENOSPC) != ENOSPC:
                raise
            return True
        return False

    def room_ends(self) -> None:
        """The journal's next segment is its last one, until there is room again."""
        if self.workers.lives("journal") and self.workers.max_bytes == UNBOUNDED:
            used = sum(info.size for info in journal.info(self.journal))
            self._reopen(used + self.swarm.segment_bytes)
            self.put_off(1 + self.below(3000), self.room_comes)

    def room_comes(self) -> None:
        if self.workers.max_bytes != UNBOUNDED:
            self._reopen(UNBOUNDED)

    def _reopen(self, max_bytes: int) -> None:
        """By another process: a writer is given its room when it begins."""
        self.workers.max_bytes = max_bytes
        if self.workers.lives("journal"):
            self.lose(self.workers.index("journal"))
        self.bring_back()
