"""A strategy that buys and sells by turns, one order after the other, and what came of it: the same in both
versions of NautilusTrader. See bench/nt.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from periphery.client.directory import Symbol
from periphery.nautilus_trader.instruments import Numbers, instrument_of
from periphery.nautilus_trader.theirs import OrderSide, QuoteTick, TimeInForce, Venue

WAIT_S = 120.0
WARM = 20
"""Orders that come first and don't count."""

BID, ASK = 110_000, 110_002
SHOWN = 1_000_000_000
EURUSD = Symbol("EURUSD", 0, "fx", 5, 0, 1, 1, "USD", ("V",), "USD", 1, 0, False)
CASH_USD = 100_000_000


class Turns:
    """Mixed into a strategy. done: all orders are filled, or one was refused."""

    cache: Any
    order_factory: Any
    submit_order: Any

    def begin_with(self, orders: int) -> None:
        self.of = Numbers(instrument_of(EURUSD, Venue("NACRE"), 0))
        self.qty = self.of.quantity(1000)
        self.orders = orders + WARM
        self.sent: list[int] = []
        self.filled: list[int] = []
        self.fills: list[Any] = []
        self.refused = ""
        self.done = asyncio.Event()

    def begin(self) -> None:
        side = OrderSide.SELL if len(self.sent) % 2 else OrderSide.BUY
        order = self.order_factory.market(self.of.id, side, self.qty, time_in_force=TimeInForce.IOC)
        self.sent.append(time.perf_counter_ns())
        self.submit_order(order)

    def on_order_filled(self, event: Any) -> None:
        self.filled.append(time.perf_counter_ns())
        self.fills.append(event)
        if len(self.filled) < self.orders:
            asyncio.get_event_loop().call_soon(self.begin)
        else:
            self.done.set()

    def on_order_denied(self, event: Any) -> None:
        self.refused = str(event.reason)
        self.done.set()

    on_order_rejected = on_order_canceled = on_order_denied

    async def told(self, came: list[int]) -> dict[str, Any]:
        """Ask for all orders, one after the other; what each took, the warm ones left out. came: when each
        was at the execution client, empty where that can't be seen."""
        self.begin()
        await asyncio.wait_for(self.done.wait(), WAIT_S)
        if self.refused:
            raise SystemExit(f"order {len(self.sent)} was refused: {self.refused}")
        told = {"filled_ns": self._after(self.filled)} | ({"submit_ns": self._after(came)} if came else {})
        fills = [
            ["buy" if each.order_side == OrderSide.BUY else "sell", str(each.last_qty), str(each.last_px)]
            for each in self.fills[WARM:]
        ]
        return told | {"fills": fills, "net": int(sum(p.signed_qty for p in self.cache.positions_open()))}

    def _after(self, times: list[int]) -> list[int]:
        return [at - sent for sent, at in zip(self.sent, times, strict=True)][WARM:]


def one_quote() -> QuoteTick:
    """The market of a sandbox: more is shown than is ordered."""
    of = Numbers(instrument_of(EURUSD, Venue("NACRE"), 0))
    size = of.quantity(SHOWN)
    return QuoteTick(of.id, of.price(BID), of.price(ASK), size, size, 1, 1)


async def until(true: Callable[[], Any], what: str) -> None:
    """SystemExit: it took too long."""
    end = time.monotonic() + WAIT_S
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"not within {WAIT_S} s: {what}")
        await asyncio.sleep(0.01)
