"""The running core: opens what it needs, turns the loop, answers its socket, closes in order."""

from __future__ import annotations

import contextlib
import hmac
import mmap
import os
import secrets
import selectors
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.errors import CoreFault
from core.live import queries
from core.live.book import DECLARING, Book
from core.live.config import CoreConfig, beside
from core.live.killing import SCOPES, forget, open_page, write_names
from core.live.loop import MAX_SESSIONS, SOURCE_DESK, SOURCE_FEED, Live
from core.live.sessions import PROTOCOL_VERSION, Connection, Rings, free_name, may_connect, peer_uid
from core.recovery import capacity_of
from core.scenario.encoder import Event
from core.scenario.reader import Line
from core_ext import journal as journals
from core_ext.arena import Arena
from core_ext.held_lock import HeldLock
from core_ext.journal import JournalReader, JournalWriter
from core_ext.killpage import KillPage

BATCH_NS = 1_000_000
PACKET_MAX = 1 << 16
RESEND_MAX = 512
DRAIN_S = 2.0
MARKET = ("quote", "trade", "depth", "mark", "reference", "venue_state")
LIMIT_SPACES = {
    "strategy": m.Space.STRATEGY,
    "session": m.Space.SESSION,
    "sector": m.Space.SECTOR,
    "currency": m.Space.CURRENCY,
}
WITHOUT_SESSION = ("status", "stop", "kill", "rearm", "limits")  # a token is enough: nothing is traded
SECOND_NS = 1_000_000_000


class StartError(RuntimeError):
    """The core can't start as it is set up; the message says why and what to do."""


class Refused(ValueError):
    """A request that isn't answered with what it asks for; the message says what to do."""


