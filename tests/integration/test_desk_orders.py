"""Orders of every kind from the desk, a person's word in a venue's place, and an order's whole story."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.client import connect
from tests.integration.live_core import DECLARED, WAIT_S, Process, until

QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "1000000", "ask_qty": "1000000"}
ORDER = {"account": "A", "symbol": "EURUSD", "side": "buy", "order_qty": "100"}


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    process = Process(tmp_path)
    process.start()
    monkeypatch.setenv("NACRE_SOCKET", str(process.socket))
    feed("1.10000", "1.10010")
    yield process
    process.end()


def feed(bid: str, ask: str) -> None:
    with connect() as client:
        client.market(QUOTE | {"bid_px": bid, "ask_px": ask})


def nacre(*words: str, code: int = 0) -> Any:
    """What a desk command says as JSON."""
    result = CliRunner().invoke(root, [*words, "-o", "json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def send(**order: Any) -> str:
    return str(nacre("order", "send", json.dumps(ORDER | order))["cl_ord_id"])


def shown(cl_ord_id: str, status: str) -> Any:
    """The order's story, once it has that status."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        told = nacre("order", "show", cl_ord_id)
        if told["order"]["ord_status"] == status:
            return told
        time.sleep(0.05)
    raise AssertionError(f"{cl_ord_id} isn't {status}: {told}")


def test_a_stop_waits_in_the_core_through_a_crash_and_its_story_is_told(core: Process) -> None:
    stop = send(ord_type="stop", stop_px="1.10050", trigger="bid_ask")
    core.kill()
    core.start()
    feed("1.10040", "1.10050")
    told = shown(stop, "filled")
    kinds = [(line["type"], line.get("exec_type") or line["action"]) for line in told["changes"]]
    assert kinds[:3] == [("order", "new"), ("order", "triggered"), ("send", "new")]
    assert ("order", "trade") in kinds
    causes = {line["cause"] for line in told["changes"]}
    assert {"order", "quote", "report of V1"} <= causes
    times = [line["at"] for line in told["changes"]]
    assert times == sorted(times)
    assert times[0] > 0


def test_a_person_books_a_fill_busts_it_and_closes_the_rest(core: Process) -> None:
    resting = send(ord_type="limit", price="1.00000", time_in_force="gtc")
    child = nacre("order", "show", resting, "--short")["order"]["children"][0]["child_id"]
    booked = nacre("order", "fill", child, "40", "1.00000", "--by", "anna", "--yes")
    assert nacre("position", "list")["positions"][0]["qty"] == "40"
    nacre("order", "bust", child, booked["exec_id"], "40", "1.00000", "--by", "anna", "--yes")
    assert nacre("position", "list")["positions"][0]["qty"] == "0"
    nacre("order", "close", child, "--by", "bert", "--text", "the venue is gone", "--yes")
    told = nacre("order", "show", resting)
    assert told["order"]["children"][0]["ord_status"] == "canceled"
    by_hand = [(line["cause"], line["exec_type"]) for line in told["changes"] if line["type"] == "child"]
    assert ("by hand, anna", "trade") in by_hand
    assert ("by hand, anna", "trade_cancel") in by_hand
    assert ("by hand, bert", "canceled") in by_hand


def test_what_makes_no_sense_is_said(core: Process) -> None:
    runner = CliRunner()
    for words, said in (
        (("order", "send", "{"), "not JSON"),
        (("order", "send", json.dumps(ORDER | {"ord_type": "magic"})), "ord_type"),
        (("order", "close", "nobody.1", "--by", "anna", "--yes"), "no such child"),
        (("order", "algo", "pause", "nobody"), "no such order"),
    ):
        result = runner.invoke(root, list(words))
        assert result.exit_code != 0
        assert said in result.output


def test_an_algo_is_paused_and_stopped(core: Process) -> None:
    params = {"horizon_s": "3600", "slices": "4"}
    twap = send(ord_type="limit", price="1.00000", algo="twap", params=params)
    nacre("order", "algo", "pause", twap)
    assert nacre("order", "show", twap, "--short")["order"]["ord_status"] == "suspended"
    nacre("order", "algo", "resume", twap)
    nacre("order", "algo", "stop", twap)
    shown(twap, "canceled")


def test_algorithms_go_on_after_a_crash_and_what_they_cost_is_told_meanwhile(core: Process) -> None:
    """Half of each is sent when the core is killed; the report reads the journal of the core that runs."""
    limit: dict[str, Any] = {"ord_type": "limit", "price": "1.10010"}
    vwap = send(**limit, algo="vwap", params={"horizon_s": "5", "curve": ["1", "1"]})
    pov = send(**limit, algo="pov", params={"participation_bps": "5000"})
    sniper = send(ord_type="limit", price="1.10005", algo="sniper", params={"min_qty": "10"})
    peg = send(**limit, algo="peg", params={"display_qty": "30"})
    trade(100)
    until(lambda: {story(each)["cum_qty"] for each in (vwap, pov)} == {"50"}, "half of each is filled")
    core.kill()
    core.start()
    trade(100)
    feed("1.10000", "1.10010")
    for name in (vwap, pov):
        shown(name, "filled")
    nacre("order", "algo", "stop", sniper)
    nacre("order", "algo", "stop", peg)
    shown(sniper, "canceled")
    found = {row["algo"]: row for row in nacre("tca", "report", str(core.journal))["algo"]}
    assert {name: row["fills"] for name, row in found.items()} == {"vwap": 2, "pov": 2, "sniper": 0, "peg": 0}
    assert found["vwap"]["order_fill_rate"] == found["pov"]["order_fill_rate"] == 1
    assert found["peg"]["children"] >= 1  # another where the venue lost the first with the core


def trade(qty: int) -> None:
    with connect() as client:
        client.market({"type": "trade", "venue": "V1", "symbol": "EURUSD", "px": "1.10005", "qty": str(qty)})


def story(cl_ord_id: str) -> Any:
    return nacre("order", "show", cl_ord_id, "--short")["order"]


def test_a_denial_is_told_with_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lots = [line | ({"lot": "100"} if line["type"] == "instrument" else {}) for line in DECLARED]
    process = Process(tmp_path, declared=lots)
    process.start()
    monkeypatch.setenv("NACRE_SOCKET", str(process.socket))
    bounds = {
        "20000": ("max_order_qty", "the limit is 10000, the order comes to 20000"),
        "150": ("lot", "the quantity is to be a multiple of 100"),
    }
    try:
        for qty, (reason, says) in bounds.items():
            words = ["order", "buy", "EURUSD", qty, "--limit", "1.1", "--account", "A"]
            result = CliRunner().invoke(root, words)
            assert result.exit_code == 1
            assert f"denied: {reason}\n{says}" in result.stderr
    finally:
        process.end()
