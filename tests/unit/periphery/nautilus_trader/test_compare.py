"""The comparison with NautilusTrader: without the package it says so; its own parts can tell a difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.nautilus_trader.compare import RULES, differences, listed, plan_of
from periphery.nautilus_trader.compare_strategies import EmaCross, Planned

FILL = {"time_ns": 1, "side": "buy", "qty": "1000", "px": "1.10000", "fee": "0.02"}
CLOSE = {"time_ns": 2, "side": "sell", "qty": "1000", "px": "1.1000049", "fee": "0"}


def found(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, str]]:
    return [tuple(each) for each in differences(one, other, listed())]  # type: ignore[misc]


def test_without_the_package_it_says_what_to_do(tmp_path: Path) -> None:
    recording = tmp_path / "quotes.csv"
    recording.write_text("ts,bid_px,bid_qty,ask_px,ask_qty\n1714989600000000000,1.10000,1,1.10002,1\n")
    done = CliRunner().invoke(
        root, ["nt", "compare", "--data", str(recording), "--python", "/nowhere/python"]
    )
    assert done.exit_code == 2
    assert "/nowhere/python" in done.output


def test_a_difference_is_told() -> None:
    one = {"fills": [FILL], "balance": "10"}
    assert found(one, {"fills": [{**FILL, "px": "1.1"}], "balance": "10.0"}) == []
    assert "fill 1" in found(one, {"fills": [{**FILL, "fee": "0.03"}], "balance": "10"})[0][0]
    assert found(one, {"fills": [], "balance": "10"}) == [("1 fills here, 0 there", "")]
    assert found(one, {**one, "balance": "9"}) == [("a balance of 10 here, 9 there", "")]


def test_a_listed_rule_accounts_for_its_difference_and_for_no_other() -> None:
    """0.0049 was realised, which is nothing in cents."""
    one = {"fills": [FILL, CLOSE], "balance": "999999.9849"}
    assert found(one, {**one, "balance": "999999.98"})[0][1] == "realized_in_cents"
    assert found(one, {**one, "balance": "999999.99"})[0][1] == ""


def test_every_rule_of_the_list_is_there() -> None:
    assert set(listed()) == set(RULES)


def test_a_plan_ends_flat_and_is_the_same_again() -> None:
    plan = plan_of(3, 2000)
    assert plan == plan_of(3, 2000)
    assert sum(qty if side == "buy" else -qty for side, qty in plan.values()) == 0


@pytest.mark.parametrize(("balance", "code"), [("1000000", 0), ("1000000.01", 1)])
def test_a_difference_that_is_not_listed_exits_1(tmp_path: Path, balance: str, code: int) -> None:
    """The peer is a script that answers as it does, of a recording that nobody trades on."""
    recording, peer = tmp_path / "quotes.csv", tmp_path / "python"
    recording.write_text("ts,bid_px,bid_qty,ask_px,ask_qty\n1714989600000000000,1.10000,1,1.10002,1\n")
    told = json.dumps({"fills": [], "balance": balance})
    peer.write_text(f"#!/bin/sh\n[ \"$1\" = -c ] && echo 1.231.0 && exit\ncat > /dev/null\necho '{told}'\n")
    peer.chmod(0o755)
    words = ["nt", "compare", "--data", str(recording), "--seeds", "0", "--python", str(peer)]
    done = CliRunner().invoke(root, words)
    assert done.exit_code == code, done.output
    assert ("NOT LISTED" in done.output) == bool(code)


class Tick(NamedTuple):
    """A quote whose both sides are the same."""

    price: float

    @property
    def bid_price(self) -> Tick:
        return self

    ask_price = bid_price

    def as_double(self) -> float:
        return self.price


def test_what_strategies_of_either_version_send() -> None:
    """They turn by closing, then opening; what is held is closed at the stop."""
    for handler in ("on_quote_tick", "on_quote"):
        cross, plan = EmaCross(), Planned()
        crossed: list[tuple[str, int]] = []
        planned: list[tuple[str, int]] = []
        cross.send = lambda side, qty, to=crossed: to.append((side, qty))  # type: ignore[misc]
        plan.send = lambda side, qty, to=planned: to.append((side, qty))  # type: ignore[misc]
        cross.begin({"ema": {"fast": 1, "slow": 3, "qty": 5}})
        plan.begin({"plan": [[1, "sell", 2]]})
        for price in (1.0, 2.0, 3.0, 1.0):
            getattr(cross, handler)(Tick(price))
            getattr(plan, handler)(Tick(price))
        cross.on_stop()
        assert crossed == [("buy", 5), ("sell", 5), ("sell", 5), ("buy", 5)]
        assert planned == [("sell", 2)]
