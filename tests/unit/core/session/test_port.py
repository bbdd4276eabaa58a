"""The compiled port against the client's codec: the same bytes, or nothing."""

from __future__ import annotations

import pickle
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from core import messages as m
from core.session.port import Answer, Port, answer_of
from core_ext.ring import Ring
from core_ext.spine import Spine
from periphery.client import codec
from periphery.client.directory import NONE, Directory
from periphery.client.errors import BadRequest
from tests.support_session import DIRECTORY, name_field

NAMES = Directory(DIRECTORY, ["A1"])
ROOM = 8


class Ends:
    """A port and the core's side of its rings."""

    def __init__(self, prefix: str = "me-", room: int = ROOM, answer: type = Answer) -> None:
        self.requests = Ring.format(bytearray(Ring.bytes_needed(room, 304)), room, 304)
        self.responses = Spine.format(bytearray(Spine.bytes_needed(room, 192, 0)), room, 192, 0)
        names = NAMES.symbols, NAMES.account_indices(), NAMES.venue_indices()
        self.port = Port(self.requests, self.responses, prefix, *names, answer)
        self.told = 0

    def tell(self, **values: Any) -> None:
        row = np.zeros((), m.RESPONSE)
        for key, value in values.items():
            row[key] = name_field(value) if isinstance(value, str) else value
        self.told += 1
        assert self.responses.try_write(self.told, row.tobytes()[8:])


PLAIN = ("AAPL", "buy", 100, "limit", "190.02", "A1", "XV2", "gtc", NONE, False, "own", None)
"""The arguments of an order, in their order."""

numbers = st.one_of(
    st.integers(-(10**20), 10**20),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(-1000, 1000, places=2),
    st.from_regex(r"-?[0-9]{0,20}\.?[0-9]{0,12}", fullmatch=True),
    st.from_regex(r"[0-9]{1,6}\.[0-9]{2}0{0,4}", fullmatch=True),
    st.sampled_from(["1.", ".5", "1e5", "\u0661", "", "-", "-0", "9223372036854775807", "1\x00", " 1"]),
)
orders = st.tuples(
    st.sampled_from(["AAPL", "BTCUSD", "NONE"]),
    st.sampled_from(["buy", "sell", "sell_short", "Buy"]),
    numbers,
    st.sampled_from(["market", "limit", "stop"]),
    st.one_of(st.none(), numbers),
    st.sampled_from([None, "A1", "OTHER", "A2"]),
    st.sampled_from([None, "XV1", "XV2", "XV3"]),
    st.sampled_from(["day", "gtc", "gtd", "x"]),
    st.sampled_from([NONE, 0, 3]),
    st.booleans(),
    st.one_of(st.text(min_size=1, max_size=41), st.text("abc-1", min_size=1, max_size=41)),
    st.sampled_from([None, 0, 5]),
)


def encoded(said: tuple[Any, ...]) -> bytes | None:
    """What the codec makes of the order; None where it refuses."""
    symbol, side, qty, ord_type, price, account, venue, tif, strategy, post_only, name, expire_ns = said
    try:
        order = codec.Order(
            name, NAMES.symbol(symbol), side, qty, ord_type, price, account, venue, tif, strategy, post_only,
            expire_ns,
        )  # fmt: skip
        return codec.encode_order(1, order, NAMES)
    except (BadRequest, TypeError, UnicodeEncodeError):  # TypeError: a signalling NaN has no hash
        return None


@settings(max_examples=1500)
@given(orders)
def test_an_order_is_the_codecs_bytes_or_left_to_it(said: tuple[Any, ...]) -> None:
    ends = Ends()
    sent = ends.port.order(*said)
    expected = encoded(said)
    if sent is None:
        assert ends.requests.try_pop() is None
        assert (ends.port.sent, ends.port.known) == (0, {})
        return
    assert expected is not None
    assert ends.requests.try_pop() == expected.ljust(304, b"\0")
    assert (sent, ends.port.sent) == (said[10], 1)
    assert ends.port.known == {sent: NAMES.symbol(said[0])}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {4: Decimal("190.02")},
        {4: 190},
        {4: "190.0200"},
        {4: "-0.01"},
        {3: "market", 4: None},
        {5: None, 6: None},
        {8: 7, 9: True},
        {10: None},
        {10: ""},
        {0: "BTCUSD", 2: "0.00000001", 4: "0.1"},
    ],
)
def test_what_is_plain_is_not_left(changed: dict[int, Any]) -> None:
    said = tuple(changed.get(i, value) for i, value in enumerate(PLAIN))
    ends = Ends()
    sent = ends.port.order(*said)
    assert sent is not None
    assert ends.requests.try_pop() == (encoded((*said[:10], sent, said[11])) or b"").ljust(304, b"\0")


