"""The gateway: sockets, links, sessions, and what stands behind them, taking turns in one loop."""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Callable

import msgspec
import numpy as np

from core.venues.fix.agreement import LOGON, NS, USERNAME
from core.venues.fix.codec import Message
from core.venues.fix.dictionary import Dictionary, load
from core.venues.fix.link import Link
from core.venues.fix.session import Session
from core.venues.fix.store import DiskStore
from core.venues.fix.wire import Wire
from periphery.client import Client, connect
from periphery.client.codec import Response
from periphery.fix.broker import Broker, CoreGone
from periphery.fix.config import BadConfig, Config, SessionConfig, Tls
from periphery.fix.copies import Copy
from periphery.fix.desk import Desk
from periphery.fix.reports import Reports
from periphery.fix.told import Journal
from periphery.service.addresses import why_not
from periphery.service.source import Gone

type Roles = tuple[str, ...]
CALLED: Roles = ("orders", "drop-copy")
"""Roles of sessions that others begin."""
type App = Desk | Copy | Broker
TICK_NS = 20_000_000
LAST_WORDS_S = 3.0
NAPS_S = (0.0, 0.0, 0.0, 0.0002, 0.0005, 0.001)
"""Waits for sockets after turns that found nothing, ever longer: the core's rings can't wake anybody up."""
MOST_WIRES = 256
DIAL_NS = NS
DIAL_S = 2.0
STATUS_NS = NS // 2
STATUS = ".status"
"""The suffix of a file that says how a gateway's sessions are."""


