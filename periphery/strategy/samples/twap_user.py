"""A large order given to the core's TWAP at a time, and what it cost against the middle of then."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from periphery.client.events import OrderEvent
from periphery.strategy import Parameters, Quote, Strategy


class TwapUser(Strategy):
    """Buys once, over `horizon_s`; what is open at the end is cancelled, what is held stays."""

    at_stop = "cancel"

    class Params(Parameters, frozen=True):
        symbol: str = ""  # "": the first
        qty: Annotated[int, Meta(gt=0)] = 1000
        horizon_s: Annotated[int, Meta(gt=0)] = 600
        slices: Annotated[int, Meta(ge=1)] = 10

    def on_start(self) -> None:
        """It waits for the first quote: there is no arrival price before."""
        self.symbol = self.params.symbol or self.symbols[0]
        self.arrival = 0.0
        self.sent = ""

    def on_quote(self, quote: Quote) -> None:
        """Sends the order, once."""
        if self.sent or quote.symbol != self.symbol or not quote.bid_units or not quote.ask_units:
            return
        self.arrival = quote.mid
        self.sent = self.send(
            symbol=self.symbol, side="buy", order_qty=self.params.qty, ord_type="market", algo="twap",
            params={"horizon_s": str(self.params.horizon_s), "slices": str(self.params.slices)},
        )  # fmt: skip

    def on_fill(self, order: OrderEvent) -> None:
        """What it cost so far, in basis points of the arrival price."""
        cost_bps = (float(order.avg_px) / self.arrival - 1) * 1e4
        self.log("slice", cum_qty=order.cum_qty, avg_px=order.avg_px, slippage_bps=round(cost_bps, 4))
