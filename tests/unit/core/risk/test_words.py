"""Checks whose limit is a word, or that change an order instead of denying it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.core.risk.desk import DECLARED, MARKET, of_type, order, play, report, trade

SECOND = 10**9


@pytest.mark.parametrize(
    ("check", "value", "side", "told"),
    [
        ("restricted", "1", "buy", ("1", "1")),
        ("restricted", "1", "sell", ("1", "1")),
        ("restricted", "0", "sell", None),
        ("permission", "buy", "sell", ("buy", "sell")),
        ("permission", "buy", "buy", None),
        ("permission", "sell", "sell_short", None),
        ("permission", "sell", "buy", ("sell", "buy")),
        ("permission", "none", "buy", ("none", "buy")),
        ("permission", "none", "sell", ("none", "sell")),
    ],
)
def test_restricted_and_permission(
    check: str, value: str, side: str, told: tuple[str, str] | None, tmp_path: Path
) -> None:
    bound = {"type": "limit", "check": check, "value": value, "symbol": "AAA"}
    out = play([*DECLARED, bound, *MARKET, order("1", 1, side=side)], tmp_path)
    found = [(x["reason"], x["limit"], x["value"]) for x in of_type(out, "deny")]
    assert found == ([] if told is None else [(check, *told)])


def test_the_same_order_twice_is_denied_within_the_seconds(tmp_path: Path) -> None:
    bound = {"type": "limit", "check": "duplicate_content", "value": "2", "account": "A1"}
    first = order("1", 5)
    lines = [*DECLARED, bound, *MARKET, first]
    for seconds, denied in ((0, True), (1.5, True), (1.999999999, True), (2, False)):
        again = {**order("2", 5), "at": int(seconds * SECOND)}
        found = of_type(play([*lines, again], tmp_path), "deny")
        assert [x["limit"] for x in found] == (["2"] if denied else [])
        if denied:
            assert found[0]["value"] == f"{seconds:.9f}".rstrip("0").rstrip(".")
    for other in (
        {"side": "sell"},
        {"price": "10.01"},
        {"order_qty": "6"},
        {"account": "A2"},
        {"ord_type": "market", "price": None},
    ):
        another = {key: value for key, value in {**order("2", 5), **other}.items() if value is not None}
        assert of_type(play([*lines, another], tmp_path), "deny") == []


@pytest.mark.parametrize(
    ("side", "bps", "price"),
    [
        ("buy", "50", "10.15"),
        ("sell", "50", "9.86"),
        ("buy", "0", "10.1"),
        ("buy", "1", "10.1"),
        ("sell", "1", "9.9"),
    ],
)
def test_a_market_order_goes_out_as_an_ioc_limit(side: str, bps: str, price: str, tmp_path: Path) -> None:
    """10.10 + 0.5 % is 10.1505, and 9.90 - 0.5 % is 9.8505: to the tick towards the touch."""
    bound = {"type": "limit", "check": "market_protection_bps", "value": bps, "account": "A1"}
    out = play([*DECLARED, bound, *MARKET, order("1", 5, None, ord_type="market", side=side)], tmp_path)
    (accepted,), (sent,) = of_type(out, "order"), of_type(out, "send")
    assert "price" not in accepted
    assert (sent["ord_type"], sent["time_in_force"], sent["price"]) == ("limit", "ioc", price)


def test_the_tightest_protection_counts_and_a_limit_order_is_left_alone(tmp_path: Path) -> None:
    bounds = [
        {"type": "limit", "check": "market_protection_bps", "value": v, **s}
        for v, s in (("90", {}), ("50", {"symbol": "AAA"}))
    ]
    out = play([*DECLARED, *bounds, *MARKET, order("1", 5, None, ord_type="market"), order("2", 5)], tmp_path)
    assert [x["price"] for x in of_type(out, "send")] == ["10.15", "10"]
    (denied,) = of_type(play([*DECLARED, *bounds, order("1", 5, None, ord_type="market")], tmp_path), "deny")
    assert denied["reason"] == "no_market"


def test_a_routed_market_order_and_a_stop_are_protected(tmp_path: Path) -> None:
    bound = {"type": "limit", "check": "market_protection_bps", "value": "50", "account": "A1"}
    lines = [*DECLARED, {**bound, "value": "0"}, *MARKET]
    routed = order("1", 5, None, ord_type="market", venue=None)
    sent = of_type(play([*lines, routed], tmp_path), "send")
    assert [x["price"] for x in sent] == ["10.1"]
    stop = order("2", 5, None, ord_type="stop", stop_px="10.50", venue=None)
    jump = {**MARKET[0], "bid_px": "10.60", "ask_px": "10.70"}
    hit = {"type": "trade", "venue": "X", "symbol": "AAA", "px": "10.50", "qty": "1"}
    out = play([*DECLARED, bound, *MARKET, stop, jump, hit], tmp_path)
    assert [x["exec_type"] for x in of_type(out, "order")] == ["new", "triggered"]
    assert [x["price"] for x in of_type(out, "send")] == ["10.7"]


def test_reducing_lets_only_pass_what_reduces(tmp_path: Path) -> None:
    loss = {"type": "limit", "check": "daily_loss", "value": "1", "account": "A1", "action": "reducing"}
    lines = [*DECLARED, loss, *MARKET, order("1", 10), trade("1.1", "e1", 10, "10.50")]
    sells = [
        order("2", 4, side="sell"),
        order("3", 7, side="sell"),
        order("4", 1),
        order("5", 6, side="sell"),
    ]
    out = play([*lines, *sells], tmp_path)
    (state,) = of_type(out, "risk_state")
    assert (state["scope"], state["key"], state["state"], state["reason"], state["by"]) == (
        "account",
        "A1",
        "reducing",
        "daily_loss",
        "",
    )
    assert [(x["cl_ord_id"], x["reason"]) for x in of_type(out, "deny")] == [
        ("3", "reducing"),
        ("4", "reducing"),
    ]
    assert report("2.1", "new")["exec_type"] == "new"
