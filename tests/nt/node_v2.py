"""A node of NautilusTrader 2.0 on a core, for tests: in the environment that has it."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from nautilus_trader.common import Environment, LoggerConfig
from nautilus_trader.live import LiveNode, LiveRiskEngineConfig
from nautilus_trader.model import InstrumentId, OrderSide, StrategyId, TraderId
from nautilus_trader.trading import Strategy, StrategyConfig

from periphery.nautilus_trader.v2 import (
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
    def create(**said: Any) -> Any:
        Made.last = NacreExecClientFactory.create(**said)
        return Made.last


class Hand(Strategy):
    """Does what a case tells it. events: of each order, by its client order id, as they come."""

    def __init__(self, tag: str = "HAND") -> None:
        super().__init__(StrategyConfig(strategy_id=StrategyId(f"Hand-{tag}"), order_id_tag=tag))
        self.events: dict[str, list[Any]] = defaultdict(list)
        self.quotes = 0
        self.started = False

    def on_start(self) -> None:
        self.started = True

    def on_order_event(self, event: Any) -> None:
        self.events[event.client_order_id.value].append(event)

    def on_quote(self, quote: Any) -> None:
        self.quotes += 1

    def limit(self, ticks: int, bid: Any, side: OrderSide = OrderSide.BUY, **more: Any) -> Any:
        """`ticks` above the bid."""
        of = self.cache.instrument(EURUSD)
        px = of.make_price(float(bid) + ticks * 0.00001)
        return self.order_factory.limit(EURUSD, side, of.make_qty(1000), px, **more)


class Node:
    """hands, strategies, actors: what runs in it."""

    def __init__(
        self, address: str, hand: Hand | None = None, strategies: tuple[Any, ...] = (),
        actors: tuple[Any, ...] = (), trader: str = "CASE-001", max_order_submit_rate: str = "100/00:00:01",
        bypass: bool = True, venue: str = "NACRE", engine: Any = None,
    ) -> None:  # fmt: skip
        where = {"address": address, "name": "nt2", "venue": venue}
        builder = LiveNode.builder(trader, TraderId(trader), Environment.SANDBOX)
        risk = LiveRiskEngineConfig(bypass=bypass, max_order_submit_rate=max_order_submit_rate)
        builder = builder.with_logging(LoggerConfig.from_spec("stdout=Error")).with_risk_engine_config(risk)
        builder = builder.with_delay_post_stop_secs(1)
        if engine is not None:
            builder = builder.with_exec_engine_config(engine)
        builder = builder.add_data_client("NACRE", NacreDataClientFactory, NacreDataClientConfig(**where))
        execution = NacreExecClientConfig(**where, account="A")
        self.node: Any = builder.add_exec_client("NACRE", Made, execution).build()
        self.client = Made.last
        self.hand = hand
        if hand is not None:
            self.node.add_strategy(hand)
        for config in strategies:
            self.node.add_builtin_strategy("ExecTester", config)
        for config in actors:
            self.node.add_builtin_actor("DataTester", config)
        self.cache, self._handle = self.node.cache, self.node.handle()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self.node.run_async())
        if self.hand is not None:
            await self.until(lambda: self.hand.started, "the strategy starts")

    async def stop(self) -> None:
        """A thread can have one node: it goes, its cache stays."""
        self._handle.stop()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=WAIT_S)
        self.node = self._handle = self._task = Made.last = None
        gc.collect()

    async def until(self, true: Callable[[], Any], what: Any, seconds: float = WAIT_S) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := true():
                return found
            await asyncio.sleep(0.01)
        raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}; {self.told()}")

    def orders(self, strategy: str) -> list[Any]:
        """The oldest first."""
        mine = [order for order in self.cache.orders() if order.strategy_id.value == strategy]
        return sorted(mine, key=lambda order: (order.ts_init, order.client_order_id.value))

    def states(self, strategy: str) -> list[str]:
        return [order.status.name for order in self.orders(strategy)]

    def names(self, cl_ord_id: str) -> list[str]:
        assert self.hand is not None
        return [type(event).__name__.removeprefix("Order") for event in self.hand.events[cl_ord_id]]

    def told(self) -> dict[str, list[str]]:
        """Of the hand's last orders, with reasons."""
        if self.hand is None:
            return {}
        last = list(self.hand.events)[-6:]
        return {
            each: [*self.names(each), *(e.reason for e in self.hand.events[each] if hasattr(e, "reason"))]
            for each in last
        }
