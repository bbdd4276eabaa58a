"""A venue behind FIX: orders of the core go out, reports come back, and no death sends an order twice."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest

from core.venues.fix.agreement import Settings
from core.venues.fix.codec import Message
from core.venues.fix.dictionary import load
from core.venues.fix.link import Link
from core.venues.fix.session import Session
from core.venues.fix.store import MemoryStore
from core.venues.fix.wire import Wire
from periphery.client import Client, DenyEvent, Gap, OrderEvent, connect
from tests.integration.fix_gateway import Forked, config_for
from tests.integration.live_core import DECLARED, Process
from tests.support_fix import PATIENCE_S, dictionary_of

MANUAL = [{**line, "mode": "manual"} if line["type"] == "venue" else line for line in DECLARED]
QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_px": "1.09000", "bid_qty": "1000000",
         "ask_px": "1.09010", "ask_qty": "1000000"}  # fmt: skip


class Street:
    """A broker: it takes orders, and says of them what a test wants said. Its numbers outlive connections."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        settings = Settings(b"FIX.4.4", b"STREET", b"DESK")
        self.session = Session(settings, load(dictionary_of("FIX.4.4")), MemoryStore(time.time_ns()), self)
        self.wires: list[Wire] = []
        self.heard: list[Message] = []
        self.orders: dict[str, tuple[str, str]] = {}  # ClOrdID: OrdStatus, OrderQty
        self.deaf = False
        self.count = 0

    def on_logon(self, now_ns: int) -> None:
        pass

    def on_logout(self, now_ns: int) -> None:
        pass

    def may_resend(self, message: Message) -> bool:
        return True

    def on_message(self, message: Message, now_ns: int) -> None:
        self.heard.append(message)
        cl_ord_id, orig = message.text(11), message.text(41)
        if message.msg_type == b"D":
            assert cl_ord_id not in self.orders, "an order that came twice"
            self.orders[cl_ord_id] = "0", message.text(38)
            self.say(cl_ord_id, "0", "0")
        elif message.msg_type == b"G" and self.orders.get(orig, ("",))[0] == "0":
            self.orders[cl_ord_id] = "0", message.text(38)
            self.say(cl_ord_id, "5", "0", (41, orig), (44, message.text(44)))
        elif message.msg_type == b"F" and self.orders.get(orig, ("",))[0] == "0":
            self.orders[cl_ord_id] = self.orders[orig] = "4", self.orders[orig][1]
            self.say(cl_ord_id, "4", "4", (41, orig))
        elif message.msg_type in (b"F", b"G"):
            to = (434, "1" if message.msg_type == b"F" else "2")
            self.send(b"9", (37, "S"), (11, cl_ord_id), (41, orig), (39, "8"), to, (102, "1"))
        elif message.msg_type == b"H":
            status, _ = self.orders.get(cl_ord_id, ("8", ""))
            self.say(cl_ord_id, "I", status)

    def say(self, cl_ord_id: str, kind: str, status: str, *more: tuple[int, str]) -> None:
        self.count += 1
        qty = self.orders.get(cl_ord_id, ("", "0"))[1]
        own = [(37, f"S-{cl_ord_id}"), (11, cl_ord_id), (17, f"X{self.count}"), (150, kind), (39, status),
               (55, "EURUSD"), (54, "1"), (38, qty), (151, qty), (14, "0"), (6, "0")]  # fmt: skip
        self.send(b"8", *own, *more)

    def fill(self, cl_ord_id: str, qty: str, px: str) -> None:
        self.say(cl_ord_id, "F", "2", (32, qty), (31, px))

    def send(self, msg_type: bytes, *fields: tuple[int, str]) -> None:
        now_ns = time.time_ns()
        self.session.send(msg_type, sorted((tag, value.encode()) for tag, value in fields), now_ns)

    def pump(self) -> None:
        now_ns = time.time_ns()
        try:
            sock, _ = self.listener.accept()
            free = lambda _: None if self.session.is_connected else self.session  # noqa: E731
            self.wires.append(Wire(sock, Link(now_ns, find=free)))
        except BlockingIOError:
            pass
        for wire in self.wires:
            if not wire.closed and not self.deaf:
                wire.serve(now_ns)
                wire.link.tick(now_ns)
        self.wires = [each for each in self.wires if not each.closed]

    def until[T](self, true: Callable[[], T], what: str) -> T:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            self.pump()
            found = true()
            if found:
                return found
            time.sleep(0.001)
        raise AssertionError(f"{what} not within {PATIENCE_S} s; {self.heard}; {list(self.session.said)}")

    def close(self) -> None:
        for wire in self.wires:
            wire.close(time.time_ns())
        self.listener.close()


