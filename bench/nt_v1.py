"""A node of NautilusTrader 1.231 that buys and sells by turns: how long each step took, as JSON. See
bench/nt.py.

ENV/bin/python -m bench.nt_v1 alone|core ADDRESS ORDERS
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
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, TraderId
from nautilus_trader.trading.strategy import Strategy

from periphery.client.directory import Symbol
from periphery.nautilus_trader.instruments import Numbers, instrument_of
from periphery.nautilus_trader.theirs import Venue
from periphery.nautilus_trader.v1 import (
    NacreDataClientConfig,
    NacreDataClientFactory,
    NacreExecClientConfig,
    NacreExecClientFactory,
    NacreExecutionClient,
)

WAIT_S = 120.0
WARM = 20
BID, ASK = 110_000, 110_002
EURUSD = Symbol("EURUSD", 0, "fx", 5, 0, 1, 1, "USD", ("V",), "USD", 1, 0, False)


class Turns(Strategy):
    """One order after the other."""

    def __init__(self, instrument: InstrumentId, orders: int) -> None:
        super().__init__(StrategyConfig(order_id_tag="001"))
        self.instrument_id = instrument
        self.orders = orders
        self.sent: list[int] = []
        self.filled: list[int] = []
        self.done = asyncio.Event()

    def begin(self) -> None:
        side = OrderSide.SELL if len(self.sent) % 2 else OrderSide.BUY
        qty = self.cache.instrument(self.instrument_id).make_qty(1000)
        order = self.order_factory.market(self.instrument_id, side, qty, TimeInForce.IOC)
        self.sent.append(time.perf_counter_ns())
        self.submit_order(order)

    def on_order_filled(self, event: Any) -> None:
        self.filled.append(time.perf_counter_ns())
        if len(self.filled) < self.orders:
            asyncio.get_event_loop().call_soon(self.begin)
        else:
            self.done.set()

    def on_order_denied(self, event: Any) -> None:
        self.done.set()

    def on_order_rejected(self, event: Any) -> None:
        self.done.set()


def node_of(mode: str, address: str) -> TradingNode:
    where = {"address": address, "name": "nt-bench"}
    usual: dict[str, Any] = {
        "trader_id": TraderId("BENCH-001"),
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
        balances = ["100_000_000 USD"]
        sandbox = SandboxExecutionClientConfig(
            venue="NACRE",
            starting_balances=balances,
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


async def until(true: Any, what: str) -> None:
    end = time.monotonic() + WAIT_S
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"not within {WAIT_S} s: {what}")
        await asyncio.sleep(0.01)


async def main(mode: str, address: str, orders: int) -> None:
    came = watch(NacreExecutionClient if mode == "core" else SandboxExecutionClient)
    node = node_of(mode, address)
    task = asyncio.get_running_loop().create_task(node.run_async())
    await until(lambda: node.is_running() and node.trader.is_running, "the node runs")
    of = Numbers(instrument_of(EURUSD, Venue("NACRE"), 0))
    strategy = Turns(of.id, orders + WARM)
    node.trader._has_controller = True  # a strategy is added to a node that runs
    node.trader.add_strategy(strategy)
    node.trader.start_strategy(strategy.id)
    if mode == "alone":
        size = of.quantity(1_000_000_000)
        node.kernel.data_engine.process(QuoteTick(of.id, of.price(BID), of.price(ASK), size, size, 1, 1))
        await asyncio.sleep(0.2)
    strategy.begin()
    await asyncio.wait_for(strategy.done.wait(), WAIT_S)
    rows = zip(strategy.sent, came, strategy.filled, strict=True)
    steps = [(c - s, f - s) for s, c, f in rows][WARM:]
    net = sum((p.signed_decimal_qty() for p in node.cache.positions_open()), 0)
    told = {"submit_ns": [a for a, _ in steps], "filled_ns": [b for _, b in steps], "net": int(net)}
    print(json.dumps(told), flush=True)
    task.cancel()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
