"""Order entry over FIX against a real core: each message, each way out."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator

import pytest

from core.venues.fix.codec import utc_timestamp
from core.venues.fix.store import MemoryStore
from periphery.backend.passwords import hashed
from periphery.client import DenyEvent, OrderEvent, connect
from periphery.fix.gateway import Gateway
from tests.integration.fix_gateway import SESSION, Forked, config_for
from tests.integration.live_core import Process
from tests.support_fix import Oms, make_certificate, told

QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_px": "1.09000", "bid_qty": "1000000",
         "ask_px": "1.09010", "ask_qty": "1000000"}  # fmt: skip
IDS = (11, 41, 150, 39)
SYMBOL = (55, b"EURUSD")
BUY = (54, b"1")


@pytest.fixture
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    found = Process(tmp_path_factory.mktemp("core"))
    found.start()
    with connect(found.socket) as client:
        client.market(QUOTE)
    yield found
    found.end()


@pytest.fixture
def gateways() -> Iterator[list[Forked]]:
    found: list[Forked] = []
    yield found
    Oms.hang_up_all()
    for each in found:
        if not each.is_dead:
            each.kill()


def call(core: Process, gateways: list[Forked], begin: str = "FIX.4.4", sessions: str = SESSION) -> Oms:
    gateway = Forked(config_for(core, sessions))
    gateways.append(gateway)
    assert gateway.address is not None
    return Oms(begin).call(gateway.address)


def changed(*more: tuple[int, bytes]) -> tuple[tuple[int, bytes], ...]:
    return (SYMBOL, BUY, (60, utc_timestamp(time.time_ns())), *more)


@pytest.mark.parametrize("begin", ["FIX.4.4", "FIX.4.2"])
def test_an_order_s_life(core: Process, gateways: list[Forked], begin: str) -> None:
    oms = call(core, gateways, begin, SESSION + f'begin = "{begin}"\n')
    oms.order("o1", price="1.08000", qty="300")
    new = oms.next()
    assert told(new, *IDS) == ("o1", "", "0", "0")
    assert told(new, 37, 55, 54, 38, 44, 151, 14) == ("1", "EURUSD", "1", "300", "1.08000", "300", "0")
    oms.say("G", (11, b"r1"), (41, b"o1"), (38, b"400"), (44, b"1.08010"), (40, b"2"), (21, b"1"), *changed())
    assert told(oms.next(), *IDS, 38) == ("r1", "o1", "E", "E", "300")
    assert told(oms.next(), *IDS, 38, 44) == ("r1", "o1", "5", "0", "400", "1.08010")
    oms.say("F", (11, b"c1"), (41, b"r1"), *changed((38, b"400")))
    assert told(oms.next(), *IDS) == ("c1", "r1", "6", "6")
    assert told(oms.next(), *IDS, 151) == ("c1", "r1", "4", "4", "0")
    oms.order("o2", price="1.09010", qty="50")
    assert told(oms.next(), *IDS) == ("o2", "", "0", "0")
    trade = oms.next()
    assert told(trade, *IDS, 14, 151, 32, 31, 6) == (
        "o2", "", "2" if begin == "FIX.4.2" else "F", "2", "50", "0", "50", "1.09010", "1.0901",
    )  # fmt: skip


def test_what_is_refused(core: Process, gateways: list[Forked]) -> None:
    oms = call(core, gateways)
    oms.order("big", qty="20000")
    assert told(oms.next(), 11, 37, 150, 39, 103, 58) == ("big", "NONE", "8", "8", "3", "max_order_qty")
    oms.order("what", (55, b"NOWHERE"))
    assert told(oms.next(), 11, 39, 103) == ("what", "8", "1")
    oms.order("whose", (1, b"X"))
    assert told(oms.next(), 11, 39, 103) == ("whose", "8", "15")
    oms.order("odd", (40, b"P"))
    assert told(oms.next(), 11, 39, 103) == ("odd", "8", "11")
    oms.order("digits", price="1.080001")
    assert told(oms.next(), 11, 39) == ("digits", "8")
    oms.order("x" * 40, price="1.08")
    assert told(oms.next(), 39) == ("8",)
    oms.order("one", price="1.08")
    one = oms.next()
    assert told(one, *IDS) == ("one", "", "0", "0")
    (order_id,) = told(one, 37)
    oms.order("one", price="1.08")
    assert told(oms.next(), 11, 39, 103, 37) == ("one", "8", "6", "NONE")
    oms.say("F", (11, b"c"), (41, b"nothing"), *changed((38, b"1")))
    assert told(oms.next("9"), 11, 41, 37, 39, 434, 102) == ("c", "nothing", "NONE", "8", "1", "1")
    oms.say("G", (11, b"r"), (41, b"one"), (38, b"20000"), (44, b"1.08"), (40, b"2"), *changed())
    assert told(oms.next("9"), 11, 41, 37, 39, 434, 58) == ("r", "one", order_id, "0", "2", "max_order_qty")
    oms.say("G", (11, b"s"), (41, b"one"), (38, b"20"), (40, b"1"), *changed())
    assert told(oms.next("9"), 11, 434, 102) == ("s", "2", "99")


def test_questions(core: Process, gateways: list[Forked]) -> None:
    oms = call(core, gateways)
    for name in ("o1", "o2"):
        oms.order(name, price="1.08")
        oms.next()
    oms.say("H", (11, b"o1"), SYMBOL, BUY)
    assert told(oms.next(), 11, 150, 39, 37) == ("o1", "I", "0", "1")
    oms.say("H", (11, b"never"), SYMBOL, BUY)
    assert told(oms.next(), 11, 150, 39, 103) == ("never", "I", "8", "5")
    oms.say("AF", (584, b"m"), (585, b"7"))
    found = [told(oms.next(), 11, 584, 911, 912) for _ in range(2)]
    assert found == [("o1", "m", "2", "N"), ("o2", "m", "2", "Y")]
    oms.say("AF", (584, b"n"), (585, b"1"), (55, b"OTHER"))
    assert told(oms.next(), 584, 911, 912, 39) == ("n", "0", "Y", "8")
    oms.say("AF", (584, b"k"), (585, b"3"))
    assert told(oms.next("j"), 372, 380) == ("AF", "0")
    oms.say(
        "8", (37, b"1"), (17, b"1"), (150, b"0"), (39, b"0"), SYMBOL, BUY, (151, b"0"), (14, b"0"), (6, b"0")
    )
    assert told(oms.next("j"), 372, 380) == ("8", "3")
    oms.order("bad", (54, b"Z"))
    assert told(oms.next("3"), 371, 372, 373) == ("54", "D", "5")


def test_what_may_be_a_repetition_is_no_second_order(core: Process, gateways: list[Forked]) -> None:
    oms = call(core, gateways)
    oms.order("once", price="1.08")
    assert told(oms.next(), *IDS) == ("once", "", "0", "0")
    body = [(11, b"once"), (21, b"1"), (38, b"100"), (40, b"2"), (44, b"1.08"), *changed()]
    oms.say("D", *body, header=((97, b"Y"),))
    assert told(oms.next(), 11, 150, 39) == ("once", "I", "0")
    oms.say("D", (11, b"late"), *body[1:], header=((97, b"Y"),))
    assert told(oms.next(), *IDS) == ("late", "", "0", "0")
    with connect(core.socket) as client:
        assert sorted(row["cl_ord_id"] for row in client.orders()) == ["late", "once"]


def test_cancel_on_disconnect(core: Process, gateways: list[Forked]) -> None:
    oms = call(core, gateways, sessions=SESSION + "cancel_on_disconnect = true\n")
    oms.order("o1", price="1.08")
    oms.next()
    oms.hang_up()
    address = gateways[0].address
    assert address is not None
    with connect(core.socket) as client:
        deadline = time.monotonic() + 60
        while client.orders() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not client.orders()
    again = Oms(store=oms.store).call(address)
    assert told(again.next(), *IDS) == ("o1", "", "6", "6")
    assert told(again.next(), *IDS) == ("o1", "", "4", "4")


def test_orders_stay_where_it_is_so_agreed(core: Process, gateways: list[Forked]) -> None:
    oms = call(core, gateways, sessions=SESSION + "cancel_on_disconnect = false\n")
    oms.order("o1", price="1.08")
    oms.next()
    oms.hang_up()
    assert gateways[0].stop() == 0
    with connect(core.socket) as client:
        assert [row["cl_ord_id"] for row in client.orders()] == ["o1"]


def test_a_throttle_lets_cancels_pass(core: Process, gateways: list[Forked]) -> None:
    oms = call(core, gateways, sessions=SESSION + "throttle_per_s = 1\n")
    oms.order("o1", price="1.08")
    assert told(oms.next(), 11, 39) == ("o1", "0")
    for name in ("o2", "o3", "o4"):
        oms.order(name, price="1.08")
    refused = [message for message in (oms.next_any() for _ in range(3)) if message.msg_type == b"j"]
    assert len(refused) >= 2
    assert all(told(message, 372, 380) == ("D", "0") for message in refused)
    oms.say("F", (11, b"c1"), (41, b"o1"), *changed((38, b"100")))
    assert told(oms.next(), *IDS) == ("c1", "o1", "6", "6")


def test_no_core_is_said_and_the_next_one_is_found(core: Process, gateways: list[Forked]) -> None:
    oms = call(core, gateways)
    core.stop()

    def refused() -> bool:
        oms.order(f"o{time.time_ns()}", price="1.08")
        return oms.next_any().msg_type == b"j"

    oms.until(refused, "a refusal")
    core.start()

    def taken() -> bool:
        oms.order(f"o{time.time_ns()}", price="1.08")
        return oms.next_any().msg_type == b"8"

    oms.until(taken, "an order that is taken")


COPY = """
[[session]]
name = "copy{n}"
role = "drop-copy"
sender = "NACRE"
target = "BACK{n}"
from_start = true
"""


def test_drop_copies_have_all_whoever_sent_it(core: Process, gateways: list[Forked]) -> None:
    oms = call(core, gateways, sessions=SESSION + COPY.format(n=1) + COPY.format(n=2))
    address = gateways[0].address
    assert address is not None
    with connect(core.socket, name="strategy") as client:
        client.submit("EURUSD", "buy", 10, "limit", "1.0901", account="B", cl_ord_id="s1")
        next(event for event in client.events(timeout=60) if isinstance(event, OrderEvent) and event.ended)
        client.submit("EURUSD", "buy", 20000, account="A", cl_ord_id="s2")
        next(event for event in client.events(timeout=60) if isinstance(event, DenyEvent))
        client.send({"cl_ord_id": "s3", "account": "A", "symbol": "EURUSD", "side": "buy", "order_qty": "5",
                     "ord_type": "stop", "stop_px": "1.2"})  # fmt: skip
        list(client.events(timeout=0.5))
    oms.order("o1", price="1.08")
    oms.next()
    back = [Oms(sender=f"BACK{n}").call(address) for n in (1, 2)]
    lines: list[list[tuple[str, ...]]] = [[], []]
    for copies, each in zip(lines, back, strict=True):
        while not copies or copies[-1][0] != "o1":
            message = each.next()
            copies.append(told(message, 11, 1, 150, 39, 448, 797)[:5])
    assert lines[0] == lines[1]
    assert lines[0][:3] == [
        ("s1", "B", "0", "0", "strategy"),
        ("s1", "B", "F", "2", "strategy"),
        ("s2", "A", "8", "8", "strategy"),
    ]
    assert lines[0][-1] == ("o1", "A", "0", "0", "fix-oms")
    gateways[0].kill()
    again = Forked(core.folder / "gateway.toml")
    gateways.append(again)
    assert again.address is not None
    one = Oms(sender="BACK1", store=back[0].store).call(again.address)
    with connect(core.socket, name="strategy") as client:
        client.submit("EURUSD", "sell", 1, account="B", cl_ord_id="s4")
        list(client.events(timeout=0.2))
    while (message := one.next()).text(11) != "s4":
        assert message.text(11) in ("s3", "o1"), message  # what its end brought; nothing that came before
        assert message.text(39) in ("4", "6")


def test_a_gateway_s_store_is_its_own(core: Process) -> None:
    path = config_for(core)
    first = Forked(path)
    try:
        from periphery.fix.config import BadConfig, read

        with pytest.raises(BadConfig, match="another gateway has it"):
            Gateway(read(path), print)
    finally:
        first.kill()


def test_tls_with_certificates_on_both_sides(core: Process, gateways: list[Forked]) -> None:
    certificate, key = make_certificate(core.folder)
    files = f'certificate = "{certificate}"\nkey = "{key}"\nca = "{certificate}"'
    gateway = Forked(config_for(core, more=f"[tls]\n{files}"))
    gateways.append(gateway)
    assert gateway.address is not None
    context = ssl.create_default_context(cafile=certificate)
    with pytest.raises(AssertionError, match="logon not within"):
        Oms(patience_s=1.0).call(gateway.address, context)
    with pytest.raises(AssertionError, match="logon not within"):
        Oms(patience_s=1.0).call(gateway.address)
    context.load_cert_chain(certificate, key)
    oms = Oms().call(gateway.address, context)
    for n in range(200):
        oms.order(f"o{n}", price="1.08")
    assert [oms.next().text(11) for _ in range(200)] == [f"o{n}" for n in range(200)]


def test_a_logon_needs_the_right_name_and_password(core: Process, gateways: list[Forked]) -> None:
    known = SESSION + f'username = "oms"\npassword_hash = "{hashed("correct horse battery")}"\n'
    gateway = Forked(config_for(core, known))
    gateways.append(gateway)
    assert gateway.address is not None
    store = MemoryStore(time.time_ns())
    texts = []
    for user, password in ((b"oms", b"wrong"), (b"other", b"correct horse battery")):
        given = tuple((tag, value) for tag, value in ((553, user), (554, password)) if value)
        oms = Oms(store=store, credentials=given)
        oms.open(gateway.address)
        oms.until(lambda o=oms: o.wire.closed, "a hang-up")  # type: ignore[misc]
        texts.append([each for each in oms.session.said if "logged out" in each])
        time.sleep(1.1)  # one look a second
    assert texts == [["logged out: username or password is wrong"]] * 2
    right = ((553, b"oms"), (554, b"correct horse battery"))
    oms = Oms(store=store, credentials=right).call(gateway.address)
    oms.order("o1", price="1.08")
    assert oms.next().text(11) == "o1"
    assert b"battery" not in b"".join(frame for _, frame in store.messages(1, store.next_out - 1))
    assert "battery" not in (core.folder / "gateway.log").read_text()
