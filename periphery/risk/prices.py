"""Returns of equal periods from whatever tells prices."""

from __future__ import annotations

from collections import deque

import numpy as np

from periphery.risk.measures import Floats


class Prices:
    """The last price of each instrument, and one at each period's end. period_ns: of event time; most:
    periods that are kept.
    """

    def __init__(self, period_ns: int, most: int) -> None:
        self.period_ns = period_ns
        self.last: dict[int, float] = {}
        self.rows: deque[dict[int, float]] = deque(maxlen=most + 1)
        self.ends_ns = 0

    def turn(self, time_ns: int) -> bool:
        """Whether a period has ended before that time; the prices at its end are kept then. Periods in which
        nothing was told have none."""
        if not self.ends_ns:
            self.ends_ns = self._next(time_ns)
        if time_ns < self.ends_ns:
            return False
        self.ends_ns = self._next(time_ns)
        if not self.last:
            return False
        self.rows.append(dict(self.last))
        return True

    def _next(self, time_ns: int) -> int:
        return time_ns - time_ns % self.period_ns + self.period_ns

    def returns(self, symbols: list[int]) -> Floats:
        """(periods, symbols), simple, of the periods at both ends of which all of them had a price."""
        rows = [row for row in self.rows if all(symbol in row for symbol in symbols)]
        table = np.array([[row[symbol] for symbol in symbols] for row in rows]).reshape(
            len(rows), len(symbols)
        )
        return np.asarray(table[1:] / table[:-1] - 1.0, np.float64)
