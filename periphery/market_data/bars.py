"""Bars of trades, made trade by trade, in whole units: by time, by count, by volume, by what was paid.

A bar depends on its trades alone, so a recording, a journal and a live connection give the same ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPANS_NS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_EVERY = re.compile(r"([1-9][0-9]{0,14})(ms|s|m|h|d|t|v|n)")
FORMS = "500ms, 10s, 1m, 1h, 1d of time; 100t trades; 5000v of volume; 1000000n of notional, price x quantity"


@dataclass(slots=True)
class Bar:
    """Prices and volume in the instrument's units, notional in their product; start_ns, end_ns: of time bars
    the span, its end not included; of others the first and the last trade.
    """

    start_ns: int
    end_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    notional: int = 0
    trades: int = 0


class Bars:
    """Of one instrument. every: see FORMS; price_precision, qty_precision: of its units. ValueError.

    A span without a trade has no bar. A trade isn't split: the one that fills a bar by volume or notional is
    its last, and what is beyond isn't carried over.
    """

    def __init__(self, every: str, price_precision: int, qty_precision: int) -> None:
        found = _EVERY.fullmatch(every)
        if found is None:
            raise ValueError(f"bars every {every!r}: {FORMS}")
        number, unit = int(found[1]), found[2]
        self.every = every
        self.span_ns = number * _SPANS_NS.get(unit, 0)
        self._trades = number if unit == "t" else 0
        self._volume = number * 10**qty_precision if unit == "v" else 0
        self._notional = number * 10 ** (price_precision + qty_precision) if unit == "n" else 0
        self.bar: Bar | None = None

    def turn(self, now_ns: int) -> Bar | None:
        """The bar of a span that is over by now."""
        if self.span_ns and self.bar is not None and now_ns >= self.bar.end_ns:
            return self.close()
        return None

    def add(self, time_ns: int, px: int, qty: int) -> list[Bar]:
        """Takes a trade; the bars that are over by it: one by time before it, one that it fills."""
        over = [bar] if (bar := self.turn(time_ns)) is not None else []
        bar = self.bar
        if bar is None:
            start_ns = time_ns - time_ns % self.span_ns if self.span_ns else time_ns
            bar = self.bar = Bar(start_ns, start_ns + self.span_ns, px, px, px, px)
        bar.high, bar.low, bar.close = max(bar.high, px), min(bar.low, px), px
        bar.volume += qty
        bar.notional += px * qty
        bar.trades += 1
        if not self.span_ns:
            bar.end_ns = time_ns
            if self._is_full(bar):
                over.append(bar)
                self.bar = None
        return over

    def _is_full(self, bar: Bar) -> bool:
        if self._trades:
            return bar.trades >= self._trades
        if self._volume:
            return bar.volume >= self._volume
        return bar.notional >= self._notional

    def close(self) -> Bar | None:
        """The bar as it is; None: there was no trade."""
        bar, self.bar = self.bar, None
        return bar
