"""What became of orders, as FIX messages: ExecutionReport (8) and OrderCancelReject (9).

ExecID (17) is E and the event on the core's spine that it tells of, so that the same event has the same
ExecID however often it is told and whoever tells it; a 9 carries it as SecondaryOrderID (198). What the
gateway itself refuses has no event: there it is G and the session's own number.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from core.venues.fix.agreement import Field
from core.venues.fix.codec import Message, utc_timestamp
from core.venues.fix.dictionary import Dictionary
from periphery.fix import words

type Key = tuple[int, int]
"""(event, 1 for an order's line and 0 for a denial): in the order of the spine."""
NOTHING: Key = (0, 0)
CANCEL, REPLACE = b"1", b"2"
"""CxlRejResponseTo (434)."""


class Told(Protocol):
    """One answer of the core: periphery.client.OrderEvent is one."""

    @property
    def event(self) -> int: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def side(self) -> str: ...
    @property
    def exec_type(self) -> str: ...
    @property
    def ord_status(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def order_qty(self) -> Decimal: ...
    @property
    def cum_qty(self) -> Decimal: ...
    @property
    def leaves_qty(self) -> Decimal: ...
    @property
    def last_qty(self) -> Decimal | None: ...
    @property
    def last_px(self) -> Decimal | None: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def avg_px(self) -> Decimal: ...


@dataclass(slots=True)
class Order:
    """What a session must know of an order to speak of it. Fields hold what FIX says, as bytes."""

    order_id: bytes = b"NONE"
    cl_ord_id: bytes = b""
    account: bytes = b""
    symbol: bytes = b""
    side: bytes = b"1"
    ord_type: bytes = b"2"
    time_in_force: bytes = b"0"
    qty: bytes = b"0"
    price: bytes = b""
    stop_px: bytes = b""
    status: bytes = b"A"
    cum_qty: bytes = b"0"
    leaves_qty: bytes = b"0"
    avg_px: bytes = b"0"

    @property
    def ended(self) -> bool:
        return self.status in words.ENDED


def number(value: Decimal) -> bytes:
    """Without exponent."""
    return format(value, "f").encode()


def exec_id(key: Key) -> bytes:
    return b"E%d%b" % (key[0], b"" if key[1] else b"D")


def key_of(message: Message) -> Key | None:
    """Of a report or cancel reject that was sent; None: it tells of no event."""
    text = message.get(17) if message.msg_type == b"8" else message.get(198)
    if text is None or text[:1] != b"E":
        return None
    digits = text[1:].rstrip(b"D")
    return (int(digits), 0 if text.endswith(b"D") else 1) if digits.isdigit() else None


class Reports:
    """The fields of messages, as one version of FIX has them."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self.has_trades = dictionary.allows(150, b"F")
        self.has_trans_type = 20 in dictionary.messages[b"8"].tags

    def update(self, order: Order, told: Told) -> None:
        """Take what the core says of the order."""
        order.side = words.SIDE_CODES[told.side]
        order.status = words.STATUSES[told.ord_status]
        order.qty, order.cum_qty = number(told.order_qty), number(told.cum_qty)
        order.leaves_qty, order.avg_px = number(told.leaves_qty), number(told.avg_px)
        if told.price is not None and order.ord_type != b"1":
            order.price = number(told.price)

    def execution(self, order: Order, told: Told, key: Key, orig: bytes) -> list[Field]:
        """What happened to an order. orig: the ClOrdID that was replaced or canceled, or none. Call `update`
        before.
        """
        kind = told.exec_type
        fields = [(17, exec_id(key)), (150, self._exec_type(kind, order)), (60, utc_timestamp(told.time_ns))]
        if orig:
            fields.append((41, orig))
        if kind == "trade":
            fields += [(32, number(told.last_qty or Decimal(0))), (31, number(told.last_px or Decimal(0)))]
        if kind == "rejected":
            fields.append((103, self._reason(103, words.ORD_REJ_REASONS, told.reason)))
        if kind == "triggered":
            fields.append((58, b"triggered"))
        elif told.reason:
            fields.append((58, told.reason.encode()))
        trans = {"trade_cancel": b"1", "trade_correct": b"2"}.get(kind, b"0")
        return self._report(order, fields, trans)

    def refused(self, order: Order, reason: str, text: str, exec_id_: bytes, time_ns: int) -> list[Field]:
        """An order that will never be one."""
        refused = Order(
            b"NONE", order.cl_ord_id, order.account, order.symbol, order.side, order.ord_type,
            order.time_in_force, order.qty, order.price, order.stop_px, b"8",
        )  # fmt: skip
        fields: list[Field] = [
            (17, exec_id_),
            (150, b"8"),
            (103, self._reason(103, words.ORD_REJ_REASONS, reason)),
            (58, text.encode()),
            (60, utc_timestamp(time_ns)),
        ]
        return self._report(refused, fields)

    def status(self, order: Order, exec_id_: bytes, time_ns: int, more: list[Field]) -> list[Field]:
        """How an order is, for who asks."""
        kind = b"I" if self.dictionary.allows(150, b"I") else order.status
        fields = [(17, exec_id_), (150, kind), (60, utc_timestamp(time_ns)), *more]
        return self._report(order, fields, b"3")

    def cancel_reject(
        self,
        order: Order | None,
        ids: tuple[bytes, bytes],
        to: bytes,
        reason: str,
        text: str,
        key: Key | None,
    ) -> list[Field]:
        """A cancel or replace that was not done. ids: ClOrdID, OrigClOrdID; to: CANCEL or REPLACE."""
        fields = [
            (37, order.order_id if order else b"NONE"),
            (11, ids[0]),
            (41, ids[1]),
            (39, order.status if order else b"8"),
            (434, to),
            (102, self._reason(102, words.CXL_REJ_REASONS, reason)),
            (58, text.encode()),
        ]
        return sorted([*fields, (198, exec_id(key))] if key else fields)

    def _report(self, order: Order, fields: list[Field], trans_type: bytes = b"0") -> list[Field]:
        own = [
            (37, order.order_id),
            (11, order.cl_ord_id),
            (1, order.account),
            (55, order.symbol),
            (54, order.side),
            (38, order.qty),
            (40, order.ord_type),
            (59, order.time_in_force),
            (44, order.price),
            (99, order.stop_px),
            (39, order.status),
            (151, order.leaves_qty),
            (14, order.cum_qty),
            (6, order.avg_px),
        ]
        if self.has_trans_type:
            own.append((20, trans_type))
        tags = self.dictionary.messages[b"8"].tags
        return sorted(field for field in [*own, *fields] if field[1] and field[0] in tags)

    def _exec_type(self, kind: str, order: Order) -> bytes:
        """4.2 tells a trade, a bust and a correction by the status after it."""
        if not self.has_trades and kind in ("trade", "trade_cancel", "trade_correct"):
            return order.status
        return words.EXEC_TYPES.get(kind, b"D")

    def _reason(self, tag: int, reasons: dict[str, bytes], reason: str | None) -> bytes:
        found = reasons.get(reason or "")
        if found is not None and self.dictionary.allows(tag, found):
            return found
        if self.dictionary.allows(tag, b"99"):
            return b"99"
        return b"2" if tag == 102 else b"0"
