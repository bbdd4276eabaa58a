"""The client's bytes against the core's structs, field by field."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core import messages as m
from periphery.client import codec
from periphery.client.directory import NONE, NONE16, Directory, Symbol
from periphery.client.errors import BadRequest
from periphery.client.events import DenyEvent, OrderEvent
from tests.support_session import DIRECTORY, QUOTE, TOKEN, decode, name_field, text

assert TOKEN
FIELDS = {
    "seq": "seq", "time_ns": "time_ns", "session": "session", "order": "order", "kind": "kind",
    "exec_code": "exec_type", "status_code": "status", "reason_code": "reason", "side_code": "side",
    "order_units": "order_qty", "cum_units": "cum_qty", "leaves_units": "leaves_qty",
    "last_units": "last_qty", "last_px_units": "last_px", "price_units": "price",
}  # fmt: skip
"""An answer's names of the fields of the core's struct."""

NAMES = Directory(DIRECTORY, ["A1"])
AAPL = NAMES.symbol("AAPL")


def event_of(slot: bytes, symbol: Symbol | None) -> OrderEvent | DenyEvent:
    """A response in words."""
    told = codec.Response(slot)
    told._symbol = symbol
    return DenyEvent.of(told) if told.is_denial else told


def decoded(slot: bytes) -> tuple[np.void, np.void]:
    """(head, request) of a slot as the ring has it: the rest zeroed."""
    return decode(slot.ljust(codec.INPUT_SIZE, b"\0"))


def order(**given: object) -> codec.Order:
    plain = codec.Order("id-1", AAPL, "buy", 100, "market", None, None, None, "day", NONE, False, None)
    return plain._replace(**given)  # type: ignore[arg-type]


def test_an_order_in_full() -> None:
    said = order(
        side="sell_short", ord_type="limit", price="190.02", account="A1", venue="XV2", time_in_force="gtd",
        strategy=4, post_only=True, expire_ns=9, cl_ord_id="ø-1",
    )  # fmt: skip
    head, request = decoded(codec.encode_order(12, said, NAMES))
    assert (head["time_ns"], head["source_seq"], head["kind"], head["session"]) == (0, 12, m.Kind.ORDER, 0)
    flags = m.OrderFlag.HAS_PRICE | m.OrderFlag.HAS_QTY | m.OrderFlag.POST_ONLY | m.OrderFlag.HAS_EXPIRE
    wanted = {
        "account": 1, "symbol": 0, "strategy": 4, "venue": 1, "side": m.Side.SELL_SHORT,
        "ord_type": m.OrdType.LIMIT, "time_in_force": m.TimeInForce.GTD, "flags": flags, "qty": 100,
        "price": 19002, "expire_ns": 9,
    }  # fmt: skip
    assert text(request["cl_ord_id"]) == "ø-1"
    for name in request.dtype.names:
        if name != "cl_ord_id":
            assert np.all(request[name] == wanted.get(name, 0)), name


def test_a_plain_market_order() -> None:
    _, request = decoded(codec.encode_order(1, order(), NAMES))
    assert (request["venue"], request["strategy"], request["price"]) == (NONE16, NONE, 0)
    assert request["flags"] == m.OrderFlag.HAS_QTY


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ord_type": "limit"}, "needs a price"),
        ({"price": "1"}, "a market order has no price"),
        ({"ord_type": "stop"}, "one of market, limit"),
        ({"side": "Buy"}, "one of buy, sell, sell_short"),
        ({"time_in_force": "x"}, "one of day, gtc"),
        ({"account": "OTHER"}, "no right to it; it may trade A1"),
        ({"account": "A2"}, "unknown account A2: there is A1"),
        ({"venue": "XV3"}, "unknown venue XV3"),
        ({"qty": "0.5"}, "AAPL takes none"),
        ({"cl_ord_id": "x" * 40}, "1 to 39"),
        ({"cl_ord_id": "a\nb"}, "printed"),
    ],
)
def test_what_cannot_be_said(given: dict[str, object], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        codec.encode_order(1, order(**given), NAMES)


def test_an_account_must_be_named_where_there_are_two() -> None:
    two = Directory(DIRECTORY, ["OTHER", "A1"])
    with pytest.raises(BadRequest, match="say which, this session may trade OTHER, A1"):
        codec.encode_order(1, order(), two)


def test_a_replace() -> None:
    head, request = decoded(codec.encode_replace(2, "new", "old", AAPL, None, "190.03"))
    assert (head["kind"], text(request["cl_ord_id"]), text(request["orig_cl_ord_id"])) == (15, "new", "old")
    assert (request["qty"], request["price"], request["flags"]) == (0, 19003, m.OrderFlag.HAS_PRICE)
    with pytest.raises(BadRequest, match="give qty=, price= or stop_px="):
        codec.encode_replace(2, "new", "old", AAPL, None, None)


def test_cancels() -> None:
    head, request = decoded(codec.encode_cancel(3, "new", "old"))
    assert (head["kind"], text(request["cl_ord_id"]), text(request["orig_cl_ord_id"])) == (16, "new", "old")
    head, request = decoded(codec.encode_cancel_all(4, symbol=1))
    assert (head["kind"], head["source_seq"], request["kind"], request["epoch"]) == (17, 4, 0, 0)
    assert request["scope"].item() == (NONE, NONE, 1, NONE, NONE, NONE)


def response(**given: object) -> bytes:
    row = np.zeros((), m.RESPONSE)
    for key, value in given.items():
        row[key] = name_field(value) if isinstance(value, str) else value
    return row.tobytes()


def test_every_field_of_a_response() -> None:
    numbers = {name: i for i, name in enumerate(m.RESPONSE.names or (), 1) if not name.endswith("cl_ord_id")}
    numbers["pad"] = 0
    slot = response(**numbers, cl_ord_id="mine", orig_cl_ord_id="old")
    assert len(slot) == codec.RESPONSE_SIZE
    told = codec.Response(slot)
    assert (told.cl_ord_id, told.orig_cl_ord_id) == ("mine", "old")
    for name, field in FIELDS.items():
        assert getattr(told, name) == numbers[field], name
    assert told.notional == numbers["notional_hi"] << 64 | numbers["notional_lo"]


def test_a_trade_in_words() -> None:
    slot = response(
        seq=5, time_ns=6, kind=m.ResponseKind.ORDER, exec_type=m.ExecType.TRADE, side=m.Side.SELL,
        status=m.OrdStatus.PARTIALLY_FILLED, cl_ord_id="mine", order_qty=300, cum_qty=3, leaves_qty=297,
        last_qty=2, last_px=19005, price=19000, notional_lo=3 * 19000 + 5,
    )  # fmt: skip
    event = event_of(slot, AAPL)
    assert isinstance(event, OrderEvent)
    assert not event.ended
    words = (event.symbol, event.side, event.exec_type, event.ord_status, event.reason, event.orig_cl_ord_id)
    assert words == ("AAPL", "sell", "trade", "partially_filled", None, None)
    numbers = (event.order_qty, event.cum_qty, event.leaves_qty, event.last_qty, event.last_px, event.price)
    assert list(map(str, numbers)) == ["300", "3", "297", "2", "190.05", "190.00"]
    assert str(event.avg_px) == "190.01666667"


def test_a_negative_notional() -> None:
    slot = response(kind=2, status=4, exec_type=3, cum_qty=2, notional_lo=(1 << 64) - 7526, notional_hi=-1)
    event = event_of(slot, AAPL)
    assert isinstance(event, OrderEvent)
    assert str(event.avg_px) == "-37.63"


def test_a_denial() -> None:
    slot = response(seq=1, kind=m.ResponseKind.DENY, reason=m.Reason.MAX_POSITION, cl_ord_id="mine")
    event = event_of(slot, None)
    assert event == DenyEvent(1, 0, "mine", None, None, "max_position")


def test_a_quote() -> None:
    row = np.zeros((), QUOTE)
    values = {
        "seq": 9,
        "time_ns": 8,
        "symbol": 1,
        "venue": 1,
        "bid_px": 10,
        "bid_qty": 1,
        "ask_px": 11,
        "ask_qty": 2,
    }
    for key, value in values.items():
        row[key] = value
    assert row.dtype.itemsize == codec.QUOTE_SIZE
    event = codec.decode_quote(row.tobytes(), NAMES)
    assert (event.seq, event.time_ns, event.symbol, event.venue) == (9, 8, "BTCUSD", "XV2")
    assert list(map(str, (event.bid_px, event.bid_qty, event.ask_px))) == ["1.0", "1E-8", "1.1"]


def test_an_unknown_symbol() -> None:
    with pytest.raises(BadRequest, match='unknown symbol APPL: did you mean "AAPL"'):
        NAMES.symbol("APPL")


def test_importing_the_client_needs_nothing_compiled_and_no_numpy() -> None:
    code = (
        "import sys, periphery.client, periphery.client.session\n"
        "heavy = {'numpy', 'asyncio', 'rich'} & set(sys.modules)\n"
        "files = [x.__file__ for n, x in sys.modules.items() if n.startswith('core')]\n"
        "assert not heavy and not [f for f in files if f.endswith('.so')], heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("value", "mantissa", "exponent"), [("0.125", 125, -3), ("-3", -3, 0), ("1E+3", 1, 3), ("0", 0, 0)]
)
def test_a_signal(value: str, mantissa: int, exponent: int) -> None:
    slot = codec.encode_signal(5, m.SignalWhat.VALUE, 7, NONE, 1, value, 99)
    assert len(slot) <= codec.INPUT_SIZE
    event = np.frombuffer(slot, m.SIGNAL_EVENT, 1, 48)[0]
    assert (event["name"], event["to"], event["symbol"], event["at_ns"]) == (7, NONE, 1, 99)
    assert (event["mantissa"], event["exponent"]) == (mantissa, exponent)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "12345678901234567890123"])
def test_a_signal_that_cant_be_said_is_told(value: str) -> None:
    with pytest.raises(BadRequest, match="a finite number of at most 18 digits"):
        codec.encode_signal(5, m.SignalWhat.VALUE, value=value)
