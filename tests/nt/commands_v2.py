"""The cases of tests.nt.commands in a node of NautilusTrader 2.0.

ENV/bin/python -m tests.nt.commands_v2 SOCKET [CASE ...]    the core declares tests.nt.desk.DECLARED
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from nautilus_trader.model import AccountId, Currency, OrderSide, OrderType, Quantity, TimeInForce

from periphery.client import Client, connect
from tests.nt import commands
from tests.nt.desk import TICK, Feed
from tests.nt.node_v2 import EURUSD, Hand, Node
from tests.nt.rules import limit, rate
from tests.nt.tell import each

USD = Currency.from_str("USD")
ANY = SimpleNamespace(
    instrument_id=None, client_order_id=None, venue_order_id=None, open_only=False, start=None, end=None
)
"""A command of the node's, which only the node itself can make."""


class Desk:
    def __init__(self, node: Node, hand: Hand, feed: Feed, core: Client) -> None:
        self.node = node
        self.hand = hand
        self.feed = feed
        self.core = core

    def limit(self, ticks: int, expires: bool = False, hidden: bool = False) -> Any:
        more: dict[str, Any] = {}
        if expires:
            more = {"time_in_force": TimeInForce.GTD, "expire_time": time.time_ns() + 3600 * 10**9}
        if hidden:
            more = {"display_qty": Quantity.from_int(0)}
        return self.hand.limit(ticks, self.feed.bid, **more)

    def submit(self, order: Any) -> None:
        self.hand.submit_order(order)

    def bracket(self) -> list[Any]:
        of = self.hand.cache.instrument(EURUSD)
        px = lambda ticks: of.make_price(float(self.feed.bid + ticks * TICK))  # noqa: E731
        orders = self.hand.order_factory.bracket(
            EURUSD, OrderSide.BUY, of.make_qty(1000), entry_order_type=OrderType.LIMIT, entry_price=px(-500),
            tp_price=px(500), sl_trigger_price=px(-900), tp_post_only=False,
        )  # fmt: skip
        self.hand.submit_order_list(orders)
        return list(orders)

    def modify(self, order: Any, qty: int) -> None:
        self.hand.modify_order(order.client_order_id, quantity=Quantity.from_int(qty))

    def cancel(self, order: Any) -> None:
        self.hand.cancel_order(order.client_order_id)

    def cancel_all(self) -> None:
        self.hand.cancel_all_orders(EURUSD)

    def cancel_batch(self, orders: list[Any]) -> None:
        self.hand.cancel_orders([order.client_order_id for order in orders])

    def names(self, order: Any) -> list[str]:
        return [name for name in self.node.names(order.client_order_id.value) if name != "Initialized"]

    def reason(self, order: Any) -> str:
        return str(self.hand.events[order.client_order_id.value][-1].reason)

    def cached(self, order: Any) -> Any:
        return self.node.cache.order(order.client_order_id)

    async def until(self, true: Any, what: str) -> Any:
        return await self.node.until(true, what)

    async def order_reports(self, open_only: bool) -> list[Any]:
        command = SimpleNamespace(**{**vars(ANY), "open_only": open_only})
        return list(await self.node.client._generate_order_status_reports(command))

    async def order_report(self, order: Any) -> Any:
        command = SimpleNamespace(**{**vars(ANY), "client_order_id": order.client_order_id})
        return await self.node.client._generate_order_status_report(command)

    async def fill_reports(self) -> list[Any]:
        return list(await self.node.client._generate_fill_reports(ANY))

    async def position_reports(self) -> list[Any]:
        return list(await self.node.client._generate_position_status_reports(ANY))

    async def mass_status(self) -> Any:
        return await self.node.client._generate_mass_status(None)

    def balance(self) -> Decimal:
        return Decimal(self.account().balance_total(USD).as_decimal())

    def account(self) -> Any:
        return self.node.cache.account(AccountId("NACRE-A"))

    async def forget_account(self) -> None:
        count = len(self.account().events)
        self.hand.query_account(AccountId("NACRE-A"))
        await self.until(lambda: len(self.account().events) > count, "the account is told")

    async def limit_orders(self, most: str | None) -> None:
        await asyncio.to_thread(self.core.risk_set, limit(most))

    async def rate(self, most: str | None) -> None:
        await asyncio.to_thread(self.core.risk_set, rate(most))


async def run(address: str, feed: Feed, core: Client, names: list[str], most: str) -> None:
    hand = Hand("CMD")
    node = Node(address, hand, max_order_submit_rate=most, bypass=False)
    await node.start()
    await node.until(lambda: hand.cache.instrument(EURUSD) is not None, "instruments")
    await each(names, Desk(node, hand, feed, core))
    await node.stop()


async def main(address: str, only: list[str]) -> None:
    with connect(address, name="feed") as client:
        feed = Feed(client)
        feed.start()
        names = [name for name in commands.CASES if not only or name in only]
        await run(address, feed, client, names, "10000/00:00:01")
        if not only or "throttled_by_the_node" in only:
            await run(address, feed, client, ["throttled_by_the_node"], "2/00:01:00")
        feed.stop()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
