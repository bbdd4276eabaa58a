"""Each policy in a whole core: what it sends and when; throttles, silence, stale quotes; what a replace
leaves behind."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from core.scenario.reader import read
from core.scenario.runner import Scenario

MS = 1_000_000
INSTRUMENT = {
    "type": "instrument", "symbol": "AAPL", "kind": "equity", "price_precision": 2, "qty_precision": 0,
    "tick": "0.01", "lot": "1", "currency": "USD",
}  # fmt: skip
ACCOUNT = {"type": "account", "account": "A1", "currency": "USD", "cash": "1000000"}


def venue(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "venue", "venue": name, "mode": "manual", "symbols": ["AAPL"], **more}


def quote(name: str, bid: str, bid_qty: str, ask: str, ask_qty: str, **more: Any) -> dict[str, Any]:
    sides = {"bid_px": bid, "bid_qty": bid_qty, "ask_px": ask, "ask_qty": ask_qty}
    return {"type": "quote", "venue": name, "symbol": "AAPL", **sides, **more}


def order(policy: str, qty: str = "250", price: str | None = "190.05", **more: Any) -> dict[str, Any]:
    line = {"type": "order", "cl_ord_id": "1", "account": "A1", "symbol": "AAPL", "side": "buy"}
    kind = {"ord_type": "market"} if price is None else {"ord_type": "limit", "price": price}
    return {**line, "order_qty": qty, "policy": policy, **kind, **more}


def report(child: str, exec_type: str, venue: str = "A", **more: Any) -> dict[str, Any]:
    return {"type": "report", "venue": venue, "child_id": child, "exec_type": exec_type, **more}


def time(at: int) -> dict[str, Any]:
    return {"type": "time", "at": at}


def play(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    """What the core says."""
    text = "".join(f"{json.dumps(line)}\n" for line in (INSTRUMENT, *lines))
    said: list[dict[str, Any]] = []
    scenario = Scenario("f", read(io.StringIO(text), "f"), said.append)
    scenario.run([scenario.encoder.encode(line) for line in scenario.lines])
    return said


def sends(*lines: dict[str, Any]) -> list[str]:
    """`at venue qty@price tif` of each child, other sends by their action."""
    found = []
    for line in play(*lines):
        if line["type"] == "send":
            what = line["action"] if line["action"] != "new" else ""
            if not what:
                what = f"{line['order_qty']}@{line.get('price', 'market')} {line['time_in_force']}"
            found.append(f"{line['at'] // MS} {line['venue']} {what}")
    return found


TWO = (
    venue("A", taker_fee_bps="0.30", maker_fee_bps="-0.20", latency_us="2000"),
    venue("B", taker_fee_bps="0.25", maker_fee_bps="-0.10", latency_us="5000"),
    ACCOUNT,
    quote("A", "190.00", "300", "190.02", "200"),
    quote("B", "189.99", "500", "190.02", "100"),
)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("sweep", ["0 B 100@190.02 ioc", "0 A 150@190.02 ioc"]),
        ("net", ["0 B 100@190.02 ioc", "0 A 150@190.02 ioc"]),
        ("home", ["0 A 200@190.02 ioc", "0 B 50@190.02 ioc"]),
        ("take", ["0 B 100@190.02 ioc", "0 A 150@190.02 ioc"]),
        ("spray", ["0 B 100@190.02 ioc", "3 A 150@190.02 ioc"]),
        ("iso", ["0 B 100@190.02 ioc", "0 A 150@190.02 ioc"]),
        ("post", ["0 A 250@190 day"]),
        ("dark", ["0 B 100@190.02 ioc", "0 A 150@190.02 ioc"]),
        ("optimal", ["0 B 100@190.02 ioc", "0 A 150@190.02 ioc"]),
    ],
)
def test_what_each_policy_sends(policy: str, expected: list[str]) -> None:
    assert sends(*TWO, order(policy), time(9 * MS)) == expected


def test_net_looks_through_a_price_to_its_fee() -> None:
    dear = (quote("A", "190.00", "300", "190.02", "200"), quote("B", "189.99", "500", "190.03", "300"))
    high = {"type": "venue_facts", "venue": "A", "symbol": "AAPL", "taker_fee_bps": "2"}
    assert sends(*TWO, *dear, order("sweep", "100")) == ["0 A 100@190.02 ioc"]
    assert sends(*TWO, *dear, high, order("sweep", "100")) == ["0 A 100@190.02 ioc"]
    assert sends(*TWO, *dear, high, order("net", "100")) == ["0 B 100@190.03 ioc"]


def test_iso_gives_every_leg_the_worst_price() -> None:
    better = quote("B", "189.99", "500", "190.01", "100")
    assert sends(*TWO, better, order("iso")) == ["0 B 100@190.02 ioc", "0 A 150@190.02 ioc"]


def test_the_rest_rests_but_not_of_take() -> None:
    assert sends(*TWO, order("net", "400"))[-1] == "0 A 100@190.05 day"
    assert sends(*TWO, order("take", "350")) == ["0 B 100@190.02 ioc", "0 A 200@190.02 ioc"]
    gone = quote("A", "190.00", "300", "190.06", "200", at=4 * MS)
    assert sends(*TWO, order("take", "350"), gone)[2:] == ["4 B 50@190.02 ioc"]


def test_dark_goes_to_who_shows_nothing_first_then_on() -> None:
    found = sends(*TWO, venue("D"), order("dark", "50"), report("1.1", "canceled", "D", at=MS), time(2 * MS))
    assert found == ["0 D 50@190.01 ioc", "1 B 50@190.02 ioc"]


def test_optimal_rests_where_its_queue_is_likely_to_be_reached() -> None:
    model = {"type": "venue_queue", "symbol": "AAPL", "side": "buy", "unfilled_bps": "4"}
    queues = ({**model, "venue": "A", "outflow": ["0"]}, {**model, "venue": "B", "outflow": ["5000"]})
    assert sends(*TWO, *queues, order("optimal", "90")) == ["0 B 90@189.99 day"]
    hopeless = ({**model, "venue": "A", "outflow": ["0"]}, {**model, "venue": "B", "outflow": ["0"]})
    assert sends(*TWO, *hopeless, order("optimal", "90")) == ["0 B 90@190.02 ioc"]


def test_a_refused_leg_is_routed_again_elsewhere() -> None:
    found = sends(*TWO, order("net", "80"), report("1.1", "rejected", "B", text="no", at=MS))
    assert found == ["0 B 80@190.02 ioc", "1 A 80@190.02 ioc"]


def test_a_throttle_delays_then_hides_its_venue() -> None:
    slow = {"type": "venue_facts", "venue": "B", "max_sends": 1, "window_ms": "900"}
    orders = [order("net", "10", cl_ord_id=str(n)) for n in range(1, 5)]
    assert sends(*TWO, slow, *orders, time(3000 * MS)) == [
        "0 B 10@190.02 ioc",
        "0 A 10@190.02 ioc",  # of the third: the second already waits, a third would wait too long
        "0 A 10@190.02 ioc",
        "900 B 10@190.02 ioc",
    ]


def test_a_slice_that_waits_for_its_throttle_is_of_the_order_as_it_is_then() -> None:
    """A replace made it smaller meanwhile: not that slice is sent, but what is left, and nobody is halted."""
    slow = {"type": "venue_facts", "venue": "B", "max_sends": 1, "window_ms": "900"}
    orders = [order("net", "10", cl_ord_id=str(n)) for n in (1, 2)]
    smaller = {"type": "replace", "orig_cl_ord_id": "2", "cl_ord_id": "3", "order_qty": "4"}
    lines = (*TWO, slow, *orders, smaller, time(2000 * MS))
    assert sends(*lines) == ["0 B 10@190.02 ioc", "1800 B 4@190.02 ioc"]
    assert not [line for line in play(*lines) if line["type"] in ("alert", "risk_state", "deny")]


def test_a_silent_venue_is_asked_about_its_orders_and_left_out_until_it_speaks() -> None:
    quiet = {"type": "venue_facts", "venue": "B", "silence_ms": "10"}
    lines = (*TWO, quiet, order("net", "10"), order("net", "20", cl_ord_id="2", venue="B"))
    assert sends(*lines, time(9 * MS))[2:] == []
    assert sends(*lines, time(10 * MS))[2:] == ["10 B status", "10 B status"]
    later = order("net", "30", cl_ord_id="3", at=11 * MS)
    assert sends(*lines, later)[4:] == ["11 A 30@190.02 ioc"]
    spoke = report("1.1", "new", "B", at=11 * MS)
    assert sends(*lines, spoke, later)[4:] == ["11 B 30@190.02 ioc"]


def test_a_venue_that_answers_is_not_silent() -> None:
    quiet = {"type": "venue_facts", "venue": "B", "silence_ms": "10"}
    lines = (*TWO, quiet, order("net", "10"), report("1.1", "new", "B", at=MS))
    assert sends(*lines, time(50 * MS)) == ["0 B 10@190.02 ioc"]


def test_answered_orders_of_a_silent_venue_are_not_asked_about() -> None:
    quiet = {"type": "venue_facts", "venue": "B", "silence_ms": "10"}
    first = (order("net", "10", venue="B"), report("1.1", "new", "B", at=MS))
    second = order("net", "10", cl_ord_id="2", venue="B", at=20 * MS)
    asked = [
        line["child_id"] for line in play(*TWO, quiet, *first, second, time(40 * MS))
        if line["type"] == "send" and line["action"] == "status"
    ]  # fmt: skip
    assert asked == ["2.1"]


def test_a_stale_quote_isnt_seen() -> None:
    old = {"type": "venue_facts", "venue": "B", "symbol": "AAPL", "stale_ms": "5"}
    assert sends(*TWO, old, order("net", "10", at=5 * MS)) == ["5 B 10@190.02 ioc"]
    assert sends(*TWO, old, order("net", "10", at=6 * MS)) == ["6 A 10@190.02 ioc"]


def test_a_leg_on_its_way_does_not_outlive_a_lower_price_or_a_cancel() -> None:
    """spray's second leg leaves at 3 ms; at 1 ms the order's limit falls below it."""
    lower = {"type": "replace", "orig_cl_ord_id": "1", "cl_ord_id": "2", "price": "190.00", "at": MS}
    before = (
        *TWO,
        order("spray"),
        report("1.1", "trade", "B", exec_id="e", last_qty="100", last_px="190.02"),
    )
    assert sends(*before, lower, time(9 * MS)) == ["0 B 100@190.02 ioc", "3 A 150@190 day"]
    cancel = {"type": "cancel", "orig_cl_ord_id": "1", "cl_ord_id": "2", "at": MS}
    said = play(*before, cancel, time(9 * MS))
    assert [line["venue"] for line in said if line["type"] == "send"] == ["B"]
    assert said[-1]["orders"] == {"canceled": 1}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (order("directed"), "unsupported"),
        (order("post", price=None), "unsupported"),
        (order("post", time_in_force="ioc"), "unsupported"),
    ],
)
def test_what_means_nothing_is_denied(line: dict[str, Any], why: str) -> None:
    denied = [said for said in play(*TWO, line) if said["type"] == "deny"]
    assert [said["reason"] for said in denied] == [why]


def test_directed_goes_to_its_venue() -> None:
    assert sends(*TWO, order("directed", venue="A")) == ["0 A 250@190.05 day"]
