"""What the body tells of orders, as events of NautilusTrader 2.0: some of its arguments are others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from periphery.nautilus_trader.book import Fill, Known
from periphery.nautilus_trader.events import Events, liquidity, money
from periphery.nautilus_trader.theirs import TradeId, VenueOrderId, currency_of


class EventsOf2(Events):
    def _of(self, order: Known) -> tuple[Any, ...]:
        return (order.tag,)

    def denied_order(self, order: Any, reason: str) -> None:
        self.client.generate_order_denied(order, reason)

    def unknown(self, command: Any, what: str) -> None:
        order = self.client.cache.order(command.client_order_id)
        if order is not None:
            tell = getattr(self.client, f"generate_order_{what}_rejected")
            tell(order, command.venue_order_id, "no such order of this client", self._now_ns())

    def submitted(self, order: Known, time_ns: int) -> None:
        self.client.generate_order_submitted(order.tag)

    def denied(self, order: Known, reason: str) -> None:
        self.client.generate_order_denied(order.tag, reason)

    def updated(self, order: Known, time_ns: int) -> None:
        numbers = self.provider.numbers[order.symbol]
        self.client.generate_order_updated(
            order.tag, VenueOrderId(order.order_id), numbers.quantity_of(order.qty),
            numbers.price_of(order.price), numbers.price_of(order.stop_px), None, time_ns,
        )  # fmt: skip

    def filled(self, order: Known, fill: Fill) -> None:
        numbers = self.provider.numbers[order.symbol]
        self.client.generate_order_filled(
            order.tag, VenueOrderId(order.order_id), None, TradeId(fill.trade_id),
            numbers.quantity_of(fill.qty),
            numbers.price_of(fill.px), numbers.instrument.quote_currency,
            money(fill.fee or Decimal(0), currency_of(fill.currency)), liquidity(fill.maker), fill.time_ns,
        )  # fmt: skip
