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
        if side not in self.working:
            if abs(held + (self.params.qty if side == "buy" else -self.params.qty)) <= self.params.most:
                self.prices[side] = price
                self.working[side] = self.submit(
                    self.symbol, side, self.params.qty, "limit", price, venue=venue, post_only=True
                )
        elif self.prices[side] != price and self._is_quiet(side):
            self.prices[side] = price
            self.working[side] = self.replace(self.working[side], price=price)

    def _is_quiet(self, side: str) -> bool:
        """Whether the last request of that side has been answered: one is under way at a time."""
        open_now = {order.cl_ord_id: order.ord_status for order in self.orders(self.symbol)}
        return open_now.get(self.working[side]) in ("new", "partially_filled")

    def on_order(self, order: OrderEvent) -> None:
        """An order that has ended makes room for the next."""
        if order.ended and order.cl_ord_id == self.working.get(order.side):
            del self.working[order.side]

    def on_deny(self, denial: DenyEvent) -> None:
        """So does one that was denied; a replace that was leaves the order where it stood."""
        for side, cl_ord_id in list(self.working.items()):
            if cl_ord_id == denial.cl_ord_id and denial.orig_cl_ord_id:
                self.working[side] = denial.orig_cl_ord_id
            elif cl_ord_id == denial.cl_ord_id:
                del self.working[side]
