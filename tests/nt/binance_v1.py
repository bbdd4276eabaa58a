"""A gateway in a node of 1.231 with NautilusTrader's own Binance spot clients, at a replay server; it prints
what it believes whenever that changes, as JSON.

    ENV/bin/python -m tests.nt.binance_v1 SOCKET FOLDER PORT quotes|book    the end of standard input ends it
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from nautilus_trader.adapters.binance import (
    BinanceDataClientConfig,
    BinanceExecClientConfig,
    BinanceLiveDataClientFactory,
    BinanceLiveExecClientFactory,
)
from nautilus_trader.config import (
    InstrumentProviderConfig,
    LiveExecEngineConfig,
    LiveRiskEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.identifiers import ClientId, InstrumentId, TraderId

from periphery.nautilus_trader.v1.binance import BinanceSpot
from periphery.nautilus_trader.v1.gateway import Gateway, GatewayConfig

ID = "BTCUSDT.BINANCE"
KEYS = {"api_key": "replay" * 10, "api_secret": "secret" * 10}


def node_at(port: int) -> TradingNode:
    provider = InstrumentProviderConfig(load_ids=frozenset({InstrumentId.from_str(ID)}))
    http, ws = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    usual: dict[str, Any] = {"base_url_http": http, "instrument_provider": provider, **KEYS}
    node = TradingNode(
        TradingNodeConfig(
            trader_id=TraderId("GATEWAY-001"), logging=LoggingConfig(log_level="ERROR", log_colors=False),
            exec_engine=LiveExecEngineConfig(reconciliation=True, reconciliation_startup_delay_secs=0.0),
            risk_engine=LiveRiskEngineConfig(bypass=True),
            data_clients={"BINANCE": BinanceDataClientConfig(base_url_ws=ws, **usual)},
            exec_clients={"BINANCE": BinanceExecClientConfig(base_url_ws=f"{ws}/ws-api", **usual)},
            timeout_connection=60.0,
            timeout_post_stop=0.5,
        )
    )  # fmt: skip
    node.add_data_client_factory("BINANCE", BinanceLiveDataClientFactory)
    node.add_exec_client_factory("BINANCE", BinanceLiveExecClientFactory)
    node.build()
    return node


async def main(address: str, folder: Path, port: int, book: bool) -> None:
    node = node_at(port)
    client = node.kernel.exec_engine._clients[ClientId("BINANCE")]
    config = GatewayConfig(
        venue="BINANCE", instruments={"BTCUSDT": ID}, notes=str(folder / "notes"), address=address, book=book,
        balances=str(folder / "balances.csv"), account="A",
    )  # fmt: skip
    gateway = Gateway(config, BinanceSpot(client, node.cache))
    node.trader.add_strategy(gateway)
    node.kernel.loop.create_task(node.run_async())
    ends = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    said = ""
    while not ends.done():
        now = json.dumps(
            {"up": gateway.sends.is_up and gateway.sends.client is not None,
             "unknown": sorted(gateway.unknown), "live": sorted(gateway.asking.live),
             "lost_rows": gateway.lost_rows, "why": gateway.sends.why}
        )  # fmt: skip
        if now != said:
            print(now, flush=True)
            said = now
        await asyncio.sleep(0.005)
    await node.stop_async()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "book"))
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(0)
