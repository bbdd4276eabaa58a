"""A node of NautilusTrader 1.231 on a core, as its container runs it: over the bridge, with the
strategies of a
file.

    node.py [FILE.json]     until SIGTERM; default /etc/nautilus/node.json
    node.py health          exit 0: the node ran, with its core, within the last seconds

The file has `account`, and more or less `address`, `name`, `trader_id`, `paths` (folders of strategies'
modules) and `strategies`: each NautilusTrader's own ImportableStrategyConfig. The token is that in the file
NACRE_TOKEN_FILE.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ALIVE = Path(os.environ.get("NACRE_ALIVE", "/tmp/node.alive"))
FRESH_S = 15.0
CONNECT_S, BEGIN_S = 60.0, 120.0
"""Where many containers begin at once on few processors, a client takes long to connect."""
TICK_S = 1.0


def main() -> int:
    if sys.argv[1:] == ["health"]:
        return 0 if ALIVE.exists() and time.time() - ALIVE.stat().st_mtime < FRESH_S else 1
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "/etc/nautilus/node.json")
    told = json.loads(file.read_text())
    sys.path[:0] = told.get("paths", [])
    where = {"address": told.get("address", "tcp://bridge:7701"), "name": told.get("name", "nt")}
    await_core(where["address"], f"{where['name']}-look")
    node = made(told, where)
    try:
        beating = node.get_event_loop().create_task(beat(node))
        node.run()  # SIGTERM stops it
        beating.cancel()
        return 0
    finally:
        node.dispose()


def await_core(address: str, name: str) -> None:
    """A node gives up where its clients don't connect at once."""
    from periphery.client import ClientError, connect

    while True:
        try:
            connect(address, name=name).close()
            return
        except (ClientError, OSError):
            time.sleep(TICK_S)


def made(told: dict[str, Any], where: dict[str, str]) -> Any:
    """A built node."""
    from nautilus_trader.config import ImportableStrategyConfig, LoggingConfig, TradingNodeConfig
    from nautilus_trader.live.node import TradingNode
    from nautilus_trader.model.identifiers import TraderId

    from periphery.nautilus_trader.v1 import (
        NacreDataClientConfig,
        NacreDataClientFactory,
        NacreExecClientConfig,
        NacreExecClientFactory,
    )

    config = TradingNodeConfig(
        trader_id=TraderId(told.get("trader_id", "DESK-001")),
        logging=LoggingConfig(log_level=told.get("log_level", "WARNING"), log_colors=False),
        timeout_connection=CONNECT_S,
        data_clients={"NACRE": NacreDataClientConfig(**where, connect_timeout_s=CONNECT_S)},
        exec_clients={
            "NACRE": NacreExecClientConfig(**where, connect_timeout_s=CONNECT_S, account=told["account"])
        },
        strategies=[ImportableStrategyConfig(**each) for each in told.get("strategies", [])],
    )
    node = TradingNode(config=config)
    node.add_data_client_factory("NACRE", NacreDataClientFactory)
    node.add_exec_client_factory("NACRE", NacreExecClientFactory)
    node.build()
    return node


async def beat(node: Any) -> None:
    """Touches a file while the node trades and has its core. One that doesn't begin ends, to be begun anew.

    A node whose clients don't connect in time says that it runs all the same, and tries no more: its trader,
    which begins last, tells.
    """
    end, began = time.monotonic() + BEGIN_S, False
    while began or time.monotonic() < end:
        began = began or node.trader.is_running
        if node.trader.is_running and node.kernel.exec_engine.check_connected():
            ALIVE.touch()
        await asyncio.sleep(TICK_S)
    print(f"the node didn't begin within {BEGIN_S:g} s", file=sys.stderr, flush=True)
    os._exit(1)  # one that never ran has nothing to stop, and no way to


if __name__ == "__main__":
    raise SystemExit(main())
