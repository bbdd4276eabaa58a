"""The running core: opens what it needs, keeps its processes going, answers its socket, closes in order."""

from __future__ import annotations

import hmac
import os
import secrets
import selectors
import signal
import socket
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core import messages as m
from core.board import MAX_SESSIONS, Board
from core.build import build_id
from core.capacity import Capacity
from core.errors import CoreFault
from core.fused import state_hash
from core.live.book import DECLARING, Book
from core.live.config import CoreConfig, beside
from core.live.desk import Desk
from core.live.intake import SOURCE_DESK
from core.live.killing import forget, open_page, write_names
from core.live.ops import OPS, WITHOUT_SESSION, Refused, need_room, switch_line
from core.live.plan import plans
from core.live.sessions import PROTOCOL_VERSION, Connection, Rings, free_name, may_connect, peer_uid
from core.live.shadow import Shadow
from core.live.supervisor import SeatOf, Supervisor, WorkerLost
from core.path import config_request
from core.recovery import capacity_of, replay
from core.scenario.encoder import Event
from core.scenario.reader import Line
from core_ext import journal as journals
from core_ext.held_lock import HeldLock
from core_ext.journal import JournalReader
from core_ext.killpage import KillPage

WAIT_S = 0.02
PACKET_MAX = 1 << 16
DRAIN_S = 2.0
SHADOW_LAG = 1 << 16
"""Events that the shadow may be behind while nobody asks; beyond, it follows a little a turn."""
SHADOW_S = 0.002
SECOND_NS = 1_000_000_000


class StartError(RuntimeError):
    """The core can't start as it is set up; the message says why and what to do."""


