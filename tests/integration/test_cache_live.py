"""Redis beside a core: what readers get from it, and from the core once it is down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from periphery.cache.cache import Cache
from periphery.cache.reader import Reader
from periphery.client import connect
from periphery.service.source import JournalSource
from tests.integration.live_core import Process, until
from tests.support_redis import redis_server

QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "1000000", "ask_qty": "1000000"}
KINDS = ("orders", "positions", "accounts", "quotes", "risk")
WAIT_S = 60.0


def test_the_core_answers_the_same_while_redis_is_down(tmp_path: Path) -> None:
    core = Process(tmp_path)
    core.start()
    try:
        with redis_server() as server:
            _trade(core)
            redis = server.client()
            Cache(redis, lambda on_page, known: JournalSource(core.journal, on_page, known)).catch_up()
            reader = Reader(redis, lambda: connect(core.socket))
            cached = {kind: reader.read(kind) for kind in KINDS}
            server.stop()
            asked = {kind: reader.read(kind) for kind in KINDS}
        assert {each.note for each in cached.values()} == {""}
        assert {each.note for each in asked.values()} == {"from core, Redis is down"}
        for kind in KINDS:
            assert cached[kind].rows
            assert _common(cached[kind].rows, asked[kind].rows) == _common(
                asked[kind].rows, cached[kind].rows
            )
    finally:
        core.end()


def _trade(core: Process) -> None:
    with connect(core.socket, name="desk", cancel_on_disconnect=False) as client:
        client.market(QUOTE | {"bid_px": "1.10000", "ask_px": "1.10010"})
        client.submit("EURUSD", "buy", 10, "limit", "1.0", account="A")
        client.submit("EURUSD", "buy", 10, account="B")
        until(lambda: client.positions()["positions"], "filled", WAIT_S)
        client.kill("account", "B", by="ann")
        until(lambda: client.risk_status()["states"], "killed", WAIT_S)
        until(lambda: [row["ord_status"] for row in client.orders()] == ["new"], "acknowledged", WAIT_S)


def _common(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the columns that the others have too."""
    assert len(rows) == len(others)
    known = set(others[0])
    return [{key: value for key, value in row.items() if key in known} for row in rows]
