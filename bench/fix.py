"""What does FIX cost an order, against the bare socket?

Three servers over loopback TCP, each in a process of its own, asked in turn, block by block, by one caller:

- *bare*: reads so many bytes as an order has, and writes so many as its answer has;
- *session*: the session machine with its store on disk, validation and all, behind it an application that
  acknowledges;
- *gateway*: `nacre fix accept` with a whole core behind it.

Round trips are asked one after the other; messages a second with `WINDOW` orders under way. The caller writes
messages that were made before, and cuts answers out of the stream.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.client import ACCOUNT, ASK, BID, DECLARED, RESTING, SYMBOL, VENUE
from bench.desk_core import desk_core
from bench.machine import NoData, machine
from core.venues.fix.agreement import BusinessReject, Settings
from core.venues.fix.codec import Framer, Message, encode, parse, utc_timestamp
from core.venues.fix.dictionary import load
from core.venues.fix.link import Link
from core.venues.fix.session import Session
from core.venues.fix.store import DiskStore
from core.venues.fix.wire import Wire
from core_ext.histogram import Histogram
from periphery.client import connect
from periphery.fix import config
from periphery.fix.gateway import Gateway
from periphery.fix.reports import Order, Reports

WINDOW = 64
PATIENCE_S = 30.0
ANSWER_BYTES = 260
"""Of the bare server: about what an ExecutionReport has."""


class Lost(RuntimeError):
    """A server gave no answer, or another one than there must be."""


class Caller:
    """An OMS that has its messages ready."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, timeout=PATIENCE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.framer = Framer()
        self.number = self.answers = 0

    def log_on(self) -> None:
        self.sock.sendall(self.frame(b"A", [(98, b"0"), (108, b"0")]))
        if parse(self.next(), {}).msg_type != b"A":
            raise Lost("no logon")

    def frame(self, kind: bytes, body: list[tuple[int, bytes]]) -> bytes:
        self.number += 1
        header = [
            (34, b"%d" % self.number),
            (49, b"OMS"),
            (52, utc_timestamp(time.time_ns())),
            (56, b"NACRE"),
        ]
        return encode(b"FIX.4.4", [(35, kind), *header, *body])

    def orders(self, count: int, name: str) -> list[bytes]:
        now = utc_timestamp(time.time_ns())
        rest = [
            (21, b"1"),
            (38, b"100"),
            (40, b"2"),
            (44, RESTING.encode()),
            (54, b"1"),
            (55, SYMBOL.encode()),
            (60, now),
        ]
        return [self.frame(b"D", [(11, f"{name}-{i}".encode()), *rest]) for i in range(count)]

    def next(self) -> bytes:
        """The next message. Lost."""
        while (frame := self.framer.next()) is None:
            data = self.sock.recv(1 << 16)
            if not data:
                raise Lost("the server hung up")
            self.framer.feed(data)
        return frame

    def acknowledged(self, cl_ord_id: bytes) -> None:
        frame = self.next()
        if b"\x01150=0\x01" not in frame or b"\x0111=" + cl_ord_id + b"\x01" not in frame:
            raise Lost(f"no acknowledgement of {cl_ord_id!r}: {frame!r}")
        self.answers += 1

    def trips(self, count: int, name: str, into: Histogram) -> None:
        for i, order in enumerate(self.orders(count, name)):
            began = time.perf_counter_ns()
            self.sock.sendall(order)
            self.acknowledged(f"{name}-{i}".encode())
            into.add(time.perf_counter_ns() - began)

    def flood(self, count: int, name: str) -> float:
        """Orders a second with `WINDOW` of them under way."""
        orders = self.orders(count, name)
        began = time.perf_counter()
        for i in range(count + WINDOW):
            if i < count:
                self.sock.sendall(orders[i])
            if i >= WINDOW:
                self.acknowledged(f"{name}-{i - WINDOW}".encode())
        return count / (time.perf_counter() - began)


class Bare(Caller):
    """The same bytes to and fro, and nothing read out of them."""

    def acknowledged(self, cl_ord_id: bytes) -> None:
        missing = ANSWER_BYTES
        while missing:
            data = self.sock.recv(missing)
            if not data:
                raise Lost("the bare server hung up")
            missing -= len(data)
        self.answers += 1


class Acknowledging:
    """An application that takes each order."""

    session: Session

    def __init__(self, reports: Reports) -> None:
        self.reports = reports
        self.count = 0

    def on_logon(self, now_ns: int) -> None:
        pass

    def on_logout(self, now_ns: int) -> None:
        pass

    def may_resend(self, message: Message) -> bool:
        return True

    def on_message(self, message: Message, now_ns: int) -> None:
        if message.msg_type != b"D":
            raise BusinessReject(3, "orders only")
        self.count += 1
        get = message.get
        order = Order(b"%d" % self.count, get(11) or b"", b"", get(55) or b"", status=b"0")
        fields = self.reports.status(order, b"E%d" % self.count, now_ns, [])
        said = [(150, b"0") if tag == 150 else (tag, value) for tag, value in fields]
        self.session.send(b"8", said, now_ns)


