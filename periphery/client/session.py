"""A session without its waiting: what the sync and the asyncio client share. It never blocks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from periphery.client import codec
from periphery.client.codec import Order
from periphery.client.directory import NONE, Directory, Symbol
from periphery.client.errors import BadRequest, Busy
from periphery.client.events import DenyEvent, Event, Gap, OrderEvent, QuoteEvent
from periphery.client.port import Port
from periphery.client.units import Number

ENDED_KEPT = 4_096
"""Ids of ended orders whose symbol is remembered, for late fills; older ones are asked for. With more, the
table of ids would no longer fit the processor's cache, and each order would pay for it."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Quotes(Protocol):
    """Quotes in order; stream.Follower is one."""

    next_seq: int

    def read(self) -> bytes | None: ...
    def oldest(self) -> int | None: ...


class Transport(Protocol):
    """What carries a session: shared memory is one."""

    def follow_quotes(self) -> Quotes:
        """The quotes, from the market as it stands on."""

    def port(self, prefix: str, directory: Directory) -> Port:
        """This session's end of it. prefix: of the cl_ord_ids that it makes up."""


class Session:
    """Encodes what its port leaves to it, turns answers into events, remembers each order's symbol.

    Where it can't go on without the core's word, `needs` is what to ask and `helped` takes the answer.
    """

    def __init__(
        self, told: Mapping[str, Any], transport: Transport, name: str, prefix: str | None = None
    ) -> None:
        """prefix: of the cl_ord_ids that are made up; None: one that no other session has."""
        self.name = name
        self.index: int = told["session"]
        self.epoch: int = told["epoch"]
        self.is_live: bool = told["live"]
        self.directory = Directory(told["directory"], told["accounts"])
        prefix = prefix or f"{short(name)}-{base36(time.time_ns())}-"
        self.port = transport.port(prefix, self.directory)
        self.needs: tuple[str, dict[str, Any]] | None = None
        """(op, values) of the request to make before `next` has anything more."""
        self._quotes = transport.follow_quotes()
        self._backlog: deque[OrderEvent | Gap] = deque()
        self._symbols = self.port.known
        self._take = self.port.take
        self._asked_about: OrderEvent | None = None
        self._ended: deque[str] = deque()

    # ---- requests: with all checks, for what the port left -------------------------------------------------

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
        cl_ord_id = cl_ord_id or self.port.new_id()
        order = Order(
            cl_ord_id, found, side, qty, ord_type, price, account, venue, time_in_force, strategy, post_only,
            expire_ns,
        )  # fmt: skip
        self._push(codec.encode_order(self.port.sent + 1, order, self.directory))
        self._symbols.setdefault(cl_ord_id, found)
        return cl_ord_id

    def replace(
        self, orig_cl_ord_id: str, qty: Number | None, price: Number | None, cl_ord_id: str | None,
        stop_px: Number | None = None,
    ) -> str:  # fmt: skip
        """Ask for another quantity or price; the cl_ord_id of the request. The order must be known here."""
        symbol = self._symbols.get(orig_cl_ord_id)
        if symbol is None:
            raise BadRequest(f"order {orig_cl_ord_id} isn't known to the core: see orders()")
        cl_ord_id = cl_ord_id or self.port.new_id()
        sent = self.port.sent + 1
        self._push(codec.encode_replace(sent, cl_ord_id, orig_cl_ord_id, symbol, qty, price, stop_px))
        self._symbols.setdefault(cl_ord_id, symbol)
        return cl_ord_id

    def cancel(self, orig_cl_ord_id: str, cl_ord_id: str | None) -> str:
        """Ask to cancel; the cl_ord_id of the request."""
        cl_ord_id = cl_ord_id or self.port.new_id()
        self._push(codec.encode_cancel(self.port.sent + 1, cl_ord_id, orig_cl_ord_id))
        symbol = self._symbols.get(orig_cl_ord_id)
        if symbol is not None:
            self._symbols.setdefault(cl_ord_id, symbol)
        return cl_ord_id

    def cancel_all(self, account: str | None, symbol: str | None, strategy: int) -> None:
        """Ask to cancel all working orders in scope."""
        account_index = NONE if account is None else self.directory.account(account)
        symbol_index = NONE if symbol is None else self.directory.symbol(symbol).index
        self._push(codec.encode_cancel_all(self.port.sent + 1, account_index, symbol_index, strategy))

    def signal(
        self,
        what: int,
        name: int = NONE,
        to: int = NONE,
        symbol: int = NONE,
        value: Number = 0,
        at_ns: int = 0,
    ) -> None:
        """Say something to other sessions, or to this one itself; what: a SignalWhat."""
        self._push(codec.encode_signal(self.port.sent + 1, what, name, to, symbol, value, at_ns))

    def _push(self, slot: bytes) -> None:
        if not self.port.push(slot):
            raise Busy(
                f"the request ring is full: the core has not taken {self.port.capacity:,} requests yet. "
                "Nothing was sent: try again, or send less"
            )

    # ---- answers -------------------------------------------------------------------------------------------

    def next(self) -> Event | None:
        """The next event; None where there is none yet or, see `needs`, the core must be asked first."""
        told = self._backlog.popleft() if self._backlog else self._take()
        if told is None:
            if self.port.lapsed:
                self.needs = ("resend", {"from": self.port.next_seq})
            return None
        return told if told.is_plain else self._event(told)

    def _event(self, told: OrderEvent | Gap) -> Event | None:
        """What is more than the next step of an order that is known."""
        if isinstance(told, Gap):
            return told
        if told._symbol is None:
            told._symbol = self._symbol(told)
        if told.is_denial:
            self._forget_in_time(told.cl_ord_id)
            return DenyEvent.of(told)
        if told._symbol is None and told is not self._asked_about:
            self._backlog.appendleft(told)
            self.needs = ("orders", {"live_only": False})
            return None
        if told.ended:
            self._forget_in_time(told.cl_ord_id, told.orig_cl_ord_id)
        return told

    def _symbol(self, told: OrderEvent) -> Symbol | None:
        """Of an order by an id that was new: what is known by now, or of the order that its request named."""
        symbol = self._symbols.get(told.cl_ord_id) or self._symbols.get(told.orig_cl_ord_id or "")
        if symbol is not None:
            self._symbols[told.cl_ord_id] = symbol
        return symbol

    def _forget_in_time(self, *ids: str | None) -> None:
        self._ended.extend(filter(None, ids))
        while len(self._ended) > ENDED_KEPT:
            self._symbols.pop(self._ended.popleft(), None)

    def helped(self, answer: Mapping[str, Any]) -> None:
        """Take the answer to `needs`."""
        if "responses" in answer:
            self._resent(answer["responses"])
        else:
            self.learn(answer["orders"])
            told = self._backlog[0]
            self._asked_about = None if isinstance(told, Gap) else told
        self.needs = None

    def _resent(self, slots: Iterable[bytes]) -> None:
        """Take what the core resent, in order; what it no longer holds becomes a Gap."""
        seq = self.port.next_seq
        for told in map(self.port.decode, slots):
            if told.seq > seq:
                self._backlog.append(Gap("responses", seq, told.seq - 1))
            if told.seq >= seq:
                self._backlog.append(told)
                seq = told.seq + 1
        oldest = self.port.oldest()
        if seq == self.port.next_seq and oldest is not None:
            self._backlog.append(Gap("responses", seq, oldest - 1))
            seq = oldest
        self.port.next_seq = seq

    def knows_id(self, cl_ord_id: str) -> bool:
        """Whether the symbol of that order is known."""
        return cl_ord_id in self._symbols

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Remember the symbols of orders as `orders()` tells them."""
        for row in rows:
            self._symbols.setdefault(row["cl_ord_id"], self.directory.symbol(row["symbol"]))

    def market(self) -> codec.MarketRow | Gap | None:
        """The next row of the market ring as it is; a Gap where that was faster."""
        slot = self._quotes.read()
        if slot is None:
            return self._gap()
        row = codec.decode_market(slot)
        return row if row.kind else Gap("quotes", 1, row.a)

    def quote(self) -> QuoteEvent | Gap | None:
        """The next quote; a Gap where the market was faster than this client; None where there is none."""
        slot = self._quotes.read()
        if slot is not None:
            return codec.decode_quote(slot, self.directory)
        return self._gap()

    def _gap(self) -> Gap | None:
        oldest = self._quotes.oldest()
        if oldest is None:
            return None
        gap = Gap("quotes", self._quotes.next_seq, oldest - 1)
        self._quotes.next_seq = oldest
        return gap


def short(name: str) -> str:
    """What of a name goes into ids: up to 8 letters and digits."""
    return "".join(c for c in name if c.isascii() and c.isalnum())[:8] or "client"


def base36(value: int) -> str:
    """In digits and small letters."""
    text = ""
    while value:
        value, digit = divmod(value, 36)
        text = _DIGITS[digit] + text
    return text
