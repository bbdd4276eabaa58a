"""What a node makes its clients with."""

from __future__ import annotations

import asyncio

from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.live.factories import LiveDataClientFactory, LiveExecClientFactory

from periphery.nautilus_trader.v1.config import NacreDataClientConfig, NacreExecClientConfig
from periphery.nautilus_trader.v1.data import NacreDataClient
from periphery.nautilus_trader.v1.execution import NacreExecutionClient


class NacreDataClientFactory(LiveDataClientFactory):
    @staticmethod
    def create(
        loop: asyncio.AbstractEventLoop, name: str, config: NacreDataClientConfig, msgbus: MessageBus,
        cache: Cache, clock: LiveClock,
    ) -> NacreDataClient:  # fmt: skip
        return NacreDataClient(loop, name, config, msgbus, cache, clock)


class NacreExecClientFactory(LiveExecClientFactory):
    @staticmethod
    def create(
        loop: asyncio.AbstractEventLoop, name: str, config: NacreExecClientConfig, msgbus: MessageBus,
        cache: Cache, clock: LiveClock,
    ) -> NacreExecutionClient:  # fmt: skip
        return NacreExecutionClient(loop, name, config, msgbus, cache, clock)
