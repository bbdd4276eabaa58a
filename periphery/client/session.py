"""A session without its waiting: what the sync and the asyncio client share. It never blocks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from periphery.client import codec
from periphery.client.codec import Order, Response, decode_response
from periphery.client.directory import NONE, Directory, Symbol
from periphery.client.errors import BadRequest, Busy
from periphery.client.events import ENDED, DenyEvent, Gap, OrderEvent, QuoteEvent
from periphery.client.stream import Follower
from periphery.client.units import Number

if TYPE_CHECKING:
    from periphery.client.shared_memory import Rings

ENDED_KEPT = 65_536
"""Ended orders whose symbol is remembered, for late fills; older ones are asked for."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Session:
    """Encodes requests into the ring, decodes answers, remembers the symbol of each order that it sent."""

    def __init__(self, told: Mapping[str, Any], rings: Rings, name: str) -> None:
        self.name = name
        self.index: int = told["session"]
        self.epoch: int = told["epoch"]
        self.is_live: bool = told["live"]
        self.directory = Directory(told["directory"], told["accounts"])
        self._requests = rings.requests
        self._responses = Follower(rings.responses, 1)
        self._quotes = Follower(rings.quotes, 1)  # it begins with the market as it stands
        self._backlog: deque[Response | Gap] = deque()
        self._symbols: dict[str, Symbol] = {}
        self._ended: deque[str] = deque()
        self._sent = 0
        self._ids = 0
        self._id_prefix = f"{_short(name)}-{_base36(time.time_ns())}-"

    # ---- requests ------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A cl_ord_id that no other session gives: name, time of connecting, count."""
        self._ids += 1
        return f"{self._id_prefix}{self._ids}"

    def order(
        self,
        symbol: str,
        side: str,
        qty: Number,
        ord_type: str,
        price: Number | None,
        account: str | None,
        venue: str | None,
        time_in_force: str,
        strategy: int,
        post_only: bool,
        cl_ord_id: str | None,
        expire_ns: int | None,
    ) -> str:
        """Send an order; its cl_ord_id. BadRequest, Busy, TypeError (a float)."""
        found = self.directory.symbol(symbol)
        cl_ord_id = cl_ord_id or self.new_id()
        order = Order(
            cl_ord_id, found, side, qty, ord_type, price, account, venue, time_in_force, strategy, post_only,
            expire_ns,
        )  # fmt: skip
        self._push(codec.encode_order(self._sent + 1, order, self.directory))
        self._symbols.setdefault(cl_ord_id, found)
        return cl_ord_id

    def replace(
        self, orig_cl_ord_id: str, qty: Number | None, price: Number | None, cl_ord_id: str | None
    ) -> str:
        """Ask for another quantity or price; the cl_ord_id of the request. The order must be known here."""
        symbol = self._symbols.get(orig_cl_ord_id)
        if symbol is None:
            raise BadRequest(f"order {orig_cl_ord_id} isn't known to the core: see orders()")
        cl_ord_id = cl_ord_id or self.new_id()
        self._push(codec.encode_replace(self._sent + 1, cl_ord_id, orig_cl_ord_id, symbol, qty, price))
        self._symbols.setdefault(cl_ord_id, symbol)
        return cl_ord_id

    def cancel(self, orig_cl_ord_id: str, cl_ord_id: str | None) -> str:
        """Ask to cancel; the cl_ord_id of the request."""
        cl_ord_id = cl_ord_id or self.new_id()
        self._push(codec.encode_cancel(self._sent + 1, cl_ord_id, orig_cl_ord_id))
        symbol = self._symbols.get(orig_cl_ord_id)
        if symbol is not None:
            self._symbols.setdefault(cl_ord_id, symbol)
        return cl_ord_id

    def cancel_all(self, account: str | None, symbol: str | None, strategy: int) -> None:
        """Ask to cancel all working orders in scope."""
        account_index = NONE if account is None else self.directory.account(account)
        symbol_index = NONE if symbol is None else self.directory.symbol(symbol).index
        self._push(codec.encode_cancel_all(self._sent + 1, account_index, symbol_index, strategy))

    def _push(self, slot: bytes) -> None:
        if not self._requests.try_push(slot):
            raise Busy(
                f"the request ring is full: the core has not taken {self._requests.capacity:,} requests yet. "
                "Nothing was sent: try again, or send less"
            )
        self._sent += 1

    # ---- answers -------------------------------------------------------------------------------------------

    def take(self) -> Response | Gap | None:
        """The next answer, or None where there is none yet (or, see `lapsed`, none any more)."""
        if self._backlog:
            return self._backlog.popleft()
        slot = self._responses.read()
        return None if slot is None else decode_response(slot)

    @property
    def lapsed(self) -> int | None:
        """The sequence from which answers were overwritten before they were read; None where none was."""
        return None if self._responses.oldest() is None else self._responses.next_seq

    def resent(self, slots: Iterable[bytes]) -> None:
        """Take what the core resent, in order; what it no longer holds becomes a Gap."""
        seq = self._responses.next_seq
        for told in map(decode_response, slots):
            if told.seq > seq:
                self._backlog.append(Gap("responses", seq, told.seq - 1))
            if told.seq >= seq:
                self._backlog.append(told)
                seq = told.seq + 1
        oldest = self._responses.oldest()
        if seq == self._responses.next_seq and oldest is not None:
            self._backlog.append(Gap("responses", seq, oldest - 1))
            seq = oldest
        self._responses.next_seq = seq

    def knows(self, told: Response) -> bool:
        """Whether an answer's numbers can be read: the symbol of its order is known, or it has none."""
        return told.kind == codec.DENY or self._symbol(told) is not None

    def knows_id(self, cl_ord_id: str) -> bool:
        """Whether the symbol of that order is known."""
        return cl_ord_id in self._symbols

    def _symbol(self, told: Response) -> Symbol | None:
        """By its own id, or by that which its request named."""
        return self._symbols.get(told.id) or self._symbols.get(codec.field_name(told.orig_cl_ord_id))

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Remember the symbols of orders as `orders()` tells them."""
        for row in rows:
            self._symbols.setdefault(row["cl_ord_id"], self.directory.symbol(row["symbol"]))

    def event(self, told: Response) -> OrderEvent | DenyEvent:
        """An answer in words and decimals."""
        symbol = self._symbol(told)
        event = codec.to_event(told, symbol)
        if symbol is not None:
            self._symbols.setdefault(event.cl_ord_id, symbol)
        if isinstance(event, OrderEvent) and event.ord_status in ENDED:
            self._ended.extend(filter(None, (event.cl_ord_id, event.orig_cl_ord_id)))
            while len(self._ended) > ENDED_KEPT:
                self._symbols.pop(self._ended.popleft(), None)
        return event

    def quote(self) -> QuoteEvent | Gap | None:
        """The next quote; a Gap where the market was faster than this client; None where there is none."""
        slot = self._quotes.read()
        if slot is not None:
            return codec.decode_quote(slot, self.directory)
        oldest = self._quotes.oldest()
        if oldest is None:
            return None
        gap = Gap("quotes", self._quotes.next_seq, oldest - 1)
        self._quotes.next_seq = oldest
        return gap


def _short(name: str) -> str:
    return "".join(c for c in name if c.isascii() and c.isalnum())[:8] or "client"


def _base36(value: int) -> str:
    text = ""
    while value:
        value, digit = divmod(value, 36)
        text = _DIGITS[digit] + text
    return text
