"""Rates: of orders, fills and cancels; and how many messages a day there are for a fill."""

from __future__ import annotations

from pathlib import Path

from tests.unit.core.risk.desk import DECLARED, MARKET, Line, of_type, order, play, report, trade

SECOND = 10**9


def cancel(of: str, cl_ord_id: str, at: int = 0) -> Line:
    return {"type": "cancel", "orig_cl_ord_id": of, "cl_ord_id": cl_ord_id, "at": at}


def test_an_order_leaves_the_window_at_its_end(tmp_path: Path) -> None:
    rate = {"type": "limit", "check": "order_rate", "value": "1", "account": "A1", "window_s": "2"}
    for at, denied in ((2 * SECOND - 1, 1), (2 * SECOND, 0)):
        out = play([*DECLARED, rate, *MARKET, order("1", 1), order("2", 1, at=at)], tmp_path)
        assert len(of_type(out, "deny")) == denied


def test_too_many_fills_halt_the_strategy_until_it_is_armed_again(tmp_path: Path) -> None:
    rate = {"type": "limit", "check": "repeated_execution", "value": "2", "account": "A1"}
    fills = [trade("1.1", f"e{i}", 1, "10.00") for i in range(3)]
    rearm = {"type": "rearm", "scope": "strategy", "key": "S", "by": "ann"}
    lines = [
        *DECLARED,
        rate,
        *MARKET,
        order("1", 9),
        *fills,
        order("2", 1),
        order("3", 1, strategy="Q"),
        rearm,
        order("4", 1),
    ]
    out = play(lines, tmp_path)
    assert [(x["scope"], x["key"], x["state"], x["reason"]) for x in of_type(out, "risk_state")] == [
        ("strategy", "S", "halted", "repeated_execution"),
        ("strategy", "S", "active", "rearm"),
    ]
    (alert,) = of_type(out, "alert")
    assert (alert["level"], alert["check"], alert["limit"], alert["value"]) == (
        "halt",
        "repeated_execution",
        "2",
        "3",
    )
    assert [(x["cl_ord_id"], x["reason"]) for x in of_type(out, "deny")] == [("2", "halted")]


def test_cancels_are_told_and_never_denied(tmp_path: Path) -> None:
    rate = {"type": "limit", "check": "cancel_rate", "value": "1", "account": "A1"}
    daily = {"type": "limit", "check": "max_daily_cancels", "value": "2", "account": "A1"}
    orders = [order(str(i), 1) for i in range(1, 5)]
    cancels = [cancel(str(i), f"c{i}") for i in range(1, 4)] + [cancel("4", "c4", 2 * SECOND)]
    out = play([*DECLARED, rate, daily, *MARKET, *orders, *cancels, order("9", 1)], tmp_path)
    assert of_type(out, "deny") == []
    assert [(x["level"], x["reason"], x["check"], x["limit"], x["value"]) for x in of_type(out, "alert")] == [
        ("warn", "cancel_rate", "cancel_rate", "1", "2"),
        ("warn", "cancel_rate", "cancel_rate", "1", "3"),
        ("warn", "max_daily_cancels", "max_daily_cancels", "2", "3"),
        ("warn", "max_daily_cancels", "max_daily_cancels", "2", "4"),
    ]


def test_messages_for_a_fill_count_from_the_hundredth(tmp_path: Path) -> None:
    """98 orders and a cancel pass; the hundredth message makes 100 for one fill, or 50 for each of two."""
    ratio = {"type": "limit", "check": "order_trade_ratio", "value": "99", "account": "A1"}
    orders = [order(f"m{i}", 1) for i in range(98)]
    lines = [*DECLARED, ratio, *MARKET, *orders, cancel("m1", "c1")]
    (denied,) = of_type(play([*lines, order("9", 1)], tmp_path), "deny")
    assert (denied["reason"], denied["limit"], denied["value"]) == ("order_trade_ratio", "99", "100")
    fills = [trade("m2.1", "e1", 1, "10.00"), trade("m3.1", "e2", 1, "10.00")]
    assert of_type(play([*lines, *fills, order("9", 1)], tmp_path), "deny") == []
    low = {**ratio, "value": "49.5"}
    (denied,) = of_type(
        play([*DECLARED, low, *lines[len(DECLARED) + 1 :], *fills, order("9", 1)], tmp_path), "deny"
    )
    assert denied["value"] == "50"
    assert report("m2.1", "new")["child_id"] == "m2.1"


def test_a_new_day_begins_daily_counts_again(tmp_path: Path) -> None:
    day = {"type": "day", "date": "2024-01-02"}
    for check, value in (
        ("max_daily_orders", "1"),
        ("max_daily_qty", "12"),
        ("max_daily_notional", "120"),
        ("credit", "120"),
    ):
        bound = {"type": "limit", "check": check, "value": value, "account": "A1"}
        lines = [*DECLARED, bound, *MARKET, order("1", 10), trade("1.1", "e1", 10, "10.00")]
        assert len(of_type(play([*lines, order("2", 10)], tmp_path), "deny")) == 1, check
        assert of_type(play([*lines, day, order("2", 10)], tmp_path), "deny") == [], check
