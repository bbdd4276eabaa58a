"""A core's events as features are told of them."""

from __future__ import annotations

from struct import Struct
from typing import Protocol

from core import messages as m
from core.live.book import Book
from core.scenario.directory import Symbol
from periphery.features.market import SIDES, Level, Quote, Trade, in_units

MARKET = frozenset({m.Kind.QUOTE, m.Kind.TRADE, m.Kind.DEPTH})
TICKING = MARKET | {m.Kind.TIME}
"""Events that an engine of features hears: the market, and what only tells the time."""


class Listener(Protocol):
    """A set of features."""

    def listen(self, symbol: Symbol, venue: int, name: str) -> None:
        """A symbol at a venue, by number and name, of which events come."""

    def take(self, symbol: str, venue: str, event: Quote | Trade | Level) -> None:
        """An event."""


_REQUEST = m.HEADER.itemsize
_QUOTE = Struct("<IHxxqqqq")
_PRICED = Struct("<IHBxqq")
_QUOTE_KIND, _TRADE_KIND, _DEPTH_KIND = (int(k) for k in (m.Kind.QUOTE, m.Kind.TRADE, m.Kind.DEPTH))


def tell(kind: int, raw: bytes, book: Book, to: Listener) -> None:
    """Tells of an event of the market, with the names of its symbol and venue; of others nothing."""
    if kind == _QUOTE_KIND:
        _tell_quote(raw, book, to)
    elif kind in (_TRADE_KIND, _DEPTH_KIND):
        _tell_priced(kind, raw, book, to)


def _tell_quote(raw: bytes, book: Book, to: Listener) -> None:
    index, venue, bid, bid_qty, ask, ask_qty = _QUOTE.unpack_from(raw, _REQUEST)
    of, name = book.directory.symbol_list[index], book.directory.venue_list[venue]
    to.listen(of, venue, name)
    if bid_qty > 0 and ask_qty > 0:
        px, qty = of.price_precision, of.qty_precision
        quote = Quote(in_units(bid, px), in_units(bid_qty, qty), in_units(ask, px), in_units(ask_qty, qty))
        to.take(of.name, name, quote)


def _tell_priced(kind: int, raw: bytes, book: Book, to: Listener) -> None:
    index, venue, side, px_units, qty_units = _PRICED.unpack_from(raw, _REQUEST)
    of, name = book.directory.symbol_list[index], book.directory.venue_list[venue]
    to.listen(of, venue, name)
    px, qty = in_units(px_units, of.price_precision), in_units(qty_units, of.qty_precision)
    if kind == _DEPTH_KIND:
        to.take(of.name, name, Level(side, px, qty))
    elif qty > 0:
        to.take(of.name, name, Trade(px, qty, SIDES.get(side, 0)))
