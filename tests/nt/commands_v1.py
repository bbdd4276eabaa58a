"""The cases of tests.nt.commands in a node of NautilusTrader 1.231.

ENV/bin/python -m tests.nt.commands_v1 SOCKET [CASE ...]    the core declares tests.nt.desk.DECLARED
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from decimal import Decimal
from typing import Any

from nautilus_trader.config import StrategyConfig
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import (
    GenerateFillReports,
    GenerateOrderStatusReport,
    GenerateOrderStatusReports,
    GeneratePositionStatusReports,
)
from nautilus_trader.model.enums import OrderSide, OrderType, TimeInForce
from nautilus_trader.model.identifiers import AccountId
from nautilus_trader.model.objects import Currency
from nautilus_trader.trading.strategy import Strategy

from periphery.client import Client, connect
from tests.nt import commands
from tests.nt.desk import TICK, Feed
from tests.nt.node_v1 import EURUSD, Node
from tests.nt.rules import limit, rate
from tests.nt.tell import each

USD = Currency.from_str("USD")


class Desk:
    def __init__(self, node: Node, strategy: Strategy, feed: Feed, core: Client) -> None:
        self.node = node
        self.strategy = strategy
        self.feed = feed
        self.core = core

    def limit(self, ticks: int, expires: bool = False, hidden: bool = False) -> Any:
        of = self.strategy.cache.instrument(EURUSD)
        more: dict[str, Any] = {}
        if expires:
            expire = self.strategy.clock.utc_now() + timedelta(hours=1)
            more = {"time_in_force": TimeInForce.GTD, "expire_time": expire}
        if hidden:
            more = {"display_qty": of.make_qty(0)}
        px = of.make_price(self.feed.bid + ticks * TICK)
        return self.strategy.order_factory.limit(EURUSD, OrderSide.BUY, of.make_qty(1000), px, **more)

    def submit(self, order: Any) -> None:
        self.strategy.submit_order(order)

    def bracket(self) -> list[Any]:
        of = self.strategy.cache.instrument(EURUSD)
        px = lambda ticks: of.make_price(self.feed.bid + ticks * TICK)  # noqa: E731
        orders = self.strategy.order_factory.bracket(
            EURUSD, OrderSide.BUY, of.make_qty(1000), entry_order_type=OrderType.LIMIT, entry_price=px(-500),
            tp_price=px(500), sl_trigger_price=px(-900), tp_post_only=False,
        )  # fmt: skip
        self.strategy.submit_order_list(orders)
        return list(orders.orders)

    def modify(self, order: Any, qty: int) -> None:
        self.strategy.modify_order(order, quantity=self.strategy.cache.instrument(EURUSD).make_qty(qty))

    def cancel(self, order: Any) -> None:
        self.strategy.cancel_order(order)

    def cancel_all(self) -> None:
        self.strategy.cancel_all_orders(EURUSD)

    def cancel_batch(self, orders: list[Any]) -> None:
        self.strategy.cancel_orders(orders)

    def names(self, order: Any) -> list[str]:
        return [name for name in self.node.names(order.client_order_id.value) if name != "Initialized"]

    def reason(self, order: Any) -> str:
        return str(self.node.events[order.client_order_id.value][-1].reason)

    def cached(self, order: Any) -> Any:
        return order

    async def until(self, true: Any, what: str) -> Any:
        return await self.node.until(true, what)

    async def order_reports(self, open_only: bool) -> list[Any]:
        command = GenerateOrderStatusReports(None, None, None, open_only, UUID4(), 0)
        return list(await self.node.client.generate_order_status_reports(command))

    async def order_report(self, order: Any) -> Any:
        command = GenerateOrderStatusReport(EURUSD, order.client_order_id, None, UUID4(), 0)
        return await self.node.client.generate_order_status_report(command)

    async def fill_reports(self) -> list[Any]:
        return list(
            await self.node.client.generate_fill_reports(
                GenerateFillReports(None, None, None, None, UUID4(), 0)
            )
        )

    async def position_reports(self) -> list[Any]:
        command = GeneratePositionStatusReports(None, None, None, UUID4(), 0)
        return list(await self.node.client.generate_position_status_reports(command))

    async def mass_status(self) -> Any:
        return await self.node.client.generate_mass_status()

    def balance(self) -> Decimal:
        return Decimal(self.account().balance_total(USD).as_decimal())

    def account(self) -> Any:
        return self.node.cache.account(AccountId("NACRE-A"))

    async def forget_account(self) -> None:
        count = len(self.account().events)
        self.strategy.query_account(AccountId("NACRE-A"))
        await self.until(lambda: len(self.account().events) > count, "the account is told")

    async def limit_orders(self, most: str | None) -> None:
        await asyncio.to_thread(self.core.risk_set, limit(most))

    async def rate(self, most: str | None) -> None:
        await asyncio.to_thread(self.core.risk_set, rate(most))


async def run(address: str, feed: Feed, core: Client, names: list[str], most: str) -> None:
    node = Node(address, max_order_submit_rate=most, bypass=False)
    await node.start()
    strategy = Strategy(StrategyConfig(order_id_tag="CMD"))
    node.node.trader.add_strategy(strategy)
    node.node.trader.start_strategy(strategy.id)
    await node.until(
        lambda: node.cache.quote_tick(EURUSD) or strategy.cache.instrument(EURUSD), "an instrument"
    )
    await each(names, Desk(node, strategy, feed, core))
    await node.stop()


async def main(address: str, only: list[str]) -> None:
    with connect(address, name="feed") as client:
        feed = Feed(client)
        feed.start()
        try:
            names = [name for name in commands.CASES if not only or name in only]
            await run(address, feed, client, names, "10000/00:00:01")
            if not only or "throttled_by_the_node" in only:
                await run(address, feed, client, ["throttled_by_the_node"], "2/00:01:00")
        finally:
            feed.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
