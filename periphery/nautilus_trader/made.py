"""Plain records as reports of NautilusTrader: all by keyword, so both versions take them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from periphery.nautilus_trader.events import liquidity, money
from periphery.nautilus_trader.instruments import NacreInstrumentProvider, Numbers
from periphery.nautilus_trader.reports import FillRecord, OrderRecord, PositionRecord
from periphery.nautilus_trader.theirs import (
    AccountId,
    ClientOrderId,
    FillReport,
    OrderSide,
    OrderStatus,
    OrderStatusReport,
    OrderType,
    PositionSide,
    PositionStatusReport,
    TimeInForce,
    TradeId,
    TrailingOffsetType,
    TriggerType,
    VenueOrderId,
    currency_of,
)


class Maker:
    """Of one account, as of `now_ns`."""

    def __init__(
        self, account: AccountId, provider: NacreInstrumentProvider, now_ns: int, new_id: Callable[[], Any],
        time_of: Callable[[int], Any] = int,
    ) -> None:  # fmt: skip
        """new_id: makes an identifier of a report. time_of: a report's expiry of ns since 1970."""
        self.account = account
        self.new_id = new_id
        self.provider = provider
        self.now_ns = now_ns
        self.time_of = time_of

    def knows(self, symbol: str) -> bool:
        """Whether it is an instrument of the node's venue."""
        return symbol in self.provider.numbers

    def order(self, record: OrderRecord) -> OrderStatusReport:
        numbers = self.provider.numbers[record.symbol]
        return OrderStatusReport(
            account_id=self.account,
            instrument_id=numbers.id,
            venue_order_id=VenueOrderId(record.order_id),
            order_side=getattr(OrderSide, record.side),
            order_type=getattr(OrderType, record.ord_type),
            time_in_force=getattr(TimeInForce, record.time_in_force),
            order_status=getattr(OrderStatus, record.status),
            quantity=numbers.quantity_of(record.qty),
            filled_qty=numbers.quantity_of(record.filled_qty),
            report_id=self.new_id(),
            ts_accepted=record.time_ns,
            ts_last=record.time_ns,
            ts_init=self.now_ns,
            client_order_id=_client_id(record.cl_ord_id),
            price=numbers.price_of(record.price),
            avg_px=record.avg_px,
            post_only=record.post_only,
            reduce_only=record.reduce_only,
            **self._more(record, numbers),
        )

    def _more(self, record: OrderRecord, numbers: Numbers) -> dict[str, Any]:
        """What only some orders have: without it NautilusTrader can't make the order from its report."""
        more: dict[str, Any] = {}
        if record.trigger is not None:
            more["trigger_type"] = getattr(TriggerType, record.trigger)
        if record.stop_px is not None:
            more["trigger_price"] = numbers.price_of(record.stop_px)
        if record.trail is not None:
            more["trailing_offset"] = record.trail
            more["trailing_offset_type"] = getattr(TrailingOffsetType, record.trail_unit or "PRICE")
        if record.max_floor is not None:
            more["display_qty"] = numbers.quantity_of(record.max_floor)
        if record.expire_ns is not None:
            more["expire_time"] = self.time_of(record.expire_ns)
        return more

    def fill(self, record: FillRecord) -> FillReport:
        numbers, fill = self.provider.numbers[record.symbol], record.fill
        currency = currency_of(fill.currency) if fill.currency else numbers.instrument.quote_currency
        return FillReport(
            account_id=self.account,
            instrument_id=numbers.id,
            venue_order_id=VenueOrderId(record.order_id),
            trade_id=TradeId(fill.trade_id if fill.event else record.order_id),
            order_side=getattr(OrderSide, record.side),
            last_qty=numbers.quantity_of(fill.qty),
            last_px=numbers.price_of(fill.px),
            commission=money(fill.fee or Decimal(0), currency),
            liquidity_side=liquidity(fill.maker),
            report_id=self.new_id(),
            ts_event=fill.time_ns,
            ts_init=self.now_ns,
            client_order_id=_client_id(record.cl_ord_id),
        )

    def position(self, record: PositionRecord) -> PositionStatusReport:
        numbers = self.provider.numbers[record.symbol]
        side = PositionSide.FLAT
        if record.qty:
            side = PositionSide.LONG if record.qty > 0 else PositionSide.SHORT
        return PositionStatusReport(
            account_id=self.account,
            instrument_id=numbers.id,
            position_side=side,
            quantity=numbers.quantity_of(abs(record.qty)),
            report_id=self.new_id(),
            ts_last=self.now_ns,
            ts_init=self.now_ns,
            avg_px_open=record.avg_px,
        )


def _client_id(text: str | None) -> ClientOrderId | None:
    return None if text is None else ClientOrderId(text)
