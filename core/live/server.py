"""The running core: opens what it needs, keeps its processes going, answers its socket, closes in order."""

from __future__ import annotations

import hmac
import os
import signal
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from core import messages as m
from core.board import Board
from core.capacity import Capacity
from core.errors import Nondeterminism
from core.fused import state_hash
from core.live import queries
from core.live.beginning import StartError, ask_venues, begin, come_back, remember
from core.live.book import DECLARING, Book
from core.live.config import CoreConfig, beside
from core.live.desk import Desk
from core.live.door import Answer, Door, error
from core.live.engines import EngineDoor
from core.live.fencing import forget_fence
from core.live.intake import SOURCE_DESK
from core.live.killing import carry_over, open_page, write_names
from core.live.ops import OPS, WITHOUT_SESSION, Refused, switch_line
from core.live.patience import Patience
from core.live.places import make_token
from core.live.plan import plans
from core.live.seating import Seating
from core.live.sessions import Connection
from core.live.shadow import Shadow
from core.live.supervisor import Supervisor
from core.recovery import capacity_of
from core.recovery.snapshots import files, newest, write
from core.scenario.encoder import Event
from core.topology import CONTAINED, ENGINE_NAMES
from core_ext import journal as journals
from core_ext.held_lock import HeldLock
from core_ext.killpage import KillPage

WAIT_S = 0.02
WHOLE_S = 2.0
NAP_S = 0.001
DRAIN_S = 2.0
SHADOW_LAG = 1 << 16
"""Events that the shadow may be behind while nobody asks; beyond, it follows a little a turn."""
SHADOW_S = 0.002
SECOND_NS = 1_000_000_000

__all__ = ["Core", "StartError"]


