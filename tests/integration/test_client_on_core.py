"""The client library and the desk's commands against a core that runs as a process of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.client import Busy, Client, DenyEvent, Gap, HangUp, OrderEvent, QuoteEvent, connect
from tests.integration.live_core import WAIT_S, Process

QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "1000000", "ask_qty": "1000000"}


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    process = Process(tmp_path)
    process.start()
    monkeypatch.setenv("NACRE_SOCKET", str(process.socket))
    with connect() as client:
        client.market(QUOTE | {"bid_px": "1.10000", "ask_px": "1.10010"})
    yield process
    process.end()


def until_ended(client: Client, cl_ord_id: str) -> OrderEvent:
    """The event that ends the order."""
    for event in client.events(timeout=WAIT_S):
        if isinstance(event, OrderEvent) and event.cl_ord_id == cl_ord_id and event.ended:
            return event
    raise AssertionError(f"{cl_ord_id} has not ended")


def nacre(*words: str, code: int = 0) -> Any:
    """What a desk command says as JSON."""
    result = CliRunner().invoke(root, [*words, "-o", "json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_an_order_s_life(core: Process) -> None:
    with connect(name="mine") as client:
        quote = next(client.quotes(timeout=WAIT_S))
        assert isinstance(quote, QuoteEvent)
        assert (quote.symbol, quote.venue, str(quote.ask_px)) == ("EURUSD", "V1", "1.10010")
        sent = client.submit("EURUSD", "buy", 300, "limit", "1.1001", account="A", strategy="alpha")
        filled = until_ended(client, sent)
        assert (filled.ord_status, str(filled.avg_px), str(filled.cum_qty)) == ("filled", "1.1001", "300")
        resting = client.submit("EURUSD", "buy", 10, "limit", "1.0", account="B")
        changed = client.replace(resting, qty=20, price="1.01")
        ended = until_ended(client, client.cancel(changed))
        assert (ended.ord_status, ended.symbol) == ("canceled", "EURUSD")
        client.submit("EURUSD", "sell", 10_001, account="A")
        denied = next(event for event in client.events(timeout=WAIT_S) if isinstance(event, DenyEvent))
        assert denied.reason == "max_order_qty"
        assert client.positions()["positions"][0]["qty"] == "300"


def test_a_client_that_sleeps_misses_what_the_core_no_longer_holds_and_knows_it(core: Process) -> None:
    with connect() as client:
        for _ in range(6_000):
            submit_when_free(client)
        wait_for(client, 6_000)
        gap, *events = client.events(timeout=1)
    assert isinstance(gap, Gap)
    assert (gap.first, gap.last) == (1, 6_000 - len(events))
    assert [event.seq for event in events if isinstance(event, DenyEvent)] == list(range(gap.last + 1, 6_001))


def submit_when_free(client: Client) -> None:
    """An order that is denied, as soon as the ring has room."""
    while True:
        try:
            client.submit("EURUSD", "sell", 10_001, account="A")
            return
        except Busy:
            time.sleep(0.001)


def fill_the_ring(client: Client) -> None:
    """More orders than the ring has room for."""
    for _ in range(2_000):
        client.submit("EURUSD", "buy", 1, "limit", "1", account="A")


def wait_for(client: Client, responses: int) -> None:
    """Until the core has given so many answers to this session."""
    deadline = time.monotonic() + WAIT_S
    while client.status()["sessions"][0]["responses"] < responses:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_core_that_stands_still_makes_its_client_busy_and_can_be_killed(core: Process) -> None:
    with connect() as client:
        pids = core.freeze()
        try:
            with pytest.raises(Busy):
                fill_the_ring(client)
            assert nacre("kill", "account", "A", "--by", "ann", "--yes")["live"] is None
        finally:
            core.thaw(pids)
        wait_for(client, 1_024)
    assert nacre("order", "buy", "EURUSD", "1", "--account", "A", code=1)["events"][0]["reason"] == "killed"
    assert nacre("order", "buy", "EURUSD", "1", "--account", "B")["accepted"]
    assert nacre("rearm", "account", "A", "--by", "ann", "--yes")["epochs"] == [1]
    assert nacre("order", "buy", "EURUSD", "1", "--account", "A", "--wait", "5")["accepted"]


def test_top_sees_what_waits_in_a_session_s_ring(core: Process) -> None:
    with connect(name="mine") as client:
        client.submit("EURUSD", "sell", 10_001, account="A")
        wait_for(client, 1)
        (row,) = nacre("core", "top", "--once")["sessions"]
    assert (row["name"], row["requests"], row["waiting"], row["capacity"]) == ("mine", 1, 0, 1_024)


def test_the_end_of_the_core_is_a_hang_up(core: Process) -> None:
    with connect() as client:
        core.kill()
        with pytest.raises(HangUp):
            list(client.events(timeout=WAIT_S))


def test_the_desk_s_day(core: Process) -> None:
    bought = nacre("order", "buy", "EURUSD", "300", "--account", "A", "--wait", "5")
    assert bought["events"][-1]["ord_status"] == "filled"
    nacre("order", "buy", "EURUSD", "10", "--limit", "1.0", "--account", "A", "--id", "own-1")
    assert nacre("order", "replace", "own-1", "--qty", "20")["order"]["order_qty"] == "20"
    row = nacre("order", "show", "own-1")["order"]
    assert nacre("order", "cancel", row["cl_ord_id"], "--wait", "5")["order"]["ord_status"] == "canceled"
    assert nacre("order", "list")["orders"] == []
    seen = nacre("core", "top", "--once")
    assert {row["engine"] for row in seen["engines"]} >= {"sequencer", "risk", "orders", "egress"}
    assert nacre("core", "status")["seq"] >= seen["seq"] > 0
    assert nacre("position", "list")["positions"][0]["qty"] == "300"
    nacre("risk", "set", "max_order_qty", "5", "--account", "B", "--by", "ann")
    assert {"check": "max_order_qty", "value": "5", "account": "B"} in nacre("risk", "limits")["limits"]
    assert nacre("order", "buy", "EURUSD", "6", "--account", "B", code=1)["accepted"] is False
