"""What happens to an instrument, at the bounds: a full table, amounts that don't fit, limits, a replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.capacity import Capacity
from core.recovery import replay
from core.scenario import runner
from tests.unit.core.positions.conftest import Played

type Play = Callable[[list[dict[str, Any]]], Played]
HUGE = "9000000000000000000"


def lines(precision: int = 0, qty: str = "10", accounts: int = 1, **limit: str) -> list[dict[str, Any]]:
    """An instrument, accounts that hold some of it, perhaps a limit."""
    found: list[dict[str, Any]] = [
        {
            "type": "instrument",
            "symbol": "X",
            "kind": "equity",
            "price_precision": precision,
            "qty_precision": 0,
            "tick": "1",
            "lot": "1",
            "currency": "USD",
        },
        {"type": "venue", "venue": "V", "mode": "manual", "symbols": ["X"]},
    ]
    for i in range(accounts):
        found.append({"type": "account", "account": f"A{i:03}", "currency": "USD"})
        found.append(
            {"type": "open_position", "account": f"A{i:03}", "symbol": "X", "qty": qty, "avg_cost": "1"}
        )
    if limit:
        found.append({"type": "limit", "check": "max_position", "symbol": "X", **limit})
    return found


def order(played: Played, cl_ord_id: str, qty: str, **more: str) -> None:
    """A buy of A000."""
    line = {
        "type": "order",
        "cl_ord_id": cl_ord_id,
        "account": "A000",
        "symbol": "X",
        "side": "buy",
        "order_qty": qty,
        "ord_type": "limit",
        "price": "1",
        "venue": "V",
    }
    played.line(**line | more)


def denied(played: Played) -> list[tuple[str, str]]:
    return [(line["cl_ord_id"], line["value"]) for line in played.printed if line["type"] == "deny"]


def test_every_account_is_told_once_by_name_and_a_replay_comes_to_the_same(play: Play) -> None:
    played = play([*lines(accounts=40), {"type": "split", "symbol": "X", "num": "3", "den": "2"}])
    told = [line["account"] for line in played.printed if line["type"] == "position"]
    assert told == sorted(told)
    assert len(told) == 40
    assert replay(played.close())["state_hash"] == played.core.state_hash()


def test_a_table_of_adjustments_that_is_full_still_adjusts_and_says_so(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = runner.capacity_for

    def small(found: Any) -> Capacity:
        sizes = {name: getattr(whole(found), name) for name in Capacity.__slots__}
        return Capacity(**sizes | {"adjustments": 1})

    monkeypatch.setattr(runner, "capacity_for", small)
    played = play([*lines(), *[{"type": "split", "symbol": "X", "num": "2", "den": "1"}] * 3])
    assert played.core.positions.rows()[0]["qty"] == 80
    assert played.core.positions.undone() == {"full": 2, "overflow": 0}


@pytest.mark.parametrize(
    "line",
    [
        {"type": "split", "symbol": "X", "num": "3", "den": "1"},
        {"type": "dividend", "symbol": "X", "amount": HUGE},
        {"type": "funding", "symbol": "X", "rate": HUGE},
    ],
)
def test_an_amount_that_does_not_fit_is_not_booked_and_counted(play: Play, line: dict[str, Any]) -> None:
    played = play(
        [*lines(qty="4000000000000000000"), {"type": "mark", "symbol": "X", "px": "4000000000000000000"}]
    )
    before = played.core.positions.rows()
    played.line(**line)
    assert played.core.positions.rows() == before
    assert played.core.positions.undone() == {"full": 0, "overflow": 1}


def test_a_limit_counts_a_split_and_a_settlement(play: Play) -> None:
    """10 by 3: 30; 70 more are 100. Settled: 100 more, less the 70 that work."""
    played = play(lines(value="100", account="A000"))
    played.line(type="split", symbol="X", num="3", den="1")
    order(played, "1", "71")
    order(played, "2", "70")
    played.line(type="settlement", symbol="X", px="5")
    order(played, "3", "31")
    order(played, "4", "30")
    assert denied(played) == [("1", "101"), ("3", "101")]


def test_a_limit_set_later_counts_what_was_split(play: Play) -> None:
    played = play(lines())
    played.line(type="split", symbol="X", num="3", den="1")
    played.line(type="limit", check="max_position", symbol="X", account="A000", value="100")
    order(played, "1", "71")
    assert denied(played) == [("1", "101")]


def test_a_limit_of_a_strategy_counts_its_own_fills_split_and_settled(play: Play) -> None:
    played = play(
        [
            *lines(value="100", strategy="s"),
            {
                "type": "order",
                "cl_ord_id": "a",
                "account": "A000",
                "symbol": "X",
                "side": "buy",
                "order_qty": "20",
                "ord_type": "limit",
                "price": "1",
                "venue": "V",
                "strategy": "s",
            },
            {
                "type": "report",
                "venue": "V",
                "child_id": "a.1",
                "exec_type": "trade",
                "exec_id": "e",
                "last_qty": "20",
                "last_px": "1",
            },
        ]
    )
    played.line(type="split", symbol="X", num="2", den="1")
    order(played, "1", "61", strategy="s")
    played.line(type="settlement", symbol="X", px="1")
    order(played, "2", "101", strategy="s")
    assert denied(played) == [("1", "101"), ("2", "101")]


def test_a_warning_comes_again_after_a_settlement(play: Play) -> None:
    """80 of 100 warn at 70 %; settled they are 0; 75 warn again."""
    played = play(lines(value="100", account="A000"))
    played.line(type="split", symbol="X", num="8", den="1")
    played.line(type="settlement", symbol="X", px="5")
    order(played, "1", "75")
    alerts = [line["value"] for line in played.printed if line["type"] == "alert"]
    assert alerts == ["80", "75"]