class Gateway:
    """say: told what happens, a line each. Raises BadConfig, OSError, store.Corrupt."""

    def __init__(
        self, config: Config, say: Callable[[str], object], name: str = "accept", roles: Roles = CALLED
    ) -> None:
        """name: of the file that says how it is. roles: sessions of these."""
        self.config = config
        self.say = say
        self.name = name
        self.tls = None if config.tls is None else _context(config.tls)
        self.selector = selectors.DefaultSelector()
        self.wires: list[Wire] = []
        self.apps: list[App] = []
        now_ns = time.time_ns()
        for each in config.sessions:
            if each.role in roles:
                self.apps.append(self._app(each, now_ns))
        if not self.apps:
            raise BadConfig(f"no session has the role {' or '.join(roles)}")
        self.copies = [each for each in self.apps if isinstance(each, Copy)]
        if self.copies and config.journal is None:
            raise BadConfig("journal: a drop copy needs the journal's folder")
        self._journal: Journal | None = None
        self._calls: dict[str, int] = {}
        self._journal_again_ns = self._tick_ns = self._status_ns = self._idle = 0
        self.listener = _listen(config.host, config.port) if set(roles) & set(CALLED) else None
        if self.listener is not None:
            self.selector.register(self.listener, selectors.EVENT_READ)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; of who only calls: port 0."""
        if self.listener is None:
            return self.config.host, 0
        host, port = self.listener.getsockname()[:2]
        return str(host), int(port)

    def _app(self, config: SessionConfig, now_ns: int) -> App:
        dictionary = load(config.dictionary)
        _need_credentials(config, dictionary)
        reports = Reports(dictionary)
        app: App
        if config.role == "orders":
            app = Desk(config, reports, self._connect)
        elif config.role == "broker":
            app = Broker(config, reports, self._connect, self.config.socket)
        else:
            app = Copy(config, reports)
        try:
            store = DiskStore(self.config.store, config.name, now_ns, self.config.sync)
        except BlockingIOError as busy:
            raise BadConfig(
                f"session {config.name}: {self.config.store}: another gateway has it; end it first"
            ) from busy
        app.session = Session(config.settings, dictionary, store, app)
        app.restore()
        return app

    def _connect(self, name: str, cancel_on_disconnect: bool) -> Client:
        return connect(self.config.socket, name=name, cancel_on_disconnect=cancel_on_disconnect)

    # ---- the loop ------------------------------------------------------------------------------------------

    def run(self, stopped: Callable[[], bool]) -> None:
        """Until it is stopped; then everybody is logged out in order."""
        while not stopped():
            self.turn()
        self._log_out()
        self.close()

    def turn(self) -> None:
        """Everything once. It waits for sockets where the last turns found nothing."""
        nap_s = NAPS_S[min(self._idle, len(NAPS_S) - 1)]
        found = self.selector.select(nap_s)
        now_ns = time.time_ns()
        for key, _ in found:
            if key.data is None:
                self._accept(now_ns)
            else:
                self._serve(key.data, now_ns)
        busy = bool(found) | self._poll(now_ns)
        for wire in self.wires:
            wire.flush(now_ns)
        if now_ns - self._tick_ns >= TICK_NS:
            self._tick(now_ns)
        self._watch()
        self._idle = 0 if busy else self._idle + 1

    def _serve(self, wire: Wire, now_ns: int) -> None:
        try:
            wire.serve(now_ns)
        except CoreGone as wrong:
            self.say(str(wrong))
            wire.close(now_ns)
        self._forget_closed()

    def _poll(self, now_ns: int) -> bool:
        busy = self._follow(now_ns) if self.copies else False
        for app in self.apps:
            busy |= app.poll(now_ns)
        return busy

    def _follow(self, now_ns: int) -> bool:
        """The journal, for drop copies."""
        if self._journal is None:
            if now_ns < self._journal_again_ns:
                return False
            self._journal_again_ns = now_ns + NS
            self._open_journal()
            return self._journal is not None
        try:
            return self._journal.poll()
        except Gone as wrong:
            self._no_journal(str(wrong))
            return False

    def _open_journal(self) -> None:
        assert self.config.journal is not None
        try:
            self._journal = Journal(self.config.journal, self._told)
        except Gone as wrong:
            self._no_journal(str(wrong))
            return
        for copy in self.copies:
            copy.why = ""

    def _no_journal(self, why: str) -> None:
        self._journal = None
        for copy in self.copies:
            copy.why = why

    def _told(self, told: Response, page: np.void, raw: bytes) -> None:
        assert self._journal is not None
        for copy in self.copies:
            copy.take(told, page, raw, self._journal.directory, time.time_ns())

    def _tick(self, now_ns: int) -> None:
        self._tick_ns = now_ns
        for wire in self.wires:
            wire.link.tick(now_ns)
            wire.flush(now_ns)
        for app in self.apps:
            if not app.session.is_connected:
                app.session.tick(now_ns)
                if isinstance(app, Broker):
                    self._call(app, now_ns)
            while app.session.said:
                self.say(f"{app.config.name}: {app.session.said.popleft()}")
        if now_ns - self._status_ns >= STATUS_NS:
            self._status_ns = now_ns
            self._write_status(now_ns)

    # ---- connections ---------------------------------------------------------------------------------------

    def _accept(self, now_ns: int) -> None:
        assert self.listener is not None
        try:
            sock, _ = self.listener.accept()
        except OSError:  # it has gone again, or there is no descriptor left
            return
        if len(self.wires) >= MOST_WIRES:
            sock.close()
            return
        wire = Wire(sock, Link(now_ns, find=self._find), self.tls)
        self.wires.append(wire)
        self.selector.register(wire.sock, wire.wants, wire)

    def _call(self, broker: Broker, now_ns: int) -> None:
        """Dial a venue, once the journal has been read and where it is open; not too often."""
        settings, address = broker.session.settings, broker.config.connect
        if not broker.ready or address is None or now_ns < self._calls.get(broker.config.name, 0):
            return
        if settings.schedule.period(now_ns) is None:
            return
        self._calls[broker.config.name] = now_ns + DIAL_NS
        try:
            sock = _dial(address)
        except OSError as wrong:
            broker.why = f"{address[0]}:{address[1]}: {wrong}"
            return
        broker.why = ""
        tls = None if broker.config.tls is None else _calling(broker.config.tls)
        wire = Wire(sock, Link(now_ns, broker.session), tls, address[0] if tls else None)
        self.wires.append(wire)
        self.selector.register(wire.sock, wire.wants, wire)

    def _find(self, message: Message) -> Session | None:
        ids = message.begin, message.get(56), message.get(49)
        for app in self.apps:
            settings = app.session.settings
            if (
                not settings.initiator
                and ids == (settings.begin, settings.sender, settings.target)
                and not app.session.is_connected
            ):
                return app.session
        return None

    def _watch(self) -> None:
        """What each socket is waited for."""
        self._forget_closed()
        for wire in self.wires:
            if wire.wants != self.selector.get_key(wire.sock).events:
                self.selector.modify(wire.sock, wire.wants, wire)

    def _forget_closed(self) -> None:
        """Before another socket gets the number of one that is closed."""
        for wire in [each for each in self.wires if each.closed]:
            self.wires.remove(wire)
            self.selector.unregister(wire.sock)
            if wire.link.said:
                self.say(f"a connection: {wire.link.said}")

    def _log_out(self) -> None:
        end = time.monotonic() + LAST_WORDS_S
        for app in self.apps:
            app.session.logout("the gateway ends", time.time_ns())
        while self.wires and time.monotonic() < end:
            self.turn()

    def close(self) -> None:
        """Hang up on everybody."""
        now_ns = time.time_ns()
        for wire in self.wires:
            wire.close(now_ns)
        self._write_status(now_ns, ended=True)
        for app in self.apps:
            app.close()
            store = app.session.store
            assert isinstance(store, DiskStore)
            store.close()
        self.selector.close()
        if self.listener is not None:
            self.listener.close()

    # ---- how it is -----------------------------------------------------------------------------------------

    def _write_status(self, now_ns: int, ended: bool = False) -> None:
        """A file beside the stores, for `nacre fix status`; whole, or the one before."""
        told = {
            "at_ns": now_ns,
            "ended": ended,
            "listen": list(self.address),
            "sessions": [describe(app) for app in self.apps],
        }
        fresh = self.config.store / f"{self.name}.new"
        fresh.write_bytes(msgspec.json.encode(told))
        fresh.replace(fresh.with_suffix(STATUS))


def describe(app: App) -> dict[str, object]:
    """How a session is."""
    session = app.session
    return {
        "name": app.config.name,
        "role": app.config.role,
        "begin": session.settings.begin.decode(),
        "target": session.settings.target.decode(),
        "logged_on": session.is_up,
        "next_out": session.store.next_out,
        "next_in": session.store.next_in,
        "garbled": session.garbled,
        "throttled": session.throttled,
        "told_event": app.told[0],
        "why": app.why,
    }


def _need_credentials(config: SessionConfig, dictionary: Dictionary) -> None:
    """BadConfig: the dictionary's Logon has no place for them."""
    asked = config.settings.admits is not None or config.settings.credentials
    if asked and USERNAME not in dictionary.messages[LOGON].tags:
        raise BadConfig(
            f"session {config.name}.username: Logon has none in {config.dictionary}: take FIX.4.4, "
            "or [tls] with ca"
        )


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=64)
    except OSError as error:
        raise BadConfig(why_not("listen", f"{host}:{port}", error)) from error
    listener.setblocking(False)
    return listener


def _dial(address: tuple[str, int]) -> socket.socket:
    """A connection. It waits for it a little: a venue that doesn't answer holds the others up so long."""
    return socket.create_connection(address, timeout=DIAL_S)


def _calling(tls: Tls) -> ssl.SSLContext:
    """For who calls: the venue must show a certificate for its name."""
    context = ssl.create_default_context(cafile=tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def _context(tls: Tls) -> ssl.SSLContext:
    """For who is called. BadConfig."""
    if tls.certificate is None:
        raise BadConfig("tls.certificate: who is called must show one")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.ca is not None:
            context.load_verify_locations(tls.ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as wrong:
        raise BadConfig(f"tls: {tls.certificate}: {wrong}") from wrong
    return context
