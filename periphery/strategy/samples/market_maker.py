"""A bid and an offer round the middle, moved as the market moves and leaned away from what is held."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from periphery.client.events import DenyEvent, OrderEvent
from periphery.strategy import Parameters, Quote, Strategy


class MarketMaker(Strategy):
    """One order a side at the quote's own venue; never more than `most` held either way."""

    class Params(Parameters, frozen=True):
        symbol: str = ""  # "": the first
        qty: Annotated[int, Meta(gt=0)] = 100
        most: Annotated[int, Meta(gt=0)] = 500
        half_spread_ticks: Annotated[int, Meta(ge=1)] = 2
        lean_ticks: Annotated[int, Meta(ge=0)] = 2  # at `most`, less in proportion below it

    def on_start(self) -> None:
        """Nothing is quoted before the first quote."""
        self.symbol = self.params.symbol or self.symbols[0]
        self.working: dict[str, str] = {}  # side: cl_ord_id
        self.prices: dict[str, Decimal] = {}
        self.quiet: dict[str, bool] = {}  # side: the last request has been answered

    def on_quote(self, quote: Quote) -> None:
        """Puts an order where a side has none, moves one that stands elsewhere."""
        if quote.symbol != self.symbol or not quote.bid_units or not quote.ask_units:
            return
        held = float(self.position(self.symbol))
        tick = float(self.host.tick(self.symbol))
        middle = quote.mid - tick * self.params.lean_ticks * held / self.params.most
        for side, away in (("buy", -1), ("sell", 1)):
            value = middle + away * tick * self.params.half_spread_ticks
            price = self.price(self.symbol, value, "down" if side == "buy" else "up")
            self._stand(side, price, quote.venue, held)

    def _stand(self, side: str, price: Decimal, venue: str, held: float) -> None:
        """One request is under way at a time."""
        if side not in self.working:
            if abs(held + (self.params.qty if side == "buy" else -self.params.qty)) > self.params.most:
                return
            self.working[side] = self.submit(
                self.symbol, side, self.params.qty, "limit", price, venue=venue, post_only=True
            )
        elif self.prices[side] != price and self.quiet[side]:
            self.working[side] = self.replace(self.working[side], price=price)
        else:
            return
        self.prices[side], self.quiet[side] = price, False

    def on_order(self, order: OrderEvent) -> None:
        """An order that has ended makes room for the next; one that wasn't moved has its old id still."""
        if order.side not in self.working:
            return
        if order.ended:
            del self.working[order.side]
            return
        if order.exec_type == "cancel_rejected" and order.orig_cl_ord_id:
            self.working[order.side] = order.orig_cl_ord_id
            self.prices[order.side] = order.price or Decimal(0)
        self.quiet[order.side] = order.ord_status in ("new", "partially_filled")

    def on_deny(self, denial: DenyEvent) -> None:
        """An order that isn't makes room; one that may not be moved stays, and on_order says when it ends."""
        for side, cl_ord_id in list(self.working.items()):
            if cl_ord_id == denial.cl_ord_id and denial.orig_cl_ord_id:
                self.working[side], self.quiet[side] = denial.orig_cl_ord_id, True
            elif cl_ord_id == denial.cl_ord_id:
                del self.working[side]
