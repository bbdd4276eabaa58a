"""A core on recorded time whose stages are processes: the same figures and the same hash as on one thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from core.backtest.fused import FusedCore
from core.backtest.recorded import Recorded
from core.backtest.setup import CoreSetup
from core.backtest.staged import Staged
from core.capacity import Capacity
from core.fused import Fused, state_hash
from core.live.plan import Plan, choose_wait, processors
from core.live.supervisor import Supervisor
from core.recovery.replay import Replay
from core.topology import CURSORS
from core_ext.journal import JournalReader

SEGMENT_BYTES = 64 << 20


def open_core(setup: CoreSetup) -> PinnedCore:
    """A core with the setup's declarations done and its journal open."""
    return PinnedCore(setup)


class PinnedCore(FusedCore):
    """A process a stage. disturb: called every few milliseconds, for a test that kills processes."""

    def __init__(self, setup: CoreSetup, disturb: Callable[[Supervisor], object] | None = None) -> None:
        self.disturb = disturb
        super().__init__(setup)

    def _open(self) -> Recorded:
        capacity = Capacity()
        self.supervisor = Supervisor(_plans(self.setup, capacity), capacity, 0)
        try:
            self.supervisor.start()
            path = Staged(self.supervisor.board, self._keep_going)
            return Recorded(capacity, core=path)
        except BaseException:
            self.supervisor.close()
            raise

    def _keep_going(self) -> None:
        if self.disturb is not None:
            self.disturb(self.supervisor)
        self.supervisor.keep_going()

    def _end(self) -> tuple[Fused, str]:
        seq = self.supervisor.board.seq
        digests = self.supervisor.stop()
        played = Replay(Capacity())
        played.play(JournalReader(self.setup.journal))
        return played.core, state_hash(seq, digests)

    def close(self) -> None:
        """However it went: no process is left."""
        self.supervisor.close()


def _plans(setup: CoreSetup, capacity: Capacity) -> list[Plan]:
    usable = len(os.sched_getaffinity(0))
    sizes: dict[str, Any] = {name: getattr(capacity, name) for name in Capacity.__slots__}
    return [
        Plan(
            index=i,
            name=stage,
            stages=(stage,),
            cpu=cpu,
            wait=choose_wait("auto", len(CURSORS) + 1, usable),
            venues_apart=False,
            capacity=sizes,
            journal=os.fspath(setup.journal),
            socket="",
            durability="async",
            segment_bytes=SEGMENT_BYTES,
            touch=False,
        )
        for i, (stage, cpu) in enumerate(zip(CURSORS, processors(len(CURSORS), ()), strict=True))
    ]
