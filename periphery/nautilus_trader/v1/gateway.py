"""A venue of NautilusTrader 1.231 for a core: a strategy in a node that has the venue's own clients.

    node = TradingNode(...)  # with the data and execution clients of the venue
    gateway = Gateway(
        GatewayConfig(venue="BINANCE", instruments={"BTCUSDT": "BTCUSDT.BINANCE"}, notes="gateway.notes"),
        BinanceSpot(client, node.cache))

The core declares the venue with mode `manual`. What it sends there becomes orders of the node, under
the child's id; what the venue's client tells of them becomes reports; quotes, trades and books become the
core's. While a client is not connected, the core has the venue down: its children are unknown and
count, and nothing is sent again. A rejection counts once the venue says that it has no such order: the
client also tells one where it never heard.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import BookType, book_action_to_str, order_side_to_str
from nautilus_trader.trading.strategy import Strategy

from periphery.client.errors import ClientError
from periphery.nautilus_trader import words
from periphery.nautilus_trader.balances import Balances
from periphery.nautilus_trader.depth import Change, Shown, short
from periphery.nautilus_trader.sends import Send, Sends
from periphery.nautilus_trader.theirs import (
    RAW_DIGITS,
    ClientOrderId,
    InstrumentId,
    OrderSide,
    Price,
    Quantity,
    TimeInForce,
)
from periphery.nautilus_trader.v1.asking import Asking
from periphery.nautilus_trader.v1.venue import Trade, Venue, trade_of

NAP_S = 0.001
AGAIN_S = 0.1
_SAID = {
    "OrderAccepted": "new",
    "OrderFilled": "trade",
    "OrderCanceled": "canceled",
    "OrderExpired": "expired",
    "OrderDenied": "rejected",
    "OrderUpdated": "replaced",
    "OrderCancelRejected": "cancel_rejected",
    "OrderModifyRejected": "cancel_rejected",
}
_AGGRESSORS = {"BUYER": "buy", "SELLER": "sell"}


class GatewayConfig(StrategyConfig, frozen=True):
    """venue: the core's name for it. instruments: NautilusTrader's id by the core's symbol. notes: the
    gateway's file of what it may have sent, one for each venue. address: the core's socket. book: the
    market by level in place of quotes. balances: a file of the venue's balances, under the core's name of
    the `account`.
    """

    venue: str
    instruments: dict[str, str]
    notes: str
    address: str | None = None
    book: bool = False
    balances: str | None = None
    account: str = ""


class Gateway(Strategy):
    """Add it before the node starts: it claims what still works at the venue from an earlier run."""

    def __init__(self, config: GatewayConfig, venue: Venue) -> None:
        self.ids = {symbol: InstrumentId.from_str(of) for symbol, of in config.instruments.items()}
        super().__init__(msgspec.structs.replace(config, external_order_claims=list(self.ids.values())))
        self.sends = Sends(
            config.venue, self.write, Path(config.notes), config.address, f"nt-{config.venue}"[:31]
        )
        self.venue = venue
        self.symbols = {of: symbol for symbol, of in self.ids.items()}
        self.asking = Asking(self)
        self.shown = {of: Shown() for of in self.symbols}
        self.balances: Balances | None = None
        self.lost_rows = 0
        """Of the market: they came while there was no core."""
        self.fees_left_out = 0
        """Of fills, in a currency that the instrument doesn't have: the core reckons its own."""
        self._task: asyncio.Task[None] | None = None

    def on_start(self) -> None:
        for instrument_id in self.symbols:
            if self.config.book:
                self.subscribe_order_book_deltas(instrument_id, BookType.L2_MBP)
            else:
                self.subscribe_quote_ticks(instrument_id)
            self.subscribe_trade_ticks(instrument_id)
        if self.config.balances is not None:
            self._keep_balances(Path(self.config.balances))
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"gateway {self.config.venue}")

    def on_stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.asking.stop()
        self.sends.close()

    async def _run(self) -> None:
        while True:
            if self.sends.client is None and not self._connect():
                await asyncio.sleep(AGAIN_S)
                continue
            self._look()
            await asyncio.sleep(0 if self.sends.poll() else NAP_S)

    def _connect(self) -> bool:
        if not self.sends.connect():
            return False
        try:
            self._show_all()
        except ClientError as wrong:
            self.sends.lost(str(wrong))
        return self.sends.client is not None

    def _look(self) -> None:
        """Whether the venue is there."""
        up = self.venue.is_connected()
        if up != self.sends.is_up:
            self.log.warning(
                f"{self.config.venue} is {'back' if up else 'away'}, {len(self.asking.live)} children unknown"
            )
        self.sends.venue_is(up=up)

    @property
    def unknown(self) -> set[str]:
        """Children of whose state the venue's word is awaited; the core counts them as they were."""
        return set(self.asking.waiting) if self.sends.is_up else set(self.asking.live)

    # ---- what the core sends -------------------------------------------------------------------------------

    def write(self, send: Send) -> None:
        getattr(self, f"_{send.action}")(send)

    def _new(self, send: Send) -> None:
        of = self.ids.get(send.symbol)
        instrument = None if of is None else self.cache.instrument(of)
        if instrument is None:
            self.sends.refuse(send, f"{send.symbol} is not among the gateway's instruments, or not loaded")
            return
        self.asking.live[send.child_id] = send.symbol
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
        """None: the node thinks that there is none any more, which the venue may not."""
        order = self.cache.order(ClientOrderId(send.child_id))
        return None if order is None or order.is_closed else order

    def _cancel(self, send: Send) -> None:
        if (order := self._order(send)) is not None:
            self.cancel_order(order)
        else:
            self.asking.cancel(send.child_id, send.symbol)

    def _replace(self, send: Send) -> None:
        if (order := self._order(send)) is None:
            self.asking.ask(send.child_id, send.symbol)
        else:
            qty = Quantity.from_str(_digits(send.qty, order.quantity.precision))
            price = Price.from_str(_digits(send.price, order.price.precision)) if order.has_price else None
            self.modify_order(order, quantity=qty, price=price)

    def _status(self, send: Send) -> None:
        self.asking.ask(send.child_id, send.symbol, is_owed=send.is_owed)

    # ---- what the venue says -------------------------------------------------------------------------------

    def on_order_event(self, event: Any) -> None:
        symbol, child = self.symbols.get(event.instrument_id), event.client_order_id.value
        kind = _SAID.get(type(event).__name__)
        if symbol is None or child not in self.sends.children:
            return
        if getattr(
            event, "reconciliation", False
        ):  # it may be made up: a fill without a trade of the venue's
            self.asking.ask(child, symbol)
        elif type(event).__name__ == "OrderRejected":
            self.asking.ask(child, symbol, rejected=str(event.reason))
        elif kind == "trade":
            self.tell_trade(child, symbol, trade_of(event))
            order = self.cache.order(event.client_order_id)
            if order is not None and order.is_closed:
                self.asking.over(child)
        elif kind == "replaced":
            price = "" if event.price is None else exact(event.price)
            self.sends.report(child, symbol, kind, order_qty=exact(event.quantity), price=price)
        elif kind is not None:
            self.sends.report(child, symbol, kind, text=str(getattr(event, "reason", "") or ""))
            if kind in ("canceled", "expired", "rejected"):
                self.asking.over(child)

    def tell_trade(self, child_id: str, symbol: str, trade: Trade) -> bool:
        """False: the core doesn't have it."""
        more = {"exec_id": trade.trade_id, "last_qty": short(trade.qty), "last_px": short(trade.px)}
        fee = self._fee(symbol, trade)
        return self.sends.report(child_id, symbol, "trade", fee="" if fee is None else short(fee), **more)

    def _fee(self, symbol: str, trade: Trade) -> Decimal | None:
        """In the instrument's quote currency, as the core books it; a base asset at the fill's price."""
        instrument = self.cache.instrument(self.ids[symbol])
        if not trade.fee or trade.currency == instrument.quote_currency.code:
            return trade.fee
        base = instrument.base_currency
        if base is not None and trade.currency == base.code:
            return trade.fee * trade.px
        self.fees_left_out += 1
        return None

    def on_quote_tick(self, tick: Any) -> None:
        self._market(
            tick.instrument_id, type="quote", bid_px=exact(tick.bid_price), bid_qty=exact(tick.bid_size),
            ask_px=exact(tick.ask_price), ask_qty=exact(tick.ask_size),
        )  # fmt: skip

    def on_trade_tick(self, tick: Any) -> None:
        side = _AGGRESSORS.get(tick.aggressor_side.name)
        more = {} if side is None else {"aggressor": side}
        self._market(tick.instrument_id, type="trade", px=exact(tick.price), qty=exact(tick.size), **more)

    def on_order_book_deltas(self, deltas: Any) -> None:
        changes = [
            Change("CLEAR") if each.is_clear else Change(
                book_action_to_str(each.action), order_side_to_str(each.order.side),
                exact(each.order.price), exact(each.order.size),
            )
            for each in deltas.deltas
        ]  # fmt: skip
        for line in self.shown[deltas.instrument_id].lines(changes):
            self._market(deltas.instrument_id, **line)

    def _show_all(self) -> None:
        """A core that is new, or a gateway: what it still shows and the venue doesn't, goes."""
        client = self.sends.client
        if client is None or not self.config.book:
            return
        rows = client.request("levels", venue=self.config.venue)["levels"]
        for symbol, side, px, _ in rows:
            shown = self.shown.get(self.ids.get(symbol))
            if shown is not None and (side, short(Decimal(px))) not in shown.levels:
                self._market(self.ids[symbol], type="depth", side=side, px=px, qty="0")
        for instrument_id, shown in self.shown.items():
            for line in shown.all():
                self._market(instrument_id, **line)

    def _market(self, instrument_id: InstrumentId, **line: str) -> None:
        client = self.sends.client
        if client is None:
            self.lost_rows += 1
            return
        try:
            client.market(line | {"venue": self.config.venue, "symbol": self.symbols[instrument_id]})
        except ClientError as wrong:
            self.lost_rows += 1
            self.log.error(f"The core refuses {line}: {wrong}")

    # ---- the account ---------------------------------------------------------------------------------------

    def _keep_balances(self, path: Path) -> None:
        bases = {}
        for symbol, of in self.ids.items():
            instrument = self.cache.instrument(of)
            if instrument is not None and instrument.base_currency is not None:
                bases[instrument.base_currency.code] = symbol
        self.balances = Balances(path, self.config.account, bases)
        self.msgbus.subscribe(f"events.account.{self.venue.client.account_id}", self._on_account)
        account = self.cache.account(self.venue.client.account_id)
        if account is not None:
            self._on_account(account.last_event)

    def _on_account(self, state: Any) -> None:
        assert self.balances is not None
        self.balances.tell({each.currency.code: each.total.as_decimal() for each in state.balances})


def exact(number: Any) -> str:
    """A price or quantity without the zeros at its end, of which a venue has more than the core's precision
    may allow. Its raw integer is in 10^-16, so no digit is lost on the way.
    """
    return short(Decimal(number.raw).scaleb(-RAW_DIGITS))


def _digits(text: str, precision: int) -> str:
    """The number with so many digits behind the point; it has no more."""
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(precision, '0')}" if precision else whole
