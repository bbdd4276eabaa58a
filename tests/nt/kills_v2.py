"""A strategy of NautilusTrader 2.0 that trades while its core is killed again and again; at the end what its
node believes, as JSON.

ENV/bin/python -m tests.nt.kills_v2 SOCKET SEED    a line on standard input ends it
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from random import Random
from typing import Any

from nautilus_trader.live import LiveExecutionEngineConfig
from nautilus_trader.model import InstrumentId, OrderSide, Quantity, TimeInForce

from tests.nt.node_v2 import Hand, Node

ID = InstrumentId.from_str("EURUSD.V1")
OPEN_MAX = 40
_UNSETTLED = ("SUBMITTED", "PENDING_CANCEL", "PENDING_UPDATE", "INITIALIZED")


class Busy:
    """Submits, modifies, cancels, at random."""

    def __init__(self, hand: Hand, seed: int) -> None:
        self.hand = hand
        self.random = Random(seed)

    def open(self) -> list[Any]:
        return [o for o in self.hand.cache.orders_open() if o.strategy_id == self.hand.strategy_id]

    def act(self) -> None:
        open_orders = self.open()
        what = self.random.random()
        if what < 0.45 and open_orders:
            order = self.random.choice(open_orders)
            if order.status.name in ("PENDING_CANCEL", "PENDING_UPDATE"):
                return
            if what < 0.3:
                self.hand.cancel_order(order.client_order_id)
            else:
                qty = int(float(order.filled_qty)) + self.random.randrange(1, 2000)
                self.hand.modify_order(order.client_order_id, quantity=Quantity.from_int(qty))
        elif what < 0.6 or len(open_orders) > OPEN_MAX:
            self._submit(TimeInForce.IOC)
        else:
            self._submit(TimeInForce.GTC)

    def _submit(self, tif: TimeInForce) -> None:
        of = self.hand.cache.instrument(ID)
        side = self.random.choice((OrderSide.BUY, OrderSide.SELL))
        qty = of.make_qty(self.random.randrange(2, 2000))
        self.hand.submit_order(
            self.hand.order_factory.limit(ID, side, qty, of.make_price(1.1), time_in_force=tif)
        )


async def main(address: str, seed: int) -> None:
    # the node's own checks of orders in flight are off: what is shown is what the adapter makes up for
    quiet = LiveExecutionEngineConfig(inflight_check_interval_ms=0)
    hand = Hand("KILL")
    node = Node(
        address, hand, venue="V1", trader="KILLS-001", max_order_submit_rate="100000/00:00:01", engine=quiet
    )
    await node.start()
    await node.until(lambda: hand.cache.instrument(ID) is not None, "instruments")
    busy = Busy(hand, seed)
    print(json.dumps({"ready": True}), flush=True)
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    while not stop.done():
        if node.client._body.client is not None or busy.random.random() < 0.05:  # also into the void
            busy.act()
        await asyncio.sleep(busy.random.uniform(0, 0.01))
    await settle(node, busy)
    print(json.dumps(believed(node)), flush=True)


def unsettled(node: Node) -> list[str]:
    return [
        f"{o.client_order_id} {o.status.name}" for o in node.cache.orders() if o.status.name in _UNSETTLED
    ]


async def settle(node: Node, busy: Busy) -> None:
    """Cancel what is open; what was asked for last may be unknown until the core is back."""
    for _ in range(3):
        await node.until(lambda: node.client._body.client is not None, "the core is back")
        for order in busy.open():
            if order.status.name != "PENDING_CANCEL":
                busy.hand.cancel_order(order.client_order_id)
        await asyncio.sleep(1)
    await node.until(lambda: not unsettled(node), lambda: unsettled(node)[:20])


def believed(node: Node) -> dict[str, Any]:
    orders = [
        {
            "cl_ord_id": order.client_order_id.value, "status": order.status.name, "qty": str(order.quantity),
            "filled": str(order.filled_qty), "trades": [each.value for each in order.trade_ids],
        }
        for order in node.cache.orders()
    ]  # fmt: skip
    net = sum(p.signed_qty for p in node.cache.positions_open() if p.instrument_id == ID)
    return {"orders": orders, "net": str(int(net))}


if __name__ == "__main__":
    code = 0
    try:
        asyncio.run(main(sys.argv[1], int(sys.argv[2])))
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)
