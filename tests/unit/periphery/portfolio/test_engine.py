"""The portfolio engine over journals: its targets are those of the same returns, from the prices anew."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from periphery.portfolio.engine import PortfolioEngine
from periphery.portfolio.optimise import Spec, optimise
from tests.unit.periphery.days import DECLARED, SECOND_NS, SYMBOLS, day, journaled, market, said, walks

PRICES = walks(40, seed=8)
PARAMS: dict[str, Any] = {"period_s": 1, "least": 10, "periods": 20}


def run(place: Path, prices: list[list[float]], orders: Any = None, **params: Any) -> list[dict[str, Any]]:
    place.mkdir()
    day(place / "journal", prices, orders)
    return said(PortfolioEngine, place / "journal", place / "state", PARAMS | params)


def returns_until(time_ns: int) -> np.ndarray:
    """Of the last 20 periods that had ended."""
    table = np.array(PRICES[: time_ns // SECOND_NS - 1])
    return (table[1:] / table[:-1] - 1)[-20:]


def test_each_target_is_that_of_the_returns_so_far(tmp_path: Path) -> None:
    told = run(tmp_path / "a", PRICES, method="risk_parity")
    assert len(told) == 29
    for one in told:
        expected = optimise(SYMBOLS, returns_until(one["time_ns"]), Spec(method="risk_parity"))
        assert one["weights"] == pytest.approx(expected, abs=1.1e-6)
    assert [one["before"] for one in told[1:]] == [one["weights"] for one in told[:-1]]


def test_two_assets_have_their_closed_form(tmp_path: Path) -> None:
    """Minimum variance of two: (v2 - c) / (v1 + v2 - 2 c)."""
    told = run(tmp_path / "a", PRICES, symbols=["AA", "BB"], covariance="empirical")[-1]
    rows = returns_until(told["time_ns"])[:, :2]
    (v1, c), (_, v2) = np.cov(rows.T)
    expected = min(max((v2 - c) / (v1 + v2 - 2 * c), 0.0), 1.0)
    assert told["weights"] == pytest.approx({"AA": expected, "BB": 1 - expected}, abs=3e-6)


def test_a_benchmark_is_stayed_near_to_and_no_part_of_it(tmp_path: Path) -> None:
    told = run(tmp_path / "a", PRICES, method="tracking_error", benchmark="DD")[-1]
    rows = returns_until(told["time_ns"])
    assert set(told["weights"]) == {"AA", "BB", "CC"}
    found = np.array([told["weights"][name] for name in ("AA", "BB", "CC")])

    def error(weights: np.ndarray) -> float:
        return float((rows[:, :3] @ weights - rows[:, 3]).var())

    grid = [np.array([a, b, 1 - a - b]) for a in np.linspace(0, 1, 101) for b in np.linspace(0, 1 - a, 101)]
    assert error(found) <= min(map(error, grid)) * (1 + 1e-6)


def test_it_says_one_every_few_periods(tmp_path: Path) -> None:
    told = run(tmp_path / "a", PRICES, every=5)
    times = [one["time_ns"] // SECOND_NS for one in told]
    assert {after - before for before, after in pairwise(times)} == {5}


def test_the_weights_before_are_the_account_s(tmp_path: Path) -> None:
    orders = {0: [market("AA", "buy", 3000), market("CC", "sell_short", 500)]}
    told = run(tmp_path / "a", PRICES, orders, account="A1", max_turnover=1.5)[-1]
    prices = PRICES[told["time_ns"] // SECOND_NS - 2]
    paid = 3000 * (PRICES[0][0] + 0.01) - 500 * (PRICES[0][2] - 0.01)
    fees = (3000 * (PRICES[0][0] + 0.01) + 500 * (PRICES[0][2] - 0.01)) * 0.3e-4
    equity = 1_000_000 - paid - fees + 3000 * prices[0] - 500 * prices[2]
    held = {"AA": 3000 * prices[0] / equity, "CC": -500 * prices[2] / equity}
    assert told["before"] == pytest.approx(held, rel=1e-6)
    change = sum(abs(weight - held.get(name, 0.0)) for name, weight in told["weights"].items())
    assert change == pytest.approx(told["turnover"], abs=1e-9)
    assert change <= 1.5 + 4e-6


def test_turnover_is_bounded_from_the_second_target_on(tmp_path: Path) -> None:
    told = run(tmp_path / "a", PRICES, method="mean_variance", risk_aversion=5, max_turnover=0.05)
    assert told[0]["turnover"] == pytest.approx(1.0)
    assert max(one["turnover"] for one in told[1:]) == pytest.approx(0.05, abs=5e-6)


def test_what_somebody_expects_is_the_mean(tmp_path: Path) -> None:
    """A signal of each symbol, later another of one; others' signals and those of no symbol don't count."""
    (tmp_path / "a").mkdir()
    with journaled(tmp_path / "a" / "journal") as run:
        run.feed(*DECLARED)
        for index, name in enumerate(("alpha", "other")):
            run.signal_name(index, name)
        for i, row in enumerate(PRICES):
            run.quotes(row, (i + 1) * SECOND_NS)
            if i == 3:
                for symbol, value in enumerate((-3, 5, 2, 1)):
                    run.signal(0, symbol, value)
                run.signal(1, 0, 99)
                run.signal(0, m.NONE, 99)
            if i == 30:
                run.signal(0, 0, 8)
    params = PARAMS | {"method": "mean_variance", "alpha": "alpha", "signal": "weight", "risk_aversion": 3}
    told = said(PortfolioEngine, tmp_path / "a" / "journal", tmp_path / "a" / "state", params)
    targets = [one for one in told if "weights" in one]
    assert len(targets) == 29
    spec = Spec(method="mean_variance", risk_aversion=3)
    for one in targets:
        mean = dict(zip(SYMBOLS, (-3e-4, 5e-4, 2e-4, 1e-4), strict=True))
        if one["time_ns"] > 31 * SECOND_NS:
            mean["AA"] = 8e-4
        expected = optimise(SYMBOLS, returns_until(one["time_ns"]), spec, mean=mean)
        assert one["weights"] == pytest.approx(expected, abs=3e-6)
    signals = [one for one in told if one.get("name") == "weight"]
    assert len(signals) == 4 * 29
    assert {one["symbol"]: one["value"] for one in signals[-4:]} == targets[-1]["weights"]


def test_what_can_t_be_is_told_and_the_engine_goes_on(tmp_path: Path) -> None:
    told = run(tmp_path / "a", PRICES, max_weight=0.1)
    assert all("allow" in one["failed"] for one in told)
    assert len(told) == 29


def test_nothing_later_changes_what_was_said(tmp_path: Path) -> None:
    other = [*PRICES[:25], *([price * 2 for price in row] for row in PRICES[25:])]
    one, two = run(tmp_path / "a", PRICES), run(tmp_path / "b", other)
    until = 26 * SECOND_NS
    assert [x for x in one if x["time_ns"] <= until] == [x for x in two if x["time_ns"] <= until]
    assert one != two