class Core:
    """One live core. `open`, then `run` until it is stopped, then `close`."""

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.book = Book(config.file)
        self.stopping = ""
        self.connections: dict[int, Connection] = {}
        self.seats: list[Connection | None] = [None] * MAX_SESSIONS
        self.restored: dict[str, Any] = {}
        self.unknown: list[tuple[int, int, int]] = []
        self.epoch = 0
        self._began_ns = time.monotonic_ns()
        self._rate = (time.monotonic_ns(), 0, 0.0)
        self._names = 0
        self._missing: list[Event] = []
        self._ops: dict[str, Callable[[Connection, dict[str, Any]], dict[str, Any]]] = {
            name: getattr(self, f"_op_{name}")
            for name in (
                *("intern", "orders", "positions", "limits", "status", "risk_set", "kill", "rearm"),
                *("market", "resend", "stop"),
            )
        }

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
        capacity = capacity_of(config.journal) if found else config.capacity
        kept = self._kept_arena(capacity, found)
        self.live = Live(capacity, self.page, kept, config.waiting, config.durability == "group")
        if found:
            self._come_back()
        else:
            self.journal = self._writer()
            self.live.start(self.journal)
            self._declare()
        self.epoch = self.journal.run_epoch
        if self.live.kill_changed():
            self._take_kills()

    def _segments(self) -> list[journals.SegmentInfo]:
        with contextlib.suppress(FileNotFoundError, ValueError, journals.JournalError):
            return journals.info(self.config.journal)
        return []

    def _writer(self) -> JournalWriter:
        return JournalWriter(
            self.config.journal,
            schema_version=SCHEMA_VERSION,
            build_id=build_id(),
            durability=self.config.durability,
            segment_bytes=self.config.segment_mb << 20,
            cut_torn=True,
            helper=True,
        )

    def _kept_arena(self, capacity: Capacity, found: bool) -> Arena:
        """The gateway's intents, in a file beside the journal: they outlive the process."""
        count = capacity.orders + capacity.more_children
        size = Arena.bytes_needed([(INTENT.itemsize, count)])
        path = self.config.journal / "intents"
        with path.open("a+b") as file:
            file.truncate(size)
            self._intents = mmap.mmap(file.fileno(), size)
        try:
            arena = Arena.attach(self._intents) if found else Arena.over(self._intents)
        except ValueError:  # it died while it began
            arena = Arena.over(self._intents)
        rows = np.frombuffer(arena.add_table("gateway.intents", INTENT.itemsize, count), INTENT)
        self.unknown = [
            (int(row["seq"]), int(row["child"]), int(row["venue"])) for row in rows[rows["state"] == 1]
        ]
        return arena

    def _come_back(self) -> None:
        """Lives through the journal, goes on where it ends, and asks the venues about what they have open."""
        if [info for info in self._segments() if info.used][-1].build_id != build_id():
            raise StartError(
                f"{self.config.journal} was written by another build of the engines: begin a new journal "
                "(--journal), or start the build that wrote it"
            )
        self.book.restore(JournalReader(self.config.journal))
        self._compare_declarations()
        self._mend_page()
        events = self.live.restore(JournalReader(self.config.journal))
        self.journal = self._writer()
        self.live.go_on(self.journal)
        for event in self._missing:
            self.book.declarations.append(event)
            self.book.take(event.kind, event.request)
            self.live.feed(event.kind, event.request)
        self._tell_counts()
        core = self.live.core
        self.restored = {"events": events, "seq": core.sequencer.seq, "state_hash": core.state_hash()}
        self._ask_venues()
        self._drain()  # a cancel of what a venue forgot would be refused: their answers come first
        for index in sorted(self.book.connected):
            name = self.book.name_of("session", index)
            self._feed(self.book.events(Line(0, 0, "disconnect", {"session": name})))

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

    def _compare_declarations(self) -> None:
        if not self.config.lines:
            return
        asked = Book(self.config.file)
        events = [event for line in self.config.lines for event in asked.events(line)]
        had = self.book.declarations[: len(events)]
        self._missing = events[len(had) :]  # a crash while they were being taken
        if events[: len(had)] != had:
            raise StartError(
                f"{self.config.file}: the journal {self.config.journal} began with other declarations: start "
                "it with those (or with none: it knows them), or give another --journal"
            )

    def _declare(self) -> None:
        for line in self.config.lines:
            events = self.book.events(line)
            self.book.declarations += events
            self._feed(events)

    def _ask_venues(self) -> None:
        """What the simulated venues had is gone with the process: down and up again makes the core ask."""
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
        self._feed([Event(m.Kind.VENUE_STATE, 0, row.tobytes())], SOURCE_DESK)

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

    def stop(self, why: str) -> None:
        """Asks the loop to end; safe in a signal's handler."""
        self.stopping = self.stopping or why

    def run(self) -> None:
        """Until something stops it. Raises a CoreFault when the core can't go on."""
        while not self.stopping:
            self.live.run(BATCH_NS)
            if self.live.kill_changed():
                self._take_kills()
            self._serve()

    def _serve(self) -> None:
        for key, _events in self.selector.select(0):
            if key.fileobj is self.listener:
                self._accept()
            elif (found := self.connections.get(key.fd)) is not None:
                self._receive(found)
        for i, connection in enumerate(self.seats):
            if connection is not None and (fault := self.live.seat_fault(i)):
                self._say(connection, {"id": 0, "ok": False, "error": f"the session is closed: {fault}"})
                self._hang_up(connection)

    def _drain(self) -> None:
        """Until nothing is on its way to or from a venue."""
        until = time.monotonic() + DRAIN_S
        while time.monotonic() < until and 0 < self.live.next_due_ns() < time.time_ns() + SECOND_NS:
            self.live.run(BATCH_NS)
            if self.live.kill_changed():
                self._take_kills()

    def close(self) -> dict[str, Any]:
        """Drains, closes the journal, removes the socket. What the core had come to."""
        for connection in list(self.connections.values()):
            self._hang_up(connection)
        self._drain()
        self.selector.close()
        self.listener.close()
        forget(self.config.socket)
        core = self.live.core
        told = {
            "seq": core.sequencer.seq,
            "state_hash": core.state_hash(),
            "stopped_by": self.stopping,
            "journal": os.fspath(self.config.journal),
        }
        self.journal.close()
        self.lock.release()
        return told

    def abandon(self) -> None:
        """After a fault: the journal has what was recorded; nothing more is taken, sent or told."""
        for connection in list(self.connections.values()):
            connection.sock.close()
        self.selector.close()
        self.listener.close()
        forget(self.config.socket)
        self.journal.close()
        self.lock.release()

    # ---- events --------------------------------------------------------------------------------------------

    def _feed(self, events: list[Event], source: int = SOURCE_DESK) -> None:
        for event in events:
            self.live.feed(event.kind, event.request, event.session, source)
            if event.kind in (m.Kind.LIMIT, m.Kind.FX) or event.kind not in DECLARING:
                self.book.note(event.kind, event.request)
            if event.kind == m.Kind.NAME:
                self._names += 1
            elif event.kind in (m.Kind.INSTRUMENT, m.Kind.VENUE, m.Kind.ACCOUNT):
                self._tell_counts()
        self._tell_counts()

    def _tell_counts(self) -> None:
        d = self.book.directory
        strategies = len(d.space_lists[m.Space.STRATEGY])
        self.live.declared(len(d.symbol_list), len(d.venue_list), len(d.account_list), strategies)

    def _write_names(self) -> None:
        write_names(self.config.socket, self.book.names())
        self._names = 0

    def _take_kills(self) -> None:
        """Kills on the page that aren't in the stream yet become inputs."""
        for row in self.page.rows():
            if row["epoch"] not in self.book.kills:
                scope = m.Scope(row["kind"]).name.lower()
                key = None if scope == "all" else self.book.name_of(scope, row["key"])
                if scope != "all" and key is None:
                    scope = "all"  # it names what the core doesn't know: block more, never less
                self._switch("kill", scope, key, row["by"] or "unknown", row["epoch"])

    def _switch(self, what: str, scope: str, key: str | None, by: str, epoch: int) -> None:
        line = Line(0, 0, what, {"scope": scope, "key": key, "by": by})
        for event in self.book.events(line):
            request = event.request
            if event.kind in (m.Kind.KILL, m.Kind.REARM):
                row = np.frombuffer(request, m.FILTER_EVENT, 1).copy()
                row["epoch"] = epoch
                request = row.tobytes()
            self._feed([Event(event.kind, event.session, request)])

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
        fds: list[int] = []
        try:
            request = msgspec.msgpack.decode(packet, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            self._say(connection, _error(0, f"not a msgpack map: {error}"))
            return
        try:
            answer, fds = self._answer(connection, request)
        except CoreFault:
            raise
        except Exception as error:  # whatever a peer says, it must not end the core
            text = f"missing {error}" if isinstance(error, KeyError) else str(error)
            answer = _error(request.get("id", 0), text or type(error).__name__)
        self._say(connection, answer, fds)
        if connection.rings is not None and fds:
            connection.rings.close_fds()

    def _answer(self, connection: Connection, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        op = request.get("op")
        head = {"id": request.get("id", 0), "ok": True}
        if op == "hello":
            told, fds = self._hello(connection, request)
            return {**head, **told}, fds
        if connection.seat < 0 and not (op in WITHOUT_SESSION and self._knows(request.get("token"))):
            raise Refused("say hello first: op, version, token, name")
        handler = self._ops.get(op) if isinstance(op, str) else None
        if handler is None:
            raise Refused(f"op {op!r}: one of hello, {', '.join(self._ops)}")
        answer = {**head, **handler(connection, request)}
        if self._names:
            self._write_names()
        return answer, []

    def _say(self, connection: Connection, answer: dict[str, Any], fds: list[int] | None = None) -> None:
        """One packet; a peer that doesn't take it is hung up on, for the core never waits."""
        packet = msgspec.msgpack.encode(answer)
        try:
            if fds:
                socket.send_fds(connection.sock, [packet], fds)
            else:
                connection.sock.send(packet)
        except OSError as error:
            if len(packet) > PACKET_MAX and not fds:
                text = (
                    f"the answer has {len(packet)} bytes and can't be sent ({error.strerror}): ask for less"
                )
                with contextlib.suppress(OSError):
                    connection.sock.send(msgspec.msgpack.encode(_error(answer["id"], text)))
                return
            self._hang_up(connection)

    def _hello(self, connection: Connection, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
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
        d = self.book.directory
        known = d.spaces[m.Space.SESSION]
        self._room(m.Space.SESSION, name)
        rings = Rings(name)
        connect = Line(0, 0, "connect", {"session": name, "cancel_on_disconnect": cancels})
        encoder = self.book.begin()
        person, events = encoder.person(name), self.book.events(connect)
        self._feed(events)
        connection.rights = self.config.rights.get(wanted, self.config.rights.get("*"))
        connection.index = known[name]
        self.live.open_seat(
            seat,
            connection.index,
            person,
            rings.requests,
            rings.responses,
            rings.quotes,
            self._rights(connection.rights),
        )
        connection.seat, connection.name, connection.rings = seat, name, rings
        self.seats[seat] = connection
        for request in self.book.quotes.values():
            self.live.show_quote(seat, request, time.time_ns())

    def _room(self, space: m.Space, name: str | None) -> None:
        """A new name needs a place in the tables. Refused: there is none."""
        capacity = self.live.capacity
        most = {
            m.Space.SESSION: capacity.sessions,
            m.Space.STRATEGY: capacity.strategies,
            m.Space.SECTOR: capacity.sectors,
            m.Space.CURRENCY: capacity.currencies,
        }[space]
        known = self.book.directory.spaces[space]
        if name is not None and name not in known and len(known) >= most:
            raise Refused(
                f"{name!r}: all {most} places for a {space.name.lower()} are taken: use one of those names"
            )

    def _rights(self, names: tuple[str, ...] | None) -> bytes | None:
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
        if connection.rings is not None:
            connection.rings.close_fds()
        if connection.seat >= 0:
            seat, connection.seat = connection.seat, -1
            self.seats[seat] = None
            self.live.close_seat(seat)
            self._feed(self.book.events(Line(0, 0, "disconnect", {"session": connection.name})))
        connection.rings = None

    # ---- requests ------------------------------------------------------------------------------------------

    def _op_intern(self, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        name = request["name"]
        if request["space"] != "strategy":
            raise Refused(f"space {request['space']!r}: only strategy can be interned")
        if not isinstance(name, str) or not 1 <= len(name.encode()) <= 31:
            raise Refused(f"name {name!r}: give 1 to 31 bytes of text")
        self._room(m.Space.STRATEGY, name)
        index, events = self.book.begin().strategy(name)
        self._feed(events)
        return {"index": index}

    def _op_orders(self, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        return queries.orders(
            self.live,
            self.book,
            request.get("account"),
            request.get("symbol"),
            bool(request.get("live_only")),
            connection.rights,
        )

    def _op_positions(self, connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
        return queries.positions(self.live, self.book, connection.rights)

    def _op_limits(self, _connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
        return {"limits": self.book.limit_lines()}

    def _op_status(self, _connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
        seq = self.live.core.sequencer.seq
        now = time.monotonic_ns()
        since, before, rate = self._rate
        if now - since >= SECOND_NS // 4:
            rate = (seq - before) * SECOND_NS / (now - since)
            self._rate = (now, seq, rate)
        gateway = self.live.gateway
        return {
            "pid": os.getpid(),
            "name": self.config.name,
            "placement": "fused",
            "wait": self.config.waiting,
            "live": self.config.live,
            "durability": self.config.durability,
            "seq": seq,
            "epoch": self.epoch,
            "journal": {"path": os.fspath(self.config.journal), "bytes": self.journal.total_bytes},
            "sessions": [
                {"name": each.name, "session": each.index, **self.live.seat_counts(i)}
                for i, each in enumerate(self.seats)
                if each is not None
            ],
            "inputs": self.live.inputs,
            "events_per_s": round(rate),
            "uptime_ns": now - self._began_ns,
            "kills": queries.kills(self.live, self.book),
            "sends": {
                "intents": gateway.sent,
                "suppressed": gateway.suppressed,
                "unknown_at_start": len(self.unknown),
            },
            "restored": self.restored,
        }

    def _op_risk_set(self, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        values = {key: value for key, value in request.items() if key not in ("op", "id")}
        values = values.get("limit", values.get("line", values))
        if not isinstance(values, dict):
            raise Refused("limit: give a map, as the limit line of a scenario file")
        line = self.book.line({"type": "limit", **values}, ("limit",))
        for what, space in LIMIT_SPACES.items():
            self._room(space, line.data[what])
        if len(self.book.limits) >= self.live.capacity.limits:
            raise Refused(f"{len(self.book.limits)} limits are the most that this core can hold")
        self._feed(self.book.events(line))
        return {"limits": self.book.limit_lines()}

    def _op_market(self, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        line = self.book.line(request["line"], MARKET)
        self._feed(self.book.events(line), SOURCE_FEED)
        return {"seq": self.live.core.sequencer.seq}

    def _scope(self, request: dict[str, Any]) -> tuple[str, str | None, str, int]:
        """(scope, key, by, the key's index) of a kill or rearm."""
        scope, key, by = request.get("scope", "all"), request.get("key"), request.get("by")
        if scope not in SCOPES:
            raise Refused(f"scope {scope!r}: one of {', '.join(SCOPES)}")
        if not isinstance(by, str) or not by:
            raise Refused("by: say who does it")
        if scope == "all":
            return scope, None, by, 0
        known = self.book.names()[scope]
        if key not in known:
            raise Refused(f"key {key!r}: no such {scope}; one of {', '.join(known) or 'none'}")
        return scope, key, by, known.index(key)

    def _op_kill(self, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        scope, key, by, index = self._scope(request)
        kind = int(m.Scope[scope.upper()])
        epoch = self.page.kill(kind, index, by)
        orders = self.live.open_orders(kind, index)
        self._switch("kill", scope, key, by, epoch)
        return {"orders": orders, "epochs": [epoch]}

    def _op_rearm(self, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        scope, key, by, index = self._scope(request)
        kind = int(m.Scope[scope.upper()])
        self._take_kills()
        epochs = [row["epoch"] for row in self.page.rows() if (row["kind"], row["key"]) == (kind, index)]
        self._switch("rearm", scope, key, by, max(epochs, default=0))
        self.page.clear(epochs)
        return {"orders": 0, "epochs": epochs}

    def _op_resend(self, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        """What the response ring still holds, as the bytes of its slots."""
        assert connection.rings is not None
        responses = connection.rings.responses
        last = self.live.seat_counts(connection.seat)["responses"]
        first = max(int(request["from"]), last - responses.capacity + 1, 1)
        found = (responses.read(seq) for seq in range(first, min(last, first + RESEND_MAX - 1) + 1))
        return {"responses": [slot for slot in found if slot is not None], "last": last}

    def _op_stop(self, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        self.stop(str(request.get("by") or "a session"))
        return {}


INTENT = np.dtype(
    [
        ("seq", "<u8"),
        ("venue_seq", "<u8"),
        ("child", "<u4"),
        ("venue", "<u2"),
        ("action", "u1"),
        ("state", "u1"),
        ("pad", "<u8"),
    ]
)


def _error(request_id: Any, text: str) -> dict[str, Any]:
    return {"id": request_id, "ok": False, "error": text}
