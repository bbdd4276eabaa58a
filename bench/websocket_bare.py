"""The library's own broadcast, and nothing else: the same messages to the same number of clients, at the same
planned times. Run as a module, as bench/websocket_client.py.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, unix_serve


def message(n: int, symbol: int, planned_ns: int) -> bytes:
    """As the engine says a quote."""
    return (
        f'{{"type":"deltas","topics":[{{"topic":"quotes:S{symbol}","n":{n},"conflated":0,"changes":[{{"n":{n},'
        f'"key":"V","seq":{n + 20},"time_ns":"{planned_ns}","values":{{"symbol":"S{symbol}","venue":"V",'
        f'"bid_px":"100.01","bid_qty":"100","ask_px":"100.02","ask_qty":"100"}}}}]}}]}}'
    ).encode()


async def run(asked: dict[str, Any]) -> None:
    """asked: path, clients, changes, every_ns, symbols."""
    clients: set[ServerConnection] = set()

    async def serve(connection: ServerConnection) -> None:
        clients.add(connection)
        await connection.wait_closed()
        clients.discard(connection)

    async with await unix_serve(serve, asked["path"], compression=None, ping_interval=None):
        print(json.dumps({"listens": True}), flush=True)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, sys.stdin.readline)
        begin = time.time_ns()
        for i in range(asked["changes"]):
            planned = begin + i * asked["every_ns"]
            await asyncio.sleep(max(0, planned - time.time_ns()) / 1e9)
            broadcast(clients, message(i // asked["symbols"] + 1, i % asked["symbols"], planned), text=True)
        await loop.run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.stdin.readline())))