@pytest.mark.parametrize("value", [1.5, True, None, b"1", 2**63, "1" * 20])
def test_a_quantity_that_needs_a_closer_look_is_left(value: object) -> None:
    said: Any = (*PLAIN[:2], value, *PLAIN[3:])
    assert Ends().port.order(*said) is None


def test_a_name_that_is_no_name_is_the_callers_error() -> None:
    with pytest.raises(TypeError):
        Ends().port.order(["AAPL"], *PLAIN[1:])  # type: ignore[arg-type]


def test_cancel_and_replace_are_the_codecs_bytes() -> None:
    ends = Ends()
    port, pop = ends.port, ends.requests.try_pop
    assert port.replace("own", 5, None, None) is None  # not known yet
    port.order(*PLAIN)
    pop()
    assert port.replace("own", 5, "191.5", "own-2") == "own-2"
    assert pop() == codec.encode_replace(2, "own-2", "own", NAMES.symbol("AAPL"), 5, "191.5").ljust(
        304, b"\0"
    )
    assert port.replace("own-2", None, Decimal("1"), None) == "me-1"
    assert pop() == codec.encode_replace(3, "me-1", "own-2", NAMES.symbol("AAPL"), None, 1).ljust(304, b"\0")
    assert port.cancel("me-1", None) == "me-2"
    assert pop() == codec.encode_cancel(4, "me-2", "me-1").ljust(304, b"\0")
    assert port.cancel("nobody", "own-3") == "own-3"
    assert pop() == codec.encode_cancel(5, "own-3", "nobody").ljust(304, b"\0")
    assert set(port.known) == {"own", "own-2", "me-1", "me-2"}


@pytest.mark.parametrize("name", ["x" * 40, "a\nb", "\xf8", 5, b"b"])
def test_names_that_need_a_closer_look_are_left(name: Any) -> None:
    ends = Ends()
    ends.port.order(*PLAIN)
    assert ends.port.cancel(name, None) is None
    assert ends.port.cancel("own", name) is None
    assert ends.port.replace("own", 1, None, name) is None
    assert ends.port.replace("own", None, None, None) is None
    assert ends.port.replace("own", "1.5", None, None) is None
    assert ends.port.replace("own", None, "1.005", None) is None
    assert ends.port.sent == 1


def test_a_short_request_leaves_nothing_of_a_longer_one() -> None:
    ends = Ends(room=1)
    for _ in range(3):
        ends.port.order(*PLAIN)
        ends.requests.try_pop()
        ends.port.cancel("a", "b")
        found = ends.requests.try_pop()
        assert found is not None
        assert found[48 + 88 :] == bytes(304 - 48 - 88)


def test_no_room_is_nothing_sent() -> None:
    ends = Ends()
    for _ in range(ROOM):
        assert ends.port.order(*PLAIN)
    assert ends.port.order(*PLAIN) is None
    assert ends.port.cancel("own", None) is None
    assert ends.port.replace("own", 1, None, None) is None
    assert not ends.port.push(bytes(48))
    assert (ends.port.sent, ends.port.capacity, len(ends.requests)) == (ROOM, ROOM, ROOM)
    ends.requests.try_pop()
    assert ends.port.push(bytes(48))
    assert ends.port.sent == ROOM + 1


def test_ids_go_on_and_end_at_the_fields_room() -> None:
    ends = Ends("x" * 24)
    assert [ends.port.new_id() for _ in range(12)] == [f"{'x' * 24}{i}" for i in range(1, 13)]


@pytest.mark.parametrize("prefix", ["", "x" * 25])
def test_a_prefix_that_does_not_fit(prefix: str) -> None:
    with pytest.raises(ValueError, match="1 to 24 are possible"):
        Ends(prefix)


def test_slots_of_another_size() -> None:
    ring = Ring.format(bytearray(Ring.bytes_needed(2, 296)), 2, 296)
    with pytest.raises(ValueError, match="slots of 296 and 192 bytes, not 304 and 192"):
        Port(ring, Ends().responses, "x", [], {}, {})


RAW = (
    *("seq", "time_ns", "cl_ord_id", "orig_cl_ord_id", "exec_code", "status_code", "reason_code"),
    *("side_code", "order_units", "cum_units", "leaves_units", "last_units", "last_px_units", "price_units"),
    *("notional", "is_plain", "is_denial"),
)