class Setup:
    def __init__(self, core: Process) -> None:
        self.core = core
        self.street = Street()
        port = self.street.listener.getsockname()[1]
        session = (
            '[[session]]\nname = "street"\nrole = "broker"\nsender = "DESK"\ntarget = "STREET"\n'
            f'venue = "V1"\nconnect = "127.0.0.1:{port}"\n'
        )
        self.path = config_for(core, session)
        self.gateways: list[Forked] = []
        self.client: Client = connect(core.socket, name="desk", cancel_on_disconnect=False)
        self.client.market(QUOTE)
        self.told: list[OrderEvent] = []

    def restart(self) -> None:
        """The core, of whom nobody is left, and the desk's session with it."""
        self.client.close()
        self.core.start()
        self.client = connect(self.core.socket, name="desk", cancel_on_disconnect=False)

    def start(self, die_at: int = 0) -> Forked:
        self.gateways.append(Forked(self.path, die_at, roles=("broker",)))
        return self.gateways[-1]

    def order(self, name: str, gateway: Forked, qty: int = 10, price: str = "1.08") -> str:
        """Send an order as soon as the venue is up; its cl_ord_id, or "" where the gateway died before."""
        self.street.until(lambda: self.street.session.is_up or gateway.is_dead, "a logon")
        for n in count():
            sent = f"{name}-{n}"
            self.client.submit("EURUSD", "buy", qty, "limit", price, account="A", venue="V1", cl_ord_id=sent)
            if self.street.until(partial(self._answer, sent), f"an answer to {sent}") != "venue_down":
                return sent
            if gateway.is_dead:
                break
            time.sleep(0.002)
        return ""

    def _answer(self, name: str) -> str | None:
        event = self.client.poll()
        if isinstance(event, OrderEvent):
            self.told.append(event)
        if event is None or isinstance(event, Gap) or event.cl_ord_id != name:
            return None
        return event.reason if isinstance(event, DenyEvent) else event.exec_type

    def event(self, cl_ord_id: str, exec_type: str) -> OrderEvent:
        def found() -> OrderEvent | None:
            event = self.client.poll()
            if isinstance(event, OrderEvent):
                self.told.append(event)
            return next((e for e in self.told if (e.cl_ord_id, e.exec_type) == (cl_ord_id, exec_type)), None)

        return self.street.until(found, f"{cl_ord_id} {exec_type}; {self.told}")

    def children(self, cl_ord_id: str) -> list[dict[str, Any]]:
        rows = self.client.orders(live_only=False)
        return [child for row in rows if row["cl_ord_id"] == cl_ord_id for child in row["children"]]

    def close(self) -> None:
        self.client.close()
        for each in self.gateways:
            if not each.is_dead:
                each.kill()
        self.street.close()


