"""What a node makes its clients with."""

from __future__ import annotations

from typing import Any

from nautilus_trader.live.clients import DataClientFactory, ExecutionClientFactory

from periphery.nautilus_trader.v2.config import NacreDataClientConfig, NacreExecClientConfig
from periphery.nautilus_trader.v2.data import NacreDataClient
from periphery.nautilus_trader.v2.execution import NacreExecutionClient


class NacreDataClientFactory(DataClientFactory):
    @staticmethod
    def create(*, name: str, config: NacreDataClientConfig, cache: Any, clock: Any) -> NacreDataClient:
        return NacreDataClient(name=name, config=config, cache=cache, clock=clock)


class NacreExecClientFactory(ExecutionClientFactory):
    @staticmethod
    def create(
        *, name: str, config: NacreExecClientConfig, cache: Any, clock: Any, trader_id: Any
    ) -> NacreExecutionClient:
        return NacreExecutionClient(name=name, config=config, cache=cache, clock=clock, trader_id=trader_id)
