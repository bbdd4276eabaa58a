"""A core's markets for a NautilusTrader 1.231 node: quotes, trades, books by level."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.live.data_client import LiveMarketDataClient
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas, QuoteTick, TradeTick
from nautilus_trader.model.enums import AggressorSide, BookAction, BookType, OrderSide, RecordFlag
from nautilus_trader.model.identifiers import ClientId, TradeId, Venue

from periphery.client import Client, DenyEvent, Gap, OrderEvent
from periphery.client.codec import MarketRow
from periphery.client.units import to_units
from periphery.nautilus_trader.link import Link
from periphery.nautilus_trader.market import Level, Market, Quote, Row, Trade
from periphery.nautilus_trader.names import venue_of
from periphery.nautilus_trader.v1.config import NacreDataClientConfig, address_of
from periphery.nautilus_trader.v1.instruments import NacreInstrumentProvider, Numbers

_AGGRESSORS = (AggressorSide.NO_AGGRESSOR, AggressorSide.BUYER, AggressorSide.SELLER)
_LAST = int(RecordFlag.F_LAST)
_SNAPSHOT = int(RecordFlag.F_SNAPSHOT)


class NacreDataClient(LiveMarketDataClient):
    """A `Listener` of the link. Rows of instruments that nobody subscribed to are passed by."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, name: str, config: NacreDataClientConfig, msgbus: MessageBus,
        cache: Cache, clock: LiveClock,
    ) -> None:  # fmt: skip
        venue = Venue(config.venue)
        self._provider = NacreInstrumentProvider(venue)
        super().__init__(loop, ClientId(name), venue, msgbus, cache, clock, self._provider)
        self._nacre = config
        self._venue_of = venue_of(config.venue)
        self._link = Link.of(address_of(config))
        self._market: Market | None = None
        self._wanted: dict[type, set[int]] = {Quote: set(), Trade: set(), Level: set()}
        self._tellers = {Quote: self._quote, Trade: self._trade, Level: self._level}

    # ---- coming and going ----------------------------------------------------------------------------------

    async def _connect(self) -> None:
        await self._link.use(self, self._nacre.connect_timeout_s)
        for instrument in self._provider.list_all():
            self._handle_data(instrument)

    async def _disconnect(self) -> None:
        await self._link.leave(self)

    def up(self, client: Client, told: Mapping[str, Any]) -> None:
        self._provider.load_directory(client.directory, self._venue_of, self._clock.timestamp_ns())
        self._market = Market(client.directory, self._venue_of, self._tell)
        self._books_anew()

    def down(self, why: str) -> None:
        self._log.warning(f"The core is gone: {why}")

    def answer(self, event: OrderEvent | DenyEvent) -> None:
        """The execution client's."""

    def gap(self, gap: Gap, told: Mapping[str, Any] | None) -> None:
        if gap.stream == "quotes":
            self._log.warning(f"{gap.missed} rows of the market were missed")
            if self._market is not None:
                self._market.forget()
            self._books_anew()

    def row(self, row: MarketRow) -> None:
        if self._market is not None:
            self._market.hear(row)

    # ---- the market ----------------------------------------------------------------------------------------

    def _tell(self, row: Row) -> None:
        if row.symbol in self._wanted[type(row)]:
            self._tellers[type(row)](row, self._provider.by_index[row.symbol])  # type: ignore[operator]

    def _quote(self, row: Quote, of: Numbers) -> None:
        self._handle_data(
            QuoteTick(
                of.id, of.price(row.bid_px), of.price(row.ask_px), of.quantity(row.bid_qty),
                of.quantity(row.ask_qty), row.time_ns, self._clock.timestamp_ns(),
            )
        )  # fmt: skip

    def _trade(self, row: Trade, of: Numbers) -> None:
        self._handle_data(
            TradeTick(
                of.id, of.price(row.px), of.quantity(row.qty), _AGGRESSORS[row.aggressor],
                TradeId(f"T{row.event}"), row.time_ns, self._clock.timestamp_ns(),
            )
        )  # fmt: skip

    def _level(self, row: Level, of: Numbers) -> None:
        action = BookAction.UPDATE if row.qty else BookAction.DELETE
        order = self._order(row.is_ask, row.px, row.qty, of)
        now_ns = self._clock.timestamp_ns()
        delta = OrderBookDelta(of.id, action, order, _LAST, row.event, row.time_ns, now_ns)
        self._handle_data(OrderBookDeltas(of.id, [delta]))

    def _order(self, is_ask: bool, px: int, qty: int, of: Numbers) -> BookOrder:
        return BookOrder(OrderSide.SELL if is_ask else OrderSide.BUY, of.price(px), of.quantity(qty), 0)

    def _books_anew(self) -> None:
        for symbol in self._wanted[Level]:
            self.create_task(self._snapshot(symbol), "book")

    async def _snapshot(self, symbol: int) -> None:
        """What the venues show now, whole; then the changes."""
        assert self._market is not None
        of = self._provider.by_index[symbol]
        client = self._link.client
        if client is None:
            return
        listed = client.directory.symbols[symbol]
        venues = listed.venues if self._venue_of is None else (self._venue_of,)
        shown: dict[tuple[bool, int], int] = {}
        for venue in venues:
            for name, side, px, qty in (await self._link.ask("levels", venue=venue))["levels"]:
                if name == listed.name:
                    key = side == "sell", to_units(px, listed.price_precision, "px", name)
                    shown[key] = shown.get(key, 0) + to_units(qty, listed.qty_precision, "qty", name)
        self._handle_data(OrderBookDeltas(of.id, self._deltas(of, shown)))

    def _deltas(self, of: Numbers, shown: Mapping[tuple[bool, int], int]) -> list[OrderBookDelta]:
        now_ns = self._clock.timestamp_ns()
        deltas = [OrderBookDelta.clear(of.id, 0, now_ns, now_ns)]
        levels = list(shown.items())
        for i, ((is_ask, px), qty) in enumerate(levels):
            flags = _SNAPSHOT | (_LAST if i + 1 == len(levels) else 0)
            order = self._order(is_ask, px, qty, of)
            deltas.append(OrderBookDelta(of.id, BookAction.ADD, order, flags, 0, now_ns, now_ns))
        return deltas

    # ---- subscriptions -------------------------------------------------------------------------------------

    def _index(self, instrument_id: Any) -> int:
        """ValueError: no instrument of this core's venue."""
        assert self._link.client is not None
        name = instrument_id.symbol.value
        if name not in self._provider.numbers or instrument_id.venue != self.venue:
            raise ValueError(f"{instrument_id} is not an instrument of this core at {self.venue}")
        return self._link.client.directory.symbol(name).index

    async def _subscribe_instruments(self, command: Any) -> None:
        for instrument in self._provider.list_all():
            self._handle_data(instrument)

    async def _subscribe_instrument(self, command: Any) -> None:
        self._index(command.instrument_id)
        self._handle_data(self._provider.find(command.instrument_id))

    async def _subscribe_quote_ticks(self, command: Any) -> None:
        index = self._index(command.instrument_id)
        self._wanted[Quote].add(index)
        assert self._market is not None
        best = self._market.best(index)
        if best is not None:
            self._quote(Quote(index, self._clock.timestamp_ns(), *best), self._provider.by_index[index])

    async def _subscribe_trade_ticks(self, command: Any) -> None:
        self._wanted[Trade].add(self._index(command.instrument_id))

    async def _subscribe_order_book_deltas(self, command: Any) -> None:
        if command.book_type == BookType.L3_MBO:
            raise ValueError("a core shows levels, not orders: L2_MBP is the most")
        index = self._index(command.instrument_id)
        self._wanted[Level].add(index)
        await self._snapshot(index)

    async def _unsubscribe_instruments(self, command: Any) -> None:
        """They are sent when they are asked for."""

    async def _unsubscribe_instrument(self, command: Any) -> None:
        """It is sent when it is asked for."""

    async def _unsubscribe_quote_ticks(self, command: Any) -> None:
        self._wanted[Quote].discard(self._index(command.instrument_id))

    async def _unsubscribe_trade_ticks(self, command: Any) -> None:
        self._wanted[Trade].discard(self._index(command.instrument_id))

    async def _unsubscribe_order_book_deltas(self, command: Any) -> None:
        self._wanted[Level].discard(self._index(command.instrument_id))

    async def _request_instrument(self, request: Any) -> None:
        found = self._provider.find(request.instrument_id)
        if found is None:
            raise ValueError(f"{request.instrument_id} is not an instrument of this core")
        self._handle_instrument(found, request.id, request.start, request.end, request.params)

    async def _request_instruments(self, request: Any) -> None:
        self._handle_instruments(
            request.venue, self._provider.list_all(), request.id, request.start, request.end, request.params
        )