@pytest.fixture
def setup(tmp_path: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    core = Process(tmp_path_factory.mktemp("core"), declared=MANUAL)
    core.start()
    found = Setup(core)
    yield found
    found.close()
    core.end()


def test_an_order_goes_out_and_comes_back(setup: Setup) -> None:
    client, street = setup.client, setup.street
    a = setup.order("a", setup.start(), 100, "1.08000")
    order = street.until(lambda: next((x for x in street.heard if x.text(11) == f"{a}.1"), None), "a D")
    assert [order.text(tag) for tag in (35, 55, 54, 38, 40, 44, 59)] == [
        "D",
        "EURUSD",
        "1",
        "100",
        "2",
        "1.08",
        "0",
    ]
    street.until(lambda: setup.children(a)[0]["ord_status"] == "new", "an acknowledgement")
    client.replace(a, price="1.08010", cl_ord_id="b")
    assert str(setup.event("b", "replaced").price) == "1.08010"
    client.cancel("b", cl_ord_id="c")
    setup.event("c", "canceled")
    client.submit("EURUSD", "buy", 50, "limit", "1.09010", account="A", cl_ord_id="d")
    street.until(lambda: "d.1" in street.orders, "another D")
    street.fill("d.1", "50", "1.09005")
    filled = setup.event("d", "trade")
    assert (filled.ord_status, str(filled.avg_px)) == ("filled", "1.09005")


def test_what_the_venue_refuses(setup: Setup) -> None:
    street = setup.street

    def refuse(message: Message, now_ns: int) -> None:
        if message.msg_type == b"D":
            street.orders[message.text(11)] = "8", message.text(38)
            street.say(message.text(11), "8", "8", (58, "no"))

    street.on_message = refuse  # type: ignore[method-assign]
    setup.event(setup.order("x", setup.start()), "rejected")


def test_without_a_connection_it_is_refused_at_once(setup: Setup) -> None:
    setup.street.deaf = True
    setup.start()
    end = time.monotonic() + PATIENCE_S
    denied = False
    while not denied and time.monotonic() < end:
        name = f"n{time.time_ns()}"
        setup.client.submit("EURUSD", "buy", 50, "limit", "1.09", account="A", venue="V1", cl_ord_id=name)
        told = [event for event in setup.client.events(timeout=0.1) if event.cl_ord_id == name]  # type: ignore[union-attr]
        denied = any(getattr(event, "reason", None) == "venue_down" for event in told)
    assert denied
    assert not setup.street.orders


def test_a_dead_gateway_s_venue_is_down_and_up_again_with_the_next_logon(setup: Setup) -> None:
    street = setup.street
    gateway = setup.start()
    kept = setup.order("kept", gateway)
    street.until(lambda: f"{kept}.1" in street.orders and _agreed(setup, kept), "an acknowledgement")
    gateway.kill()
    _await_down(setup)
    street.until(lambda: not street.session.is_connected, "a hang-up")
    before = len(street.heard)
    street.orders[f"{kept}.1"] = "4", "10"  # it was canceled while nobody listened
    setup.order("next", setup.start())
    street.until(lambda: _state(setup, kept) == "canceled", "what became of it")
    assert [x.text(11) for x in street.heard[before:] if x.msg_type == b"H"].count(f"{kept}.1") == 1


def test_a_lost_connection_is_down_too(setup: Setup) -> None:
    street = setup.street
    setup.order("first", setup.start())
    street.deaf = True
    for wire in street.wires:
        wire.close(time.time_ns())
    _await_down(setup)


def test_a_core_that_comes_back_without_the_gateway_has_the_venue_down(setup: Setup) -> None:
    gateway = setup.start()
    setup.order("first", gateway)
    setup.core.kill()  # at once: it doesn't see the gateway go
    gateway.kill()
    setup.street.until(lambda: not setup.street.session.is_connected, "a hang-up")
    for _ in range(2):  # also the second time, when the journal has it
        setup.restart()
        assert _denied(setup) == "venue_down"
        setup.core.kill()
    setup.restart()
    setup.order("last", setup.start())


def _await_down(setup: Setup) -> None:
    setup.street.until(lambda: _denied(setup) == "venue_down", "the venue down")


def _denied(setup: Setup) -> str | None:
    """Why an order to the venue is denied; None: it isn't."""
    name = f"d{time.time_ns()}"
    setup.client.submit("EURUSD", "buy", 1, "limit", "1.08", account="A", venue="V1", cl_ord_id=name)
    answer = setup.street.until(partial(_first, setup, name), f"an answer to {name}")
    return answer.reason if isinstance(answer, DenyEvent) else None


def _first(setup: Setup, name: str) -> DenyEvent | OrderEvent | None:
    event = setup.client.poll()
    found = isinstance(event, DenyEvent | OrderEvent) and event.cl_ord_id == name
    return event if found else None  # type: ignore[return-value]


def test_killed_at_every_step_no_order_goes_twice(setup: Setup) -> None:
    street = setup.street
    survived = False
    for die_at in range(1, 200):
        gateway = setup.start(die_at)
        name = setup.order(f"k{die_at}", gateway)
        if name:
            street.until(lambda g=gateway, n=f"{name}.1": g.is_dead or n in street.orders, "a step")  # type: ignore[misc]
            street.until(lambda g=gateway, n=name: g.is_dead or _agreed(setup, n), "a step")  # type: ignore[misc]
        survived = not gateway.is_dead
        if survived:
            gateway.kill()
        else:
            assert gateway.wait() == -9
        again = setup.start()
        street.until(lambda: street.session.is_up, "another logon")
        if name:
            street.until(lambda n=name: _agreed(setup, n), f"agreement on {name}")  # type: ignore[misc]
        again.kill()
        street.until(lambda: not street.session.is_connected, "a hang-up")
        if survived:
            break
    assert die_at > 15
    taken = [message.text(11) for message in street.heard if message.msg_type == b"D"]
    assert len(taken) == len(set(taken))


def _state(setup: Setup, name: str) -> str:
    rows = [row for row in setup.client.orders(live_only=False) if row["cl_ord_id"] == name]
    return str(rows[0]["ord_status"]) if rows else ""


def _agreed(setup: Setup, name: str) -> bool:
    """The core has it working where the street has it, else it has ended or was never one.

    Or it waits in the core: the venue was down again before its slice had its turn.
    """
    state, child = _state(setup, name), f"{name}.1"
    if child in setup.street.orders:
        return state == "new" and setup.children(name)[0]["ord_status"] == "new"
    return state in ("", "rejected", "canceled", "denied") or not setup.children(name)


def test_a_report_of_a_simulated_venue_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    from periphery.client.errors import Refused

    core = Process(tmp_path_factory.mktemp("core"))
    core.start()
    try:
        with connect(core.socket) as client, pytest.raises(Refused, match="simulated"):
            client.request(
                "report", report={"venue": "V1", "symbol": "EURUSD", "child_id": "a.1", "exec_type": "new"}
            )
    finally:
        core.end()