class Core:
    """One live core. `open`, then `run` until it is stopped, then `close`."""

    supervisor: Supervisor
    desk: Desk
    door: Door

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.book = Book(config.file)
        self.stopping = ""
        self.seating = Seating(self)
        self.restored: dict[str, Any] = {}
        self.unknown_at_start = 0
        self.unknown = 0  # intents without done, found when gateways came back
        self.epoch = 0
        self.began_ns = time.monotonic_ns()
        self._rate = (time.monotonic_ns(), 0, 0.0)
        self._names = 0
        self.snapshot_seq = 0
        self.snapshots = 0
        self.snapshot_wrong = ""

    # ---- life ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Takes the core's place, comes back from its journal or begins one, and listens. StartError;
        ToldToEnd.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda got, _frame: self.stop(signal.Signals(got).name))
        config = self.config
        config.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = config.socket.parent.stat()
        if folder.st_uid != os.getuid() or folder.st_mode & 0o022:
            raise StartError(
                f"{config.socket.parent} is another user's, or others may write in it: give --socket in "
                "a folder of yours with mode 0700"
            )
        try:
            self.lock = HeldLock(os.fspath(beside(config.socket, "lock")))
        except BlockingIOError:
            raise StartError(
                f"a core runs already at {config.socket}: stop it (nacre core stop), or give another --name"
            ) from None
        self.token = make_token(beside(config.socket, "token"))
        self.page: KillPage = open_page(config.socket, create=True)
        if not config.fenced:
            forget_fence(config.socket)
        self._open_core()
        self._write_names()
        self.door = Door(config.socket, config.users, self._answer, self.seating.left)

    def ready(self) -> dict[str, Any]:
        """What the command says once the core takes requests. kills: in force from before (they outlive
        the journal, too), each with the command that takes it back.
        """
        plans = self.supervisor.plans
        return {
            "ready": True,
            "socket": os.fspath(self.config.socket),
            "seq": self.board.seq,
            "restored": self.restored,
            "placement": self.placement,
            "workers": len(plans),
            "wait": plans[0].wait,
            "live": self.config.live,
            "kills": [
                {**row, "rearm": queries.rearm_words(row, self.config.live)}
                for row in queries.kills(self.page, self.book)
            ],
        }

    def _open_core(self) -> None:
        config = self.config
        config.journal.mkdir(parents=True, exist_ok=True)
        found = any(info.used for info in self.segments())
        self.capacity: Capacity = capacity_of(config.journal) if found else config.capacity
        self.shadow = self._shadow()
        missing = remember(self) if found else []
        sizes = {name: getattr(self.capacity, name) for name in Capacity.__slots__}
        found_plans = plans(config, sizes)
        contained = any(plan.where == CONTAINED for plan in found_plans)
        engines = EngineDoor(config.socket, config.users, self.token) if contained else None
        self.supervisor = Supervisor(found_plans, self.capacity, self.shadow.follow(), engines)
        self.desk = Desk(self.supervisor, self.shadow.core.sequencer.counts())
        try:
            self.supervisor.start(lambda: self.stopping)
            self.epoch = self.supervisor.of("journal").told["run_epoch"]
            self.unknown_at_start = self.supervisor.of("gateways").told["unknown"]
            if found:
                come_back(self, missing)
            else:
                begin(self)
                carry_over(self.page, config.socket, None, self.book.names())
            if self.page.rows():
                self.take_kills()
        except BaseException:
            self.supervisor.close()
            raise

    def _shadow(self) -> Shadow:
        """At the newest snapshot."""
        made = newest(self.config.journal, 1 << 63, lambda: Shadow(self.config.journal, self.capacity))
        self.snapshot_seq = made.events
        if self.config.touch_memory:
            for name in ENGINE_NAMES:
                getattr(made.core, name).arena.touch()
        return made

    def take_snapshot(self) -> None:
        """The shadow's state into a file: the path doesn't wait for it. A disk that has no room has none
        for this.
        """
        self.snapshot_seq = self.shadow.follow(self.board.recorded)
        try:
            write(self.config.journal, self.shadow)
            self.snapshots, self.snapshot_wrong = self.snapshots + 1, ""
        except (OSError, ValueError) as error:
            self.snapshot_wrong = str(error)

    def segments(self) -> list[journals.SegmentInfo]:
        """Of the journal; none where there is none."""
        try:
            return journals.info(self.config.journal)
        except (FileNotFoundError, ValueError, journals.JournalError):
            return []

    def stop(self, why: str) -> None:
        """Asks the loop to end; safe in a signal's handler."""
        self.stopping = self.stopping or why

    def run(self) -> None:
        """Until something stops it. Raises a CoreFault, or WorkerLost, when the core can't go on."""
        while not self.stopping:
            self._watch()
            self.door.serve(WAIT_S)
            for connection, fault in self.seating.faults():
                self.door.say(connection, error(0, f"the session is closed: {fault}"))
                self.door.hang_up(connection)
            every = self.config.snapshot_events
            if every and self.board.recorded >= self.snapshot_seq + every:
                self.take_snapshot()
            if self.board.seq > self.shadow.events + SHADOW_LAG:
                self.shadow.follow(for_s=SHADOW_S)

    def _watch(self) -> None:
        """The processes, the kill page, the sessions that have ended."""
        back = self.supervisor.poll()
        lost = "venues" in back or ("gateways" in back and not self.supervisor.plans[0].venues_apart)
        unknown = self.supervisor.of("gateways").told.get("unknown", 0) if "gateways" in back else 0
        self.unknown += unknown
        if lost or unknown:
            ask_venues(self)
        if self.page.changes != self.desk.kill_changes and self.supervisor.is_whole():
            self.take_kills()
        if self.seating.leaving and self.supervisor.is_whole():
            self.seating.let_leave()

    def close(self) -> dict[str, Any]:
        """Drains, ends every process, removes the socket. What the core had come to."""
        self.door.close()
        self.supervisor.closing = True
        self.seating.let_leave()
        self.supervisor.drain(DRAIN_S)
        self.supervisor.hush(DRAIN_S)
        seq = self.board.seq
        digests = self.supervisor.stop()
        told = {
            "seq": seq,
            "state_hash": state_hash(seq, digests),
            "stopped_by": self.stopping,
            "journal": os.fspath(self.config.journal),
        }
        self.lock.release()
        if self.snapshots:
            self._compare_shadow(told)
        return told

    def _compare_shadow(self, told: dict[str, Any]) -> None:
        """The engines' state and that of who wrote the snapshots are one; else those are of no use.
        Nondeterminism.
        """
        self.shadow.follow(told["seq"])
        told["snapshots"] = self.snapshots
        if self.shadow.core.state_hash() != told["state_hash"]:
            for path in files(self.config.journal):
                path.unlink()
            raise Nondeterminism(
                f"after event {told['seq']} the engines have another state than their shadow: its snapshots "
                "are removed; replay the journal, and see which is right"
            )

    def abandon(self) -> None:
        """After a fault: the journal has what was recorded; nothing more is taken, sent or told."""
        self.door.close()
        self.supervisor.close()
        self.lock.release()

    # ---- how it is -----------------------------------------------------------------------------------------

    @property
    def board(self) -> Board:
        return self.supervisor.board

    @property
    def placement(self) -> str:
        """Where the stages are: fused, pinned, contained, or mixed."""
        found = {plan.where for plan in self.supervisor.plans if plan.stages != ("venues",)}
        return found.pop() if len(found) == 1 else "mixed"

    def journal_bytes(self) -> int:
        """Of all segment files."""
        return sum(info.size for info in self.segments())

    def events_per_s(self) -> int:
        """Over the time since this was last asked, a quarter of a second at least."""
        since, before, rate = self._rate
        now, seq = time.monotonic_ns(), self.board.seq
        if now - since >= SECOND_NS // 4:
            rate = (seq - before) * SECOND_NS / (now - since)
            self._rate = (now, seq, rate)
        return round(rate)

    def asked(self) -> Shadow:
        """The shadow, once it has lived through all that is on the spine now."""
        self.desk.await_recorded(self.board.seq)
        self.shadow.follow(self.board.recorded)
        return self.shadow

    # ---- events --------------------------------------------------------------------------------------------

    def feed(self, events: list[Event], source: int = SOURCE_DESK) -> None:
        """Inputs of the core's own; they are on the spine when this returns."""
        self.desk.push(events, source)
        for event in events:
            if event.kind in (m.Kind.LIMIT, m.Kind.FX) or event.kind not in DECLARING:
                self.book.note(event.kind, event.request, source, event.session)
            if event.kind == m.Kind.NAME:
                self._names += 1
        self.desk.await_taken()
        self.tell_counts()

    def tell_counts(self) -> None:
        """How many of each there are, to who checks requests."""
        d = self.book.directory
        strategies = len(d.space_lists[m.Space.STRATEGY])
        self.board.declare(len(d.symbol_list), len(d.venue_list), len(d.account_list), strategies)

    def _write_names(self) -> None:
        write_names(self.config.socket, self.config.journal, self.book.names())
        self._names = 0

    def take_kills(self) -> None:
        """Kills on the page that aren't in the stream yet become inputs."""
        self.desk.kill_changes = self.page.changes
        for row in self.page.rows():
            if row["epoch"] not in self.book.kills:
                scope = m.Scope(row["kind"]).name.lower()
                key = None if scope == "all" else self.book.name_of(scope, row["key"])
                if scope != "all" and key is None:
                    scope = "all"  # it names what the core doesn't know: block more, never less
                self.switch("kill", scope, key, row["by"] or "unknown", row["epoch"])

    def switch(
        self,
        what: str,
        scope: str,
        key: str | None,
        by: str,
        epoch: int,
        second: str | None = None,
        then: Sequence[Event] = (),
    ) -> None:
        """A kill or rearm as an event, with the page's epoch; `then` at once, nobody's event between."""
        events = []
        for event in self.book.events(switch_line(what, scope, key, by, second)):
            request = event.request
            if event.kind in (m.Kind.KILL, m.Kind.REARM):
                row = np.frombuffer(request, m.FILTER_EVENT, 1).copy()
                row["epoch"] = epoch
                request = row.tobytes() + request[row.nbytes :]  # a kill says more
            events.append(Event(event.kind, event.session, request))
        self.feed([*events, *then])

    # ---- requests ------------------------------------------------------------------------------------------

    def _answer(self, connection: Connection, request: dict[str, Any]) -> Answer:
        op = request.get("op")
        head = {"id": request.get("id", 0), "ok": True}
        if op not in WITHOUT_SESSION:
            self._await_whole()
        if op == "hello":
            told, fds = self.seating.hello(connection, request)
            return {**head, **told}, fds
        if connection.seat < 0 and not (op in WITHOUT_SESSION and self._knows(request.get("token"))):
            raise Refused("say hello first: op, version, token, name")
        if op == "observe":
            sizes = {name: getattr(self.capacity, name) for name in Capacity.__slots__}
            return {**head, "capacity": sizes}, (self.supervisor.observers_fd,)
        handler = OPS.get(op) if isinstance(op, str) else None
        if handler is None:
            raise Refused(f"op {op!r}: one of hello, {', '.join(OPS)}")
        answer = {**head, **handler(self, connection, request)}
        if self._names:
            self._write_names()
        return answer, ()

    def _await_whole(self) -> None:
        """Refused: a process of the core is being brought back, and takes its time."""
        patience = Patience(WHOLE_S)
        while not self.supervisor.keep_going():
            if patience.ends():
                raise Refused("busy: a process of the core is being brought back; try again")
            time.sleep(NAP_S)

    def check_token(self, request: dict[str, Any]) -> None:
        """Refused: it isn't the core's."""
        if not self._knows(request.get("token")):
            raise Refused(f"wrong token: read it from {beside(self.config.socket, 'token')}")

    def _knows(self, token: object) -> bool:
        return isinstance(token, str) and hmac.compare_digest(token.encode(), self.token.encode())
