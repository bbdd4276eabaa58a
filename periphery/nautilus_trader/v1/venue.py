"""What a gateway must know of its venue's execution client: whether it is connected, and what the venue has
of an order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from nautilus_trader.cache.cache import Cache
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import GenerateFillReports, GenerateOrderStatusReport
from nautilus_trader.live.execution_client import LiveExecutionClient
from nautilus_trader.model.enums import order_status_to_str

from periphery.nautilus_trader.theirs import ClientOrderId, InstrumentId, VenueOrderId


class Unsure(RuntimeError):
    """The venue could not be asked: its word is still to come, and nothing follows from this."""


@dataclass(frozen=True, slots=True)
class Trade:
    """fee: in `currency`."""

    trade_id: str
    qty: Decimal
    px: Decimal
    fee: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An order as the venue has it. status: NautilusTrader's name. Its trades may come to less than what is
    filled: a venue's lists follow each other.
    """

    status: str
    qty: Decimal
    filled: Decimal
    price: Decimal | None
    trades: list[Trade] = field(default_factory=list)


class Venue:
    """Of any client, by what all of them have. What its reports leave out can't be seen here: None of a
    client that hides its errors may be one. `BinanceSpot` asks more closely.
    """

    def __init__(self, client: LiveExecutionClient, cache: Cache) -> None:
        self.client = client
        self.cache = cache

    def is_connected(self) -> bool:
        return bool(self.client.is_connected)

    async def standing(self, instrument_id: InstrumentId, child_id: str) -> Standing | None:
        """None: the venue has no such order. Unsure."""
        command = GenerateOrderStatusReport(
            instrument_id=instrument_id, client_order_id=ClientOrderId(child_id), venue_order_id=None,
            command_id=UUID4(), ts_init=0,
        )  # fmt: skip
        try:
            report = await self.client.generate_order_status_report(command)
            if report is None:
                return None
            trades = await self.trades(instrument_id, report.venue_order_id)
        except Exception as wrong:  # whatever a client raises: the venue has not answered
            raise Unsure(f"{type(wrong).__name__}: {wrong}") from wrong
        price = None if report.price is None else report.price.as_decimal()
        qty, filled = report.quantity.as_decimal(), report.filled_qty.as_decimal()
        return Standing(order_status_to_str(report.order_status), qty, filled, price, trades)

    async def cancel(self, instrument_id: InstrumentId, child_id: str) -> None:
        """Of an order that the node doesn't have, or thinks over. Unsure: it may have come there or not."""
        raise Unsure("this client cancels only what the node has")

    async def trades(self, instrument_id: InstrumentId, order_id: VenueOrderId) -> list[Trade]:
        command = GenerateFillReports(
            instrument_id=instrument_id, venue_order_id=order_id, start=None, end=None, command_id=UUID4(),
            ts_init=0,
        )  # fmt: skip
        reports = await self.client.generate_fill_reports(command)
        return [trade_of(each) for each in reports if each.venue_order_id == order_id]


class Local(Venue):
    """Of a venue that lives in the node's own process, as its sandbox does: the cache is its word."""

    async def standing(self, instrument_id: InstrumentId, child_id: str) -> Standing | None:
        order = self.cache.order(ClientOrderId(child_id))
        if order is None:
            return None
        if order.is_inflight or order.is_active_local:
            raise Unsure(f"{child_id} is on its way")
        trades = [trade_of(event) for event in order.events if type(event).__name__ == "OrderFilled"]
        price = order.price.as_decimal() if order.has_price else None
        qty, filled = order.quantity.as_decimal(), order.filled_qty.as_decimal()
        return Standing(order_status_to_str(order.status), qty, filled, price, trades)


def trade_of(fill: Any) -> Trade:
    """Of an event or a report."""
    fee = fill.commission
    return Trade(
        fill.trade_id.value, fill.last_qty.as_decimal(), fill.last_px.as_decimal(), fee.as_decimal(),
        fee.currency.code,
    )  # fmt: skip
