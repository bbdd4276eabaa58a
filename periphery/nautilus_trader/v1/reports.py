"""Plain records as reports of NautilusTrader 1.231."""

from __future__ import annotations

from typing import Any

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.reports import FillReport, OrderStatusReport, PositionStatusReport
from nautilus_trader.model.enums import (
    OrderSide,
    OrderStatus,
    OrderType,
    PositionSide,
    TimeInForce,
    TriggerType,
)
from nautilus_trader.model.identifiers import AccountId, ClientOrderId, TradeId, VenueOrderId
from nautilus_trader.model.objects import Money

from periphery.nautilus_trader.reports import FillRecord, OrderRecord, PositionRecord
from periphery.nautilus_trader.v1.events import liquidity
from periphery.nautilus_trader.v1.instruments import NacreInstrumentProvider, currency_of


class Maker:
    """Of one account, as of `now_ns`."""

    def __init__(self, account: AccountId, provider: NacreInstrumentProvider, now_ns: int) -> None:
        self.account = account
        self.provider = provider
        self.now_ns = now_ns

    def knows(self, symbol: str) -> bool:
        """Whether it is an instrument of the node's venue."""
        return symbol in self.provider.numbers

    def order(self, record: OrderRecord) -> OrderStatusReport:
        numbers = self.provider.numbers[record.symbol]
        trigger = TriggerType.DEFAULT if record.stop_px is not None else TriggerType.NO_TRIGGER
        return OrderStatusReport(
            self.account, numbers.id, VenueOrderId(record.order_id), OrderSide[record.side],
            OrderType[record.ord_type], TimeInForce[record.time_in_force], OrderStatus[record.status],
            numbers.quantity_of(record.qty), numbers.quantity_of(record.filled_qty), UUID4(), record.time_ns,
            record.time_ns, self.now_ns, client_order_id=_client_id(record.cl_ord_id),
            price=numbers.price_of(record.price), trigger_price=numbers.price_of(record.stop_px),
            trigger_type=trigger, avg_px=record.avg_px, post_only=record.post_only,
            reduce_only=record.reduce_only,
        )  # fmt: skip

    def fill(self, record: FillRecord) -> FillReport:
        numbers = self.provider.numbers[record.symbol]
        fill = record.fill
        trade_id = fill.trade_id if fill.event else record.order_id
        currency = currency_of(fill.currency) if fill.currency else numbers.instrument.quote_currency
        return FillReport(
            self.account, numbers.id, VenueOrderId(record.order_id), TradeId(trade_id),
            OrderSide[record.side], numbers.quantity_of(fill.qty), numbers.price_of(fill.px),
            Money(fill.fee or 0, currency), liquidity(fill.maker), UUID4(), fill.time_ns, self.now_ns,
            client_order_id=_client_id(record.cl_ord_id),
        )  # fmt: skip

    def position(self, record: PositionRecord) -> PositionStatusReport:
        numbers = self.provider.numbers[record.symbol]
        side = PositionSide.FLAT
        if record.qty:
            side = PositionSide.LONG if record.qty > 0 else PositionSide.SHORT
        return PositionStatusReport(
            self.account, numbers.id, side, numbers.quantity_of(abs(record.qty)), UUID4(), self.now_ns,
            self.now_ns, avg_px_open=record.avg_px,
        )  # fmt: skip


def _client_id(text: str | None) -> ClientOrderId | None:
    return None if text is None else ClientOrderId(text)


def concerns(command: Any, symbol: str) -> bool:
    """Whether a question is about the instrument."""
    return command.instrument_id is None or command.instrument_id.symbol.value == symbol


def is_asked(command: Any, record: OrderRecord) -> bool:
    """Whether a question about one order is about this one."""
    if command.client_order_id is not None:
        return bool(command.client_order_id.value == record.cl_ord_id)
    return command.venue_order_id is not None and bool(command.venue_order_id.value == record.order_id)
