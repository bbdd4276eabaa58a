"""A core on recorded time whose stages are elsewhere: the same figures and the same hash as on one thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from core.live.plan import Plan, choose_wait, groups, places, processors, remote_of
from core.live.supervisor import Supervisor
from core.recovery.replay import Replay
from core.topology import CONTAINED, CURSORS, FUSED, PINNED
from core_ext.journal import JournalReader

SEGMENT_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Where:
    """Where the stages are. placements: of single ones. socket: that contained engines come to. remote: the
    address of remote ones. partitions: how many engines share a stage's work, by `partition_by`.
    """

    placement: str = PINNED
    socket: Path | None = None
    remote: str = REMOTE_ADDRESS
    placements: Mapping[str, str] = field(default_factory=dict)
    partitions: Mapping[str, int] = field(default_factory=dict)
    partition_by: str = "account"

    def door(self) -> EngineDoor | None:
        """For contained engines; the socket's folder is made, and the token in it."""
        if CONTAINED not in (self.placement, *self.placements.values()):
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
    found = places(where.placement, where.placements)
    workers = _groups(where)
    usable = len(os.sched_getaffinity(0))
    sizes: dict[str, Any] = {name: getattr(capacity, name) for name in Capacity.__slots__}
    return [
        Plan(
            index=i,
            name=stages[0] if len(stages) == 1 else FUSED,
            stages=stages,
            cpu=cpu,
            wait=choose_wait("auto", len(workers) + 1, usable),
            venues_apart=False,
            capacity=sizes,
            journal=os.fspath(setup.journal),
            socket="",
            durability="async",
            segment_bytes=SEGMENT_BYTES,
            touch=False,
            where=found[stages[0]],
            remote=remote_of(where.remote, stages[0], found, where.partitions),
            partition_by=where.partition_by,
        )
        for i, (stages, cpu) in enumerate(zip(workers, processors(len(workers), ()), strict=True))
    ]


def _groups(where: Where) -> list[tuple[str, ...]]:
    """The stages of each worker, of those that recorded order has."""
    found = [tuple(s for s in stages if s in CURSORS) for stages in groups(where.placement, where.placements)]
    return [stages for stages in found if stages]
