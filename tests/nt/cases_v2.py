"""NautilusTrader's conformance cases on a core, with the built-in ExecTester and DataTester of 2.0, one JSON
line a case. Those that don't disturb each other share a node.

    ENV/bin/python -m tests.nt.cases_v2 SOCKET [CASE ...]   the core declares tests.nt.desk.DECLARED
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, NamedTuple

from nautilus_trader.model import ClientId, OrderType, Quantity, StrategyId, TimeInForce
from nautilus_trader.testkit import ExecTesterConfig

from periphery.client import connect
from tests.nt.data_v2 import data
from tests.nt.desk import Feed
from tests.nt.hand_v2 import by_hand
from tests.nt.node_v2 import EURUSD, Node
from tests.nt.tell import tell

QTY = Quantity.from_str("1000")
RESTS, TAKEN, GONE = "ACCEPTED", "FILLED", "CANCELED"
NONE = {"enable_limit_buys": False, "enable_limit_sells": False}
BUY = NONE | {"enable_limit_buys": True}
SELL = NONE | {"enable_limit_sells": True}
BOTH = BUY | SELL | {"enable_limit_buys": True}
OPENS = NONE | {"open_position_on_start_qty": Decimal(1000)}
SHORT = NONE | {"open_position_on_start_qty": Decimal(-1000)}


class Case(NamedTuple):
    """What the tester is told, its first orders' states while it runs, and once it has stopped."""

    config: dict[str, Any]
    running: list[str]
    stopped: list[str]


def stop(side: str, kind: OrderType) -> Case:
    config = NONE | {f"enable_stop_{side}s": True, "stop_order_type": kind, "stop_limit_offset_ticks": 10}
    return Case(config, [RESTS], [GONE])


def at_once(tif: TimeInForce, ticks: int, state: str) -> Case:
    """A limit order `ticks` below the bid, or over the ask where it is aggressive."""
    aggressive = state == TAKEN
    config = BUY | {"limit_time_in_force": tif, "limit_aggressive": aggressive, "tob_offset_ticks": ticks}
    return Case(config, [state], [state])


def takes(config: dict[str, Any]) -> Case:
    return Case(config, [TAKEN], [TAKEN])


RESTING = Case(BUY, [RESTS], [GONE])
TWO = Case(BOTH, [RESTS] * 2, [GONE] * 2)
TOGETHER: dict[str, Case] = {
    "TC-E01": takes(OPENS),
    "TC-E02": takes(SHORT),
    "TC-E03": takes(OPENS | {"open_position_time_in_force": TimeInForce.IOC}),
    "TC-E04": takes(OPENS | {"open_position_time_in_force": TimeInForce.FOK}),
    "TC-E06": takes(OPENS),
    "TC-E10": RESTING,
    "TC-E11": Case(SELL, [RESTS], [GONE]),
    "TC-E12": TWO,
    "TC-E13": at_once(TimeInForce.IOC, 50, TAKEN),
    "TC-E14": at_once(TimeInForce.IOC, 500, GONE),
    "TC-E15": at_once(TimeInForce.FOK, 50, TAKEN),
    "TC-E16": at_once(TimeInForce.FOK, 500, GONE),
    "TC-E17": Case(BUY | {"order_expire_time_delta_mins": 60}, [RESTS], [GONE]),
    "TC-E19": Case(BUY | {"limit_time_in_force": TimeInForce.DAY}, [RESTS], [GONE]),
    "TC-E20": stop("buy", OrderType.STOP_MARKET),
    "TC-E21": stop("sell", OrderType.STOP_MARKET),
    "TC-E22": stop("buy", OrderType.STOP_LIMIT),
    "TC-E23": stop("sell", OrderType.STOP_LIMIT),
    "TC-E24": stop("buy", OrderType.MARKET_IF_TOUCHED),
    "TC-E25": stop("sell", OrderType.MARKET_IF_TOUCHED),
    "TC-E26": stop("buy", OrderType.LIMIT_IF_TOUCHED),
    "TC-E27": stop("sell", OrderType.LIMIT_IF_TOUCHED),
    "TC-E40": RESTING,
    "TC-E41": TWO,
    "TC-E42": Case(BOTH | {"use_individual_cancels_on_stop": True}, [RESTS] * 2, [GONE] * 2),
    "TC-E43": Case(BOTH | {"use_batch_cancel_on_stop": True}, [RESTS] * 2, [GONE] * 2),
    "TC-E50": Case(BUY | {"enable_brackets": True}, [RESTS] * 3, [GONE] * 3),
    "TC-E51": Case(SELL | {"enable_brackets": True}, [RESTS] * 3, [GONE] * 3),
    "TC-E53": Case(BUY | {"enable_brackets": True, "use_post_only": True}, [RESTS] * 3, [GONE] * 3),
    "TC-E60": Case(BUY | {"use_post_only": True}, [RESTS], [GONE]),
    "TC-E62": Case(BUY | {"order_display_qty": Quantity.from_int(100)}, [RESTS], [GONE]),
    "TC-E63": Case(BUY | {"order_params": {"venue": "V1"}}, [RESTS], [GONE]),
    "TC-E70": Case(BUY | {"test_reject_post_only": True, "use_post_only": True}, ["REJECTED"], ["REJECTED"]),
    "TC-E81": TWO,
    "TC-E82": takes(SHORT),
}
ALONE: dict[str, Case] = {
    # their account's position decides
    "TC-E61": Case(OPENS | {"reduce_only_on_stop": True}, [TAKEN], [TAKEN, TAKEN]),
    "TC-E71": Case(OPENS | {"test_reject_reduce_only": True}, ["REJECTED"], ["REJECTED"]),
    "TC-E80": Case(OPENS, [TAKEN], [TAKEN, TAKEN]),
}
_STOPS = NONE | {"enable_stop_buys": True, "stop_order_type": OrderType.STOP_MARKET}
MOVING: dict[str, tuple[dict[str, Any], int, str]] = {
    # the tester, where the market goes, what is to be different then
    "TC-E30": (BUY | {"modify_orders_to_maintain_tob_offset": True}, 20, "price"),
    "TC-E31": (SELL | {"modify_orders_to_maintain_tob_offset": True}, -20, "price"),
    "TC-E32": (BUY | {"cancel_replace_orders_to_maintain_tob_offset": True}, 20, "order"),
    "TC-E33": (SELL | {"cancel_replace_orders_to_maintain_tob_offset": True}, -20, "order"),
    "TC-E34": (_STOPS | {"modify_stop_orders_to_maintain_offset": True}, 20, "trigger_price"),
    "TC-E35": (_STOPS | {"cancel_replace_stop_orders_to_maintain_offset": True}, 20, "order"),
}


