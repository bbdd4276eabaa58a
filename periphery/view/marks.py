"""The mark of each symbol, as risk has it: the last `mark`, else the mid of the best bid and ask over the
venues that are up, else the last trade. In integers; see core/market/view.pyx, which a test holds it against.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from core import messages as m
from core.scenario.directory import Directory

_AT = m.HEADER.itemsize
_QUOTE = struct.Struct("<IHHqqqq")
_DEPTH = struct.Struct("<IHBBqq")
_TRADE = struct.Struct("<IHBBqq")
_PRICE = struct.Struct("<IIq")
_STATE = struct.Struct("<IHB")
_LEVELS = 128  # of a side: the worst go


class Quote(NamedTuple):
    """A venue's best, in the instrument's units; a quantity of 0: that side is empty."""

    bid_px: int
    bid_qty: int
    ask_px: int
    ask_qty: int


class Trade(NamedTuple):
    px: int
    qty: int
    aggressor: int


class _Ladder:
    """One side's levels, the best first."""

    def __init__(self, sign: int) -> None:
        self.sign = sign  # 1: the lowest price is the best
        self.keys: list[int] = []
        self.qtys: dict[int, int] = {}

    def set(self, px: int, qty: int) -> None:
        key = px * self.sign
        at = bisect_left(self.keys, key)
        known = at < len(self.keys) and self.keys[at] == key
        if qty:
            self.qtys[key] = qty
            if not known:
                self.keys.insert(at, key)
                if len(self.keys) > _LEVELS:
                    del self.qtys[self.keys.pop()]
        elif known:
            del self.keys[at], self.qtys[key]

    @property
    def best(self) -> tuple[int, int]:
        if not self.keys:
            return 0, 0
        return self.keys[0] * self.sign, self.qtys[self.keys[0]]


class Marks:
    """Quotes and trades by (symbol, venue), and what follows from them."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.quotes: dict[tuple[int, int], Quote] = {}
        self.trades: dict[tuple[int, int], Trade] = {}
        self._ladders: dict[tuple[int, int], tuple[_Ladder, _Ladder]] = {}
        self._states: dict[tuple[int, int], int] = {}
        self._venues: dict[int, list[int]] = {}
        self._marks: dict[int, int] = {}
        self._last: dict[int, int] = {}
        self._takes: dict[int, Callable[[bytes], tuple[list[int], int]]] = {
            m.Kind.QUOTE: self._quote,
            m.Kind.DEPTH: self._depth,
            m.Kind.TRADE: self._trade,
            m.Kind.MARK: self._mark,
            m.Kind.VENUE_STATE: self._state,
        }
        self.kinds = frozenset(int(kind) for kind in self._takes)

    def take(self, kind: int, raw: bytes) -> tuple[list[int], int]:
        """An event of `kinds`: the symbols that it is about, and its venue (NONE: it names none)."""
        return self._takes[kind](raw)

    def mark2(self, symbol: int) -> int | None:
        """Twice the mark, in price units; None: there is none."""
        mark = self._marks.get(symbol)
        if mark is not None:
            return 2 * mark
        bid = ask = None
        for venue in self._venues.get(symbol, ()):
            if self._states.get((symbol, venue), 0) != m.VenueState.UP:
                continue
            quote = self.quotes[symbol, venue]
            if quote.bid_qty > 0 and (bid is None or quote.bid_px > bid):
                bid = quote.bid_px
            if quote.ask_qty > 0 and (ask is None or quote.ask_px < ask):
                ask = quote.ask_px
        if bid is not None and ask is not None:
            return bid + ask
        last = self._last.get(symbol)
        return None if last is None else 2 * last

    def _lists(self, symbol: int, venue: int) -> bool:
        """Whether the venue lists the symbol; what others say of it counts for nothing."""
        return self._directory.venue_list[venue] in self._directory.symbol_list[symbol].venues

    def _put(self, symbol: int, venue: int, quote: Quote) -> None:
        if (symbol, venue) not in self.quotes:
            self._venues.setdefault(symbol, []).append(venue)
        self.quotes[symbol, venue] = quote

    def _quote(self, raw: bytes) -> tuple[list[int], int]:
        symbol, venue, _, *sides = _QUOTE.unpack_from(raw, _AT)
        if (symbol, venue) in self._ladders or not self._lists(symbol, venue):
            return [], venue  # a venue that sends depth is known by its depth
        self._put(symbol, venue, Quote(*sides))
        return [symbol], venue

    def _depth(self, raw: bytes) -> tuple[list[int], int]:
        symbol, venue, side, _, px, qty = _DEPTH.unpack_from(raw, _AT)
        if not self._lists(symbol, venue):
            return [], venue
        if (symbol, venue) not in self._ladders:
            self._ladders[symbol, venue] = _Ladder(-1), _Ladder(1)
        bids, asks = self._ladders[symbol, venue]
        (bids if side == m.Side.BUY else asks).set(px, qty)
        self._put(symbol, venue, Quote(*bids.best, *asks.best))
        return [symbol], venue

    def _trade(self, raw: bytes) -> tuple[list[int], int]:
        symbol, venue, aggressor, _, px, qty = _TRADE.unpack_from(raw, _AT)
        self.trades[symbol, venue] = Trade(px, qty, aggressor)
        self._last[symbol] = px
        return [symbol], venue

    def _mark(self, raw: bytes) -> tuple[list[int], int]:
        symbol, _, self._marks[symbol] = _PRICE.unpack_from(raw, _AT)
        return [symbol], m.NONE

    def _state(self, raw: bytes) -> tuple[list[int], int]:
        symbol, venue, state = _STATE.unpack_from(raw, _AT)
        named = self._directory.venue_list[venue]
        symbols = [symbol] if symbol != m.NONE else [
            each.index for each in self._directory.symbol_list if named in each.venues
        ]  # fmt: skip
        for each in symbols:
            self._states[each, venue] = state
        return symbols, venue
