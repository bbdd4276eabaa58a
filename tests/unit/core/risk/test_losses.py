"""Losses: tested after each fill and mark; they stop their scope until it is armed again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.core.risk.desk import DECLARED, MARKET, Line, of_type, order, play, trade

LONG = [order("1", 10), trade("1.1", "e1", 10, "10.00")]


def mark(px: str) -> Line:
    return {"type": "mark", "symbol": "AAA", "px": px}


def bound(check: str, value: str, **more: str) -> Line:
    return {"type": "limit", "check": check, "value": value, "account": "A1", **more}


def said(lines: list[Line], path: Path) -> list[tuple[str, str, str]]:
    return [
        (x["type"], x["reason"], x.get("value", x.get("state")))
        for x in of_type(play([*DECLARED, *lines], path), "alert", "risk_state")
    ]


@pytest.mark.parametrize("check", ["daily_loss", "drawdown"])
def test_equal_passes_and_more_stops_the_scope(check: str, tmp_path: Path) -> None:
    lines = [*MARKET, *LONG, mark("10.00")]
    assert said([bound(check, "10"), *lines, mark("9.00")], tmp_path) == [
        ("alert", "limit_70", "10"),
        ("alert", "limit_90", "10"),
    ]
    assert said([bound(check, "10"), *lines, mark("8.99"), mark("8.90"), order("2", 1)], tmp_path) == [
        ("risk_state", check, "halted"),
        ("alert", "limit_70", "10.1"),
        ("alert", "limit_90", "10.1"),
        ("alert", check, "10.1"),
    ]


def test_warnings_once_until_it_falls_below_again(tmp_path: Path) -> None:
    marks = [mark(px) for px in ("9.30", "9.20", "9.40", "9.30", "9.05")]
    assert said([bound("daily_loss", "10"), *MARKET, *LONG, *marks], tmp_path) == [
        ("alert", "limit_70", "7"),
        ("alert", "limit_70", "7"),
        ("alert", "limit_90", "9.5"),
    ]


def test_drawdown_is_from_the_peak_and_fees_count(tmp_path: Path) -> None:
    fill = trade("1.1", "e1", 10, "10.00") | {"fee": "1"}
    lines = [bound("drawdown", "100"), *MARKET, order("1", 10), fill, mark("12.00"), mark("5.00")]
    assert [x[2] for x in said(lines, tmp_path)] == ["70"]
    lines = [bound("daily_loss", "30"), *MARKET, order("1", 10), fill, mark("12.00"), mark("8.00")]
    assert [x[2] for x in said(lines, tmp_path)] == ["21"]


def test_a_new_day_begins_losses_again(tmp_path: Path) -> None:
    day = {"type": "day", "date": "2024-01-02"}
    lines = [bound("daily_loss", "10"), *MARKET, *LONG, mark("9.35"), day, mark("8.70")]
    assert said(lines, tmp_path) == []


def test_rearm_arms_and_the_next_mark_stops_again(tmp_path: Path) -> None:
    rearm = {"type": "rearm", "scope": "account", "key": "A1", "by": "ann"}
    lines = [
        bound("daily_loss", "1"),
        *MARKET,
        *LONG,
        mark("9.00"),
        order("2", 1),
        rearm,
        order("3", 1),
        mark("8.99"),
    ]
    out = play([*DECLARED, *lines], tmp_path)
    assert [(x["state"], x["reason"], x["by"]) for x in of_type(out, "risk_state")] == [
        ("halted", "daily_loss", ""),
        ("active", "rearm", "ann"),
        ("halted", "daily_loss", ""),
    ]
    assert [(x["cl_ord_id"], x["reason"]) for x in of_type(out, "deny")] == [("2", "halted")]


def test_a_strategys_loss_is_of_its_own_fills(tmp_path: Path) -> None:
    other = [order("2", 10, strategy="Q", side="sell"), trade("2.1", "e2", 10, "10.00")]
    limit = {"type": "limit", "check": "daily_loss", "value": "5", "strategy": "S", "currency": "USD"}
    out = play([*DECLARED, limit, *MARKET, *LONG, *other, mark("9.00")], tmp_path)
    (state,) = of_type(out, "risk_state")
    assert (state["scope"], state["key"]) == ("strategy", "S")


def test_losing_streak(tmp_path: Path) -> None:
    """Two reducing fills with a loss in a row pass, the third is one too many; a gain begins again."""
    fills = [
        trade("2.1", f"e{i + 2}", 1, px)
        for i, px in enumerate(("9.99", "9.99", "10.01", "9.98", "9.98", "9.97"))
    ]
    lines = [bound("losing_streak", "2"), *MARKET, *LONG, order("2", 9, "9.00", side="sell"), *fills]
    assert said(lines[:-1], tmp_path) == []
    assert said(lines, tmp_path) == [
        ("risk_state", "losing_streak", "halted"),
        ("alert", "losing_streak", "3"),
    ]


def test_a_bust_takes_its_loss_back(tmp_path: Path) -> None:
    loss = trade("2.1", "e2", 10, "9.00")
    bust = {**loss, "exec_type": "trade_cancel", "exec_id": "b1", "exec_ref_id": "e2"}
    lines = [
        bound("daily_loss", "20"),
        *MARKET,
        *LONG,
        order("2", 10, "9.00", side="sell"),
        loss,
        bust,
        mark("8.70"),
    ]
    assert [x[2] for x in said(lines, tmp_path)] == []
    assert [x[2] for x in said([*lines, mark("8.60")], tmp_path)] == ["14"]
