"""Binance spot as a gateway's venue: what its client of 1.231 hides is asked of its own REST interface.

Its client stays connected while its websocket is away; its reports leave out what its cache doesn't have,
and an error looks like an order that isn't there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.adapters.binance.http.error import BinanceClientError
from nautilus_trader.adapters.binance.spot.execution import BinanceSpotExecutionClient
from nautilus_trader.cache.cache import Cache

from periphery.nautilus_trader.theirs import InstrumentId
from periphery.nautilus_trader.v1.venue import Standing, Trade, Unsure, Venue

NO_SUCH_ORDER = -2013
TRADES = 1000
"""Of an order, the most that it tells at once."""
_STATUSES = {
    "NEW": "ACCEPTED",
    "PENDING_NEW": "ACCEPTED",
    "PARTIALLY_FILLED": "PARTIALLY_FILLED",
    "FILLED": "FILLED",
    "CANCELED": "CANCELED",
    "PENDING_CANCEL": "PENDING_CANCEL",
    "REJECTED": "REJECTED",
    "EXPIRED": "EXPIRED",
    "EXPIRED_IN_MATCH": "EXPIRED",
}


class BinanceSpot(Venue):
    """ValueError: a client that sends an order again by itself (`max_retries`): it could be there twice."""

    def __init__(self, client: BinanceSpotExecutionClient, cache: Cache) -> None:
        super().__init__(client, cache)
        if client._retry_manager_pool.max_retries:
            raise ValueError("BinanceExecClientConfig.max_retries: leave it out, it sends an order again")

    def is_connected(self) -> bool:
        """Whether its websocket is there and tells of orders. One that comes back calls itself active."""
        stream = self.client._ws_client
        socket = stream._client
        return bool(
            self.client.is_connected
            and socket is not None
            and socket.is_active()
            and not stream._ws_api_reconnecting()
            and stream.is_authenticated
            and stream.subscription_id is not None
        )

    async def standing(self, instrument_id: InstrumentId, child_id: str) -> Standing | None:
        account, symbol = self.client._http_account, instrument_id.symbol.value
        try:
            order = await account.query_order(symbol=symbol, orig_client_order_id=child_id)
            trades = await account.query_user_trades(symbol=symbol, order_id=order.orderId, limit=TRADES)
        except BinanceClientError as wrong:
            if _code(wrong) == NO_SUCH_ORDER:
                return None
            raise Unsure(f"{wrong.status}: {wrong.message}") from wrong
        except Exception as wrong:  # no connection, no answer, one that can't be read
            raise Unsure(f"{type(wrong).__name__}: {wrong}") from wrong
        price = Decimal(order.price or 0)
        status = _STATUSES.get(getattr(order.status, "value", ""), "")
        if not status:
            raise Unsure(f"{child_id}: a status {order.status} that isn't known")
        qty, filled = Decimal(order.origQty or 0), Decimal(order.executedQty or 0)
        return Standing(status, qty, filled, price or None, [_trade(each) for each in trades])

    async def cancel(self, instrument_id: InstrumentId, child_id: str) -> None:
        try:
            await self.client._http_account.cancel_order(
                symbol=instrument_id.symbol.value, orig_client_order_id=child_id
            )
        except Exception as wrong:  # also a venue that says no: what there is of the order is asked next
            raise Unsure(f"{type(wrong).__name__}: {wrong}") from wrong


def _code(wrong: BinanceClientError) -> Any:
    return wrong.message.get("code") if isinstance(wrong.message, dict) else None


def _trade(row: Any) -> Trade:
    return Trade(
        str(row.id), Decimal(row.qty), Decimal(row.price), Decimal(row.commission), row.commissionAsset
    )
