"""Target weights on a core that runs: preview, a second person, sent once however often it is sent."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.client import Client, connect
from periphery.portfolio import desk, proposal as of
from tests.integration.live_core import Process

SYMBOLS = ("AA", "BB")
DECLARED: list[dict[str, Any]] = [
    *(
        {
            "type": "instrument", "symbol": name, "kind": "equity", "price_precision": 2, "qty_precision": 0,
            "tick": "0.01", "lot": "10", "currency": "USD",
        }
        for name in SYMBOLS
    ),
    {"type": "venue", "venue": "V1", "mode": "match", "symbols": list(SYMBOLS), "taker_fee_bps": "1"},
    {"type": "account", "account": "A", "currency": "USD", "cash": "100000"},
    {"type": "limit", "check": "max_order_qty", "account": "A", "symbol": "BB", "value": "5000"},
]  # fmt: skip


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    process = Process(tmp_path, declared=DECLARED)
    process.start()
    monkeypatch.setenv("NACRE_SOCKET", str(process.socket))
    with connect() as client:
        client.market(quote("AA", "99.99", "100.01"))
        client.market(quote("BB", "9.99", "10.01"))
    yield process
    process.end()


def quote(symbol: str, bid: str, ask: str) -> dict[str, str]:
    sizes = {"bid_qty": "1000000", "ask_qty": "1000000"}
    return {"type": "quote", "venue": "V1", "symbol": symbol, "bid_px": bid, "ask_px": ask, **sizes}


def nacre(*words: str, code: int = 0) -> Any:
    result = CliRunner().invoke(root, ["portfolio", *words, "-o", "json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if code < 2 else result.stderr


def held(client: Client, wanted: dict[str, str]) -> None:
    """Waits until the account holds that."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = {row["symbol"]: row["qty"] for row in client.positions()["positions"]}
        if found == wanted:
            return
        time.sleep(0.05)
    raise AssertionError(found)


def preview(tmp_path: Path, weights: dict[str, float], *words: str, code: int = 0) -> Any:
    (tmp_path / "w.json").write_text(json.dumps({"weights": weights}))
    given = [str(tmp_path / "w.json"), "--account", "A", "--by", "anna", "--to", str(tmp_path / "p.json")]
    return nacre("preview", *given, *words, code=code)


def test_from_weights_to_positions_once(core: Process, tmp_path: Path) -> None:
    told = preview(tmp_path, {"AA": 0.5, "BB": 0.25}, "--strategy", "rebalance", "--commission-bps", "1")
    file = str(tmp_path / "p.json")
    orders = [(row["symbol"], row["side"], row["order_qty"]) for row in told["orders"]]
    assert orders == [("AA", "buy", "500"), ("BB", "buy", "2500")]
    assert told["notional"] == "75030"
    assert float(told["turnover"]) == pytest.approx(0.7503)
    assert float(told["cost"]) == pytest.approx(500 * 0.01 + 2500 * 0.01 + 75030 * 1e-4)
    assert told["denied"] == told["concerns"] == []

    assert "nobody but anna" in nacre("send", file, "--yes", code=2)
    assert "second person" in nacre("approve", file, "--by", "Anna", code=2)
    assert nacre("approve", file, "--by", "ben")["approved_by"] == "ben"
    sent = nacre("send", file, "--yes")
    assert {row["became"] for row in sent["orders"]} <= {"new", "partially_filled", "filled"}
    with connect(name="watch", cancel_on_disconnect=False) as client:
        held(client, {"AA": "500", "BB": "2500"})
        again = nacre("send", file, "--yes")
        assert [row["became"] for row in again["orders"]] == ["sent before", "sent before"]
        for line in of.read(tmp_path / "p.json").lines:  # by somebody who didn't look first
            desk.submit(client, line)
        denied = desk.answers(client, {row["cl_ord_id"] for row in sent["orders"]}, 60)
        assert set(denied.values()) == {"denied: duplicate_cl_ord_id"}
        held(client, {"AA": "500", "BB": "2500"})
        assert {row["strategy"] for row in client.orders(live_only=False)} == {"rebalance"}


def test_the_next_one_brings_the_difference(core: Process, tmp_path: Path) -> None:
    with connect(name="other", cancel_on_disconnect=False) as client:
        client.submit("AA", "buy", 300, account="A")
        held(client, {"AA": "300"})
        resting = client.submit("BB", "buy", 10, "limit", "1.00", account="A")
        until = time.monotonic() + 60
        while not any(row["cl_ord_id"] == resting for row in client.orders("A")):
            assert time.monotonic() < until
        told = preview(tmp_path, {"AA": 0.1, "BB": 0.1})
        orders = [(row["symbol"], row["side"], row["order_qty"]) for row in told["orders"]]
        assert orders == [("AA", "sell", "210"), ("BB", "buy", "990")]
        assert any(resting in words for words in told["concerns"])


def test_what_risk_would_deny_is_told_and_exits_1(core: Process, tmp_path: Path) -> None:
    told = preview(tmp_path, {"AA": 0.3, "BB": 0.6}, code=1)
    assert told["denied"] == ["buy 6000 BB: max_order_qty"]
    (limits,) = [check["limits"] for check in told["checks"] if check["denied"]]
    assert limits[0]["check"] == "max_order_qty"


def test_what_is_missing_is_named(core: Process, tmp_path: Path) -> None:
    assert "ZZ" in preview(tmp_path, {"ZZ": 0.5}, code=2)
    (tmp_path / "w.json").write_text("[1]")
    words = [str(tmp_path / "w.json"), "--account", "A", "--to", str(tmp_path / "p.json")]
    assert "JSON" in nacre("preview", *words, code=2)
    (tmp_path / "w.json").write_text('{"AA": 0.5}')
    assert "account X" in nacre("preview", words[0], "--account", "X", "--to", words[-1], code=2)


def test_market_is_the_best_of_it(core: Process) -> None:
    with connect(name="watch", cancel_on_disconnect=False) as client:
        assert desk.market(client, {"AA"}) == {"AA": (Fraction("99.99"), Fraction("100.01"))}
