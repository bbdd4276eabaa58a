"""A node of NautilusTrader 1.231 on a core, for tests: in the environment that has it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from nautilus_trader.config import (
    CacheConfig,
    DatabaseConfig,
    ImportableControllerConfig,
    LiveExecEngineConfig,
    LiveRiskEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.identifiers import InstrumentId, TraderId

from periphery.nautilus_trader.v1 import (
    NacreDataClientConfig,
    NacreDataClientFactory,
    NacreExecClientConfig,
    NacreExecClientFactory,
)

EURUSD = InstrumentId.from_str("EURUSD.NACRE")
BTCUSD = InstrumentId.from_str("BTCUSD.NACRE")
WAIT_S = 60.0


class Made(NacreExecClientFactory):
    """Keeps the last client that it made."""

    last: Any = None

    @staticmethod
    def create(*said: Any, **more: Any) -> Any:
        Made.last = NacreExecClientFactory.create(*said, **more)
        return Made.last


class Node:
    """events: of each order, by its client order id, as names."""

    def __init__(
        self, address: str, token: str | None = None, name: str = "nt", trader: str = "TESTER-001",
        log: str = "ERROR", max_order_submit_rate: str = "100/00:00:01", venue: str = "NACRE",
        bypass: bool = True, redis_port: int | None = None, **exec_engine: Any,
    ) -> None:  # fmt: skip
        """redis_port: of a server that keeps the node's cache from one run to the next."""
        where = {"address": address, "token": token, "name": name, "venue": venue}
        kept = None if redis_port is None else DatabaseConfig(host="127.0.0.1", port=redis_port)
        config = TradingNodeConfig(
            trader_id=TraderId(trader),
            logging=LoggingConfig(log_level=log, log_colors=False),
            cache=CacheConfig(database=kept),
            exec_engine=LiveExecEngineConfig(
                reconciliation=True, reconciliation_startup_delay_secs=0.0, **exec_engine
            ),
            risk_engine=LiveRiskEngineConfig(bypass=bypass, max_order_submit_rate=max_order_submit_rate),
            data_clients={"NACRE": NacreDataClientConfig(**where)},
            exec_clients={"NACRE": NacreExecClientConfig(**where, account="A")},
            controller=ImportableControllerConfig(
                controller_path="nautilus_trader.trading.controller:Controller",
                config_path="nautilus_trader.common.config:ActorConfig",
                config={},
            ),
            timeout_connection=30.0,
            timeout_reconciliation=30.0,
            timeout_portfolio=10.0,
            timeout_disconnection=10.0,
            timeout_post_stop=1.0,
        )
        self.node = TradingNode(config=config)
        self.node.add_data_client_factory("NACRE", NacreDataClientFactory)
        self.node.add_exec_client_factory("NACRE", Made)
        self.node.build()
        self.client = Made.last
        self.events: dict[str, list[Any]] = defaultdict(list)
        self.node.kernel.msgbus.subscribe("events.order.*", self._heard)
        self._task: asyncio.Task[None] | None = None

    def _heard(self, event: Any) -> None:
        self.events[event.client_order_id.value].append(event)

    @property
    def cache(self) -> Any:
        return self.node.cache

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self.node.run_async())
        await self.until(lambda: self.node.is_running() and self.node.trader.is_running, "the node runs")

    async def stop(self) -> None:
        await self.node.stop_async()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def until(self, true: Callable[[], Any], what: str, seconds: float = WAIT_S) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := true():
                return found
            await asyncio.sleep(0.005)
        raise AssertionError(f"not within {seconds} s: {what}; {self.told()}")

    def names(self, cl_ord_id: str) -> list[str]:
        return [type(event).__name__.removeprefix("Order") for event in self.events[cl_ord_id]]

    def told(self) -> dict[str, list[str]]:
        """Of the last orders, with reasons."""
        last = list(self.events)[-6:]
        return {
            each: [*self.names(each), *(e.reason for e in self.events[each] if hasattr(e, "reason"))]
            for each in last
        }