def tester(number: int, config: dict[str, Any]) -> Any:
    told: dict[str, Any] = {"instrument_id": EURUSD, "client_id": ClientId("NACRE"), "order_qty": QTY}
    named = {"strategy_id": StrategyId(f"ExecTester-{number:03}"), "order_id_tag": f"{number:03}"}
    return ExecTesterConfig(**named, **(told | {"subscribe_quotes": True, "log_data": False} | config))


async def tried(name: str, does: Callable[[], Awaitable[object]]) -> None:
    try:
        await does()
    except Exception as wrong:  # whatever it is, it is the case's
        tell(name, "failed", f"{type(wrong).__name__}: {wrong}")
    else:
        tell(name, "passed")


async def together(address: str, number: int, cases: dict[str, Case]) -> None:
    """All in one node; each must come to its states, and to those after the stop."""
    of = {name: number + i for i, name in enumerate(cases)}
    testers = tuple(tester(of[name], case.config) for name, case in cases.items())
    node = Node(address, None, testers, trader=f"CASE-{number:03}", max_order_submit_rate="10000/00:00:01")
    await node.start()
    wrong: dict[str, str] = {}
    states = {name: lambda of=of[name]: node.states(f"ExecTester-{of:03}") for name in cases}
    for name, case in cases.items():
        try:
            await node.until(
                lambda name=name, case=case: states[name]()[: len(case.running)] == case.running,
                lambda name=name, case=case: f"{states[name]()[:6]}, not {case.running}",
            )
        except AssertionError as why:
            wrong[name] = str(why)
    await node.stop()
    for name, case in cases.items():
        last = states[name]()[: len(case.stopped)]
        # 2.0 may end before the fill of the closing order is told to its cache
        if name not in wrong and last != case.stopped and last[:1] != [TAKEN]:
            wrong[name] = f"stopped: {last}, not {case.stopped}"
        tell(name, "failed" if name in wrong else "passed", wrong.get(name, ""))


async def moving(address: str, feed: Feed, number: int, name: str) -> None:
    config, ticks, what = MOVING[name]
    node = Node(address, None, (tester(number, config),), trader=f"CASE-{number:03}")
    await node.start()
    orders = lambda: node.orders(f"ExecTester-{number:03}")  # noqa: E731
    try:
        await node.until(lambda: [o.status.name for o in orders()][-1:] == [RESTS], lambda: orders())
        before = orders()[-1 if what == "order" else 0]
        feed.move(ticks)
        if what == "order":
            works = lambda: [o for o in orders() if o.status.name == RESTS]  # noqa: E731
            await node.until(
                lambda: before.client_order_id not in [o.client_order_id for o in works()], orders
            )
            await node.until(
                lambda: works() and works()[-1].client_order_id != before.client_order_id, orders
            )
        else:
            await node.until(lambda: getattr(orders()[0], what) != getattr(before, what), lambda: orders())
            await node.until(lambda: orders()[0].status.name == RESTS, lambda: orders())
    finally:
        await node.stop()


