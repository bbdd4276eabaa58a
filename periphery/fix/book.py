"""The orders of one FIX session: every ClOrdID that it used, and what was last said of its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from core.venues.fix.codec import Message
from periphery.fix.reports import Order

ENDED_KEPT = 50_000
"""Orders that ended are known for their status; beyond so many the oldest are forgotten."""


class Book:
    """`orders` by any of their ClOrdIDs; `asked`: cancels and replaces by theirs, with the order's."""

    def __init__(self) -> None:
        self.orders: dict[bytes, Order] = {}
        self.asked: dict[bytes, tuple[bytes, bytes]] = {}
        self._ended: deque[list[bytes]] = deque()
        self._ids: dict[int, list[bytes]] = {}

    def add(self, cl_ord_id: bytes, order: Order) -> None:
        """Know an order by one more ClOrdID."""
        if cl_ord_id not in self.orders:
            self.orders[cl_ord_id] = order
            self._ids.setdefault(id(order), []).append(cl_ord_id)

    def drop(self, cl_ord_id: bytes) -> None:
        """Forget an order that came to nothing."""
        order = self.orders.pop(cl_ord_id, None)
        if order is not None:
            self._ids.pop(id(order), None)

    def ask(self, cl_ord_id: bytes, to: bytes, orig: bytes) -> None:
        """Know a cancel's or replace's ClOrdID."""
        self.asked[cl_ord_id] = (to, orig)

    def knows(self, cl_ord_id: bytes) -> bool:
        return cl_ord_id in self.orders or cl_ord_id in self.asked

    def ended(self, order: Order) -> None:
        """It will trade no more."""
        ids = self._ids.pop(id(order), None)
        if ids is None:
            return
        self._ended.append(ids)
        while len(self._ended) > ENDED_KEPT:
            for cl_ord_id in self._ended.popleft():
                self.orders.pop(cl_ord_id, None)
                self.asked.pop(cl_ord_id, None)

    def live(self) -> Iterator[Order]:
        """Each order that may still trade, once."""
        seen: set[int] = set()
        for order in list(self.orders.values()):
            if not order.ended and id(order) not in seen:
                seen.add(id(order))
                yield order

    def restore(self, message: Message) -> None:
        """Take what a report said that was sent."""
        get = message.get
        if message.msg_type != b"8" or get(37) in (None, b"NONE") or get(11) is None:
            return
        cl_ord_id, orig = get(11) or b"", get(41)
        order = self.orders.get(orig or cl_ord_id) or self.orders.get(cl_ord_id) or Order()
        if get(150) not in (b"6", b"E") or not order.cl_ord_id:  # of a pending request: the order's stays
            order.cl_ord_id = cl_ord_id
        for name, tag in _TAGS.items():
            value = get(tag)
            if value is not None:
                setattr(order, name, value)
        for each in (cl_ord_id, orig):
            if each is not None:
                self.add(each, order)
        if order.ended:
            self.ended(order)


_TAGS = {
    "order_id": 37, "account": 1, "symbol": 55, "side": 54, "ord_type": 40, "time_in_force": 59, "qty": 38,
    "price": 44, "stop_px": 99, "status": 39, "cum_qty": 14, "leaves_qty": 151, "avg_px": 6,
}  # fmt: skip
