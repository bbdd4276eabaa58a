"""A process of the core: some stages of the path, taking turns; started and spoken to by the supervisor."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.board import Board
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.fused import arena_bytes
from core.lane import lanes
from core.live.fencing import open_fence
from core.live.gateways import Gateways
from core.live.intake import SOURCE_GATEWAY, SOURCE_VENUES, Intake
from core.live.intents import Intents
from core.live.killing import open_page
from core.live.plan import Plan
from core.live.teller import Teller
from core.live.turns import Turns
from core.live.usage import usage
from core.live.venue_host import VenueHost, VenueStage
from core.recorder import Recorder
from core.recovery.catchup import Catchup
from core.recovery.snapshots import newest
from core.stage import EngineStage, Stage
from core.topology import ENGINE_NAMES, LIVE_CURSORS, LIVE_STAGES, REMOTE
from core.venues.gateway import Gateway
from core_ext.arena import Arena
from core_ext.journal import JournalWriter
from core_ext.killpage import KillPage
from core_ext.ring import Ring
from core_ext.spine import Spine

PACKET_MAX = 1 << 20
FDS_MAX = 4
LOCK_S = 5.0
RESERVE_BYTES = 1 << 20  # of a segment, for what is taken when there is no room for orders
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


class Worker:
    """Builds its stages where a former process left them, then takes turns until it is told to stop."""

    def __init__(self, plan: Plan, control: socket.socket | None, board_fd: int) -> None:
        """control: to the supervisor; None: somebody else gives the turns."""
        self.plan = plan
        self._control = control
        self.board = self._attach(board_fd)
        self.journal: JournalWriter | None = None
        self.stages: dict[str, Stage] = {}
        self.pasts: dict[int, Catchup] = {}
        self.stopping = False
        self.resting = False
        self.intents: Intents | None = None
        # First of all: what leaves a ring from now on is on the spine by the time that this looks there.
        self.waiting = [*_waiting(self.board.from_venues), *_waiting(self.board.reports)]
        self.published = self.board.seq

    def _attach(self, board_fd: int) -> Board:
        return Board.of(board_fd, Capacity(**self.plan.capacity))

    # ---- where it goes on ----------------------------------------------------------------------------------

    @cached_property
    def kill_page(self) -> KillPage:
        return open_page(Path(self.plan.socket))

    def past(self, until: int) -> Catchup:
        """A core that has lived up to that event. Stages that left off at the same share it."""
        if until not in self.pasts:
            past = self._gateway_past() if until == self.published and self._hosts_venues() else None
            past = past or newest(Path(self.plan.journal), until, lambda: Catchup(self.board.capacity))
            past.live_through(self.plan.journal, self.board.spine, until)
            self.pasts[until] = past
        return self.pasts[until]

    def _hosts_venues(self) -> bool:
        return "gateways" in self.plan.stages or "venues" in self.plan.stages

    def _gateway_past(self) -> Catchup:
        capacity = self.board.capacity
        apart = self.plan.venues_apart and "venues" not in self.plan.stages
        self.host = None if apart else VenueHost(capacity)
        if "gateways" in self.plan.stages:
            self.intents = Intents(Path(self.plan.journal), capacity, self.published)
        kept = None if self.intents is None else self.intents.arena
        self.gateway = Gateway(Arena(arena_bytes(capacity)), capacity, True, kept)
        if self.plan.fenced:
            self.gateway.fence = open_fence(Path(self.plan.socket))
        return Catchup(
            capacity, self.gateway, None if self.host is None else self.host.venues, self._handled()
        )

    def _passed(self) -> int:
        """The event that the gateways say that they are done with."""
        return self.board.spine.get_cursor(LIVE_CURSORS.index("gateways"))

    def _handled(self) -> int:
        """The last event that they were done with: one that died in a poll had not said so of all."""
        return 0 if self.intents is None else max(self.intents.sent_through, self._passed())

    # ---- the stages ----------------------------------------------------------------------------------------

    def build(self) -> Stage:
        """Its stages, as lanes where they can be, in the order of the path; the first of them."""
        for name in LIVE_STAGES:
            if name in self.plan.stages:
                self.stages[name] = self._stage(name)
            if name in self.plan.stages and name in self.board.timings:
                self.stages[name].be_timed(self.board.timings[name])
        self._show_done()
        chain = lanes(list(self.stages.values()))
        for before, after in pairwise(chain):
            before.then(after)
        self.pasts.clear()
        if self.plan.touch:
            self._touch()
        return chain[0]

    def _show_done(self) -> None:
        """Once all have lived through what they had done: the cursor of the slowest keeps it on the spine."""
        for stage in self.stages.values():
            if isinstance(stage, EngineStage):
                stage.show_done()

    def _touch(self) -> None:
        """Takes the memory of its engines now: a first touch on the path costs microseconds."""
        for stage in self.stages.values():
            if isinstance(stage, EngineStage):
                stage.engine.arena.touch()
            elif isinstance(stage, VenueStage):
                stage.arena.touch()
        if self._hosts_venues():
            for arena in {self.gateway.arena, self.gateway.kept}:
                arena.touch()
            if self.host is not None:
                self.host.venues.arena.touch()

    def _stage(self, name: str) -> Stage:
        if name in ENGINE_NAMES:
            return self._engine(name)
        stage: Stage = getattr(self, f"_{name}")()
        return stage

    def _engine(self, name: str) -> Stage:
        own = [LIVE_CURSORS.index(each) for each in self.plan.stages if each in ENGINE_NAMES]
        until = min(self.board.spine.get_cursor(i) for i in own)
        engine = getattr(self.past(until).core, name)
        board = self.board
        if name == "egress":
            stage: EngineStage = Teller(name, engine, board.spine, board.faults)
        else:
            sends = board.sends if name == "execution" else None
            stage = EngineStage(name, engine, board.spine, board.faults, sends)
        if engine.emitter is not None:
            engine.emitter.resume(board.loopbacks[name])
        if name == "execution":
            engine.resume(board.sends)
        stage.patient = True
        stage.resume(until)
        return stage

    def _sequencer(self) -> Stage:
        intake = Intake(self.board, self.kill_page)
        intake.resume(self.past(self.published))
        return intake

    def _journal(self) -> Stage:
        self.journal = self._open_journal()
        recorder = Recorder(self.board.spine, self.board.faults)
        recorder.share(self.board)
        recorder.use(self.journal)
        return recorder

    def _open_journal(self) -> JournalWriter:
        """One that died with the core before this one may still be letting go of it."""
        until = time.monotonic() + LOCK_S
        while True:
            try:
                return JournalWriter(
                    self.plan.journal,
                    schema_version=SCHEMA_VERSION,
                    build_id=build_id(),
                    durability=self.plan.durability,
                    segment_bytes=self.plan.segment_bytes,
                    reserve_bytes=min(RESERVE_BYTES, self.plan.segment_bytes // 4),
                    cut_torn=True,
                    helper=True,
                )
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _gateways(self) -> Stage:
        board = self.board
        past = self.past(self.published)
        host = None if self.plan.venues_apart else self.host
        stage = Gateways(board, self.gateway, host, self.kill_page)
        numbers = self._numbers(past.core.sequencer.counts())
        if host is not None:
            _number(host, numbers)
        own = numbers.get(SOURCE_GATEWAY, 0)
        matching = past.core.risk.match_venues()
        stage.resume(self._passed(), self._handled(), self.published, own, matching)
        return stage

    def _venues(self) -> Stage:
        past = self.past(self.published)
        assert self.host is not None
        _number(self.host, self._numbers(past.core.sequencer.counts()))
        stage = VenueStage(self.board, self.host)
        stage.resume(self.published)
        return stage

    def _numbers(self, counts: dict[int, int]) -> dict[int, int]:
        """By source, the last number that was given: on the spine, or on its way there."""
        numbers = dict(counts)
        for source, number in self.waiting:
            numbers[source] = max(number, numbers.get(source, 0))
        return numbers

    # ---- its life ------------------------------------------------------------------------------------------

    @property
    def control(self) -> socket.socket:
        assert self._control is not None
        return self._control

    def run(self) -> None:
        """Until it is told to stop."""
        first = self.build()
        epoch = 0 if self.journal is None else self.journal.run_epoch
        unknown = 0 if self.intents is None else len(self.intents.unknown)
        self._say({"ready": True, "run_epoch": epoch, "unknown": unknown})
        turns = Turns(self.board, self.plan.index, first, self.plan.wait)
        while not self._serve(block=True):
            pass
        self._turn(turns)
        if self.journal is not None:
            self.journal.close()

    def _turn(self, turns: Turns) -> None:
        while True:
            turns.look()
            self._serve(block=self.resting or bool(self.board.faults))
            if self.stopping:
                return
            turns.run()

    def _serve(self, *, block: bool = False) -> bool:
        """Answers what waits on the control socket; True once it was told to go."""
        gone = False
        while True:
            try:
                packet, fds = _receive(self.control, 0 if block else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return gone
            if not packet:
                os._exit(1)  # the supervisor is gone: nothing that isn't recorded was told
            request = msgspec.msgpack.decode(packet, type=dict[str, Any])
            block = False
            try:
                answer = getattr(self, f"_op_{request['op']}")(request, fds) or {}
            except ValueError as error:  # what is asked for can't be: no reason to end
                answer = {"error": str(error)}
            gone = gone or request["op"] == "go"
            self._say({"id": request["id"], **answer})
            if self.stopping:
                return gone

    def _say(self, what: dict[str, Any]) -> None:
        self.control.send(msgspec.msgpack.encode(what))

    def _op_go(self, request: dict[str, Any], fds: list[int]) -> None:
        """Its seats are there: it may take turns."""
        self.resting = False

    def _op_rest(self, request: dict[str, Any], fds: list[int]) -> None:
        """No turns, and no processor, until it is told to go: a bench measures another one."""
        self.resting = True

    def _op_usage(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        return dict(usage())

    def _op_hush(self, request: dict[str, Any], fds: list[int]) -> None:
        intake = self.stages["sequencer"]
        assert isinstance(intake, Intake)
        intake.hush()

    def _op_asked(self, request: dict[str, Any], fds: list[int]) -> None:
        """The venues have been asked about the intents without done."""
        if self.intents is not None:
            self.intents.asked()

    def _op_stop(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        self.stopping = True
        return self._op_digests(request, fds)

    def _op_digests(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        stages = ((name, stage) for name, stage in self.stages.items() if isinstance(stage, EngineStage))
        return {"digests": {name: stage.engine.arena.digest() for name, stage in stages}}

    def _op_open_requests(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        intake = self.stages["sequencer"]
        assert isinstance(intake, Intake)
        ring = Ring.attach(_mapped(fds)[0])
        seat, session, person = request["seat"], request["session"], request["person"]
        rights, base, feeds = request["rights"], request["base"], request["feeds"]
        return {"base": intake.open_seat(seat, session, person, ring, rights, base, feeds)}

    def _op_close_requests(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        intake = self.stages["sequencer"]
        assert isinstance(intake, Intake)
        return {"closed": intake.close_seat(request["seat"])}

    def _op_open_responses(self, request: dict[str, Any], fds: list[int]) -> None:
        teller = self.stages["egress"]
        assert isinstance(teller, Teller)
        responses, quotes = (Spine.attach(memory) for memory in _mapped(fds))
        teller.open_seat(
            request["seat"], request["session"], responses, quotes, request["hears_all"], request["rights"]
        )

    def _op_close_responses(self, request: dict[str, Any], fds: list[int]) -> None:
        teller = self.stages["egress"]
        assert isinstance(teller, Teller)
        teller.close_seat(request["seat"])


def _receive(control: socket.socket, flags: int) -> tuple[bytes, list[int]]:
    """A packet and the descriptors that came with it; socket.recv_fds forgets its flags."""
    size = struct.calcsize("i")
    packet, ancillary, _, _ = control.recvmsg(PACKET_MAX, socket.CMSG_LEN(FDS_MAX * size), flags)
    fds: list[int] = []
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds += struct.unpack(f"{len(data) // size}i", data)
    return packet, fds


def _mapped(fds: list[int]) -> list[mmap.mmap]:
    memories = [mmap.mmap(fd, os.fstat(fd).st_size) for fd in fds]
    for fd in fds:
        os.close(fd)
    return memories


def _waiting(ring: Ring) -> list[tuple[int, int]]:
    """(source, number) of each input on the ring, oldest first."""
    heads = [np.frombuffer(slot, INPUT_HEAD, 1)[0] for slot in ring.waiting()]
    return [(int(head["source"]), int(head["source_seq"])) for head in heads]


INPUT_HEAD = np.dtype(
    [("time_ns", "<i8"), ("source_seq", "<u8"), ("kind", "<u2"), ("length", "<u2"), ("session", "<u4"),
     ("source", "u1"), ("flags", "u1"), ("pad", "V22")]
)  # fmt: skip


def _number(host: VenueHost, numbers: dict[int, int]) -> None:
    for source, number in numbers.items():
        if SOURCE_VENUES <= source < SOURCE_VENUES + 64:
            host.number_from(source - SOURCE_VENUES, number)


def name_process(name: str) -> None:
    """As `ps` and `top` show it; the kernel keeps 15 bytes."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, f"nacre-{name}".encode()[:15])