class Core:
    """One live core. `open`, then `run` until it is stopped, then `close`."""

    supervisor: Supervisor
    desk: Desk

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.book = Book(config.file)
        self.stopping = ""
        self.connections: dict[int, Connection] = {}
        self.seats: list[Connection | None] = [None] * MAX_SESSIONS
        self.restored: dict[str, Any] = {}
        self.unknown_at_start = 0
        self.epoch = 0
        self.began_ns = time.monotonic_ns()
        self._rate = (time.monotonic_ns(), 0, 0.0)
        self._names = 0

    # ---- life ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Takes the core's place, comes back from its journal or begins one, and listens. StartError."""
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
        self.token = self._token(beside(config.socket, "token"))
        self.page: KillPage = open_page(config.socket, create=True)
        self._open_core()
        self._write_names()
        self._listen()

    def ready(self) -> dict[str, Any]:
        """What the command says once the core takes requests."""
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
        }

    def _token(self, path: Path) -> str:
        """The secret that clients tell; it outlives the core, so that they can come back."""
        if not path.exists():
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w") as out:
                out.write(secrets.token_hex(32))
        return path.read_text().strip()

    def _open_core(self) -> None:
        config = self.config
        config.journal.mkdir(parents=True, exist_ok=True)
        found = any(info.used for info in self._segments())
        self.capacity: Capacity = capacity_of(config.journal) if found else config.capacity
        self.shadow = Shadow(config.journal, self.capacity)
        missing = self._remember() if found else []
        sizes = {name: getattr(self.capacity, name) for name in Capacity.__slots__}
        self.supervisor = Supervisor(plans(config, sizes), self.capacity, self.shadow.follow())
        self.desk = Desk(self.supervisor, self.shadow.core.sequencer.counts())
        try:
            self.supervisor.start()
            self.shadow.reopen()
            self.epoch = self.supervisor.of("journal").told["run_epoch"]
            self.unknown_at_start = self.supervisor.of("gateways").told["unknown"]
            if found:
                self._come_back(missing)
            else:
                self._begin()
            if self.page.rows():
                self.take_kills()
        except BaseException:
            self.supervisor.close()
            raise

    def _segments(self) -> list[journals.SegmentInfo]:
        try:
            return journals.info(self.config.journal)
        except (FileNotFoundError, ValueError, journals.JournalError):
            return []

    @property
    def board(self) -> Board:
        return self.supervisor.board

    @property
    def placement(self) -> str:
        """Where the stages are: fused, pinned, or mixed."""
        workers = [plan for plan in self.supervisor.plans if plan.stages != ("venues",)]
        if len(workers) == 1:
            return "fused"
        return "pinned" if all(len(plan.stages) == 1 for plan in workers) else "mixed"

    def journal_bytes(self) -> int:
        """Of all segment files."""
        return sum(info.size for info in self._segments())

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

    # ---- begin, or come back -------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.feed([Event(int(m.Kind.CONFIG), 0, config_request(self.capacity))])
        for line in self.config.lines:
            events = self.book.events(line)
            self.book.declarations += events
            self.feed(events)

    def _remember(self) -> list[Event]:
        """All names and settings of the journal; what of the declarations it lacks."""
        if [info for info in self._segments() if info.used][-1].build_id != build_id():
            raise StartError(
                f"{self.config.journal} was written by another build of the engines: begin a new journal "
                "(--journal), or start the build that wrote it"
            )
        self.book.restore(JournalReader(self.config.journal))
        missing = self._compare_declarations()
        self._mend_page()
        played = replay(self.config.journal)
        if not played["ok"]:
            raise StartError(f"{self.config.journal}: {played['problem']}")
        self.restored = {
            "events": played["events"],
            "seq": played["events"] + played["completed"],
            "state_hash": played["state_hash"],
        }
        return missing

    def _come_back(self, missing: list[Event]) -> None:
        """Goes on where the journal ends, and asks the venues about what they have open."""
        self._tell_counts()
        for event in missing:
            self.book.declarations.append(event)
            self.book.take(event.kind, event.request)
            self.feed([event])
        self._ask_venues()
        self.supervisor.drain(DRAIN_S)  # a cancel of what a venue forgot would be refused: they answer first
        for index in sorted(self.book.connected):
            name = self.book.name_of("session", index)
            self.feed(self.book.events(Line(0, 0, "disconnect", {"session": name})))

    def _mend_page(self) -> None:
        """Brings the kill page to what the journal says: one of the two may have been lost."""
        self.page.start_after(max(self.book.kills, default=0))
        self.page.clear(
            [  # it died between a re-arm's event and the page
                row["epoch"]
                for row in self.page.rows()
                if row["epoch"] <= self.book.rearmed.get((row["kind"], row["key"]), 0)
            ]
        )

    def _compare_declarations(self) -> list[Event]:
        if not self.config.lines:
            return []
        asked = Book(self.config.file)
        events = [event for line in self.config.lines for event in asked.events(line)]
        had = self.book.declarations[: len(events)]
        if events[: len(had)] != had:
            raise StartError(
                f"{self.config.file}: the journal {self.config.journal} began with other declarations: start "
                "it with those (or with none: it knows them), or give another --journal"
            )
        return events[len(had) :]  # a crash while they were being taken

    def _ask_venues(self) -> None:
        """What the simulated venues had is gone with their process: down and up again makes the core ask."""
        states = dict(self.book.states)
        for venue in range(len(self.book.directory.venue_list)):
            whole = states.get((venue, m.NONE), int(m.VenueState.UP))
            if whole == m.VenueState.DOWN:
                continue
            self._state(venue, m.NONE, int(m.VenueState.DOWN))
            self._state(venue, m.NONE, whole)
            for (at, symbol), state in states.items():
                if at == venue and symbol != m.NONE:
                    self._state(venue, symbol, state)

    def _state(self, venue: int, symbol: int, state: int) -> None:
        row = np.zeros((), m.VENUE_STATE_EVENT)
        row["venue"], row["symbol"], row["state"] = venue, symbol, state
        self.feed([Event(m.Kind.VENUE_STATE, 0, row.tobytes())], SOURCE_DESK)

    def _listen(self) -> None:
        path = self.config.socket
        forget(path)  # the lock is held: who left it is dead
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        mask = os.umask(0o111 if self.config.users else 0o177)
        try:
            self.listener.bind(os.fspath(path))
        finally:
            os.umask(mask)
        self.listener.listen(64)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)

    # ---- go on ---------------------------------------------------------------------------------------------

    def stop(self, why: str) -> None:
        """Asks the loop to end; safe in a signal's handler."""
        self.stopping = self.stopping or why

    def run(self) -> None:
        """Until something stops it. Raises a CoreFault, or WorkerLost, when the core can't go on."""
        while not self.stopping:
            self._watch()
            self._serve()
            if self.board.seq > self.shadow.events + SHADOW_LAG:
                self.shadow.follow(for_s=SHADOW_S)

    def _watch(self) -> None:
        """The processes, the kill page."""
        back = self.supervisor.poll()
        if "journal" in back:
            self.shadow.reopen()
        if "venues" in back or ("gateways" in back and not self._venues_apart()):
            self._ask_venues()
        elif "gateways" in back and self.supervisor.of("gateways").told["unknown"]:
            self._ask_venues()  # an intent without done is asked about, never sent again
        if self.page.changes != self.desk.kill_changes:
            self.take_kills()

    def _venues_apart(self) -> bool:
        return self.supervisor.plans[0].venues_apart

    def _serve(self) -> None:
        for key, _events in self.selector.select(WAIT_S):
            if key.fileobj is self.listener:
                self._accept()
            elif (found := self.connections.get(key.fd)) is not None:
                self._receive(found)
        for i, connection in enumerate(self.seats):
            if connection is not None and (fault := self.board.seat_fault(i)):
                self._say(connection, {"id": 0, "ok": False, "error": f"the session is closed: {fault}"})
                self._hang_up(connection)

    def close(self) -> dict[str, Any]:
        """Drains, ends every process, removes the socket. What the core had come to."""
        for connection in list(self.connections.values()):
            self._hang_up(connection)
        self.supervisor.drain(DRAIN_S)
        self.selector.close()
        self.listener.close()
        forget(self.config.socket)
        seq = self.board.seq
        digests = self.supervisor.stop()
        told = {
            "seq": seq,
            "state_hash": state_hash(seq, digests),
            "stopped_by": self.stopping,
            "journal": os.fspath(self.config.journal),
        }
        self.lock.release()
        return told

    def abandon(self) -> None:
        """After a fault: the journal has what was recorded; nothing more is taken, sent or told."""
        for connection in list(self.connections.values()):
            connection.sock.close()
        self.selector.close()
        self.listener.close()
        forget(self.config.socket)
        self.supervisor.close()
        self.lock.release()

    # ---- events --------------------------------------------------------------------------------------------

    def feed(self, events: list[Event], source: int = SOURCE_DESK) -> None:
        """Inputs of the core's own; they are on the spine when this returns."""
        for event in events:
            self.desk.push(event, source)
            if event.kind in (m.Kind.LIMIT, m.Kind.FX) or event.kind not in DECLARING:
                self.book.note(event.kind, event.request)
            if event.kind == m.Kind.NAME:
                self._names += 1
        self.desk.await_taken()
        self._tell_counts()

    def _tell_counts(self) -> None:
        d = self.book.directory
        strategies = len(d.space_lists[m.Space.STRATEGY])
        self.board.declare(len(d.symbol_list), len(d.venue_list), len(d.account_list), strategies)

    def _write_names(self) -> None:
        write_names(self.config.socket, self.book.names())
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

    def switch(self, what: str, scope: str, key: str | None, by: str, epoch: int) -> None:
        """A kill or rearm as an event, with the page's epoch."""
        for event in self.book.events(switch_line(what, scope, key, by)):
            request = event.request
            if event.kind in (m.Kind.KILL, m.Kind.REARM):
                row = np.frombuffer(request, m.FILTER_EVENT, 1).copy()
                row["epoch"] = epoch
                request = row.tobytes()
            self.feed([Event(event.kind, event.session, request)])

    # ---- the socket ----------------------------------------------------------------------------------------

    def _accept(self) -> None:
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
        connection = Connection(sock, peer_uid(sock))
        if not may_connect(connection.uid, self.config.users):
            self._say(
                connection, _error(0, f"user {connection.uid} may not connect: add it to `users` of the core")
            )
            sock.close()
            return
        if len(self.connections) >= 2 * MAX_SESSIONS:
            self._say(connection, _error(0, "busy: too many connections; close one"))
            sock.close()
            return
        self.connections[sock.fileno()] = connection
        self.selector.register(sock, selectors.EVENT_READ)

    def _receive(self, connection: Connection) -> None:
        try:
            packet = connection.sock.recv(PACKET_MAX)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self._hang_up(connection)
            return
        fds: tuple[int, ...] = ()
        try:
            request = msgspec.msgpack.decode(packet, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            self._say(connection, _error(0, f"not a msgpack map: {error}"))
            return
        try:
            answer, fds = self._answer(connection, request)
        except (CoreFault, WorkerLost):
            raise
        except Exception as error:  # whatever a peer says, it must not end the core
            text = f"missing {error}" if isinstance(error, KeyError) else str(error)
            answer = _error(request.get("id", 0), text or type(error).__name__)
        self._say(connection, answer, fds)

    def _answer(
        self, connection: Connection, request: dict[str, Any]
    ) -> tuple[dict[str, Any], tuple[int, ...]]:
        op = request.get("op")
        head = {"id": request.get("id", 0), "ok": True}
        if op == "hello":
            told, fds = self._hello(connection, request)
            return {**head, **told}, fds
        if connection.seat < 0 and not (op in WITHOUT_SESSION and self._knows(request.get("token"))):
            raise Refused("say hello first: op, version, token, name")
        handler = OPS.get(op) if isinstance(op, str) else None
        if handler is None:
            raise Refused(f"op {op!r}: one of hello, {', '.join(OPS)}")
        answer = {**head, **handler(self, connection, request)}
        if self._names:
            self._write_names()
        return answer, ()

    def _say(self, connection: Connection, answer: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        """One packet; a peer that doesn't take it is hung up on, for the core never waits."""
        packet = msgspec.msgpack.encode(answer)
        try:
            if fds:
                socket.send_fds(connection.sock, [packet], list(fds))
            else:
                connection.sock.send(packet)
        except OSError as error:
            if len(packet) > PACKET_MAX and not fds:
                text = (
                    f"the answer has {len(packet)} bytes and can't be sent ({error.strerror}): ask for less"
                )
                self._say_short(connection, _error(answer["id"], text))
                return
            self._hang_up(connection)

    def _say_short(self, connection: Connection, answer: dict[str, Any]) -> None:
        try:
            connection.sock.send(msgspec.msgpack.encode(answer))
        except OSError:
            self._hang_up(connection)

    # ---- sessions ------------------------------------------------------------------------------------------

    def _hello(
        self, connection: Connection, request: dict[str, Any]
    ) -> tuple[dict[str, Any], tuple[int, ...]]:
        if connection.seat >= 0:
            raise Refused("this connection has a session already: open another one")
        if request.get("version") != PROTOCOL_VERSION:
            raise Refused(f"version {request.get('version')!r}: this core speaks version {PROTOCOL_VERSION}")
        if not self._knows(request.get("token")):
            raise Refused(f"wrong token: read it from {beside(self.config.socket, 'token')}")
        name = request.get("name")
        if not isinstance(name, str) or not 1 <= len(name.encode()) <= 31:
            raise Refused(f"name {name!r}: give 1 to 31 bytes of text")
        seat = next((i for i in range(self.config.max_sessions) if self.seats[i] is None), -1)
        if seat < 0:
            raise Refused(
                f"busy: {self.config.max_sessions} sessions are open, which is max_sessions; close one"
            )
        self._open_session(connection, seat, name, bool(request.get("cancel_on_disconnect", True)))
        d = self.book.directory
        rights = connection.rights
        told = {
            "session": connection.index,
            "epoch": self.epoch,
            "live": self.config.live,
            "accounts": [a.name for a in d.account_list if rights is None or a.name in rights],
            "directory": self.book.told(),
        }
        assert connection.rings is not None
        return told, connection.rings.fds

    def _knows(self, token: object) -> bool:
        return isinstance(token, str) and hmac.compare_digest(token.encode(), self.token.encode())

    def _open_session(self, connection: Connection, seat: int, wanted: str, cancels: bool) -> None:
        name = free_name(wanted, {each.name for each in self.seats if each is not None})
        need_room(self, m.Space.SESSION, name)
        rings = Rings(name)
        connect = Line(0, 0, "connect", {"session": name, "cancel_on_disconnect": cancels})
        person, events = self.book.begin().person(name), self.book.events(connect)
        connection.rights = self.config.rights.get(wanted, self.config.rights.get("*"))
        connection.index = self.book.directory.spaces[m.Space.SESSION][name]
        rights = self._rights(connection.rights)
        self.feed([*events, *_rights_events(connection.index, rights)])
        for request in self.book.quotes.values():
            rings.show_quote(request, time.time_ns())
        self.supervisor.open_seat(SeatOf(seat, connection.index, person, rights, rings.fds))
        connection.seat, connection.name, connection.rings = seat, name, rings
        self.seats[seat] = connection

    def _rights(self, names: tuple[str, ...] | None) -> bytes | None:
        """A byte an account; None: every account."""
        if names is None:
            return None
        return bytes(account.name in names for account in self.book.directory.account_list)

    def _hang_up(self, connection: Connection) -> None:
        """The session is dead: what it asked for is taken, its disconnect sequenced, its memory released."""
        fd = connection.sock.fileno()
        if fd < 0 or self.connections.pop(fd, None) is None:
            return
        self.selector.unregister(connection.sock)
        connection.sock.close()
        if connection.seat >= 0:
            seat, connection.seat = connection.seat, -1
            self.seats[seat] = None
            self.supervisor.close_requests(seat)
            self.feed(self.book.events(Line(0, 0, "disconnect", {"session": connection.name})))
            self.supervisor.close_responses(seat)
        if connection.rings is not None:
            connection.rings.close_fds()
            connection.rings = None


def _rights_events(session: int, rights: bytes | None) -> list[Event]:
    """Which accounts a session may trade, in steps of so many accounts an event."""
    if rights is None:
        return []
    out = []
    for first in range(0, max(len(rights), 1), m.RIGHTS_STEP):
        row = np.zeros((), m.RIGHTS_EVENT)
        row["session"], row["first"] = session, first
        bits = np.packbits(
            np.frombuffer(rights[first : first + m.RIGHTS_STEP], np.uint8), bitorder="little"
        )
        row["bits"][: len(bits)] = bits
        out.append(Event(int(m.Kind.RIGHTS), session, row.tobytes()))
    return out


def _error(request_id: Any, text: str) -> dict[str, Any]:
    return {"id": request_id, "ok": False, "error": text}