async def bracket_fills(address: str, feed: Feed, number: int) -> None:
    """The entry's fill lets the legs go to the venue; one leg's fill takes the other."""
    more = {"enable_brackets": True, "tob_offset_ticks": 20, "bracket_offset_ticks": 100}
    node = Node(address, None, (tester(number, BUY | more),), trader=f"CASE-{number:03}")
    await node.start()
    orders = lambda: node.orders(f"ExecTester-{number:03}")[:3]  # noqa: E731
    try:
        await node.until(lambda: [o.status.name for o in orders()] == [RESTS] * 3, lambda: orders())
        feed.move(-40)
        await node.until(lambda: TAKEN in [o.status.name for o in orders()], lambda: orders())
        feed.move(40)
    finally:
        await node.stop()


AGAIN = ((200, 3000, ("TC-E84", "TC-E85", "TC-E86")), (201, -5000, ("TC-E87",)))
"""The tester's number, what it takes, what the next node shows: a long position, then a short one."""


async def again(address: str) -> None:
    for number, qty, cases in AGAIN:
        try:
            left = await leave(address, number, qty)
        except Exception as wrong:  # whatever it is, it is the cases'
            for case in cases:
                tell(case, "failed", f"{type(wrong).__name__}: {wrong}")
            continue
        node = Node(address, None, (), trader="AGAIN-001")
        await node.start()
        try:
            for case in cases:
                await tried(case, lambda case=case, node=node, left=left: found(case, node, left))
        finally:
            await node.stop()


async def leave(address: str, number: int, qty: int) -> dict[Any, Any]:
    """An order that works and a position, for a node that knows nothing."""
    more = {"cancel_orders_on_stop": False, "close_positions_on_stop": False}
    config = BUY | more | {"open_position_on_start_qty": Decimal(qty)}
    node = Node(address, None, (tester(number, config),), trader="AGAIN-001")
    await node.start()
    try:
        await node.until(
            lambda: sorted(node.states(f"ExecTester-{number:03}")) == [RESTS, TAKEN],
            lambda: node.states(f"ExecTester-{number:03}"),
        )
        return {order.client_order_id: order for order in node.orders(f"ExecTester-{number:03}")}
    finally:
        await node.stop()


async def found(case: str, node: Node, left: dict[Any, Any]) -> None:
    await node.until(lambda: all(node.cache.order(each) for each in left), "both orders are known")
    for each, order in left.items():
        now = node.cache.order(each)
        same = now.status == order.status and now.filled_qty == order.filled_qty
        if case == "TC-E84":
            assert now.status == order.status, (now, order)
        elif case == "TC-E85":
            assert same, (now, order)
            assert set(now.trade_ids) == set(order.trade_ids), (now, order)
    if case in ("TC-E86", "TC-E87"):
        told = [
            p for p in await node.client._generate_position_status_reports(ANY) if p.instrument_id == EURUSD
        ]
        net = sum(p.signed_qty for p in node.cache.positions_open() if p.instrument_id == EURUSD)
        reported = sum((1 if p.position_side.name == "LONG" else -1) * float(p.quantity) for p in told)
        assert net == reported != 0, (net, told)


class ANY:
    """A question about everything."""

    instrument_id = None


async def main(address: str, only: list[str]) -> None:
    wanted = lambda cases: {name: case for name, case in cases.items() if not only or name in only}  # noqa: E731
    with connect(address, name="feed") as client:
        feed = Feed(client)
        feed.start()
        if together_now := wanted(TOGETHER):
            await together(address, 1, together_now)
        number = 100
        for name, case in wanted(ALONE).items():
            await together(address, number, {name: case})
            number += 1
        for name in wanted(MOVING):
            await tried(name, lambda name=name, number=number: moving(address, feed, number, name))
            number += 1
        if not only or "TC-E52" in only:
            await tried("TC-E52", lambda: bracket_fills(address, feed, number))
        await by_hand(address, feed, only)
        await data(address, only)
        if not only or {"TC-E84", "TC-E85", "TC-E86", "TC-E87"} & set(only):
            await again(address)
        feed.stop()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
