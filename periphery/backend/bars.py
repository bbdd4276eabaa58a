"""Bars of the mid of each symbol, made of the quotes that the backend hears: what a chart begins with."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import NamedTuple

from periphery.client import QuoteEvent

EVERY_S = (1, 10, 60)
BARS_MOST = 1500
"""Of a symbol and a length."""
SECOND_NS = 1_000_000_000


class Bar(NamedTuple):
    """start_s: since 1970 UTC, a whole multiple of its length."""

    start_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal

    def with_price(self, price: Decimal) -> Bar:
        return self._replace(high=max(self.high, price), low=min(self.low, price), close=price)


class Bars:
    """`take` each quote; `of` a symbol tells its bars, the oldest first. One thread takes, any may ask."""

    def __init__(self) -> None:
        self._best: dict[str, dict[str, QuoteEvent]] = {}
        self._bars: dict[tuple[str, int], deque[Bar]] = {}

    def take(self, quote: QuoteEvent) -> None:
        """A quote that is newer than all before it."""
        self._best.setdefault(quote.symbol, {})[quote.venue] = quote
        price = _mid(self._best[quote.symbol])
        if price is None:
            return
        for every_s in EVERY_S:
            start_s = quote.time_ns // SECOND_NS // every_s * every_s
            bars = self._bars.setdefault((quote.symbol, every_s), deque(maxlen=BARS_MOST))
            if bars and bars[-1].start_s >= start_s:
                bars[-1] = bars[-1].with_price(price)
            else:
                bars.append(Bar(start_s, price, price, price, price))

    def of(self, symbol: str, every_s: int) -> list[Bar]:
        """Empty: it wasn't quoted yet."""
        while True:
            try:
                return list(self._bars.get((symbol, every_s), ()))
            except RuntimeError:  # one was added meanwhile
                continue


def _mid(quotes: dict[str, QuoteEvent]) -> Decimal | None:
    """Between the best bid and the best ask of all venues; None: a side is empty."""
    bids = [quote.bid_px for quote in quotes.values() if quote.bid_qty > 0]
    asks = [quote.ask_px for quote in quotes.values() if quote.ask_qty > 0]
    return (max(bids) + min(asks)) / 2 if bids and asks else None
