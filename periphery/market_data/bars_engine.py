"""The bars engine: bars of the trades in a core's journal, by instrument over all venues or by venue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from core import messages as m
from core.live.book import Book
from core.scenario.numbers import format_units
from periphery.market_data.bars import Bar, Bars
from periphery.service.engine import Engine, Output, Params, request

ALL = -1
"""The venue of bars that are over all of them."""


class BarsParams(Params, frozen=True, forbid_unknown_fields=True):
    """every: the bars that are made, with commas between: see periphery.market_data.bars. by_venue: those of
    each venue apart. symbols: with commas between; none: all.
    """

    every: str = "1m"
    by_venue: bool = False
    symbols: str = ""


class BarsEngine(Engine):
    """Says `bar` when one is over."""

    name = "bars"
    line = "Bars of trades: by time, count, volume and notional."
    kinds = frozenset({m.Kind.TRADE, m.Kind.QUOTE, m.Kind.TIME, m.Kind.DEPTH})
    Params = BarsParams

    def __init__(self, params: BarsParams, book: Book) -> None:
        super().__init__(params, book)
        self.every = [word.strip() for word in params.every.split(",")]
        self.wanted = {word.strip() for word in params.symbols.split(",") if word.strip()}
        for every in self.every:
            Bars(every, 0, 0)
        self.bars: dict[tuple[int, int], list[Bars]] = {}  # by symbol and venue
        self.due_ns = 0  # no bar is over by time before that

    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        header = page["header"]
        now_ns = int(header["time_ns"])
        said = list(self._turn(now_ns)) if now_ns >= self.due_ns else []
        if header["kind"] == m.Kind.TRADE:
            said += self._trade(now_ns, request(raw, m.TRADE_EVENT))
        return said

    def _turn(self, now_ns: int) -> Iterator[Output]:
        """Bars that are over by time, whoever's event tells it."""
        self.due_ns = 1 << 62
        for key in sorted(self.bars):
            for bars in self.bars[key]:
                bar = bars.turn(now_ns)
                if bar is not None:
                    yield self._output(key, bars.every, bar)
        self._next_due()

    def _next_due(self) -> None:
        ends = [b.bar.end_ns for kept in self.bars.values() for b in kept if b.span_ns and b.bar is not None]
        self.due_ns = min(ends, default=1 << 62)

    def _trade(self, now_ns: int, row: np.void) -> Iterator[Output]:
        symbol = self.book.directory.symbol_list[int(row["symbol"])]
        if not self.part.owns(symbol.name) or (self.wanted and symbol.name not in self.wanted):
            return
        key = (symbol.index, int(row["venue"]) if self.params.by_venue else ALL)
        if key not in self.bars:
            self.bars[key] = self._made(symbol.price_precision, symbol.qty_precision)
        for bars in self.bars[key]:
            begins = bars.bar is None
            for bar in bars.add(now_ns, int(row["px"]), int(row["qty"])):
                yield self._output(key, bars.every, bar)
            if begins and bars.span_ns and bars.bar is not None:
                self.due_ns = min(self.due_ns, bars.bar.end_ns)

    def _made(self, price_precision: int, qty_precision: int) -> list[Bars]:
        return [Bars(every, price_precision, qty_precision) for every in self.every]

    def _output(self, key: tuple[int, int], every: str, bar: Bar) -> Output:
        symbol = self.book.directory.symbol_list[key[0]]
        words: dict[str, Any] = {"symbol": symbol.name, "every": every}
        if key[1] != ALL:
            words["venue"] = self.book.directory.venue_list[key[1]]
        return Output("bar", words | told(bar, symbol.price_precision, symbol.qty_precision))

    # ---- state ---------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        rows = [
            (*key, n, asdict(bars.bar))
            for key, kept in sorted(self.bars.items())
            for n, bars in enumerate(kept)
            if bars.bar is not None
        ]
        return {"bars": [(*row[:3], {name: str(value) for name, value in row[3].items()}) for row in rows]}

    def load(self, state: dict[str, Any]) -> None:
        for symbol, venue, n, bar in state["bars"]:
            known = self.book.directory.symbol_list[symbol]
            kept = self.bars.setdefault(
                (symbol, venue), self._made(known.price_precision, known.qty_precision)
            )
            kept[n].bar = Bar(**{name: int(value) for name, value in bar.items()})
        self._next_due()


def told(bar: Bar, price_precision: int, qty_precision: int) -> dict[str, Any]:
    """A bar in decimals, as texts."""
    prices = {
        name: format_units(getattr(bar, name), price_precision) for name in ("open", "high", "low", "close")
    }
    return {
        "start_ns": bar.start_ns,
        "end_ns": bar.end_ns,
        **prices,
        "volume": format_units(bar.volume, qty_precision),
        "notional": format_units(bar.notional, price_precision + qty_precision),
        "trades": bar.trades,
    }
