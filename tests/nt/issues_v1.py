"""A node of 1.231 that trades and is killed, and the next one: what each believes, as JSON.

    ENV/bin/python -m tests.nt.issues_v1 SOCKET leave|find REDIS_PORT|0

Its cache is kept in Redis, or not at all. It prints a line when it has come to rest, and waits to be ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from typing import Any

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.trading.strategy import Strategy

from tests.nt.node_v1 import EURUSD, Node

RESTS = 5


class Trader(Strategy):
    def __init__(self) -> None:
        super().__init__(StrategyConfig(order_id_tag="001", external_order_claims=[EURUSD]))

    def submit(self, side: OrderSide, qty: int, px: str | None = None) -> Any:
        of = self.cache.instrument(EURUSD)
        if px is None:
            order = self.order_factory.market(EURUSD, side, of.make_qty(qty), TimeInForce.IOC)
        else:
            order = self.order_factory.limit(EURUSD, side, of.make_qty(qty), of.make_price(float(px)))
        self.submit_order(order)
        return order


async def trade(node: Node, trader: Trader) -> None:
    """A position of 2,000 from three fills, one order that is over, and some that work."""
    taken = [trader.submit(OrderSide.BUY, 3000), trader.submit(OrderSide.SELL, 1500)]
    taken.append(trader.submit(OrderSide.BUY, 500))
    for order in taken:
        await node.until(lambda order=order: order.is_closed, "filled")
    gone = trader.submit(OrderSide.BUY, 100, "1.0")
    resting = [trader.submit(OrderSide.BUY, 100 + n, "1.0") for n in range(RESTS)]
    for order in [gone, *resting]:
        await node.until(lambda order=order: order.is_open, "works")
    trader.cancel_order(gone)
    await node.until(lambda: gone.is_closed, "canceled")


def believes(node: Node) -> dict[str, Any]:
    orders = {
        order.client_order_id.value: {
            "type": order.type_string(), "tif": order.time_in_force.name, "status": order.status_string(),
            "qty": str(order.quantity), "filled": str(order.filled_qty), "trades": sorted(
            each.value for each in order.trade_ids),
        }
        for order in node.cache.orders()
    }  # fmt: skip
    positions = [
        {"net": str(p.signed_decimal_qty()), "trades": sorted(each.value for each in p.trade_ids)}
        for p in node.cache.positions_open(instrument_id=EURUSD)
    ]
    return {"orders": orders, "positions": positions}


async def main(address: str, what: str, port: int) -> None:
    node = Node(address, redis_port=port or None)
    trader = Trader()
    node.node.trader.add_strategy(trader)
    await node.start()
    if what == "leave":
        await trade(node, trader)
    await asyncio.sleep(1)  # what reconciliation makes up, and Redis, come after
    print(json.dumps(believes(node)), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
    except BaseException:
        traceback.print_exc()
    os._exit(0)
