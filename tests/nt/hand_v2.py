"""Conformance cases of 2.0 that its built-in tester has no setting for: a strategy in Python does them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from nautilus_trader.model import OrderSide, Quantity, TimeInForce, TrailingOffsetType

from tests.nt.desk import Feed
from tests.nt.frozen import frozen
from tests.nt.node_v2 import EURUSD, Hand, Node
from tests.nt.tell import tell

RESTING = ["Submitted", "Accepted"]
type Case = Callable[[Node, Hand, Feed], Awaitable[None]]


async def comes(node: Node, order: Any, *names: str) -> None:
    def now() -> list[str]:
        return [name for name in node.names(order.client_order_id.value) if name != "Initialized"]

    wanted = list(names)
    await node.until(lambda: now() == wanted, lambda: f"{now()}, not {wanted}")


async def rests(node: Node, hand: Hand, feed: Feed) -> Any:
    order = hand.limit(-500, feed.bid)
    hand.submit_order(order)
    await comes(node, order, *RESTING)
    return order


async def expires(node: Node, hand: Hand, feed: Feed) -> None:
    soon = time.time_ns() + 10**9
    order = hand.limit(-500, feed.bid, time_in_force=TimeInForce.GTD, expire_time=soon)
    hand.submit_order(order)
    await comes(node, order, *RESTING, "Expired")


async def cancels_canceled(node: Node, hand: Hand, feed: Feed) -> None:
    """The client's word counts: the node applies no event to an order that is over."""
    order = await rests(node, hand, feed)
    hand.cancel_order(order.client_order_id)
    await node.until(lambda: node.names(order.client_order_id.value)[-1] == "Canceled", "canceled")
    said: list[str] = []
    events = node.client._events
    before = events.cancel_rejected
    events.cancel_rejected = lambda known, reason, time_ns: said.append(reason)
    try:
        await node.client._cancel_order(SimpleNamespace(client_order_id=order.client_order_id))
        await node.until(lambda: said, "the cancel is refused")
    finally:
        events.cancel_rejected = before
    assert said == ["too_late"], said


async def unsupported_type(node: Node, hand: Hand, feed: Feed) -> None:
    of = hand.cache.instrument(EURUSD)
    order = hand.order_factory.trailing_stop_limit(
        EURUSD, OrderSide.BUY, of.make_qty(1000), of.make_price(2), Decimal("0.001"), Decimal("0.001"),
        TrailingOffsetType.PRICE, trigger_price=of.make_price(2),
    )  # fmt: skip
    hand.submit_order(order)
    await node.until(lambda: node.names(order.client_order_id.value)[-1:] == ["Denied"], "denied")
    reason = hand.events[order.client_order_id.value][-1].reason
    assert "TRAILING_STOP_LIMIT" in reason, reason


async def ambiguous_submit(node: Node, hand: Hand, feed: Feed) -> None:
    """The core stands still: nothing is said of the order, which is neither rejected nor sent again."""
    await rests(node, hand, feed)  # the core learns the strategy's name with its first order
    order = hand.limit(-500, feed.bid)
    with frozen(node.client._nacre.address):
        hand.submit_order(order)
        await asyncio.sleep(0.5)
        assert node.names(order.client_order_id.value)[-1:] == ["Submitted"], node.told()
    await comes(node, order, *RESTING)


def ambiguous(ask: Callable[[Hand, Any], None], *names: str) -> Case:
    async def run(node: Node, hand: Hand, feed: Feed) -> None:
        order = await rests(node, hand, feed)
        with frozen(node.client._nacre.address):
            ask(hand, order)
            await asyncio.sleep(0.5)
            assert names[1] not in node.names(order.client_order_id.value), node.told()
        await node.until(lambda: node.names(order.client_order_id.value)[-1] == names[1], names[1])

    return run


async def unsubscribes(node: Node, hand: Hand, feed: Feed) -> None:
    """With parameters, too, which say nothing to a core."""
    hand.subscribe_quotes(EURUSD, params={"speed": "100"})
    await node.until(lambda: hand.quotes > 3, "quotes")
    hand.unsubscribe_quotes(EURUSD)
    await asyncio.sleep(0.5)
    before = hand.quotes
    await asyncio.sleep(0.5)
    assert hand.quotes == before, "quotes after the end"


CASES: dict[str, Case] = {
    "TC-E18": expires,
    "TC-E44": cancels_canceled,
    "TC-E72": unsupported_type,
    "TC-E74": ambiguous_submit,
    "TC-E75": ambiguous(
        lambda hand, order: hand.cancel_order(order.client_order_id), "PendingCancel", "Canceled"
    ),
    "TC-E76": ambiguous(
        lambda hand, order: hand.modify_order(order.client_order_id, quantity=Quantity.from_int(500)),
        "PendingUpdate", "Updated",
    ),
    "TC-E77": ambiguous(
        lambda hand, order: hand.cancel_orders([order.client_order_id]), "PendingCancel", "Canceled"
    ),
    "TC-E83": unsubscribes,
    "TC-D70": unsubscribes,
    "TC-D71": unsubscribes,
}  # fmt: skip


async def by_hand(address: str, feed: Feed, only: list[str]) -> None:
    wanted = {name: case for name, case in CASES.items() if not only or name in only}
    if not wanted:
        return
    hand = Hand()
    node = Node(address, hand, trader="HAND-001")
    await node.start()
    await node.until(lambda: hand.cache.instrument(EURUSD) is not None, "instruments")
    for name, case in wanted.items():
        try:
            await case(node, hand, feed)
        except Exception as wrong:  # whatever it is, it is the case's
            tell(name, "failed", f"{type(wrong).__name__}: {wrong}")
        else:
            tell(name, "passed")
    hand.cancel_all_orders(EURUSD)
    await node.stop()
