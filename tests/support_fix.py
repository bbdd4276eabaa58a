"""An OMS that speaks FIX: the session machine as initiator, over a socket, and what it hears."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from core.venues.fix.agreement import Field, Settings
from core.venues.fix.codec import Message, utc_timestamp
from core.venues.fix.dictionary import load
from core.venues.fix.link import Link
from core.venues.fix.session import Session
from core.venues.fix.store import MemoryStore, Store
from core.venues.fix.wire import Wire

ROOT = Path(__file__).resolve().parents[1]
FIX_DATA = Path(os.environ.get("NACRE_DATA", ROOT / ".." / "shared" / "data")) / "fix"
PATIENCE_S = 60.0


def dictionary_of(begin: str) -> Path:
    return (FIX_DATA / f"{begin.replace('.', '')}.xml.gz").resolve()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that is its own authority, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


class Heard:
    """An App that keeps what it hears, possible duplicates too."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.ups = 0

    def on_logon(self, now_ns: int) -> None:
        self.ups += 1

    def on_logout(self, now_ns: int) -> None:
        pass

    def may_resend(self, message: Message) -> bool:
        return True

    def on_message(self, message: Message, now_ns: int) -> None:
        self.messages.append(message)


class Oms:
    """A peer of a gateway; `store` may outlive one. Who made some calls `hang_up_all` at the end."""

    opened: ClassVar[list[Oms]] = []

    def __init__(
        self,
        begin: str = "FIX.4.4",
        sender: str = "OMS",
        target: str = "NACRE",
        store: Store | None = None,
        patience_s: float = PATIENCE_S,
        credentials: tuple[Field, ...] = (),
    ) -> None:
        settings = Settings(
            begin.encode(), sender.encode(), target.encode(), True, 30, credentials=credentials
        )
        self.heard = Heard()
        self.store = store or MemoryStore(time.time_ns())
        self.session = Session(settings, load(dictionary_of(begin)), self.store, self.heard)
        self.patience_s = patience_s
        self.wire: Wire | None = None
        self.at = 0

    def call(self, address: tuple[str, int], tls: object = None) -> Oms:
        """Connect and log on."""
        self.open(address, tls)
        self.until(lambda: self.session.is_up, "logon")
        return self

    def open(self, address: tuple[str, int], tls: object = None) -> None:
        """Connect, and begin to log on."""
        sock = socket.create_connection(address, timeout=PATIENCE_S)
        Oms.opened.append(self)
        self.wire = Wire(sock, Link(time.time_ns(), self.session), tls, "localhost" if tls else None)  # type: ignore[arg-type]

    def pump(self) -> None:
        assert self.wire is not None
        now_ns = time.time_ns()
        if not self.wire.closed:
            self.wire.serve(now_ns)
            self.wire.link.tick(now_ns)

    def until[T](self, true: Callable[[], T], what: str) -> T:
        end = time.monotonic() + self.patience_s
        while time.monotonic() < end:
            found = true()
            if found:
                return found
            self.pump()
            time.sleep(0.001)
        heard = self.heard.messages[self.at :]
        raise AssertionError(
            f"{what} not within {self.patience_s} s; heard {heard}; {list(self.session.said)}"
        )

    def say(self, msg_type: str, *fields: Field, header: tuple[Field, ...] = ()) -> None:
        now_ns = time.time_ns()
        self.session.send(msg_type.encode(), sorted(fields), now_ns, header)
        self.pump()

    def order(self, cl_ord_id: str, *more: Field, side: str = "1", qty: str = "100", price: str = "") -> None:
        """A NewOrderSingle: limit where there is a price."""
        kind = [(40, b"2"), (44, price.encode())] if price else [(40, b"1")]
        own = [(11, cl_ord_id.encode()), (55, b"EURUSD"), (54, side.encode()), (38, qty.encode()), *kind]
        given = dict((*own, (21, b"1"), (60, utc_timestamp(time.time_ns())), *more))
        self.say("D", *((tag, value) for tag, value in given.items() if value))

    def next(self, msg_type: str = "8") -> Message:
        """The next message of the application; its type must be that one."""
        message = self.next_any()
        assert message.msg_type.decode() == msg_type, message
        return message

    def next_any(self) -> Message:
        """The next message of the application."""

        def found() -> Message | None:
            return self.heard.messages[self.at] if len(self.heard.messages) > self.at else None

        message = self.until(found, "a message")
        self.at += 1
        return message

    @classmethod
    def hang_up_all(cls) -> None:
        while cls.opened:
            cls.opened.pop().hang_up()

    def hang_up(self) -> None:
        if self.wire is not None:
            self.wire.close(time.time_ns())


def told(message: Message, *tags: int) -> tuple[str, ...]:
    """The values of tags, "" where there is none."""
    return tuple(message.text(tag) for tag in tags)
