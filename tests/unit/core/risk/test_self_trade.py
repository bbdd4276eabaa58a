"""Own orders that would meet: which one goes, and who waits until the venue has confirmed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.core.risk.desk import DECLARED, MARKET, Line, of_type, order, play, report

RESTING = order("1", 10, "10.00", side="sell")


def told(value: str, lines: list[Line], path: Path, **scope: Any) -> list[tuple[str, ...]]:
    """What is said, short: (line, type, id, exec_type or reason or action, order_qty)."""
    bound = {"type": "limit", "check": "self_trade", "value": value, **(scope or {"account": "A1"})}
    out = play([*DECLARED, bound, *MARKET, *lines], path)
    first = len(DECLARED) + 1 + len(MARKET)
    said = []
    for line in of_type(out, "deny", "order", "send"):
        what = {"deny": "reason", "order": "exec_type", "send": "action"}[line["type"]]
        name = line.get("cl_ord_id") or line["child_id"]
        said.append((str(line["line"] - first), line["type"], name, line[what], line.get("order_qty", "")))
    return said


def test_newest_is_denied(tmp_path: Path) -> None:
    said = told("cancel_newest", [RESTING, order("2", 5, "10.00"), order("3", 5, "9.99")], tmp_path)
    assert said[2:] == [
        ("2", "deny", "2", "self_trade", ""),
        ("3", "order", "3", "pending_new", "5"),
        ("3", "send", "3.1", "new", "5"),
    ]


@pytest.mark.parametrize(
    "other", [{"symbol": "FUT", "price": "9.5"}, {"account": "A2"}, {"side": "sell"}, {"price": "9.99"}]
)
def test_what_would_not_meet_passes(other: Line, tmp_path: Path) -> None:
    said = told("cancel_newest", [RESTING, {**order("2", 5, "10.00"), **other}], tmp_path)
    assert [s for s in said if s[1] == "deny"] == []


def test_a_limit_on_all_sees_other_accounts_and_one_on_a_strategy_does_not(tmp_path: Path) -> None:
    lines = [RESTING, order("2", 5, "10.00", account="A2", strategy="Q")]
    for scope, denied in (
        ({"symbol": "AAA"}, 1),
        ({"each": "account"}, 0),
        ({"strategy": "S"}, 0),
        ({"venue": "X"}, 1),
    ):
        said = told("cancel_newest", lines, tmp_path, **scope)
        assert len([s for s in said if s[1] == "deny"]) == denied, scope


def test_oldest_goes_and_the_new_one_waits_for_the_venue(tmp_path: Path) -> None:
    lines = [RESTING, order("2", 5, "10.00"), report("1.1", "canceled")]
    assert told("cancel_oldest", lines, tmp_path)[2:] == [
        ("2", "order", "1", "pending_cancel", "10"),
        ("2", "order", "2", "new", "5"),
        ("2", "send", "1.1", "cancel", ""),
        ("3", "order", "1", "canceled", "10"),
        ("3", "send", "2.1", "new", "5"),
    ]


def test_where_the_venue_keeps_the_oldest_the_new_one_is_canceled(tmp_path: Path) -> None:
    lines = [RESTING, order("2", 5, "10.00"), report("1.1", "cancel_rejected")]
    assert told("cancel_oldest", lines, tmp_path)[-2:] == [
        ("3", "order", "1", "cancel_rejected", "10"),
        ("3", "order", "2", "canceled", "5"),
    ]


def test_who_waits_can_be_canceled(tmp_path: Path) -> None:
    cancel = {"type": "cancel", "orig_cl_ord_id": "2", "cl_ord_id": "3"}
    said = told(
        "cancel_oldest", [RESTING, order("2", 5, "10.00"), cancel, report("1.1", "canceled")], tmp_path
    )
    assert said[-2:] == [("3", "order", "3", "canceled", "5"), ("4", "order", "1", "canceled", "10")]


def test_both_go(tmp_path: Path) -> None:
    assert told("cancel_both", [RESTING, order("2", 5, "10.00")], tmp_path)[2:] == [
        ("2", "deny", "2", "self_trade", ""),
        ("2", "order", "1", "pending_cancel", "10"),
        ("2", "send", "1.1", "cancel", ""),
    ]


def test_decrement_the_new_one_is_smaller(tmp_path: Path) -> None:
    """The old one is asked to be five; of the new one nothing is left."""
    said = told("decrement", [RESTING, order("2", 5, "10.00"), report("1.1", "replaced")], tmp_path)
    assert said[2:] == [
        ("2", "order", "1", "pending_replace", "10"),
        ("2", "order", "2", "new", "5"),
        ("2", "order", "2", "canceled", "5"),
        ("2", "send", "1.1", "replace", "5"),
        ("3", "order", "1", "replaced", "5"),
    ]


def test_decrement_the_new_one_is_larger(tmp_path: Path) -> None:
    """The old one goes; what is left of the new one waits until it has gone."""
    said = told("decrement", [RESTING, order("2", 15, "10.00"), report("1.1", "canceled")], tmp_path)
    assert said[2:] == [
        ("2", "order", "1", "pending_cancel", "10"),
        ("2", "order", "2", "new", "15"),
        ("2", "order", "2", "restated", "5"),
        ("2", "send", "1.1", "cancel", ""),
        ("3", "order", "1", "canceled", "10"),
        ("3", "send", "2.1", "new", "5"),
    ]


def test_decrement_takes_the_best_price_first(tmp_path: Path) -> None:
    resting = [
        order("1", 10, "10.00", side="sell"),
        order("2", 10, "9.95", side="sell"),
        order("3", 10, "9.95", side="sell"),
    ]
    said = told("decrement", [*resting, order("4", 15, "10.00")], tmp_path)
    asked = [s for s in said if s[0] == "4" and s[1] == "send"]
    assert asked == [("4", "send", "2.1", "cancel", ""), ("4", "send", "3.1", "replace", "5")]


def test_a_market_order_meets_and_a_stop_does_not_yet(tmp_path: Path) -> None:
    market = order("2", 5, None, ord_type="market")
    stop = order("3", 5, None, ord_type="stop", stop_px="11.00", venue=None)
    said = told("cancel_newest", [RESTING, market, stop], tmp_path)
    assert [s[2] for s in said if s[1] == "deny"] == ["2"]


def test_it_counts_orders_that_came_before_the_limit(tmp_path: Path) -> None:
    bound = {"type": "limit", "check": "self_trade", "value": "cancel_newest", "account": "A1"}
    out = play([*DECLARED, *MARKET, RESTING, bound, order("2", 5)], tmp_path)
    assert [x["reason"] for x in of_type(out, "deny")] == ["self_trade"]
