"""The workers of a simulated core: each can be lost between two of its polls, and another takes its place."""

from __future__ import annotations

import gc
from dataclasses import asdict
from pathlib import Path

from core.board import Board, board_bytes
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.fused import state_hash
from core.live import intake
from core.live.gateways import Gateways
from core.live.plan import Plan
from core.live.worker import Worker
from core.recovery.catchup import Catchup
from core.simulation.swarm import Swarm
from core.stage import EngineStage, Stage
from core_ext.journal import JournalWriter
from core_ext.memory import Memory

setattr(intake, "SPILLED", 1 << 13)  # noqa: B010
"""As much as may be derived of a small spine: zeroing more costs most of what a seed does."""

UNBOUNDED = 1 << 40  # bytes of a journal


class SimulatedWorker(Worker):
    """Without a thread beside it: what that would do ahead, the journal does when it comes to it.

    memory: the board's. pasts: of workers that are built at once, by the event that each leaves off at.
    """

    max_bytes = UNBOUNDED

    def __init__(self, plan: Plan, memory: Memory, pasts: dict[int, Catchup]) -> None:
        self._memory = memory
        self._shared = pasts
        super().__init__(plan, None, -1)

    def _attach(self, board_fd: int) -> Board:
        return Board(self._memory, Capacity(**self.plan.capacity))

    def past(self, until: int) -> Catchup:
        """Who leaves off where others do shares theirs, as the stages of one worker do: each takes of it
        the engines that are its own."""
        if until not in self._shared or (until == self.published and self._hosts_venues()):
            self._shared[until] = super().past(until)
        return self.pasts.setdefault(until, self._shared[until])

    def _open_journal(self) -> JournalWriter:
        def opened() -> JournalWriter:
            return JournalWriter(
                self.plan.journal,
                schema_version=SCHEMA_VERSION,
                build_id=build_id(),
                durability=self.plan.durability,
                segment_bytes=self.plan.segment_bytes,
                max_bytes=self.max_bytes,
                reserve_bytes=self.plan.segment_bytes // 4,
                cut_torn=True,
            )

        try:
            return opened()
        except BlockingIOError:
            gc.collect()  # one that died is let go of with its last reference
            return opened()


class Workers:
    """Of one core, which goes on after event `start_seq`."""

    def __init__(self, swarm: Swarm, folder: Path, start_seq: int) -> None:
        self.plans = [self._plan(swarm, folder, i, stages) for i, stages in enumerate(swarm.groups)]
        self.memory = Memory(board_bytes(swarm.capacity))
        self.board = Board(self.memory, swarm.capacity, True)
        self.board.spine.start_at(start_seq)
        self.workers: dict[int, Worker] = {}
        self.max_bytes = UNBOUNDED  # of the journal, for whoever writes it next
        self.unknown = 0  # intents without done, found by the gateways that came last

    @staticmethod
    def _plan(swarm: Swarm, folder: Path, index: int, stages: tuple[str, ...]) -> Plan:
        return Plan(
            index=index,
            name=stages[0],
            stages=stages,
            cpu=None,
            wait="yield",
            venues_apart=("venues",) in swarm.groups,
            capacity=asdict(swarm.capacity),
            journal=str(folder / "journal"),
            socket=str(folder / "core.sock"),
            durability=swarm.durability,
            segment_bytes=swarm.segment_bytes,
            touch=False,
        )

    def build_all(self) -> list[Stage | None]:
        """All workers at once, in one past; the first stage of each."""
        pasts: dict[int, Catchup] = {}
        hosts = [plan.index for plan in self.plans if "gateways" in plan.stages]
        firsts = {i: self.build(i, pasts) for i in (*hosts, *range(len(self.plans))) if i not in self.workers}
        return [firsts[i] for i in range(len(self.plans))]

    def build(self, i: int, pasts: dict[int, Catchup] | None = None) -> Stage:
        """A worker in the place of one that isn't there; its first stage. pasts: see SimulatedWorker."""
        worker = SimulatedWorker(self.plans[i], self.memory, {} if pasts is None else pasts)
        worker.max_bytes = self.max_bytes
        first = worker.build()
        self.workers[i] = worker
        if worker.intents is not None:
            self.unknown = len(worker.intents.unknown)
        return first

    def lose(self, i: int) -> None:
        """It died: nothing of its own is left."""
        del self.workers[i]

    def index(self, stage: str) -> int:
        return next(plan.index for plan in self.plans if stage in plan.stages)

    def lives(self, stage: str) -> bool:
        return self.index(stage) in self.workers

    def stage(self, name: str) -> Stage:
        return self.workers[self.index(name)].stages[name]

    def gateways(self) -> Gateways:
        found = self.stage("gateways")
        assert isinstance(found, Gateways)
        return found

    def state_hash(self) -> str:
        """Of all engines, where they are."""
        stages = [stage for worker in self.workers.values() for stage in worker.stages.values()]
        digests = {each.name: each.engine.arena.digest() for each in stages if isinstance(each, EngineStage)}
        return state_hash(self.board.seq, digests)

    def asked(self) -> None:
        """The venues have been asked about the intents without done."""
        intents = self.workers[self.index("gateways")].intents
        assert intents is not None
        intents.asked()
