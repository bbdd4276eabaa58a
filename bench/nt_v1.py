"""A node of NautilusTrader 1.231 that buys and sells by turns: how long each step took, as JSON. See
bench/nt.py.

ENV/bin/python -m bench.nt_v1 alone|core ADDRESS ORDERS TRADER
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

from nautilus_trader.adapters.sandbox.config import SandboxExecutionClientConfig
from nautilus_trader.adapters.sandbox.execution import SandboxExecutionClient
from nautilus_trader.adapters.sandbox.factory import SandboxLiveExecClientFactory
from nautilus_trader.config import (
    LiveExecEngineConfig,
    LiveRiskEngineConfig,
    LoggingConfig,
    StrategyConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.identifiers import TraderId
from nautilus_trader.trading.strategy import Strategy

from bench.nt_turns import CASH_USD, EURUSD, Turns, one_quote, until
from periphery.nautilus_trader.instruments import instrument_of
from periphery.nautilus_trader.theirs import Venue
from periphery.nautilus_trader.v1 import (
    NacreDataClientConfig,
    NacreDataClientFactory,
    NacreExecClientConfig,
    NacreExecClientFactory,
    NacreExecutionClient,
)


class Trader(Turns, Strategy):
    def __init__(self, orders: int) -> None:
        Strategy.__init__(self, StrategyConfig(order_id_tag="001"))
        self.begin_with(orders)


def node_of(mode: str, address: str, trader_id: str) -> TradingNode:
    where = {"address": address, "name": "nt-bench"}
    usual: dict[str, Any] = {
        "trader_id": TraderId(trader_id),
        "logging": LoggingConfig(log_level="ERROR"),
        "exec_engine": LiveExecEngineConfig(
            reconciliation=mode == "core", reconciliation_startup_delay_secs=0.0
        ),
        "risk_engine": LiveRiskEngineConfig(max_order_submit_rate="1000000/00:00:01"),
        "timeout_post_stop": 0.1,
    }
    if mode == "core":
        usual["data_clients"] = {"NACRE": NacreDataClientConfig(**where)}
        usual["exec_clients"] = {"NACRE": NacreExecClientConfig(**where)}
    else:
        sandbox = SandboxExecutionClientConfig(
            venue="NACRE",
            starting_balances=[f"{CASH_USD} USD"],
            base_currency="USD",
            account_type="MARGIN",
            oms_type="NETTING",
        )
        usual["exec_clients"] = {"NACRE": sandbox}
    node = TradingNode(TradingNodeConfig(**usual))
    if mode == "core":
        node.add_data_client_factory("NACRE", NacreDataClientFactory)
    else:
        node.kernel.cache.add_instrument(instrument_of(EURUSD, Venue("NACRE"), 0))
    node.add_exec_client_factory(
        "NACRE", NacreExecClientFactory if mode == "core" else SandboxLiveExecClientFactory
    )
    node.build()
    return node


def watch(kind: type) -> list[int]:
    """When each order came to a client of that class."""
    came: list[int] = []
    before = getattr(kind, "submit_order")  # noqa: B009

    def submit_order(self: Any, command: Any) -> Any:
        came.append(time.perf_counter_ns())
        return before(self, command)

    kind.submit_order = submit_order  # type: ignore[attr-defined]
    return came


async def main(mode: str, address: str, orders: str, trader_id: str) -> None:
    came = watch(NacreExecutionClient if mode == "core" else SandboxExecutionClient)
    node = node_of(mode, address, trader_id)
    task = asyncio.get_running_loop().create_task(node.run_async())
    await until(lambda: node.is_running() and node.trader.is_running, "the node runs")
    trader = Trader(int(orders))
    node.trader._has_controller = True  # a strategy is added to a node that runs
    node.trader.add_strategy(trader)
    node.trader.start_strategy(trader.id)
    if mode == "alone":
        node.kernel.data_engine.process(one_quote())
        await asyncio.sleep(0.2)
    print(json.dumps(await trader.told(came)), flush=True)
    task.cancel()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
