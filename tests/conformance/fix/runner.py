"""Plays a definition against whoever plays the acceptor: `Wires` says how bytes go to and fro."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from core.venues.fix.agreement import NS, Settings
from core.venues.fix.codec import Framer, Message
from core.venues.fix.dictionary import Dictionary, load
from core.venues.fix.link import Link
from core.venues.fix.session import Session
from core.venues.fix.store import MemoryStore
from tests.conformance.fix.application import Echo
from tests.conformance.fix.definitions import Definition, Step, differences, injected

WAIT_S = 40
"""What anything is waited for: the longest definition waits for its timeout after 2.4 heartbeats of 6 s."""
BEGAN_NS = 1_700_000_000 * NS


class Wires(Protocol):
    def connect(self, link: int) -> None: ...
    def disconnect(self, link: int) -> None: ...
    def write(self, link: int, data: bytes) -> None: ...
    def read(self, link: int) -> bytes | None:
        """What came by now, or within some milliseconds; None: they hung up."""

    def now_s(self) -> float: ...


class Failed(AssertionError):
    """A definition that isn't kept, and where."""


class Player:
    def __init__(self, wires: Wires) -> None:
        self.wires = wires
        self.framers: dict[int, Framer] = {}

    def play(self, definition: Definition) -> None:
        """Failed: the first step that isn't kept."""
        for step in definition.steps:
            wrong = getattr(self, f"_{step.what}")(step)
            if wrong:
                raise Failed(f"{definition.name}, line {step.line}: {wrong}")

    def _connect(self, step: Step) -> None:
        self.wires.connect(step.link)
        self.framers[step.link] = Framer()

    def _disconnect(self, step: Step) -> None:
        self.wires.disconnect(step.link)

    def _inject(self, step: Step) -> None:
        self.wires.write(step.link, injected(step.raw, int(self.wires.now_s())))

    def _expect(self, step: Step) -> str:
        framer, end = self.framers[step.link], self.wires.now_s() + WAIT_S
        while (frame := framer.next()) is None:
            data = self.wires.read(step.link)
            if data is None:
                return "they hung up before the expected message"
            if self.wires.now_s() > end:
                return f"nothing came within {WAIT_S} s"
            framer.feed(data)
        return differences(step.raw, frame)

    def _hung_up(self, step: Step) -> str:
        framer, end = self.framers[step.link], self.wires.now_s() + WAIT_S
        while (data := self.wires.read(step.link)) is not None:
            framer.feed(data)
            frame = framer.next()
            if frame is not None:
                return f"instead of the hang-up came {frame.decode('latin-1')}"
            if self.wires.now_s() > end:
                return f"they didn't hang up within {WAIT_S} s"
        return ""


class Acceptor:
    """Sessions of ISLD with TW44 and TW42, whose numbers are 1 after each connection."""

    def __init__(self, begin: bytes, dictionary: Path, now_ns: int) -> None:
        self.sessions = {
            target: _session(begin, target, load(dictionary), now_ns) for target in (b"TW44", b"TW42")
        }

    def find(self, message: Message) -> Session | None:
        session = self.sessions.get(message.get(49) or b"")
        if session is None or session.is_connected or message.begin != session.settings.begin:
            return None
        return session if message.get(56) == session.settings.sender else None


def _session(begin: bytes, target: bytes, dictionary: Dictionary, now_ns: int) -> Session:
    settings = Settings(begin, b"ISLD", target, reset_on_logon=True, reset_on_disconnect=True)
    app = Echo(dictionary)
    app.session = Session(settings, dictionary, MemoryStore(now_ns), app)
    return app.session


class InProcess:
    """Links without sockets, in a time of their own: what waits for half a minute takes none."""

    STEP_NS = 50_000_000

    def __init__(self, begin: bytes, dictionary: Path) -> None:
        self.now_ns = BEGAN_NS
        self.acceptor = Acceptor(begin, dictionary, self.now_ns)
        self.links: dict[int, Link] = {}

    def now_s(self) -> float:
        return self.now_ns / NS

    def connect(self, link: int) -> None:
        self.links[link] = Link(self.now_ns, find=self.acceptor.find)

    def disconnect(self, link: int) -> None:
        self.links.pop(link).closed(self.now_ns)

    def write(self, link: int, data: bytes) -> None:
        self.links[link].feed(data, self.now_ns)

    def read(self, link: int) -> bytes | None:
        found = self.links[link]
        data = found.take()
        if data:
            found.written()
            return data
        if found.ended:
            self.disconnect(link)
            return None
        self.now_ns += self.STEP_NS
        for each in self.links.values():
            each.tick(self.now_ns)
        return b""
