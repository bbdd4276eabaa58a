"""The strategy of `bench pipeline`: holds of each symbol what the weights say, by market orders."""

from __future__ import annotations

from decimal import Decimal

from periphery.strategy import Signal, Strategy

WEIGHT = "weight"
"""The signal by which weights come."""
LOTS = 20
LOT = Decimal("0.001")


def lots(weight: float) -> int:
    """Of a whole portfolio."""
    return round(weight * LOTS)


class Rebalance(Strategy):
    """An order for each weight that isn't the one before. What it holds at its end stays."""

    at_stop = "keep"

    def on_start(self) -> None:
        self.wanted: dict[str, int] = {}

    def on_signal(self, signal: Signal) -> None:
        if signal.name != WEIGHT or signal.symbol is None:
            return
        wanted = lots(signal.value)
        change = wanted - self.wanted.get(signal.symbol, 0)
        self.wanted[signal.symbol] = wanted
        if change:
            side = "buy" if change > 0 else "sell"
            self.submit(signal.symbol, side, abs(change) * LOT, time_in_force="ioc")
