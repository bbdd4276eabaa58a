"""Starts the core's processes, gives each its place, watches them, brings back who dies, ends them."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from core.board import Board, make_memory
from core.capacity import Capacity
from core.live.body import Body, Spawned
from core.live.engines import EngineDoor
from core.live.patience import Patience
from core.live.plan import Plan
from core.live.worker import PACKET_MAX
from core.topology import CONTAINED, REMOTE

START_S = 120.0  # it may live through a long journal first
ASK_S = 5.0
STOP_S = 60.0  # it digests its tables first
SILENT_S = 5.0  # without a turn for so long it is taken for dead
LOOK_S = 0.05
AWAY_S = 10.0  # a container that has gone is waited for at the core's end; while it runs, for ever
NAP_S = 0.001
DEATHS_MAX = 5  # in a row, without a turn between them


class WorkerLost(RuntimeError):
    """A process of the core can't be brought back; the message says which, and what to look at."""


class ToldToEnd(RuntimeError):
    """The core was told to end before all its processes were there."""


@dataclass(frozen=True, slots=True)
class SeatOf:
    """What intake and egress must know of a session. fds: requests, responses, quotes. feeds: it sends market
    data, and nothing else.
    """

    seat: int
    session: int
    person: int
    rights: bytes | None
    fds: tuple[int, int, int]
    hears_all: bool = False
    feeds: bool = False


@dataclass(slots=True)
class Process:
    """A worker as the supervisor sees it."""

    plan: Plan
    process: Body | None = None  # None: it comes from a container, and hasn't yet
    control: socket.socket = field(default_factory=socket.socket)
    replaces_ns: int = 0  # when the one before it was found dead; 0: it is the first
    going: bool = False
    given_up: bool = False  # it didn't answer: it is to be replaced
    ids: int = 0
    told: dict[str, Any] = field(default_factory=dict)
    beat: int = 0
    start: Patience = field(default_factory=lambda: Patience(START_S))
    silence: Patience = field(default_factory=lambda: Patience(SILENT_S))
    away: Patience = field(default_factory=lambda: Patience(AWAY_S))

    def __str__(self) -> str:
        return f"{self.plan.name} (pid {self.pid})"

    @property
    def pid(self) -> int:
        """0: it isn't there, or is in another container."""
        return 0 if self.process is None else self.process.pid

    def is_silent(self, beat: int) -> bool:
        """Whether it has made no turn for long. beat: of its last one."""
        if beat != self.beat:
            self.beat = beat
            self.silence.renew()
        return self.silence.ends()


