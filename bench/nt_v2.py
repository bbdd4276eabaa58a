"""A node of NautilusTrader 2.0 that buys and sells by turns: how long each step took, as JSON. See
bench/nt.py.

ENV/bin/python -m bench.nt_v2 alone|core ADDRESS ORDERS TRADER
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from decimal import Decimal
from typing import Any

from nautilus_trader.adapters.sandbox import SandboxExecutionClientConfig, SandboxExecutionClientFactory
from nautilus_trader.common import Environment, LoggerConfig
from nautilus_trader.config import DataClientConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNode, LiveRiskEngineConfig
from nautilus_trader.live.clients import DataClientFactory, MarketDataClient
from nautilus_trader.model import StrategyId, TraderId
from nautilus_trader.trading import Strategy, StrategyConfig

from bench.nt_turns import CASH_USD, EURUSD, Turns, one_quote, until
from periphery.nautilus_trader.instruments import instrument_of
from periphery.nautilus_trader.theirs import AccountType, Money, OmsType, Venue, currency_of
from periphery.nautilus_trader.v2 import (
    NacreDataClientConfig,
    NacreDataClientFactory,
    NacreExecClientConfig,
    NacreExecClientFactory,
    NacreExecutionClient,
)


class Trader(Turns, Strategy):
    def __init__(self, orders: int) -> None:
        Strategy.__init__(self, StrategyConfig(strategy_id=StrategyId("Trader-001"), order_id_tag="001"))
        self.begin_with(orders)
        self.quoted = False

    def on_start(self) -> None:
        self.subscribe_quotes(self.of.id)

    def on_quote(self, quote: Any) -> None:
        self.quoted = True


class OneQuote(MarketDataClient):
    """A node's data come by a client: there is no data engine to hand them to."""

    def __init__(self, **said: Any) -> None:
        super().__init__(venue=Venue("NACRE"), **said)

    async def _connect(self) -> None:
        self._handle_instrument(instrument_of(EURUSD, Venue("NACRE"), 0))

    async def _disconnect(self) -> None:
        """There is nothing to leave."""

    async def _subscribe_quotes(self, command: Any) -> None:
        self._handle_data(one_quote())


class OneQuoteFactory(DataClientFactory):
    @staticmethod
    def create(**said: Any) -> OneQuote:
        return OneQuote(**said)


def node_of(mode: str, address: str, trader_id: str) -> LiveNode:
    builder = LiveNode.builder(trader_id, TraderId(trader_id), Environment.SANDBOX)
    builder = builder.with_logging(LoggerConfig.from_spec("stdout=Error"))
    builder = builder.with_risk_engine_config(LiveRiskEngineConfig(max_order_submit_rate="1000000/00:00:01"))
    builder = builder.with_exec_engine_config(LiveExecutionEngineConfig(reconciliation=mode == "core"))
    if mode == "core":
        where: dict[str, Any] = {"address": address, "name": "nt2-bench"}
        builder = builder.add_data_client("NACRE", NacreDataClientFactory, NacreDataClientConfig(**where))
        execution = NacreExecClientConfig(**where, account="A")
        return builder.add_exec_client("NACRE", NacreExecClientFactory, execution).build()
    usd = currency_of("USD")
    sandbox = SandboxExecutionClientConfig(
        venue=Venue("NACRE"),
        starting_balances=[Money(CASH_USD, usd)],
        base_currency=usd,
        account_type=AccountType.MARGIN,
        oms_type=OmsType.NETTING,
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),  # there must be one: as 1.x's instrument says
    )
    builder = builder.add_data_client("NACRE", OneQuoteFactory, DataClientConfig())
    return builder.add_simulated_exec_client("NACRE", SandboxExecutionClientFactory(), sandbox).build()


def watch(kind: type) -> list[int]:
    """When each order came to a client of that class. (That of the sandbox is no Python object.)"""
    came: list[int] = []
    before = getattr(kind, "_submit_order")  # noqa: B009

    async def submit_order(self: Any, command: Any) -> None:
        came.append(time.perf_counter_ns())
        await before(self, command)

    kind._submit_order = submit_order  # type: ignore[attr-defined]
    return came


async def main(mode: str, address: str, orders: str, trader_id: str) -> None:
    came = watch(NacreExecutionClient)
    node = node_of(mode, address, trader_id)
    trader = Trader(int(orders))
    node.add_strategy(trader)
    task = asyncio.get_running_loop().create_task(node.run_async())
    await until(lambda: trader.quoted, "the node runs and has a quote")
    print(json.dumps(await trader.told(came)), flush=True)
    task.cancel()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
