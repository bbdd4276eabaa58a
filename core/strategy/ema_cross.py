"""A strategy that follows the crossing of two exponential averages of the mid."""

from __future__ import annotations

from typing import Literal

type Side = Literal["buy", "sell"]
type Intent = tuple[Side, int]
"""What a strategy asks for: a side and a quantity in units of the instrument, at the market."""

type Intents = tuple[Intent, ...]


class EmaCross:
    """Long `qty` where the fast average is at or above the slow one, short `qty` where it is below.

    Both averages are seeded with the first mid and move by alpha = 2 / (n + 1) of the distance to each
    further one, n counted in quotes. It trades from the `slow`-th quote on; on a change of side it asks for
    two orders, one that closes and one that opens. It believes that its orders fill: it keeps its own side,
    not the account's position. Prices in: integers of the instrument's units; their scale doesn't matter.
    """

    def __init__(self, qty: int, fast: int = 50, slow: int = 200) -> None:
        """Raises ValueError unless qty > 0 and 1 <= fast < slow."""
        if qty <= 0:
            raise ValueError(f"qty must be above zero, not {qty}")
        if not 1 <= fast < slow:
            raise ValueError(f"averages must be 1 <= fast < slow, not {fast} and {slow}")
        self._qty = qty
        self._slow_quotes = slow
        self._fast_alpha = 2.0 / (fast + 1)
        self._slow_alpha = 2.0 / (slow + 1)
        self._fast = 0.0
        self._slow = 0.0
        self._quotes = 0
        self._held: Side | None = None

    @property
    def averages(self) -> tuple[float, float]:
        """The fast and the slow average now, in the units of the prices."""
        return self._fast, self._slow

    def on_quote(self, ts_ns: int, bid_px: int, ask_px: int) -> Intents:
        """Take a quote; return the orders that it asks for, in the order in which they are to be sent."""
        self._average((bid_px + ask_px) / 2)
        if self._quotes < self._slow_quotes:
            return ()
        wanted: Side = "buy" if self._fast >= self._slow else "sell"
        if wanted == self._held:
            return ()
        intents = (*self.on_stop(), (wanted, self._qty))
        self._held = wanted
        return intents

    def on_stop(self) -> Intents:
        """Close what is held; a second call asks for nothing."""
        if self._held is None:
            return ()
        closing: Side = "sell" if self._held == "buy" else "buy"
        self._held = None
        return ((closing, self._qty),)

    def _average(self, mid: float) -> None:
        if self._quotes == 0:
            self._fast = self._slow = mid
        else:
            self._fast += self._fast_alpha * (mid - self._fast)
            self._slow += self._slow_alpha * (mid - self._slow)
        self._quotes += 1
