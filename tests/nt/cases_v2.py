"""NautilusTrader 2.0's built-in ExecTester on a core, one JSON line a case: see cases_v1. Each case is a
node.

ENV/bin/python -m tests.nt.cases_v2 SOCKET [CASE ...]
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nautilus_trader.common import Environment, LoggerConfig
from nautilus_trader.live import LiveNode, LiveRiskEngineConfig
from nautilus_trader.model import (
    ClientId,
    InstrumentId,
    OrderType,
    Quantity,
    StrategyId,
    TimeInForce,
    TraderId,
)
from nautilus_trader.testkit import ExecTesterConfig

from periphery.client import connect
from periphery.nautilus_trader.v2 import (
    NacreDataClientConfig,
    NacreDataClientFactory,
    NacreExecClientConfig,
    NacreExecClientFactory,
)
from tests.nt.desk import Feed

EURUSD = InstrumentId.from_str("EURUSD.NACRE")
QTY = Quantity.from_str("1000")
WAIT_S = 60.0
RESTS, TAKEN = "ACCEPTED", "FILLED"
BOTH = {"enable_limit_buys": True, "enable_limit_sells": True}
NONE = {"enable_limit_buys": False, "enable_limit_sells": False}
BUY = NONE | {"enable_limit_buys": True}
SELL = NONE | {"enable_limit_sells": True}
OPENS = NONE | {"open_position_on_start_qty": Decimal(1000)}


def stop(side: str, kind: OrderType) -> dict[str, Any]:
    return NONE | {f"enable_stop_{side}s": True, "stop_order_type": kind, "stop_limit_offset_ticks": 10}


CASES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    # what the tester is told, its orders' states while it runs, and once it has stopped
    "TC-E01": (OPENS, [TAKEN], [TAKEN, TAKEN]),
    "TC-E02": (NONE | {"open_position_on_start_qty": Decimal(-1000)}, [TAKEN], [TAKEN, TAKEN]),
    "TC-E03": (OPENS | {"open_position_time_in_force": TimeInForce.IOC}, [TAKEN], [TAKEN, TAKEN]),
    "TC-E06": (OPENS, [TAKEN], [TAKEN, TAKEN]),
    "TC-E10": (BUY, [RESTS], ["CANCELED"]),
    "TC-E11": (SELL, [RESTS], ["CANCELED"]),
    "TC-E12": (BOTH, [RESTS, RESTS], ["CANCELED", "CANCELED"]),
    "TC-E17": (BUY | {"order_expire_time_delta_mins": 60}, [RESTS], ["CANCELED"]),
    "TC-E20": (stop("buy", OrderType.STOP_MARKET), [RESTS], ["CANCELED"]),
    "TC-E22": (stop("buy", OrderType.STOP_LIMIT), [RESTS], ["CANCELED"]),
    "TC-E42": (BOTH | {"use_individual_cancels_on_stop": True}, [RESTS] * 2, ["CANCELED"] * 2),
    "TC-E43": (BOTH | {"use_batch_cancel_on_stop": True}, [RESTS] * 2, ["CANCELED"] * 2),
    "TC-E60": (BUY | {"use_post_only": True}, [RESTS], ["CANCELED"]),
    "TC-E71": (OPENS | {"test_reject_reduce_only": True}, ["REJECTED"], ["REJECTED"]),
    "TC-E84": (BUY | {"cancel_orders_on_stop": False}, [RESTS], [RESTS]),
}


async def run(address: str, number: int, config: dict[str, Any]) -> Any:
    """A node with a tester: (its orders' states, how to stop it)."""
    where = {"address": address, "name": "nt2"}
    builder = LiveNode.builder(f"CASE-{number:03}", TraderId(f"CASE-{number:03}"), Environment.SANDBOX)
    builder = builder.with_logging(LoggerConfig.from_spec("stdout=Error"))
    builder = builder.with_risk_engine_config(LiveRiskEngineConfig(bypass=True)).with_delay_post_stop_secs(1)
    builder = builder.add_data_client("NACRE", NacreDataClientFactory, NacreDataClientConfig(**where))
    execution = NacreExecClientConfig(**where, account="A")
    node = builder.add_exec_client("NACRE", NacreExecClientFactory, execution).build()
    strategy = StrategyId(f"ExecTester-{number:03}")
    told = {
        "strategy_id": strategy,
        "instrument_id": EURUSD,
        "client_id": ClientId("NACRE"),
        "order_qty": QTY,
    }
    node.add_builtin_strategy("ExecTester", ExecTesterConfig(**told, subscribe_quotes=True, **config))
    cache, handle = node.cache, node.handle()
    task = asyncio.get_running_loop().create_task(node.run_async())

    def states() -> list[str]:
        mine = [order for order in cache.orders() if order.strategy_id == strategy]
        return [order.status.name for order in sorted(mine, key=lambda order: order.ts_init)]

    return states, handle, task


async def until(true: Callable[[], bool], what: Callable[[], object]) -> None:
    for _ in range(int(WAIT_S / 0.05)):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(what())


async def one(address: str, number: int, name: str) -> str:
    """What is wrong, or nothing."""
    config, running, stopped = CASES[name]
    states, handle, task = await run(address, number, config)
    try:
        await until(lambda: states() == running, lambda: f"{states()}, not {running}")
    finally:
        handle.stop()
        await asyncio.wait({task}, timeout=WAIT_S)
    # 2.0 may end before the fill of the closing order is told to its cache
    return (
        ""
        if states()[: len(stopped)] == stopped or states()[:1] == stopped[:1] == [TAKEN]
        else f"stopped: {states()}"
    )


async def main(address: str, only: list[str]) -> None:
    with connect(address, name="feed") as client:
        feed = Feed(client)
        feed.start()
        for number, name in enumerate(only or CASES, 1):
            try:
                why = await one(address, number, name)
            except Exception as wrong:  # whatever it is, it is the case's
                why = f"{type(wrong).__name__}: {wrong}"
            print(
                json.dumps({"case": name, "outcome": "failed" if why else "passed", "why": why}), flush=True
            )
        feed.stop()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
