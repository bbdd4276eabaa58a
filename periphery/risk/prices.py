"""Returns of equal periods from whatever tells prices."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from core import messages as m
from core.rows.last import LastPrices
from core.scenario.directory import Symbol
from periphery.risk.measures import Floats
from periphery.service.engine import request

TOLD = frozenset({m.Kind.QUOTE, m.Kind.TRADE, m.Kind.MARK})
"""The events that tell a price."""


class Prices(LastPrices):
    """The last price of each instrument, and one at each period's end. period_ns: of event time; most:
    periods that are kept. Rows that end no period it hears in compiled code.
    """

    def __init__(self, period_ns: int, most: int) -> None:
        self.period_ns = period_ns
        self.rows: deque[dict[int, float]] = deque(maxlen=most + 1)

    def hear(self, kind: int, raw: bytes, symbols: Sequence[Symbol]) -> None:
        """An event; the middle of a quote with both sides, a trade or a mark is the price from now on."""
        if kind == m.Kind.QUOTE:
            row = request(raw, m.QUOTE_EVENT)
            if row["bid_qty"] > 0 and row["ask_qty"] > 0:
                self._take(symbols[row["symbol"]], int(row["bid_px"]) + int(row["ask_px"]), 2)
        elif kind in TOLD:
            row = request(raw, m.TRADE_EVENT if kind == m.Kind.TRADE else m.PRICE_EVENT)
            if row["px"] > 0:
                self._take(symbols[row["symbol"]], int(row["px"]), 1)

    def _take(self, symbol: Symbol, px: int, parts: int) -> None:
        self.learn(symbol.index, symbol.price_precision)
        self.tell(symbol.index, px / (parts * 10**symbol.price_precision))

    def turn(self, time_ns: int) -> bool:
        """Whether a period has ended before that time; the prices at its end are kept then. Periods in which
        nothing was told have none."""
        if not self.until_ns:
            self.until_ns = self._next(time_ns)
        if time_ns < self.until_ns:
            return False
        self.until_ns = self._next(time_ns)
        last = self.last
        if last:
            self.rows.append(last)
        return bool(last)

    def _next(self, time_ns: int) -> int:
        return time_ns - time_ns % self.period_ns + self.period_ns

    def returns(self, symbols: list[int]) -> Floats:
        """(periods, symbols), simple, of the periods at both ends of which all of them had a price."""
        rows = [row for row in self.rows if all(symbol in row for symbol in symbols)]
        table = np.array([[row[symbol] for symbol in symbols] for row in rows]).reshape(
            len(rows), len(symbols)
        )
        return np.asarray(table[1:] / table[:-1] - 1.0, np.float64)

    def save(self) -> dict[str, Any]:
        return {"last": self.last, "rows": list(self.rows), "ends_ns": self.until_ns}

    def load(self, state: dict[str, Any]) -> None:
        """What `save` gave, in place of what there is."""
        self.last, self.until_ns = state["last"], state["ends_ns"]
        self.rows = deque(state["rows"], self.rows.maxlen)
