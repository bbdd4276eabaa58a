"""A venue of NautilusTrader 1.231 for a core: a strategy in a node that has the venue's own clients.

    node = TradingNode(...)  # with the data and execution clients of the venue
    node.trader.add_strategy(Gateway(GatewayConfig(
        venue="BINANCE", instruments={"BTCUSDT": "BTCUSDT.BINANCE"}, notes="gateway.notes")))

The core declares the venue with mode `manual`. What it sends there becomes orders of the node, under
the child's id; what the venue's client tells of them becomes reports; quotes and trades become the
core's. While a client is not connected, the core has the venue down: its children are unknown and
count, and nothing is sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from nautilus_trader.config import StrategyConfig
from nautilus_trader.trading.strategy import Strategy

from periphery.client.errors import ClientError
from periphery.nautilus_trader import words
from periphery.nautilus_trader.sends import Send, Sends
from periphery.nautilus_trader.theirs import (
    ClientOrderId,
    InstrumentId,
    OrderSide,
    Price,
    Quantity,
    TimeInForce,
)

NAP_S = 0.001
AGAIN_S = 0.1
_SAID = {
    "OrderAccepted": "new",
    "OrderFilled": "trade",
    "OrderCanceled": "canceled",
    "OrderExpired": "expired",
    "OrderRejected": "rejected",
    "OrderDenied": "rejected",
    "OrderUpdated": "replaced",
    "OrderCancelRejected": "cancel_rejected",
    "OrderModifyRejected": "cancel_rejected",
}


class GatewayConfig(StrategyConfig, frozen=True):
    """venue: the core's name for it. instruments: NautilusTrader's id by the core's symbol. notes: the
    gateway's file of what it may have sent, one for each venue. address: the core's socket.
    """

    venue: str
    instruments: dict[str, str]
    notes: str
    address: str | None = None


class Gateway(Strategy):
    """connected: says whether the venue's clients are; None: they are while the strategy runs."""

    def __init__(self, config: GatewayConfig, connected: Any = None) -> None:
        super().__init__(config)
        self.sends = Sends(
            config.venue, self.write, Path(config.notes), config.address, f"nt-{config.venue}"[:31]
        )
        self.connected = connected or (lambda: True)
        self.ids = {symbol: InstrumentId.from_str(of) for symbol, of in config.instruments.items()}
        self.symbols = {of: symbol for symbol, of in self.ids.items()}
        self.lost_rows = 0
        """Quotes and trades that came while there was no core."""
        self._task: asyncio.Task[None] | None = None

    def on_start(self) -> None:
        for instrument_id in self.symbols:
            self.subscribe_quote_ticks(instrument_id)
            self.subscribe_trade_ticks(instrument_id)
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"gateway {self.config.venue}")

    def on_stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.sends.close()

    async def _run(self) -> None:
        while True:
            if self.sends.client is None and not self.sends.connect():
                await asyncio.sleep(AGAIN_S)
                continue
            self.sends.venue_is(up=bool(self.connected()))
            await asyncio.sleep(0 if self.sends.poll() else NAP_S)

    # ---- what the core sends -------------------------------------------------------------------------------

    def write(self, send: Send) -> None:
        getattr(self, f"_{send.action}")(send)

    def _new(self, send: Send) -> None:
        of = self.ids.get(send.symbol)
        instrument = None if of is None else self.cache.instrument(of)
        if instrument is None:
            self.sends.refuse(send, f"{send.symbol} is not among the gateway's instruments, or not loaded")
            return
        side, tif = getattr(OrderSide, words.SIDES_OF[send.side]), words.TIMES_IN_FORCE_OF[send.time_in_force]
        said: dict[str, Any] = {
            "instrument_id": of, "order_side": side, "quantity": Quantity.from_str(_digits(send.qty,
            instrument.size_precision)),
            "time_in_force": getattr(TimeInForce, tif), "client_order_id": ClientOrderId(send.child_id),
        }  # fmt: skip
        if send.ord_type == "market":
            self.submit_order(self.order_factory.market(**said))
            return
        price = Price.from_str(_digits(send.price, instrument.price_precision))
        self.submit_order(self.order_factory.limit(**said, price=price, post_only=send.post_only))

    def _order(self, send: Send) -> Any:
        order = self.cache.order(ClientOrderId(send.child_id))
        if order is None:
            self.sends.report(
                send.child_id, send.symbol, "cancel_rejected", text="the node doesn't know the order"
            )
        return order

    def _cancel(self, send: Send) -> None:
        if (order := self._order(send)) is not None:
            self.cancel_order(order)

    def _replace(self, send: Send) -> None:
        if (order := self._order(send)) is not None:
            qty = Quantity.from_str(_digits(send.qty, order.quantity.precision))
            price = Price.from_str(_digits(send.price, order.price.precision)) if order.has_price else None
            self.modify_order(order, quantity=qty, price=price)

    def _status(self, send: Send) -> None:
        """All that the node has of it, again, and the venue is asked."""
        order = self.cache.order(ClientOrderId(send.child_id))
        if order is None:
            self.sends.report(send.child_id, send.symbol, "unknown_order")
            return
        for event in order.events:
            self._tell(event)
        if not order.is_closed:
            self.query_order(order)

    # ---- what the venue says -------------------------------------------------------------------------------

    def on_order_event(self, event: Any) -> None:
        self._tell(event)

    def _tell(self, event: Any) -> None:
        kind, symbol = _SAID.get(type(event).__name__), self.symbols.get(event.instrument_id)
        if kind is None or symbol is None:
            return
        more = {"text": str(getattr(event, "reason", "") or "")}
        if kind == "trade":
            more = {
                "exec_id": event.trade_id.value,
                "last_qty": str(event.last_qty),
                "last_px": str(event.last_px),
            }
            more["fee"] = f"{event.commission.as_decimal():f}"
        elif kind == "replaced":
            more = {
                "order_qty": str(event.quantity),
                "price": "" if event.price is None else str(event.price),
            }
        self.sends.report(event.client_order_id.value, symbol, kind, **more)

    def on_quote_tick(self, tick: Any) -> None:
        self._market(
            tick, type="quote", bid_px=str(tick.bid_price), bid_qty=str(tick.bid_size),
            ask_px=str(tick.ask_price),
            ask_qty=str(tick.ask_size),
        )  # fmt: skip

    def on_trade_tick(self, tick: Any) -> None:
        self._market(tick, type="trade", px=str(tick.price), qty=str(tick.size))

    def _market(self, tick: Any, **line: str) -> None:
        client = self.sends.client
        if client is None:
            self.lost_rows += 1
            return
        with contextlib.suppress(ClientError):
            client.market(line | {"venue": self.config.venue, "symbol": self.symbols[tick.instrument_id]})


def _digits(text: str, precision: int) -> str:
    """The number with so many digits behind the point; it has no more."""
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(precision, '0')}" if precision else whole
