"""Measures against scipy, plain Python and published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from periphery.risk import backtests, measures

CONFIDENCE = 0.975


@pytest.fixture
def returns() -> measures.Floats:
    random = np.random.default_rng(5)
    mixed = random.standard_normal((400, 3)) @ np.array([[1, 0.5, 0], [0, 1, -0.3], [0, 0, 2]])
    return np.asarray(mixed * 0.01, np.float64)


EXPOSURES = np.array([1000.0, -2500.0, 700.0])


def test_the_worst_of_the_past(returns: measures.Floats) -> None:
    losses = sorted(
        (-sum(r * e for r, e in zip(row, EXPOSURES, strict=True)) for row in returns), reverse=True
    )
    tail = measures.historical(EXPOSURES, returns, CONFIDENCE)
    assert tail.var == pytest.approx(losses[10])  # 2.5 % of 400 are worse
    assert tail.es == pytest.approx(sum(losses[:10]) / 10)


def test_a_part_of_an_outcome_counts_as_a_part() -> None:
    tail = measures.empirical(np.array([-4.0, -3.0, -2.0, -1.0, 0.0]), 0.7)  # 1.5 outcomes
    assert (tail.var, tail.es) == (3.0, pytest.approx((4.0 + 0.5 * 3.0) / 1.5))


def test_a_gain_is_a_negative_loss() -> None:
    assert measures.empirical(np.array([1.0, 2.0, 3.0, 4.0]), 0.75).var == -2.0


def test_normal_is_scipy_s(returns: measures.Floats) -> None:
    sigma = math.sqrt(np.mean((returns @ EXPOSURES) ** 2))
    tail = measures.normal(EXPOSURES, returns, CONFIDENCE)
    assert tail.var == pytest.approx(stats.norm.ppf(CONFIDENCE) * sigma)
    beyond = stats.norm.expect(lambda x: x, lb=stats.norm.ppf(CONFIDENCE), conditional=True)
    assert tail.es == pytest.approx(beyond * sigma, rel=1e-6)
    assert measures.normal(EXPOSURES, returns, CONFIDENCE, 4.0).var == pytest.approx(2 * tail.var)


def test_draws_come_to_normal(returns: measures.Floats) -> None:
    drawn = measures.monte_carlo(EXPOSURES, returns, CONFIDENCE, 200_000, 7)
    tail = measures.normal(EXPOSURES, returns, CONFIDENCE)
    assert drawn.var == pytest.approx(tail.var, rel=0.02)
    assert drawn.es == pytest.approx(tail.es, rel=0.02)
    assert drawn == measures.monte_carlo(EXPOSURES, returns, CONFIDENCE, 200_000, 7)


def test_draws_of_returns_that_hang_together(returns: measures.Floats) -> None:
    twice = np.column_stack([returns[:, 0], 2 * returns[:, 0]])
    drawn = measures.monte_carlo(np.array([2.0, -1.0]), twice, CONFIDENCE, 1000, 1)
    assert drawn.var == pytest.approx(0.0, abs=1e-9)


def test_components_add_up_and_marginals_are_slopes(returns: measures.Floats) -> None:
    marginal, component = measures.components(EXPOSURES, returns, CONFIDENCE)
    var = measures.normal(EXPOSURES, returns, CONFIDENCE).var
    assert component.sum() == pytest.approx(var)
    for i in range(3):
        more = EXPOSURES.copy()
        more[i] += 0.01
        slope = (measures.normal(more, returns, CONFIDENCE).var - var) / 0.01
        assert marginal[i] == pytest.approx(slope, rel=1e-4)


def test_nothing_held_is_no_risk(returns: measures.Floats) -> None:
    marginal, component = measures.components(np.zeros(3), returns, CONFIDENCE)
    assert not marginal.any()
    assert not component.any()


def test_stress_is_the_other_sign_of_the_gain() -> None:
    assert measures.stressed(EXPOSURES, np.array([-0.1, -0.1, 0.0])) == pytest.approx(100.0 - 250.0)


@pytest.mark.parametrize(
    ("periods", "confidence", "first_refused"),
    [(255, 0.99, 7), (510, 0.99, 11), (1000, 0.99, 17), (255, 0.95, 21), (1000, 0.95, 65)],
)
def test_kupiec_s_table(periods: int, confidence: float, first_refused: int) -> None:
    """Kupiec 1995, table 2: how many exceptions are too many at 95 % confidence of the test."""
    assert backtests.kupiec(first_refused, periods, confidence).p < 0.05
    assert backtests.kupiec(first_refused - 1, periods, confidence).p >= 0.05


def test_kupiec_is_the_chi_squared_of_both_likelihoods() -> None:
    found = backtests.kupiec(9, 250, 0.99)
    ratio = 2 * (stats.binom.logpmf(9, 250, 9 / 250) - stats.binom.logpmf(9, 250, 0.01))
    assert found.ratio == pytest.approx(ratio)
    assert found.p == pytest.approx(stats.chi2.sf(ratio, 1))
    assert backtests.kupiec(0, 250, 0.99).ratio == pytest.approx(-500 * math.log(0.99))


def test_exceptions_that_bring_each_other_are_seen() -> None:
    apart = backtests.Tally.of(i % 20 == 0 for i in range(400))
    together = backtests.Tally.of(i % 200 < 10 for i in range(400))
    assert apart.exceptions == together.exceptions == 20
    assert together.pairs == [378, 1, 2, 18]
    assert backtests.independence(apart).p > 0.05
    assert backtests.independence(together).p < 1e-6
    both = backtests.christoffersen(together, 0.95)
    assert both.ratio == pytest.approx(
        backtests.kupiec(20, 400, 0.95).ratio + backtests.independence(together).ratio
    )
    assert both.p == pytest.approx(stats.chi2.sf(both.ratio, 2))


def test_no_periods_are_refused() -> None:
    with pytest.raises(ValueError, match="0 exceptions in 0 periods"):
        backtests.kupiec(0, 0, 0.99)
