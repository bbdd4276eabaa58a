"""A core's markets for a NautilusTrader 1.231 node."""

from __future__ import annotations

import asyncio
from typing import Any

from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.live.data_client import LiveMarketDataClient

from periphery.nautilus_trader.instruments import NacreInstrumentProvider
from periphery.nautilus_trader.link import Link
from periphery.nautilus_trader.market import Level, Quote, Trade
from periphery.nautilus_trader.names import venue_of
from periphery.nautilus_trader.rows import Rows
from periphery.nautilus_trader.theirs import ClientId, Venue
from periphery.nautilus_trader.v1.config import NacreDataClientConfig, address_of


class NacreDataClient(Rows, LiveMarketDataClient):
    def __init__(
        self, loop: asyncio.AbstractEventLoop, name: str, config: NacreDataClientConfig, msgbus: MessageBus,
        cache: Cache, clock: LiveClock,
    ) -> None:  # fmt: skip
        venue = Venue(config.venue)
        self._provider = NacreInstrumentProvider(venue)
        LiveMarketDataClient.__init__(self, loop, ClientId(name), venue, msgbus, cache, clock, self._provider)
        self._nacre = config
        self._venue_of = venue_of(config.venue)
        self._link = Link.of(address_of(config))
        self.nobody_wants()

    def _now_ns(self) -> int:
        return self._clock.timestamp_ns()

    def _warn(self, text: str) -> None:
        self._log.warning(text)

    def _emit(self, data: Any) -> None:
        self._handle_data(data)

    def _later(self, work: Any) -> None:
        self.create_task(work, "book")

    async def _connect(self) -> None:
        await self._link.use(self, self._nacre.connect_timeout_s)
        for instrument in self._provider.list_all():
            self._handle_data(instrument)

    async def _disconnect(self) -> None:
        await self._link.leave(self)

    async def _subscribe_instruments(self, command: Any) -> None:
        for instrument in self._provider.list_all():
            self._handle_data(instrument)

    async def _subscribe_instrument(self, command: Any) -> None:
        self._index(command.instrument_id)
        self._handle_data(self._provider.find(command.instrument_id))

    async def _subscribe_quote_ticks(self, command: Any) -> None:
        self.want_quotes(command.instrument_id)

    async def _subscribe_trade_ticks(self, command: Any) -> None:
        self.want_trades(command.instrument_id)

    async def _subscribe_order_book_deltas(self, command: Any) -> None:
        await self.want_levels(command.instrument_id, command.book_type)

    async def _unsubscribe_instruments(self, command: Any) -> None:
        """They are sent when they are asked for."""

    async def _unsubscribe_instrument(self, command: Any) -> None:
        """It is sent when it is asked for."""

    async def _unsubscribe_quote_ticks(self, command: Any) -> None:
        self.want_no_more(Quote, command.instrument_id)

    async def _unsubscribe_trade_ticks(self, command: Any) -> None:
        self.want_no_more(Trade, command.instrument_id)

    async def _unsubscribe_order_book_deltas(self, command: Any) -> None:
        self.want_no_more(Level, command.instrument_id)

    async def _request_instrument(self, request: Any) -> None:
        found = self._provider.find(request.instrument_id)
        if found is None:
            raise ValueError(f"{request.instrument_id} is not an instrument of this core")
        self._handle_instrument(found, request.id, request.start, request.end, request.params)

    async def _request_instruments(self, request: Any) -> None:
        instruments = self._provider.list_all()
        self._handle_instruments(
            request.venue, instruments, request.id, request.start, request.end, request.params
        )
