"""The bytes of requests and responses: core/sequencer/input.pxd `Input`, core/messages.pxd `Response`.

Input (a slot of the request ring, 304 bytes): a head of 48, then the request, whose unused rest is zero.

    offset  bytes
         0      8  time_ns       0: the core stamps its clock
         8      8  source_seq    1, 2, 3 ... without a gap
        16      2  kind
        18      2  length        bytes of the request
        20      4  session       0: the core stamps its own
        24     24  source, flags, padding: 0
        48    256  request: OrderEvent 144, ReplaceEvent 112, CancelEvent 88, FilterEvent 40, SignalEvent 40

Only `struct` and `core.enums` are needed: no numpy, nothing compiled. test_codec.py holds these layouts
against core.messages, field by field.
"""

from __future__ import annotations

from decimal import Decimal
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from core.enums import Kind, OrderFlag, ResponseKind
from periphery.client.directory import NONE, Directory, Symbol
from periphery.client.errors import BadRequest
from periphery.client.events import OrderEvent, QuoteEvent
from periphery.client.units import INT64_MAX, Number, from_units, to_units
from periphery.client.words import ORD_TYPES, SIDES, TIMES_IN_FORCE

NAME_MAX = 39
"""Bytes of text in a name's field, which is {u8 length, char text[39]}."""
INPUT_SIZE = 304
RESPONSE_SIZE = 192
QUOTE_SIZE = 64

_HEAD = "<qQHHI24x"
_ORDER = Struct(_HEAD + "40sIIIHBBBBBBB3xqqq32x24x")
_REPLACE = Struct(_HEAD + "40s40sqqqBBBB4x")
_CANCEL = Struct(_HEAD + "40s40sB7x")
_FILTER = Struct(_HEAD + "6IIBB2xQ")
_SIGNAL = Struct(_HEAD + "IIIiqqB7x")
_RESPONSE = Struct("<QqIIBBBBB3x40sqqqqqq8xQq40sQ")
_RESPONSE_FIELDS = (
    "seq", "time_ns", "session", "order", "kind", "exec_code", "status_code", "reason_code", "side_code",
    "name", "order_units", "cum_units", "leaves_units", "last_units", "last_px_units", "price_units",
    "notional_lo", "notional_hi", "orig_name", "event",
)  # fmt: skip
_QUOTE = Struct("<QqIH2xqqqq8x")
_MARKET = Struct("<8xqIHHqqqqQ")
_KINDS = (Kind.ORDER.value, Kind.REPLACE.value, Kind.CANCEL.value, Kind.CANCEL_ALL.value)
_K_ORDER, _K_REPLACE, _K_CANCEL, _K_CANCEL_ALL = _KINDS
DENY = ResponseKind.DENY.value
_HAS_PRICE, _HAS_QTY = OrderFlag.HAS_PRICE.value, OrderFlag.HAS_QTY.value
_POST_ONLY, _HAS_EXPIRE = OrderFlag.POST_ONLY.value, OrderFlag.HAS_EXPIRE.value
_HAS_STOP = OrderFlag.HAS_STOP.value


class Order(NamedTuple):
    """An order as its sender says it; see `Client.submit`."""

    cl_ord_id: str
    symbol: Symbol
    side: str
    qty: Number
    ord_type: str
    price: Number | None
    account: str | None
    venue: str | None
    time_in_force: str
    strategy: int
    post_only: bool
    expire_ns: int | None


def encode_order(seq: int, order: Order, directory: Directory) -> bytes:
    """An order's slot. BadRequest says what can't be said."""
    symbol = order.symbol
    flags = _HAS_QTY | (_POST_ONLY if order.post_only else 0) | (_HAS_EXPIRE if order.expire_ns else 0)
    price = _order_price(order)
    return _ORDER.pack(
        0, seq, _K_ORDER, 144, 0,
        name_field(order.cl_ord_id, "cl_ord_id"),
        directory.account(order.account), symbol.index, order.strategy, directory.venue(order.venue),
        _choice(SIDES, order.side, "side"), _choice(ORD_TYPES, order.ord_type, "ord_type"),
        _choice(TIMES_IN_FORCE, order.time_in_force, "time_in_force"),
        flags if price is None else flags | _HAS_PRICE, 0, 0, 0,
        to_units(order.qty, symbol.qty_precision, "qty", symbol.name), price or 0, order.expire_ns or 0,
    )  # fmt: skip


def _order_price(order: Order) -> int | None:
    if order.price is None:
        if order.ord_type == "limit":
            raise BadRequest("a limit order needs a price: price=")
        return None
    if order.ord_type == "market":
        raise BadRequest('a market order has no price: leave price= out, or say ord_type="limit"')
    return to_units(order.price, order.symbol.price_precision, "price", order.symbol.name)


def encode_replace(
    seq: int, cl_ord_id: str, orig_cl_ord_id: str, symbol: Symbol, qty: Number | None, price: Number | None,
    stop_px: Number | None = None,
) -> bytes:  # fmt: skip
    """A replace's slot; None leaves what is. BadRequest: neither given, or too many digits."""
    if qty is None and price is None and stop_px is None:
        raise BadRequest("replace: give qty=, price= or stop_px=; to end the order, cancel it")
    flags = (_HAS_QTY if qty is not None else 0) | (_HAS_PRICE if price is not None else 0)
    flags |= _HAS_STOP if stop_px is not None else 0
    return _REPLACE.pack(
        0, seq, _K_REPLACE, 112, 0,
        name_field(cl_ord_id, "cl_ord_id"), name_field(orig_cl_ord_id, "orig_cl_ord_id"),
        0 if qty is None else to_units(qty, symbol.qty_precision, "qty", symbol.name),
        0 if price is None else to_units(price, symbol.price_precision, "price", symbol.name),
        0 if stop_px is None else to_units(stop_px, symbol.price_precision, "stop_px", symbol.name),
        flags, 0, 0, 0,
    )  # fmt: skip


