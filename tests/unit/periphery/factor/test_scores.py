"""Scores: how they foretell, as alphalens says it and as counted by hand; what is left beside groups."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

from periphery.factor.covariance import covariance
from periphery.factor.pca import components
from periphery.factor.scores import by_quantile, forward, information, momentum, neutral
from periphery.history.tables import read_table

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data"))
LETTERS = [["A", "B", "C"][i % 3] for i in range(20)]


@pytest.fixture(scope="module")
def prices() -> np.ndarray:
    return read_table(DATA / "daily" / "sp500_dataset.csv.gz").last(300).values


@pytest.mark.parametrize(
    ("ahead", "periods", "mean", "deviation", "first", "quantiles"),
    [
        (
            1, 279, 0.00620368124612607, 0.35965744068053623, 0.6150375939849623,
            [-0.0001816634125376279, -0.000469873310306352, 0.0001738898412982971, 0.00029121100721541814,
             0.00018643587433026483],
        ),
        (
            5, 275, 0.008863978127136017, 0.32557135537594295, 0.11578947368421053,
            [0.0002386075774967176, -0.0005383955502251048, 0.001944310725538169, -0.0011537197167417104,
             -0.0004908030360680702],
        ),
    ],
)  # fmt: skip
def test_as_alphalens_says_it(
    prices: np.ndarray, ahead: int, periods: int, mean: float, deviation: float, first: float,
    quantiles: list[float],
) -> None:  # fmt: skip
    """alphalens-reloaded 0.5.1 with pandas 3.1, on the same prices: the momentum of 20 days, five quantiles,
    `factor_information_coefficient` and `mean_return_by_quantile` (by date, then their mean).
    """
    scores, earned = momentum(prices, 20), forward(prices, ahead)
    found = information(scores, earned)
    known = found.by_period[np.isfinite(found.by_period)]
    assert len(known) == periods
    assert known[0] == pytest.approx(first)
    assert (found.mean, found.deviation) == pytest.approx((mean, deviation))
    parts = by_quantile(scores, earned, 5)
    assert np.nanmean(parts, axis=0) == pytest.approx(np.array(quantiles), abs=1e-12)


def naive_ranks(values: list[float]) -> list[float]:
    """Of equal ones the middle."""
    return [sum(o < v for o in values) + (sum(o == v for o in values) + 1) / 2 for v in values]


def test_ties_and_gaps() -> None:
    chance = random.Random(6)
    scores = np.array([[float(chance.randrange(4)) for _ in range(9)] for _ in range(30)])
    earned = np.array([[float(chance.randrange(5)) for _ in range(9)] for _ in range(30)])
    scores[3, 2] = earned[4, 5] = np.nan
    scores[7] = 1.0
    found = information(scores, earned)
    for i in range(30):
        pairs = [(s, e) for s, e in zip(scores[i], earned[i], strict=True) if s == s and e == e]
        x, y = (naive_ranks([pair[at] for pair in pairs]) for at in (0, 1))
        if len(set(x)) == 1:
            assert np.isnan(found.by_period[i])
        else:
            assert found.by_period[i] == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_forward_and_momentum_look_where_they_say() -> None:
    table = np.array([[1.0], [2.0], [8.0], [4.0]])
    assert forward(table, 2).ravel()[:2].tolist() == [7.0, 1.0]
    assert np.isnan(forward(table, 2)[2:]).all()
    assert momentum(table, 2).ravel()[2:].tolist() == [7.0, 1.0]
    assert momentum(table, 1, skip=1).ravel()[2:].tolist() == [1.0, 3.0]
    assert np.isnan(momentum(table, 1, skip=1)[:2]).all()
    with pytest.raises(ValueError, match="at least 1"):
        forward(table, 0)


def test_a_later_price_changes_no_score_before_it(prices: np.ndarray) -> None:
    later = prices.copy()
    later[200:] *= 3.0
    assert np.array_equal(momentum(prices, 20)[:200], momentum(later, 20)[:200], equal_nan=True)
    one = information(momentum(prices, 20), forward(prices, 5)).by_period
    other = information(momentum(later, 20), forward(later, 5)).by_period
    assert np.array_equal(one[:195], other[:195], equal_nan=True)


def test_what_is_left_beside_groups_has_no_mean_in_any(prices: np.ndarray) -> None:
    scores = momentum(prices, 20)
    left = neutral(scores, groups=LETTERS)
    for group in "ABC":
        inside = [letter == group for letter in LETTERS]
        expected = scores[25:, inside] - scores[25:, inside].mean(axis=1)[:, None]
        assert left[25:, inside] == pytest.approx(expected, abs=1e-12)
    assert np.isnan(left[:20]).all()


def test_what_is_left_beside_exposures_goes_with_none_of_them(prices: np.ndarray) -> None:
    """And what a factor explains is taken away: scores that are nothing else leave nothing."""
    exposures = np.random.default_rng(3).normal(size=(20, 2))
    scores = momentum(prices, 20)[30:40]
    left = neutral(scores, exposures, LETTERS)
    assert np.abs(left @ exposures).max() < 1e-10
    assert np.abs(left.sum(axis=1)).max() < 1e-10
    alone = neutral((exposures @ np.array([2.0, -1.0]) + 5.0)[None], exposures)
    assert np.abs(alone).max() < 1e-12
    with pytest.raises(ValueError, match="groups of 3"):
        neutral(scores, groups=["A", "B", "C"])


def test_quantiles_hold_their_own(prices: np.ndarray) -> None:
    """Where the score is the return itself, each part earns more than the one below."""
    earned = forward(prices, 1)[:-1]
    parts = by_quantile(earned, earned, 4)
    assert (np.diff(parts, axis=1) > 0).all()
    assert parts.sum(axis=1) == pytest.approx(np.zeros(len(parts)), abs=1e-12)
    with pytest.raises(ValueError, match="at least 2"):
        by_quantile(earned, earned, 1)


def test_oas_by_its_formula(prices: np.ndarray) -> None:
    """Chen, Wiesel, Eldar and Hero (2010), formula 23, as its authors corrected it."""
    returns = prices[1:] / prices[:-1] - 1
    rows = returns - returns.mean(axis=0)
    n, k = rows.shape
    plain = rows.T @ rows / n
    level = np.trace(plain) / k
    squares = np.trace(plain @ plain)
    above = squares / k**2 + level**2
    shrinkage = min(1.0, above / ((n + 1) * (squares / k**2 - level**2 / k)))
    found = covariance(returns, "oas")
    assert found.shrinkage == pytest.approx(shrinkage, rel=1e-9)
    expected = (1 - shrinkage) * plain + shrinkage * level * np.eye(k)
    assert found.covariance == pytest.approx(expected, rel=1e-9)
    assert covariance(returns, "empirical").covariance == pytest.approx(plain, rel=1e-9)
    with pytest.raises(ValueError, match="two"):
        covariance(returns[:1])


def test_components_have_their_variance(prices: np.ndarray) -> None:
    returns = prices[1:] / prices[:-1] - 1
    found = components(returns, 3)
    values = np.linalg.eigvalsh(np.cov(returns.T))[::-1]
    assert found.explained == pytest.approx(values[:3] / values.sum())
    assert found.factors.var(axis=0, ddof=1) == pytest.approx(values[:3])
    assert found.loadings @ found.loadings.T == pytest.approx(np.eye(3), abs=1e-12)
    assert (found.loadings[np.arange(3), np.abs(found.loadings).argmax(axis=1)] > 0).all()
    with pytest.raises(ValueError, match="21 components"):
        components(returns, 21)
