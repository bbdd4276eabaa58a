"""A core whose venue is NautilusTrader's own sandbox, behind the gateway: orders there, fills and quotes
back.

ENV/bin/python -m tests.nt.gateway_v1 SOCKET NOTES    the core declares tests.nt.kills.DECLARED
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from nautilus_trader.adapters.sandbox.config import SandboxExecutionClientConfig
from nautilus_trader.adapters.sandbox.factory import SandboxLiveExecClientFactory
from nautilus_trader.config import (
    LiveExecEngineConfig,
    LiveRiskEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.identifiers import ClientId, TraderId

from periphery.client import Client, OrderEvent, connect
from periphery.client.directory import Symbol
from periphery.nautilus_trader.instruments import Numbers, instrument_of
from periphery.nautilus_trader.theirs import Venue
from periphery.nautilus_trader.v1.asking import Asking
from periphery.nautilus_trader.v1.gateway import Gateway, GatewayConfig
from periphery.nautilus_trader.v1.venue import Local, Standing

WAIT_S = 60.0
EURUSD = Symbol("EURUSD", 0, "fx", 5, 0, 1, 1, "USD", ("V1",), "USD", 1, 0, False)


class Sandbox(Local):
    """is_up: what the test wants it to be."""

    def __init__(self, is_up: list[bool], client: Any, cache: Any) -> None:
        super().__init__(client, cache)
        self.is_up = is_up

    def is_connected(self) -> bool:
        return self.is_up[0]


async def until(true: Any, what: str) -> Any:
    end = time.monotonic() + WAIT_S
    while not (found := true()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {WAIT_S} s: {what}")
        await asyncio.sleep(0.01)
    return found


def told(client: Client, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """(cl_ord_id, exec_type) of all answers so far."""
    while (event := client.poll()) is not None:
        if isinstance(event, OrderEvent):
            found.append((event.cl_ord_id, event.exec_type))
    return found


async def main(address: str, notes: str) -> dict[str, Any]:
    sandbox = SandboxExecutionClientConfig(
        venue="V1",
        starting_balances=["100_000_000 USD"],
        base_currency="USD",
        account_type="MARGIN",
        oms_type="NETTING",
    )
    node = TradingNode(
        TradingNodeConfig(
            trader_id=TraderId("GATEWAY-001"), logging=LoggingConfig(log_level="ERROR"),
            exec_engine=LiveExecEngineConfig(reconciliation=False),
            risk_engine=LiveRiskEngineConfig(bypass=True),
            exec_clients={"V1": sandbox},
        )
    )  # fmt: skip
    of = Numbers(instrument_of(EURUSD, Venue("V1"), 0))
    node.kernel.cache.add_instrument(of.instrument)
    node.add_exec_client_factory("V1", SandboxLiveExecClientFactory)
    node.build()
    is_up = [True]
    config = GatewayConfig(venue="V1", instruments={"EURUSD": "EURUSD.V1"}, notes=notes, address=address)
    gateway = Gateway(config, Sandbox(is_up, node.kernel.exec_engine._clients[ClientId("V1")], node.cache))
    node.trader.add_strategy(gateway)
    asyncio.get_running_loop().create_task(node.run_async())
    await until(lambda: gateway.sends.client is not None and gateway.sends.is_up, "the gateway is there")
    size = of.quantity(1_000_000)
    node.kernel.data_engine.process(QuoteTick(of.id, of.price(110_000), of.price(110_002), size, size, 1, 1))
    with connect(address, name="desk") as client:
        return await trade(client, is_up)


async def trade(client: Client, is_up: list[bool]) -> dict[str, Any]:
    found: list[tuple[str, str]] = []
    said = {"account": "A", "venue": "V1"}
    quote = await until(client.poll_quote, "the venue's quote is the core's")
    client.submit("EURUSD", "buy", 1000, cl_ord_id="takes", time_in_force="ioc", **said)
    client.submit("EURUSD", "buy", 500, "limit", "1.0", cl_ord_id="rests", time_in_force="gtc", **said)
    await until(
        lambda: ("rests", "new") in told(client, found) and ("takes", "trade") in found, "taken and resting"
    )
    is_up[0] = False
    await asyncio.sleep(0.5)
    down = {row["cl_ord_id"]: row["ord_status"] for row in client.orders()}
    client.submit("EURUSD", "buy", 1, cl_ord_id="late", time_in_force="ioc", **said)
    await asyncio.sleep(0.5)
    is_up[0] = True
    await asyncio.sleep(0.5)
    client.cancel("rests", "gone")
    await until(lambda: ("gone", "canceled") in told(client, found), f"canceled; {found}")
    row = client.request("executions")
    return {
        "ask": str(quote.ask_px), "down": down, "told": found,
        "fills": [(fill["first_cl_ord_id"], fill["qty"], fill["px"]) for fill in row["fills"]],
        "children": {each["first_cl_ord_id"]: len(each["children"]) for each in row["orders"]},
        "answers": [answers(is_owed=True), answers(is_owed=False)],
    }  # fmt: skip


def answers(is_owed: bool) -> list[str]:
    """What the core is told of an order that the venue has filled. is_owed: its cancel has no answer."""
    told: list[str] = []

    def report(_child: str, _symbol: str, kind: str, **_: str) -> bool:
        told.append(kind)
        return True

    asking = Asking(SimpleNamespace(sends=SimpleNamespace(report=report)))  # type: ignore[arg-type]
    if is_owed:
        asking.owed.add("a.1")
    filled = Standing("FILLED", Decimal(1), Decimal(0), None)
    assert all(asking._tell("a.1", "EURUSD", filled, None) for _ in range(2))
    return told


if __name__ == "__main__":
    try:
        print(json.dumps(asyncio.run(asyncio.wait_for(main(sys.argv[1], sys.argv[2]), 240))), flush=True)
    except BaseException as wrong:
        print(json.dumps({"failed": f"{type(wrong).__name__}: {wrong}"}), flush=True)
    os._exit(0)
