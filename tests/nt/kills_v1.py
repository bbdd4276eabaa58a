"""A strategy that trades while its core is killed again and again; at the end what its node believes, as
JSON.

ENV/bin/python -m tests.nt.kills_v1 SOCKET SEED    a line on standard input ends it
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from decimal import Decimal
from random import Random
from typing import Any

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide, OrderStatus, TimeInForce, order_status_to_str
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

from tests.nt.node_v1 import Node

ID = InstrumentId.from_str("EURUSD.V1")
OPEN_MAX = 40
_UNSETTLED = (
    OrderStatus.SUBMITTED,
    OrderStatus.PENDING_CANCEL,
    OrderStatus.PENDING_UPDATE,
    OrderStatus.INITIALIZED,
)


class Busy(Strategy):
    """Submits, modifies, cancels, at random."""

    def __init__(self, seed: int) -> None:
        super().__init__(StrategyConfig(order_id_tag="001"))
        self.random = Random(seed)

    def act(self) -> None:
        open_orders = self.cache.orders_open(strategy_id=self.id)
        what = self.random.random()
        if what < 0.3 and open_orders:
            order = self.random.choice(open_orders)
            if not order.is_pending_cancel and not order.is_pending_update:
                self.cancel_order(order)
        elif what < 0.45 and open_orders:
            order = self.random.choice(open_orders)
            if not order.is_pending_cancel and not order.is_pending_update:
                qty = self.cache.instrument(ID).make_qty(
                    int(order.filled_qty) + self.random.randrange(1, 2000)
                )
                self.modify_order(order, quantity=qty)
        elif what < 0.6 or len(open_orders) > OPEN_MAX:
            self._submit(TimeInForce.IOC)
        else:
            self._submit(TimeInForce.GTC)

    def _submit(self, tif: TimeInForce) -> None:
        instrument = self.cache.instrument(ID)
        side = self.random.choice((OrderSide.BUY, OrderSide.SELL))
        qty = instrument.make_qty(self.random.randrange(2, 2000))
        self.submit_order(
            self.order_factory.limit(ID, side, qty, instrument.make_price(1.1), time_in_force=tif)
        )


async def main(address: str, seed: int) -> None:
    # the node's own checks of orders in flight are off: what is shown is what the adapter makes up for
    node = Node(address, venue="V1", inflight_check_interval_ms=0, max_order_submit_rate="100000/00:00:01")
    await node.start()
    strategy = Busy(seed)
    node.node.trader.add_strategy(strategy)
    node.node.trader.start_strategy(strategy.id)
    print(json.dumps({"ready": True}), flush=True)
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    while not stop.done():
        if node.client._body.client is not None or strategy.random.random() < 0.05:  # also into the void
            strategy.act()
        await asyncio.sleep(strategy.random.uniform(0, 0.01))
    try:
        await settle(node, strategy)
        print(json.dumps(believed(node)), flush=True)
    except AssertionError as wrong:
        print(
            f"{wrong}; {[(o.client_order_id.value, o.status_string()) for o in unsettled(node)]}",
            file=sys.stderr,
        )
        os._exit(1)
    await node.stop()


def unsettled(node: Node) -> list[Any]:
    return [order for order in node.cache.orders() if order.status in _UNSETTLED]


async def settle(node: Node, strategy: Busy) -> None:
    """Cancel what is open; what was asked for last may be unknown until the core is back."""
    for _ in range(3):
        await node.until(lambda: node.client._body.client is not None, "the core is back")
        for order in node.cache.orders_open(strategy_id=strategy.id):
            if not order.is_pending_cancel:
                strategy.cancel_order(order)
        await asyncio.sleep(1)
    await node.until(lambda: not unsettled(node), "all is settled")


def believed(node: Node) -> dict[str, Any]:
    orders = [
        {
            "cl_ord_id": order.client_order_id.value,
            "status": order_status_to_str(order.status),
            "qty": str(order.quantity),
            "filled": str(order.filled_qty),
            "trades": [each.value for each in order.trade_ids],
        }
        for order in node.cache.orders()
    ]
    net = sum((p.signed_decimal_qty() for p in node.cache.positions_open(instrument_id=ID)), Decimal(0))
    return {"orders": orders, "net": str(net)}


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], int(sys.argv[2])))
    finally:  # what the node left running must not hold it up
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
            os._exit(1)
