"""What the body tells of orders, as events of NautilusTrader: the arguments are those of 1.231."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from periphery.client import OrderEvent
from periphery.nautilus_trader.book import Fill, Known
from periphery.nautilus_trader.instruments import NacreInstrumentProvider
from periphery.nautilus_trader.theirs import LiquiditySide, Money, TradeId, VenueOrderId, currency_of
from periphery.nautilus_trader.words import TELLS_TRIGGER

POST_ONLY = "post_only"


class Events:
    """A `Teller`. The tag of an order is NautilusTrader's own order."""

    def __init__(self, client: Any, provider: NacreInstrumentProvider) -> None:
        self.client = client
        self.provider = provider

    def _of(self, order: Known) -> tuple[Any, ...]:
        tag = order.tag
        return tag.strategy_id, tag.instrument_id, tag.client_order_id

    def _now_ns(self) -> int:
        return int(self.client._now_ns())

    def denied_order(self, order: Any, reason: str) -> None:
        """An order that never came to the body."""
        self.client.generate_order_denied(
            order.strategy_id, order.instrument_id, order.client_order_id, reason, self._now_ns()
        )

    def unknown(self, command: Any, what: str) -> None:
        """A request about an order that is not of this client, or is forgotten."""
        tell = getattr(self.client, f"generate_order_{what}_rejected")
        tell(
            command.strategy_id, command.instrument_id, command.client_order_id, command.venue_order_id,
            "no such order of this client", self._now_ns(),
        )  # fmt: skip

    def submitted(self, order: Known, time_ns: int) -> None:
        self.client.generate_order_submitted(*self._of(order), time_ns)

    def denied(self, order: Known, reason: str) -> None:
        self.client.generate_order_denied(*self._of(order), reason, self._now_ns())

    def rejected(self, order: Known, reason: str, time_ns: int) -> None:
        self.client.generate_order_rejected(*self._of(order), reason, time_ns, reason == POST_ONLY)

    def accepted(self, order: Known, time_ns: int) -> None:
        self.client.generate_order_accepted(*self._of(order), VenueOrderId(order.order_id), time_ns)

    def triggered(self, order: Known, time_ns: int) -> None:
        if order.ord_type in TELLS_TRIGGER:
            self.client.generate_order_triggered(*self._of(order), VenueOrderId(order.order_id), time_ns)

    def updated(self, order: Known, time_ns: int) -> None:
        numbers = self.provider.numbers[order.symbol]
        self.client.generate_order_updated(
            *self._of(order), VenueOrderId(order.order_id), numbers.quantity_of(order.qty),
            numbers.price_of(order.price), numbers.price_of(order.stop_px), time_ns,
        )  # fmt: skip

    def filled(self, order: Known, fill: Fill) -> None:
        numbers = self.provider.numbers[order.symbol]
        currency = currency_of(fill.currency)
        self.client.generate_order_filled(
            *self._of(order), VenueOrderId(order.order_id), None, TradeId(fill.trade_id), order.tag.side,
            order.tag.order_type, numbers.quantity_of(fill.qty), numbers.price_of(fill.px),
            numbers.instrument.quote_currency, money(fill.fee or Decimal(0), currency), liquidity(fill.maker),
            fill.time_ns,
        )  # fmt: skip

    def canceled(self, order: Known, time_ns: int) -> None:
        self.client.generate_order_canceled(*self._of(order), VenueOrderId(order.order_id or "none"), time_ns)

    def expired(self, order: Known, time_ns: int) -> None:
        self.client.generate_order_expired(*self._of(order), VenueOrderId(order.order_id), time_ns)

    def cancel_rejected(self, order: Known, reason: str, time_ns: int) -> None:
        self._rejected(self.client.generate_order_cancel_rejected, order, reason, time_ns)

    def modify_rejected(self, order: Known, reason: str, time_ns: int) -> None:
        self._rejected(self.client.generate_order_modify_rejected, order, reason, time_ns)

    def _rejected(self, tell: Any, order: Known, reason: str, time_ns: int) -> None:
        of = VenueOrderId(order.order_id) if order.order_id else None
        tell(*self._of(order), of, reason, time_ns)

    def busted(self, order: Known, event: OrderEvent) -> None:
        """NautilusTrader can't take a fill back: a person must look at it."""
        self.client._warn(
            f"{event.exec_type} of {order.cl_ord_id}: the core has {order.cum_qty} filled, "
            "this node's cache more; restart the node with a fresh cache to agree with the core"
        )


def money(amount: Decimal, currency: Any) -> Money:
    """Rounded to the currency's digits, half to even, as NautilusTrader books it."""
    return Money.from_str(f"{amount:.{currency.precision}f} {currency.code}")


def liquidity(maker: bool | None) -> LiquiditySide:
    if maker is None:
        return LiquiditySide.NO_LIQUIDITY_SIDE
    return LiquiditySide.MAKER if maker else LiquiditySide.TAKER
