"""A strategy's log says the first denial of each reason: one that hears none of them isn't left to wonder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from periphery.client.events import DenyEvent

LIMITS = "nacre risk status shows the limits, nacre risk explain what each makes of an order"
LOOK_AT = {
    "killed": "nacre core status shows the kills in force, nacre rearm lifts one",
    "halted": "nacre core status shows the halts in force, nacre rearm lifts one",
    "venue_halted": "nacre core status shows the halts in force, nacre rearm lifts one",
    "lot": "the quantity is to be a multiple of instrument(symbol).lot",
    "tick": "price(symbol, value) makes a multiple of the tick",
    "no_market": "the symbol has no quote yet",
    "no_fx_rate": "the declarations lack an fx line",
    "table_full": "the core's capacity; of a backtest: --max-orders",
    "warming_up": "orders are taken from on_live on",
    "stopping": "orders aren't taken any more once the run is over",
}
"""What to look at, by reason; of those not named the limits."""


class FirstDenials:
    """Logs one line a reason, however many orders are denied."""

    def __init__(self, log: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._log = log
        self._said: set[str] = set()

    def hear(self, denial: DenyEvent) -> None:
        """A denial; the first of its reason is logged."""
        if denial.reason in self._said:
            return
        self._said.add(denial.reason)
        look_at = LOOK_AT.get(denial.reason, LIMITS)
        values = {"symbol": denial.symbol, "reason": denial.reason, "look_at": look_at}
        self._log("first order denied for this reason", values)
