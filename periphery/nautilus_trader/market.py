"""What a core shows of its markets, as NautilusTrader takes it: quotes, trades, levels; of one venue or of
all.

An instrument `AAPL.XNAS` is what the venue XNAS shows; `AAPL.NACRE` is the consolidated market, which
orders that are routed meet: the best prices of all venues with their sizes together, and every level with
its.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from core.enums import Kind
from periphery.client.codec import MarketRow
from periphery.client.directory import Directory

_QUOTE, _TRADE, _DEPTH = Kind.QUOTE.value, Kind.TRADE.value, Kind.DEPTH.value
type Sides = tuple[int, int, int, int]
"""bid_px, bid_qty, ask_px, ask_qty in units; a quantity of 0: an empty side."""


class Quote(NamedTuple):
    symbol: int
    time_ns: int
    bid_px: int
    bid_qty: int
    ask_px: int
    ask_qty: int


class Trade(NamedTuple):
    """aggressor: 0 not known, 1 buyer, 2 seller. event: its place on the spine."""

    symbol: int
    time_ns: int
    px: int
    qty: int
    aggressor: int
    event: int


class Level(NamedTuple):
    """qty: what the level shows now over the venues, 0: it is gone."""

    symbol: int
    time_ns: int
    is_ask: bool
    px: int
    qty: int
    event: int


type Row = Quote | Trade | Level


class Market:
    """Rows of a session that hears all into rows of one venue, or of all. It keeps what each venue shows."""

    def __init__(self, directory: Directory, venue: str | None, tell: Callable[[Row], None]) -> None:
        """venue: None for all."""
        self.venue = None if venue is None else directory.venue(venue)
        self.tell = tell
        self._quotes: dict[int, dict[int, Sides]] = {}
        self._levels: dict[tuple[int, bool, int], dict[int, int]] = {}

    def hear(self, row: MarketRow) -> None:
        if self.venue is not None and row.venue != self.venue:
            return
        if row.kind == _QUOTE:
            self._quote(row)
        elif row.kind == _TRADE:
            self.tell(Trade(row.symbol, row.time_ns, row.a, row.b, row.c, row.event))
        elif row.kind == _DEPTH:
            self._level(row)

    def _quote(self, row: MarketRow) -> None:
        shown = self._quotes.setdefault(row.symbol, {})
        shown[row.venue] = (row.a, row.b, row.c, row.d)
        best = best_of(shown.values())
        if best[1] and best[3]:  # a quote has two sides there
            self.tell(Quote(row.symbol, row.time_ns, *best))

    def _level(self, row: MarketRow) -> None:
        key = row.symbol, bool(row.c), row.a
        shown = self._levels.setdefault(key, {})
        if row.b:
            shown[row.venue] = row.b
        else:
            shown.pop(row.venue, None)
        self.tell(Level(row.symbol, row.time_ns, key[1], row.a, sum(shown.values()), row.event))
        if not shown:
            del self._levels[key]

    def best(self, symbol: int) -> Sides | None:
        """What is shown now; None: it isn't known, or a side is empty."""
        best = best_of(self._quotes.get(symbol, {}).values())
        return best if best[1] and best[3] else None

    def levels(self, symbol: int) -> list[tuple[bool, int, int]]:
        """(is_ask, px, qty) of every level that is known."""
        return [
            (is_ask, px, sum(shown.values()))
            for (of, is_ask, px), shown in self._levels.items()
            if of == symbol
        ]

    def forget(self) -> None:
        """After a gap: what the venues show has to be heard anew."""
        self._quotes.clear()
        self._levels.clear()


def best_of(quotes: Iterable[Sides]) -> Sides:
    """The best prices of all, with what all show there."""
    shown = list(quotes)
    bid = max((bid_px for bid_px, bid_qty, _, _ in shown if bid_qty), default=0)
    ask = min((ask_px for _, _, ask_px, ask_qty in shown if ask_qty), default=0)
    bid_qty = sum(each[1] for each in shown if each[1] and each[0] == bid)
    ask_qty = sum(each[3] for each in shown if each[3] and each[2] == ask)
    return bid, bid_qty, ask, ask_qty