class Supervisor:
    """The workers of one core. `start` once; `poll` often; `ask` any; `stop` at the end.

    door: where contained engines come in; it is closed with the supervisor. None: there are none.
    """

    def __init__(
        self, plans: list[Plan], capacity: Capacity, start_seq: int, door: EngineDoor | None = None
    ) -> None:
        if door is None and (apart := [plan.name for plan in plans if plan.where == CONTAINED]):
            raise ValueError(f"contained: {', '.join(apart)}: there is no socket that they could come to")
        self.plans = plans
        self.door = door
        self.fd = make_memory(capacity)
        self.observers_fd = os.open(f"/proc/self/fd/{self.fd}", os.O_RDONLY | os.O_CLOEXEC)
        self.board = Board.of(self.fd, capacity, True)
        self.board.spine.start_at(start_seq)
        self.processes: list[Process] = []
        self.takes: dict[int, SeatOf] = {}  # seats whose requests are taken
        self.tells: dict[int, SeatOf] = {}  # seats that are told what became of them
        self.bases: dict[int, int] = {}
        self.hushed = False
        self.closing = False
        self.restarts = 0
        self.last_restart_ns = 0
        self._back: list[str] = []
        self._deaths: dict[str, tuple[int, int]] = {}

    # ---- start ---------------------------------------------------------------------------------------------

    def start(self, told: Callable[[], object] = lambda: False) -> None:
        """Every process, at its place. told: whether the core is to end. Raises what kept one from starting;
        ToldToEnd.
        """
        self.processes = [self._spawn(plan) for plan in self.plans]
        while not self.is_whole():
            if told():
                raise ToldToEnd
            for each in self.processes:
                if not each.going and not self._begin(each):
                    code = self._await_end(each)
                    raise WorkerLost(f"{each} ended with {code} before it was ready: see above")
                self._missed(each)
            time.sleep(NAP_S)

    def _missed(self, each: Process) -> None:
        """WorkerLost: one that others start doesn't come."""
        name = each.plan.name
        if each.process is None and each.start.ends():
            verb = f"nacre core engine {name}"
            raise WorkerLost(f"{name} is contained, and didn't come within {START_S:g} s: start it: {verb}")
        if each.plan.where == REMOTE and not each.going and each.start.ends():
            verb = f"nacre core remote {name}"
            raise WorkerLost(f"{name}: nobody is at {each.plan.remote} for {START_S:g} s: start it: {verb}")

    def is_whole(self) -> bool:
        """Whether every process takes its turns."""
        return all(each.going and not each.given_up for each in self.processes)

    def _spawn(self, plan: Plan, replaces_ns: int = 0) -> Process:
        if plan.where == CONTAINED:
            return Process(plan, replaces_ns=replaces_ns)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        _prepare(ours)
        command = [sys.executable, "-m", "core.live.worker", msgspec.json.encode(plan).decode()]
        try:
            process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(self.fd)],
                pass_fds=(theirs.fileno(), self.fd),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor alone
            )
        finally:
            theirs.close()
        return Process(plan, Spawned(process), ours, replaces_ns)

    def _admit(self, each: Process) -> None:
        """Who came for that place, if anybody did."""
        guest = None if self.door is None else self.door.take(each.plan, self.fd)
        if guest is not None:
            _prepare(guest.control)
            each.control.close()
            each.process, each.control = guest, guest.control
            each.start.renew()
        elif self.closing and each.away.ends():
            raise WorkerLost(f"{each.plan.name}: its container is gone, and didn't come back in {AWAY_S:g} s")

    def _begin(self, each: Process) -> bool:
        """Lets it go once it is ready; False: it is dead, or as good as."""
        if each.process is None:
            self._admit(each)
        if each.process is None:
            return True
        if not select.select([each.control], [], [], 0)[0]:
            if each.plan.where != REMOTE and each.start.ends():  # a remote one waits for its engine
                self._end(each)
            return not each.process.is_dead()
        try:
            each.told = self._receive(each)
            self._go(each)
        except OSError:
            return False
        return True

    def _go(self, each: Process) -> None:
        """Gives it its sessions, and its first turn."""
        if "sequencer" in each.plan.stages:
            for seat in self.takes.values():
                op, fds, values = self._open_requests(seat)
                self._ask(each, op, fds, **values)
            if self.hushed:
                self._ask(each, "hush")
        if "egress" in each.plan.stages:
            for seat in self.tells.values():
                op, fds, values = self._open_responses(seat)
                self._ask(each, op, fds, **values)
        self._ask(each, "go")
        each.going = True
        if each.replaces_ns:
            self.restarts += 1
            self.last_restart_ns = time.monotonic_ns() - each.replaces_ns
            self._back += each.plan.stages

    # ---- speak ---------------------------------------------------------------------------------------------

    def of(self, stage: str) -> Process:
        """The process that has the stage."""
        return next(each for each in self.processes if stage in each.plan.stages)

    def ask(self, stage: str, op: str, fds: tuple[int, ...] = (), **values: Any) -> dict[str, Any]:
        """Asks who has the stage; one that dies meanwhile is brought back and asked again.

        Raises a ValueError where what is asked for can't be; a CoreFault, or WorkerLost.
        """
        while True:
            each = self.of(stage)
            if each.going and not each.given_up:
                try:
                    return self._ask(each, op, fds, **values)
                except OSError:
                    each.given_up = True
            self.keep_going()
            time.sleep(NAP_S)

    def _ask(self, each: Process, op: str, fds: tuple[int, ...] = (), **values: Any) -> dict[str, Any]:
        each.ids += 1
        packet = msgspec.msgpack.encode({"op": op, "id": each.ids, **values})
        socket.send_fds(each.control, [packet], fds)
        self.board.call(each.plan.index)
        for answer in self._answers(each, STOP_S if op == "stop" else ASK_S):
            if answer["id"] == each.ids:
                break
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def _answers(self, each: Process, seconds: float) -> Iterator[dict[str, Any]]:
        """OSError: it is dead, or says nothing for so long."""
        patience = Patience(seconds)
        while not patience.ends():
            if select.select([each.control], [], [], LOOK_S)[0]:
                yield self._receive(each)
        raise TimeoutError(f"{each} doesn't answer")

    def _receive(self, each: Process) -> dict[str, Any]:
        packet = each.control.recv(PACKET_MAX)
        if not packet:
            raise ConnectionError(f"{each} is gone")
        told: dict[str, Any] = msgspec.msgpack.decode(packet)
        return told

    # ---- sessions ------------------------------------------------------------------------------------------

    def _open_requests(self, seat: SeatOf) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        values = {"seat": seat.seat, "session": seat.session, "person": seat.person, "rights": seat.rights}
        return (
            "open_requests",
            seat.fds[:1],
            {**values, "base": self.bases.get(seat.seat), "feeds": seat.feeds},
        )

    def _open_responses(self, seat: SeatOf) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        values = {"seat": seat.seat, "session": seat.session, "rights": seat.rights}
        return "open_responses", seat.fds[1:], {**values, "hears_all": seat.hears_all}

    def open_seat(self, seat: SeatOf) -> None:
        """First who tells it, then who takes from it: no answer is lost. ValueError: it can't be opened."""
        self.board.clear_seat_fault(seat.seat)
        op, fds, values = self._open_responses(seat)
        self.ask("egress", op, fds, **values)
        self.tells[seat.seat] = seat
        op, fds, values = self._open_requests(seat)
        self.bases[seat.seat] = self.ask("sequencer", op, fds, **values)["base"]
        self.takes[seat.seat] = seat

    def close_requests(self, seat: int) -> None:
        """Takes what the session still had asked for, then nothing more, whoever comes back."""
        patience = Patience(STOP_S)
        while seat in self.takes and not self.ask("sequencer", "close_requests", seat=seat)["closed"]:
            if patience.ends():
                raise WorkerLost(
                    f"seat {seat}: its requests aren't taken within {STOP_S:g} s; is the spine stuck?"
                )
            self.keep_going()
            time.sleep(NAP_S)
        self.takes.pop(seat, None)
        self.bases.pop(seat, None)

    def close_responses(self, seat: int) -> None:
        """Lets go of the rest of its memory."""
        self.ask("egress", "close_responses", seat=seat)
        self.tells.pop(seat, None)

    # ---- watch ---------------------------------------------------------------------------------------------

    def poll(self) -> list[str]:
        """Brings back who died or fell silent; the stages that are back since. CoreFault, WorkerLost."""
        self.keep_going()
        back, self._back = self._back, []
        return back

    def keep_going(self) -> bool:
        """The same without waiting; whether nobody is missing. Who is back is told by the next `poll`."""
        self.board.faults.raise_first()
        for each in list(self.processes):
            well = self._is_well(each) if each.going else self._begin(each)
            if not well:
                self._replace(each)
        return self.is_whole()

    def _is_well(self, each: Process) -> bool:
        if each.given_up or each.process is None or each.process.is_dead():
            return False
        return not each.is_silent(self.board.worker_counts(each.plan.index)["beat_ns"])

    def _replace(self, each: Process) -> None:
        """Another process in its place, to go on where it left off. Its memory is never used again."""
        self.board.faults.raise_first()
        found_ns = each.replaces_ns if not each.going and each.replaces_ns else time.monotonic_ns()
        if not self._end(each):
            each.given_up = True  # it may still write: nobody takes its place before it is dead
            return
        turns = self.board.worker_counts(each.plan.index)["turns"]
        before, deaths = self._deaths.get(each.plan.name, (-1, 0))
        deaths = deaths + 1 if turns == before else 1
        self._deaths[each.plan.name] = turns, deaths
        if deaths >= DEATHS_MAX:
            raise WorkerLost(
                f"{each} is the {deaths}th in a row to die before its first turn: see its output"
            )
        self.processes[self.processes.index(each)] = self._spawn(each.plan, found_ns)

    def _end(self, each: Process) -> bool:
        """Whether it is dead: of one in a container, that may take a while."""
        ended = each.process is None or each.process.end()
        if ended:
            each.control.close()
        return ended

    def _await_end(self, each: Process) -> int | None:
        """It ends by itself, or is ended; its exit code, where that is known."""
        code = None if each.process is None else each.process.await_end(ASK_S)
        each.control.close()
        return code

    def describe(self) -> list[dict[str, Any]]:
        """Each worker: its stages, pid, processor, wait strategy, how busy it is."""
        now = time.monotonic_ns()
        out = []
        for each in self.processes:
            counts = self.board.worker_counts(each.plan.index)
            out.append(
                {
                    "name": each.plan.name,
                    "pid": each.pid,
                    "stages": list(each.plan.stages),
                    "where": each.plan.where,
                    "cpu": each.plan.cpu,
                    "wait": each.plan.wait,
                    "going": each.going,
                    "silent_ns": max(now - counts["beat_ns"], 0) if each.going else 0,
                    "taken": counts["taken"],
                    "turns": counts["turns"],
                    "naps": counts["naps"],
                }
            )
        return out

    # ---- the end -------------------------------------------------------------------------------------------

    def drain(self, for_s: float) -> bool:
        """Until nothing is under way; False: something still is, and nothing moved for so long."""
        patience, seen = Patience(for_s), -1
        while not patience.ends():
            whole = self.keep_going()
            if whole and self.board.is_quiet():
                return True
            if not whole or seen != (seen := sum(self.board.cursors().values())):
                patience.renew()
            time.sleep(NAP_S)
        return False

    def hush(self, for_s: float) -> bool:
        """Takes nothing from outside any more; what was taken comes to its end, and all that follows from it.

        False: not within that time.
        """
        self.ask("sequencer", "hush")
        self.hushed = True
        patience = Patience(for_s)
        while not patience.ends():
            if self.keep_going() and self.board.is_settled():
                return True
            time.sleep(NAP_S)
        return False

    def stop(self) -> dict[str, str]:
        """Ends every worker, in the order of the path; the digests of their engines' states. WorkerLost."""
        self.closing = True
        digests: dict[str, str] = {}
        for each in list(self.processes):
            digests |= self._stop_one(each.plan.stages[0])
        self.close()
        return digests

    def _stop_one(self, stage: str) -> dict[str, str]:
        told: dict[str, str] = self.ask(stage, "stop")["digests"]
        each = self.of(stage)
        self._await_end(each)
        self.processes.remove(each)
        return told

    def close(self) -> None:
        """However it went: no process and no memory is left."""
        for each in self.processes:
            self._end(each)
            each.control.close()
        self.processes = []
        if self.door is not None:
            self.door.close()
        if self.fd >= 0:
            os.close(self.fd)
            os.close(self.observers_fd)
            self.fd = -1


def _prepare(control: socket.socket) -> None:
    """Ours of a worker's two ends."""
    control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PACKET_MAX)
    control.settimeout(ASK_S)