def test_every_field_of_an_answer_is_the_codecs() -> None:
    fields = [name for name in m.RESPONSE.names or () if not name.endswith("cl_ord_id")]
    values = {name: i for i, name in enumerate(fields, 1)} | {"pad": 0}
    ends = Ends()
    ends.tell(**(values | {"seq": 1, "notional_hi": -3}), cl_ord_id="mine", orig_cl_ord_id="old")
    answer = ends.port.take()
    assert answer is not None
    slot = ends.responses.read(1)
    assert slot is not None
    told = codec.Response(slot)
    for name in RAW:
        assert getattr(answer, name) == getattr(told, name), name
    assert ends.port.decode(slot).cl_ord_id == answer_of(Answer, slot).cl_ord_id == "mine"
    with pytest.raises(ValueError, match="a response of 191 bytes, not 192"):
        answer_of(Answer, slot[:-1])


def test_an_answer_has_its_orders_symbol_and_comes_back_from_a_pickle() -> None:
    ends = Ends()
    ends.port.order(*PLAIN)
    ends.tell(cl_ord_id="own", kind=m.ResponseKind.ORDER, status=m.OrdStatus.NEW)
    ends.tell(cl_ord_id="other", kind=m.ResponseKind.ORDER, status=m.OrdStatus.NEW)
    own, other = ends.port.take(), ends.port.take()
    assert own is not None
    assert other is not None
    assert (own._symbol, own.is_plain, own.orig_cl_ord_id) == (NAMES.symbol("AAPL"), True, None)
    assert (other._symbol, other.is_plain) == (None, False)
    again = pickle.loads(pickle.dumps(own))
    assert (again.cl_ord_id, again._symbol, again.seq) == ("own", own._symbol, 1)


class Worded(Answer):
    """As a client makes one."""

    __slots__ = ()


def test_answers_are_of_the_class_that_was_asked_for() -> None:
    ends = Ends(answer=Worded)
    ends.tell(cl_ord_id="x")
    assert type(ends.port.take()) is Worded
    with pytest.raises(ValueError, match="dict is no Answer"):
        Ends(answer=dict)


@pytest.mark.parametrize("status", list(m.OrdStatus))
@pytest.mark.parametrize("kind", list(m.ResponseKind))
def test_what_is_plain(kind: int, status: int) -> None:
    row = np.zeros((), m.RESPONSE)
    row["kind"], row["status"] = kind, status
    slot = row.tobytes()
    told = codec.Response(slot)
    told._symbol = NAMES.symbol("AAPL")
    assert answer_of(Answer, slot, told._symbol).is_plain == told.is_plain
    assert not answer_of(Answer, slot).is_plain


def test_answers_in_order_and_none_before_it_is_there() -> None:
    ends = Ends()
    assert (ends.port.take(), ends.port.lapsed, ends.port.oldest()) == (None, False, None)
    for _ in range(ROOM):
        ends.tell(time_ns=5)
    assert [answer.seq for answer in iter(ends.port.take, None)] == list(range(1, ROOM + 1))
    assert (ends.port.take(), ends.port.lapsed, ends.port.next_seq) == (None, False, ROOM + 1)


@pytest.mark.parametrize("beyond", [1, 2, ROOM, 3 * ROOM + 1])
def test_a_lapped_port_says_so_and_where_to_go_on(beyond: int) -> None:
    ends = Ends()
    for _ in range(ROOM + beyond):
        ends.tell()
    assert (ends.port.take(), ends.port.lapsed) == (None, True)
    oldest = ends.port.oldest()
    assert oldest == beyond + ROOM // 2 + 1
    ends.port.next_seq = oldest
    answer = ends.port.take()
    assert answer is not None
    assert (answer.seq, ends.port.lapsed) == (oldest, False)


@pytest.mark.parametrize("told", [1, ROOM - 1, ROOM + 1, 2 * ROOM])
def test_a_ring_that_begins_later_is_read_from_there(told: int) -> None:
    ends = Ends()
    ends.responses.begin_at(4)
    ends.responses.start_at(3)
    ends.told = 3
    assert (ends.port.take(), ends.port.lapsed, ends.port.oldest()) == (None, True, 4)
    for _ in range(told):
        ends.tell()
    oldest = ends.port.oldest()
    assert oldest is not None
    assert oldest >= 4
    ends.port.next_seq = oldest
    seqs = [answer.seq for answer in iter(ends.port.take, None)]
    assert seqs == list(range(oldest, 3 + told + 1))
    assert not ends.port.lapsed


def test_an_answer_that_is_being_overwritten_is_lost() -> None:
    """Claimed for a new lap, not written yet: the old bytes are still there, and not to be trusted."""
    ends = Ends()
    ends.tell()
    ends.responses.start_at(ROOM + 1)  # claims only
    assert ends.responses.is_published(1)
    assert (ends.port.take(), ends.port.lapsed) == (None, True)
