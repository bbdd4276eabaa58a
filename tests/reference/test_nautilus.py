"""The comparison with NautilusTrader: without the package it says so; its own parts can tell a difference."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.reference.nautilus import NOT_THERE, difference, plan_of

FILL = {"time_ns": 1, "side": "buy", "qty": "1000", "px": "1.10000", "fee": "0.02"}


def test_without_the_package_it_says_what_to_do() -> None:
    command = [sys.executable, "-m", "tests.reference.nautilus", "--python", "/nowhere/python"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == NOT_THERE
    assert "skipped: /nowhere/python has no nautilus_trader 1.231.0" in done.stdout


def test_a_difference_is_told() -> None:
    one = {"fills": [FILL], "balance": "10"}
    assert difference(one, {"fills": [{**FILL, "px": "1.1"}], "balance": "10.0"}) is None
    assert "fill 1" in (difference(one, {"fills": [{**FILL, "fee": "0.03"}], "balance": "10"}) or "")
    assert difference(one, {"fills": [], "balance": "10"}) == "1 fills here, 0 there"
    assert difference(one, {**one, "balance": "9"}) == "a balance of 10 here, 9 there"


def test_a_plan_ends_flat_and_is_the_same_again() -> None:
    plan = plan_of(3, 2000)
    assert plan == plan_of(3, 2000)
    assert sum(qty if side == "buy" else -qty for side, qty in plan.values()) == 0
