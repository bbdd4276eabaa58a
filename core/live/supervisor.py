"""Starts the core's processes, gives each its place, watches them, brings back who dies, ends them in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec

from core.board import Board, make_memory
from core.capacity import Capacity
from core.live.plan import Plan
from core.live.worker import PACKET_MAX

START_S = 120.0  # it may live through a long journal first
ASK_S = 20.0
SILENT_S = 10.0  # without a turn for so long it is taken for dead
RESTARTS_MAX = 20
RESTARTS_S = 10.0


class WorkerLost(RuntimeError):
    """A process of the core can't be brought back; the message says which, and what to look at."""


@dataclass(frozen=True, slots=True)
class SeatOf:
    """What intake and egress must know of a session. fds: requests, responses, quotes."""

    seat: int
    session: int
    person: int
    rights: bytes | None
    fds: tuple[int, int, int]


@dataclass(slots=True)
class Process:
    """A worker as the supervisor sees it."""

    plan: Plan
    process: subprocess.Popen[bytes]
    control: socket.socket
    started_ns: int
    going: bool = False
    ids: int = 0
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        return self.process.pid


class Supervisor:
    """The workers of one core. `start` once; `poll` often; `ask` any; `stop` at the end."""

    def __init__(self, plans: list[Plan], capacity: Capacity, start_seq: int) -> None:
        self.plans = plans
        self.fd = make_memory(capacity)
        self.board = Board.of(self.fd, capacity, True)
        self.board.spine.start_at(start_seq)
        self.processes: list[Process] = []
        self.seats: dict[int, SeatOf] = {}
        self.bases: dict[int, int] = {}
        self.restarts = 0
        self.last_restart_ns = 0
        self._back: list[str] = []
        self._deaths: dict[str, deque[float]] = {}

    # ---- start ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Every process, at its place. Raises what kept one from starting."""
        self.processes = [self._spawn(plan) for plan in self.plans]
        for each in self.processes:
            self._await_ready(each)
        for each in self.processes:
            self._go(each)

    def _spawn(self, plan: Plan) -> Process:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PACKET_MAX)
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
        return Process(plan, process, ours, time.monotonic_ns())

    def _await_ready(self, each: Process) -> None:
        each.control.settimeout(START_S)
        each.told = self._receive(each)
        if not each.told.get("ready"):
            code = each.process.wait()
            raise WorkerLost(f"{each.plan.name} (pid {each.pid}) ended with {code} before it was ready: see above")

    def _receive(self, each: Process) -> dict[str, Any]:
        try:
            packet = each.control.recv(PACKET_MAX)
        except (TimeoutError, ConnectionError):
            packet = b""
        return msgspec.msgpack.decode(packet, type=dict[str, Any]) if packet else {}

    def _go(self, each: Process) -> None:
        """Gives it its sessions, and its first turn."""
        each.control.settimeout(ASK_S)
        for seat in self.seats.values():
            if "sequencer" in each.plan.stages:
                self._open_requests(each, seat)
            if "egress" in each.plan.stages:
                self._open_responses(each, seat)
        self._ask(each, "go")
        each.going = True

    # ---- speak ---------------------------------------------------------------------------------------------

    def of(self, stage: str) -> Process:
        """The process that has the stage."""
        return next(each for each in self.processes if stage in each.plan.stages)

    def _ask(self, each: Process, op: str, fds: tuple[int, ...] = (), **values: Any) -> dict[str, Any]:
        each.ids += 1
        packet = msgspec.msgpack.encode({"op": op, "id": each.ids, **values})
        socket.send_fds(each.control, [packet], fds)
        self.board.call(each.plan.index)
        answer = self._receive(each)
        while answer and answer.get("id") != each.ids:
            answer = self._receive(each)
        if not answer:
            raise ConnectionError(f"{each.plan.name} (pid {each.pid}) doesn't answer")
        return answer

    def ask(self, stage: str, op: str, fds: tuple[int, ...] = (), **values: Any) -> dict[str, Any]:
        """Asks who has the stage; one that dies meanwhile is brought back and asked again. WorkerLost."""
        for _ in range(RESTARTS_MAX):
            try:
                return self._ask(self.of(stage), op, fds, **values)
            except OSError:
                self._bring_back(self.of(stage))
        raise WorkerLost(f"{stage} dies whenever it is asked {op}: see its output")

    # ---- sessions ------------------------------------------------------------------------------------------

    def _open_requests(self, each: Process, seat: SeatOf) -> None:
        told = self._ask(
            each,
            "open_requests",
            seat.fds[:1],
            seat=seat.seat,
            session=seat.session,
            person=seat.person,
            rights=seat.rights,
            base=self.bases.get(seat.seat),
        )
        self.bases[seat.seat] = told["base"]

    def _open_responses(self, each: Process, seat: SeatOf) -> None:
        self._ask(each, "open_responses", seat.fds[1:], seat=seat.seat, session=seat.session)

    def open_seat(self, seat: SeatOf) -> None:
        """First who tells it, then who takes from it: no answer can be lost."""
        self.board.clear_seat_fault(seat.seat)
        for stage, opened in (("egress", self._open_responses), ("sequencer", self._open_requests)):
            try:
                opened(self.of(stage), seat)
            except OSError:
                self._bring_back(self.of(stage))
                opened(self.of(stage), seat)
        self.seats[seat.seat] = seat

    def close_requests(self, seat: int) -> None:
        """Takes what the session still had asked for, then nothing more."""
        until = time.monotonic() + ASK_S
        while not self.ask("sequencer", "close_requests", seat=seat)["closed"]:
            if time.monotonic() > until:
                raise WorkerLost(f"seat {seat}: its requests aren't taken within {ASK_S:g} s; is the spine stuck?")
            time.sleep(0.0002)
        self.bases.pop(seat, None)

    def close_responses(self, seat: int) -> None:
        """Lets go of the rest of its memory."""
        self.ask("egress", "close_responses", seat=seat)
        self.seats.pop(seat, None)

    # ---- watch ---------------------------------------------------------------------------------------------

    def poll(self) -> list[str]:
        """Brings back who died or fell silent; the stages that were. Raises a CoreFault, or WorkerLost."""
        self.keep_going()
        back, self._back = self._back, []
        return back

    def keep_going(self) -> None:
        """The same; whom it brought back is told by the next `poll`."""
        self.board.faults.raise_first()
        for each in list(self.processes):
            if each.process.poll() is not None or self._is_silent(each):
                self._bring_back(each)

    def _is_silent(self, each: Process) -> bool:
        beat = max(self.board.worker_counts(each.plan.index)["beat_ns"], each.started_ns)
        return each.going and time.monotonic_ns() - beat > SILENT_S * 1e9

    def _bring_back(self, each: Process) -> Process:
        """Another process in its place, where it left off. Its memory is never used again."""
        self.board.faults.raise_first()
        began = time.monotonic_ns()
        self._end(each)
        deaths = self._deaths.setdefault(each.plan.name, deque(maxlen=RESTARTS_MAX))
        deaths.append(time.monotonic())
        if len(deaths) == RESTARTS_MAX and deaths[-1] - deaths[0] < RESTARTS_S:
            raise WorkerLost(f"{each.plan.name} died {RESTARTS_MAX} times within {RESTARTS_S:g} s: see its output")
        fresh = self._spawn(each.plan)
        self.processes[self.processes.index(each)] = fresh
        try:
            self._await_ready(fresh)
            self._go(fresh)
        except OSError:
            return self._bring_back(fresh)
        except WorkerLost:
            self.board.faults.raise_first()
            return self._bring_back(fresh)
        self.restarts += 1
        self._back += each.plan.stages
        self.last_restart_ns = time.monotonic_ns() - began
        return fresh

    def _end(self, each: Process) -> None:
        if each.process.poll() is None:
            each.process.send_signal(signal.SIGKILL)
            each.process.wait()
        each.control.close()

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
                    "cpu": each.plan.cpu,
                    "wait": each.plan.wait,
                    "silent_ns": max(now - max(counts["beat_ns"], each.started_ns), 0),
                    "taken": counts["taken"],
                    "turns": counts["turns"],
                    "naps": counts["naps"],
                }
            )
        return out

    # ---- the end -------------------------------------------------------------------------------------------

    def drain(self, for_s: float) -> bool:
        """Until nothing is under way; False: something still is, and nothing moved for so long."""
        until, seen = time.monotonic() + for_s, -1
        while time.monotonic() < until:
            self.keep_going()
            if self.board.is_quiet():
                return True
            if seen != (seen := sum(self.board.cursors().values())):
                until = time.monotonic() + for_s
            time.sleep(0.001)
        return False

    def stop(self) -> dict[str, str]:
        """Ends every worker, in the order of the path; the digests of their engines' states."""
        digests: dict[str, str] = {}
        for each in self.processes:
            digests |= self._stop_one(each)
        self.close()
        return digests

    def _stop_one(self, each: Process) -> dict[str, str]:
        told: dict[str, str] = self.ask(each.plan.stages[0], "stop").get("digests", {})
        try:
            self.of(each.plan.stages[0]).process.wait(ASK_S)
        except subprocess.TimeoutExpired:
            self._end(each)
        return told

    def close(self) -> None:
        """However it went: no process and no memory is left."""
        for each in self.processes:
            self._end(each)
        self.processes = []
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