def encode_cancel(seq: int, cl_ord_id: str, orig_cl_ord_id: str) -> bytes:
    """A cancel's slot."""
    ids = name_field(cl_ord_id, "cl_ord_id"), name_field(orig_cl_ord_id, "orig_cl_ord_id")
    return _CANCEL.pack(0, seq, _K_CANCEL, 88, 0, *ids, 0)


def encode_cancel_all(seq: int, account: int = NONE, symbol: int = NONE, strategy: int = NONE) -> bytes:
    """The slot that cancels every working order in scope; NONE is any."""
    return _FILTER.pack(
        0, seq, _K_CANCEL_ALL, 40, 0, account, strategy, symbol, NONE, NONE, NONE, NONE, 0, 0, 0
    )


def encode_signal(
    seq: int,
    what: int,
    name: int = NONE,
    to: int = NONE,
    symbol: int = NONE,
    value: Number = 0,
    at_ns: int = 0,
) -> bytes:
    """A signal's slot; what: a SignalWhat. BadRequest: a value beyond 63 bits or 18 digits."""
    mantissa, exponent = _scientific(value)
    return _SIGNAL.pack(
        0, seq, Kind.SIGNAL, 40, 0, name, to, symbol, exponent, mantissa, at_ns, what
    )  # fmt: skip


def _scientific(value: Number) -> tuple[int, int]:
    """(mantissa, exponent) of a finite number, exactly."""
    sign, digits, exponent = Decimal(value).as_tuple()
    mantissa = int("".join(map(str, digits)) or "0")
    if not isinstance(exponent, int) or mantissa > INT64_MAX or not -(1 << 15) < exponent < 1 << 15:
        raise BadRequest(f"a signal's value {value}: a finite number of at most 18 digits can be said")
    return -mantissa if sign else mantissa, exponent


class MarketRow(NamedTuple):
    """A slot of the market ring, as core.live.teller has it: in codes and units."""

    time_ns: int
    symbol: int
    venue: int
    kind: int
    a: int
    b: int
    c: int
    d: int
    event: int

    @property
    def value(self) -> Decimal:
        """Of a signal."""
        return Decimal(self.a).scaleb(self.b)


def encode_missed(count: int) -> bytes:
    """A row of no kind: so many were lost."""
    return _MARKET.pack(0, NONE, 0, 0, count, 0, 0, 0, 0)


def number_in(slot: bytes) -> int:
    """Of a response: a session counts its own from 1."""
    return int.from_bytes(slot[:8], "little")


def decode_market(slot: bytes) -> MarketRow:
    """A slot of the market ring, QUOTE_SIZE bytes."""
    return MarketRow._make(_MARKET.unpack(slot))


def name_field(text: str, what: str) -> bytes:
    """A length and the text. BadRequest: empty, too long, or with a control character."""
    raw = text.encode()
    if not 0 < len(raw) <= NAME_MAX:
        raise BadRequest(f"{what} {text!r} has {len(raw)} bytes: 1 to {NAME_MAX} may be")
    if not text.isprintable():
        raise BadRequest(f"{what} {text!r} has a character that can't be printed: choose another")
    return bytes((len(raw),)) + raw


def _choice(choices: dict[str, int], word: str, what: str) -> int:
    value = choices.get(word)
    if value is None:
        raise BadRequest(f"{what} {word!r}: one of {', '.join(choices)}")
    return value


class Response(OrderEvent):
    """A response as it came: codes and units, names as bytes; in words an OrderEvent."""

    __slots__ = ("_symbol", *_RESPONSE_FIELDS)

    def __init__(self, slot: bytes) -> None:
        """slot: of the response ring, RESPONSE_SIZE bytes."""
        self._symbol = None
        for name, value in zip(_RESPONSE_FIELDS, _RESPONSE.unpack(slot), strict=True):
            setattr(self, name, value)

    @property
    def cl_ord_id(self) -> str:
        return field_name(self.name)

    @property
    def orig_cl_ord_id(self) -> str | None:
        return field_name(self.orig_name) or None

    @property
    def notional(self) -> int:
        return self.notional_hi << 64 | self.notional_lo

    @property
    def is_denial(self) -> bool:
        return self.kind == DENY

    @property
    def is_plain(self) -> bool:
        return self._symbol is not None and self.kind != DENY and not self.ended

    if TYPE_CHECKING:
        session: int
        order: int
        kind: int
        name: bytes
        orig_name: bytes
        event: int
        notional_lo: int
        notional_hi: int


def decode_quote(slot: bytes, directory: Directory) -> QuoteEvent:
    """A slot of the quote ring, QUOTE_SIZE bytes."""
    seq, time_ns, symbol_index, venue, bid_px, bid_qty, ask_px, ask_qty = _QUOTE.unpack(slot)
    symbol = directory.symbols[symbol_index]
    px, qty = symbol.price_precision, symbol.qty_precision
    return QuoteEvent(
        seq,
        time_ns,
        symbol.name,
        directory.venues[venue],
        from_units(bid_px, px),
        from_units(bid_qty, qty),
        from_units(ask_px, px),
        from_units(ask_qty, qty),
    )


def field_name(field: bytes) -> str:
    """The text of a name's field."""
    return field[1 : 1 + field[0]].decode("utf-8", "replace")