def serve(plan: Plan, control: socket.socket, board_fd: int) -> None:
    """A worker's whole life, in a process that is its own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor ends it in order
    name_process(plan.name)
    if plan.cpu is not None:
        with suppress(OSError):  # a container may have other processors than its core
            os.sched_setaffinity(0, {plan.cpu})
    _favour(plan)
    _class(plan)(plan, control, board_fd).run()


def _favour(plan: Plan) -> None:
    """What needs a right: a real-time priority (SYS_NICE), memory that stays (IPC_LOCK)."""
    if plan.realtime:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(plan.realtime))
        except PermissionError:
            sys.exit(
                f"{plan.name}: realtime = {plan.realtime}: not allowed: it needs CAP_SYS_NICE or ulimit -r"
            )
    if plan.lock and ctypes.CDLL(None, use_errno=True).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT):
        reason = os.strerror(ctypes.get_errno())
        sys.exit(f"{plan.name}: lock_memory: {reason}: it needs CAP_IPC_LOCK or ulimit -l unlimited")


def _class(plan: Plan) -> type[Worker]:
    """Who does what the plan says."""
    if plan.where != REMOTE:
        return Worker
    from core.remote.proxy import RemoteWorker  # it needs ZeroMQ

    return RemoteWorker


def main() -> None:
    """`python -m core.live.worker PLAN CONTROL_FD BOARD_FD`: what the supervisor starts."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    serve(
        msgspec.json.decode(sys.argv[1], type=Plan), socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3])
    )


if __name__ == "__main__":
    main()
