"""A core on recorded time whose stages are elsewhere: the same figures and the same hash as on one thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.backtest.fused import FusedCore
from core.backtest.recorded import Recorded
from core.backtest.setup import CoreSetup
from core.backtest.staged import Staged
from core.capacity import Capacity
from core.fused import Fused, state_hash
from core.live.config import REMOTE_ADDRESS
from core.live.engines import EngineDoor
from core.live.places import beside, make_token
from core.live.plan import Plan, choose_wait, places, processors
from core.live.supervisor import Supervisor
from core.recovery.replay import Replay
from core.topology import CONTAINED, CURSORS, PINNED, REMOTE
from core_ext.journal import JournalReader

SEGMENT_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Where:
    """Where the stages are. socket: that contained engines come to. remote: the address of remote ones."""

    placement: str = PINNED
    socket: Path | None = None
    remote: str = REMOTE_ADDRESS

    def door(self) -> EngineDoor | None:
        """For contained engines; the socket's folder is made, and the token in it."""
        if self.placement != CONTAINED:
            return None
        assert self.socket is not None
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return EngineDoor(self.socket, (), make_token(beside(self.socket, "token")))


class PinnedCore(FusedCore):
    """A process a stage. disturb: called every few milliseconds, for a test that kills processes."""

    def __init__(
        self,
        setup: CoreSetup,
        disturb: Callable[[Supervisor], object] | None = None,
        where: Where | None = None,
    ) -> None:
        self.disturb = disturb
        self.where = where or Where()
        super().__init__(setup)

    def _open(self) -> Recorded:
        capacity = Capacity()
        plans = _plans(self.setup, capacity, self.where)
        self.supervisor = Supervisor(plans, capacity, 0, self.where.door())
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


def _plans(setup: CoreSetup, capacity: Capacity, where: Where) -> list[Plan]:
    found = places(where.placement, {})
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
            where=found[stage],
            remote=where.remote.format(stage=stage) if found[stage] == REMOTE else "",
        )
        for i, (stage, cpu) in enumerate(zip(CURSORS, processors(len(CURSORS), ()), strict=True))
    ]
