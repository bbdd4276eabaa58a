"""A core's markets for a NautilusTrader 2.0 node."""

from __future__ import annotations

from typing import Any

from nautilus_trader.live import InstrumentResponse, InstrumentsResponse
from nautilus_trader.live.clients import MarketDataClient

from periphery.nautilus_trader.instruments import NacreInstrumentProvider
from periphery.nautilus_trader.link import Link
from periphery.nautilus_trader.market import Level, Quote, Trade
from periphery.nautilus_trader.names import venue_of
from periphery.nautilus_trader.rows import Rows
from periphery.nautilus_trader.theirs import Venue
from periphery.nautilus_trader.v2.config import NacreDataClientConfig, address_of


class NacreDataClient(Rows, MarketDataClient):
    """Nothing is opened before `_connect`."""

    def __init__(self, *, name: str, config: NacreDataClientConfig, cache: Any, clock: Any) -> None:
        venue = Venue(config.venue)
        self._provider = NacreInstrumentProvider(venue)
        MarketDataClient.__init__(
            self, name=name, config=config, cache=cache, clock=clock, venue=venue,
            instrument_provider=self._provider,
        )  # fmt: skip
        self._venue_of = venue_of(config.venue)
        self.nobody_wants()

    def _now_ns(self) -> int:
        return self.clock.timestamp_ns()

    def _warn(self, text: str) -> None:
        warn(text)

    def _emit(self, data: Any) -> None:
        self._handle_data(data)

    def _later(self, work: Any) -> None:
        self.create_task(work, "book")

    async def _connect(self) -> None:
        self._link = Link.of(address_of(self.config))
        await self._link.use(self, self.config.connect_timeout_s)
        for instrument in self._provider.list_all():
            self._handle_instrument(instrument)

    async def _disconnect(self) -> None:
        await self._link.leave(self)

    async def _subscribe_instruments(self, command: Any) -> None:
        for instrument in self._provider.list_all():
            self._handle_instrument(instrument)

    async def _subscribe_instrument(self, command: Any) -> None:
        self._index(command.instrument_id)
        self._handle_instrument(self._provider.find(command.instrument_id))

    async def _subscribe_quotes(self, command: Any) -> None:
        self.want_quotes(command.instrument_id)

    async def _subscribe_trades(self, command: Any) -> None:
        self.want_trades(command.instrument_id)

    async def _subscribe_book_deltas(self, command: Any) -> None:
        await self.want_levels(command.instrument_id, command.book_type)

    async def _unsubscribe_instruments(self, command: Any) -> None:
        """They are sent when they are asked for."""

    async def _unsubscribe_instrument(self, command: Any) -> None:
        """It is sent when it is asked for."""

    async def _unsubscribe_quotes(self, command: Any) -> None:
        self.want_no_more(Quote, command.instrument_id)

    async def _unsubscribe_trades(self, command: Any) -> None:
        self.want_no_more(Trade, command.instrument_id)

    async def _unsubscribe_book_deltas(self, command: Any) -> None:
        self.want_no_more(Level, command.instrument_id)

    async def _request_instrument(self, request: Any) -> None:
        found = self._provider.find(request.instrument_id)
        if found is None:
            raise ValueError(f"{request.instrument_id} is not an instrument of this core")
        self._handle_response(
            InstrumentResponse(
                self.client_id, request.instrument_id, found, request.request_id, self._now_ns(),
                request.start_ns, request.end_ns, request.params,
            )
        )  # fmt: skip

    async def _request_instruments(self, request: Any) -> None:
        self._handle_response(
            InstrumentsResponse(
                self.client_id, self.venue, self._provider.list_all(), request.request_id, self._now_ns(),
                request.start_ns, request.end_ns, request.params,
            )
        )  # fmt: skip


def warn(text: str) -> None:
    """To the process's log: these clients have no logger of their own."""
    import logging

    logging.getLogger("nacre").warning(text)