def run(
    rounds: int = 10, orders: int = 200, data: Path = Path("../shared/data"), journal: Path | None = None
) -> dict[str, Any]:
    """`rounds` blocks of `orders` round trips and `orders` in a flood, of each server in turn. NoData.

    journal: the folder in which the core's journal and the stores are written and removed.
    """
    path = data / "fix" / "FIX44.xml.gz"
    if not path.exists():
        raise NoData(f"{path}: no dictionary of FIX 4.4: --data FOLDER")
    size = 4 * rounds * orders + 4096
    capacity = {"orders": 1 << (size - 1).bit_length(), "ids": 2 << (size - 1).bit_length()}
    with (
        tempfile.TemporaryDirectory(prefix="nacre-bench-fix-", dir=journal) as folder,
        desk_core(None, DECLARED, capacity, "sleep", journal) as core,
        _server(_bare) as bare,
        _server(lambda told: _session(told, Path(folder), path.resolve())) as session,
        _server(lambda told: _gateway(told, Path(folder), path.resolve(), core.socket)) as gateway,
    ):
        callers = {"bare": Bare(bare), "session": Caller(session), "gateway": Caller(gateway)}
        with connect(core.socket) as client:
            client.market(QUOTE)
        callers["session"].log_on()
        callers["gateway"].log_on()
        found = _measure(callers, rounds, orders)
        with connect(core.socket) as client:
            working = len(client.orders())
        for caller in callers.values():
            caller.sock.close()
    expected = 2 * rounds * orders + WARM
    checks = {name: caller.answers == expected for name, caller in callers.items()}
    checks["working"] = working == min(expected + 1, ORDERS_TOLD)
    return {"ok": all(checks.values()), **found, "reference_equal": checks, "machine": machine(),
            "load": os.getloadavg()[0], "window": WINDOW}  # fmt: skip


QUOTE = {
    "type": "quote", "venue": VENUE, "symbol": SYMBOL, "bid_px": BID, "bid_qty": "1", "ask_px": ASK,
    "ask_qty": "1",
}  # fmt: skip
WARM = 50
ORDERS_TOLD = 10_000
"""The core tells no more of them at a time."""


def _measure(callers: dict[str, Caller], rounds: int, orders: int) -> dict[str, Any]:
    trips = {name: Histogram() for name in callers}
    rates: dict[str, list[float]] = {name: [] for name in callers}
    for name, caller in callers.items():
        _until_taken(caller, name)
        caller.trips(WARM, f"w{name}", Histogram())
    for n in range(rounds):
        for name, caller in callers.items():
            caller.trips(orders, f"t{n}", trips[name])
            rates[name].append(caller.flood(orders, f"f{n}"))
    medians = {name: sorted(each)[len(each) // 2] for name, each in rates.items()}
    return {
        "round_trip_ns": {name: each.to_dict() for name, each in trips.items()},
        "orders_per_s": {name: round(rate) for name, rate in medians.items()},
        "session_to_bare_p50": _ratio(trips["session"], trips["bare"]),
        "gateway_to_bare_p50": _ratio(trips["gateway"], trips["bare"]),
    }


def _ratio(one: Histogram, other: Histogram) -> float:
    return round(one.percentile(50) / max(other.percentile(50), 1), 2)


def _until_taken(caller: Caller, name: str) -> None:
    """The gateway refuses orders until it has its session with the core; the first one stays."""
    end = time.monotonic() + PATIENCE_S
    while name == "gateway" and time.monotonic() < end:
        (order,) = caller.orders(1, f"probe{caller.number}")
        caller.sock.sendall(order)
        if b"\x0135=8\x01" in caller.next():
            return
        time.sleep(0.05)


# ---- servers, each in a process of its own -----------------------------------------------------------------


@contextmanager
def _server(run: Callable[[Callable[[int], None]], None]) -> Iterator[tuple[str, int]]:
    """The address of one that runs while the block does. run: told a function that takes its port."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            run(lambda port: _tell(writer, port))
        finally:
            os._exit(1)
    os.close(writer)
    try:
        with os.fdopen(reader) as file:
            line = file.readline()
        if not line:
            raise Lost("a server doesn't start")
        yield "127.0.0.1", int(line)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _tell(writer: int, port: int) -> None:
    os.write(writer, f"{port}\n".encode())
    os.close(writer)


def _bare(told: Callable[[int], None]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    told(listener.getsockname()[1])
    sock, _ = listener.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answer, tail = b"x" * ANSWER_BYTES, b""
    while data := sock.recv(1 << 16):
        whole = tail + data
        sock.sendall(answer * whole.count(b"\x0110="))
        tail = whole[-3:]  # of an order's end that was cut


def _session(told: Callable[[int], None], folder: Path, dictionary: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    found = load(dictionary)
    app = Acknowledging(Reports(found))
    settings = Settings(b"FIX.4.4", b"NACRE", b"OMS")
    app.session = Session(settings, found, DiskStore(folder / "bare", "oms", time.time_ns()), app)
    told(listener.getsockname()[1])
    sock, _ = listener.accept()
    wire = Wire(sock, Link(time.time_ns(), find=lambda _: app.session))
    import select

    while not wire.closed:
        select.select([wire.sock], [wire.sock] if wire.wants & 2 else [], [], 1.0)
        wire.serve(time.time_ns())


def _gateway(told: Callable[[int], None], folder: Path, dictionary: Path, core: Path) -> None:
    text = (
        f'store = "gateway"\nsocket = "{core}"\n[dictionaries]\n"FIX.4.4" = "{dictionary}"\n'
        f'[[session]]\nname = "oms"\nsender = "NACRE"\ntarget = "OMS"\naccount = "{ACCOUNT}"\n'
    )
    (folder / "gateway.toml").write_text(text)
    gateway = Gateway(config.read(folder / "gateway.toml"), lambda _: None)
    told(gateway.address[1])
    gateway.run(lambda: False)
