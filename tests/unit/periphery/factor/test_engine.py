"""The factor engine over journals, against the same figures reckoned anew from the prices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from periphery.factor.engine import FactorEngine
from tests.unit.periphery.days import SECOND_NS, SYMBOLS, day, said, walks

PRICES = walks(60, seed=4)
PARAMS: dict[str, Any] = {
    "period_s": 1, "least": 20, "periods": 40, "factors": ["CC", "DD"], "lags": 2, "components": 2,
    "momentum": 5, "ahead": 2,
}  # fmt: skip


def run(place: Path, prices: list[list[float]], **params: Any) -> list[dict[str, Any]]:
    place.mkdir()
    day(place / "journal", prices)
    return said(FactorEngine, place / "journal", place / "state", PARAMS | params)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return run(tmp_path_factory.mktemp("factor") / "a", PRICES)


def prices_until(time_ns: int) -> np.ndarray:
    return np.array(PRICES[: time_ns // SECOND_NS - 1])


def returns_until(time_ns: int) -> np.ndarray:
    table = prices_until(time_ns)
    return (table[1:] / table[:-1] - 1)[-40:]


def test_exposures_by_the_normal_equations(told: list[dict[str, Any]]) -> None:
    assert len(told) == 39
    for one in told:
        rows = returns_until(one["time_ns"])
        on = np.column_stack([np.ones(len(rows)), rows[:, 2:]])
        inverse = np.linalg.inv(on.T @ on)
        for i, name in enumerate(("AA", "BB")):
            params = inverse @ on.T @ rows[:, i]
            left = (rows[:, i] - on @ params)[:, None] * on
            middle = left.T @ left
            for lag in (1, 2):
                step = left[lag:].T @ left[:-lag]
                middle += (1 - lag / 3) * (step + step.T)
            errors = np.sqrt(np.diag(inverse @ middle @ inverse))
            found = one["exposures"][name]
            assert [found["alpha"], *found["betas"].values()] == pytest.approx(list(params), rel=1e-7)
            assert [found["alpha_error"], *found["errors"].values()] == pytest.approx(list(errors), rel=1e-7)
            assert list(found["betas"]) == ["CC", "DD"]
        assert set(one["exposures"]) == {"AA", "BB"}


def test_components_by_eigenvectors(told: list[dict[str, Any]]) -> None:
    last = told[-1]
    values, vectors = np.linalg.eigh(np.cov(returns_until(last["time_ns"]).T))
    for i in range(2):
        vector = vectors[:, -1 - i]
        vector = vector * np.sign(vector[np.abs(vector).argmax()])
        assert list(last["loadings"][i].values()) == pytest.approx(list(vector), abs=1e-9)
        assert last["explained"][i] == pytest.approx(values[-1 - i] / values.sum())


def test_covariance_is_shrunk_by_ledoit_and_wolf_s_formula(told: list[dict[str, Any]]) -> None:
    """Their estimator, written down: the distance to the target, and the noise of each entry."""
    last = told[-1]
    rows = returns_until(last["time_ns"])
    rows = rows - rows.mean(axis=0)
    n, k = rows.shape
    plain = rows.T @ rows / n
    level = np.trace(plain) / k
    distance = ((plain - level * np.eye(k)) ** 2).sum() / k
    noise = sum(((np.outer(row, row) - plain) ** 2).sum() for row in rows) / n**2 / k
    shrinkage = min(noise, distance) / distance
    expected = shrinkage * level * np.eye(k) + (1 - shrinkage) * plain
    found = np.array([list(last["covariance"][name].values()) for name in SYMBOLS])
    assert last["shrinkage"] == pytest.approx(shrinkage, rel=1e-9)
    assert found == pytest.approx(expected, rel=1e-9)


def ranks(values: list[float]) -> list[int]:
    return [sorted(values).index(value) for value in values]


def test_information_by_sums_of_squared_rank_differences(told: list[dict[str, Any]]) -> None:
    """Spearman, of the momentum over 5 periods as it was 2 periods before, and what came since."""
    last = told[-1]
    table = prices_until(last["time_ns"])
    found = []
    for end in range(7, len(table)):
        score = ranks(list(table[end - 2] / table[end - 7]))
        earned = ranks(list(table[end] / table[end - 2]))
        off = sum((a - b) ** 2 for a, b in zip(score, earned, strict=True))
        found.append(1 - 6 * off / (4 * (16 - 1)))
    found = found[-40:]
    information = last["information"]
    assert information["periods"] == len(found)
    assert information["last"] == pytest.approx(found[-1])
    assert information["mean"] == pytest.approx(np.mean(found))
    assert information["deviation"] == pytest.approx(np.std(found, ddof=1))
    assert information["ratio"] == pytest.approx(np.mean(found) / np.std(found, ddof=1))
    momentum = dict(zip(SYMBOLS, table[-1] / table[-6] - 1, strict=True))
    assert last["momentum"] == pytest.approx(momentum)


def test_a_factor_without_prices_is_named(tmp_path: Path) -> None:
    last = run(tmp_path / "a", PRICES, factors=["CC", "ZZ"])[-1]
    assert last["unpriced"] == ["ZZ"]
    assert "exposures" not in last


def test_nothing_later_changes_what_was_said(tmp_path: Path) -> None:
    other = [*PRICES[:40], *([price * 2 for price in row] for row in PRICES[40:])]
    one, two = run(tmp_path / "a", PRICES), run(tmp_path / "b", other)
    until = 41 * SECOND_NS
    assert [x for x in one if x["time_ns"] <= until] == [x for x in two if x["time_ns"] <= until]
    assert one != two


def test_prices_that_stand_still_say_nothing_infinite(tmp_path: Path) -> None:
    still = [[100.0, 50.0, 200.0, 80.0]] * 30
    last = run(tmp_path / "a", still)[-1]
    assert "stands still" in last["failed"]
    assert "exposures" not in last
    assert "explained" not in last
    assert last["momentum"] == dict.fromkeys(SYMBOLS, 0.0)
    assert "information" not in last
