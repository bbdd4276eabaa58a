"""`bench websocket`: every change is seen by every client, and one that is missing is told."""

from __future__ import annotations

import asyncio
import json

from bench import websocket
from bench.websocket_client import One, Totals


def test_a_few_clients_see_everything() -> None:
    found = websocket.run(clients=4, rate=50, seconds=0.4, rounds=1)
    assert found["ok"], found
    for name in ("engine", "bare"):
        told = found[name]
        assert (told["seen"], told["expected"], told["lost"]) == (80, 80, 0)
        assert told["count"] == told["changes"]


def test_what_is_missing_is_counted() -> None:
    async def test() -> Totals:
        totals = Totals()
        one = One(totals, b"", b"")
        for n, conflated, changes in ((1, 0, [1]), (4, 1, [4]), (5, 0, [5])):
            rows = [{"n": each, "time_ns": "1"} for each in changes]
            part = {"topic": "quotes:S", "n": n, "conflated": conflated, "changes": rows}
            one._take(0x1, json.dumps({"type": "deltas", "topics": [part]}).replace(": ", ":", 1).encode())
        return totals

    totals = asyncio.run(test())
    assert (totals.changes, totals.conflated, totals.lost) == (3, 1, 1)
