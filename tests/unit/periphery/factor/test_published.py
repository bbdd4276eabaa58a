"""Fama-French regressions and premia on the recorded data: as published, as by hand.

Published: the documentation of linearmodels 7.1, "Introduction" to asset pricing
(bashtage.github.io/linearmodels/asset-pricing/introduction.html), which fits these portfolios and factors on
this very data set. Its premia and R-squared are 0.0060, 0.0001, 0.0045 and 0.8879. Its errors were printed by
a version of 2017; those of 7.1 are other ones, so errors are held against formulas here.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from periphery.factor.exposures import exposure, rolling, rule_of_thumb
from periphery.factor.premia import fama_macbeth, traded, two_step
from periphery.history.tables import Table, read_table

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data"))
FACTORS = ("MktRF", "SMB", "HML")
PORTFOLIOS = ("S1V1", "S1V3", "S1V5", "S5V1", "S5V3", "S5V5")


@pytest.fixture(scope="module")
def french() -> tuple[Table, Table]:
    """Excess returns of six portfolios, and the factors."""
    whole = read_table(DATA / "daily" / "fama_french_monthly_1949_2017.csv.bz2")
    own = whole.of(PORTFOLIOS)
    return Table(own.times, own.names, own.values - whole.of(["RF"]).values), whole.of(FACTORS)


def test_premia_are_the_published_ones(french: tuple[Table, Table]) -> None:
    found = two_step(*french)
    assert found["periods"] == 819
    assert [round(value, 4) for value in found["premia"].values()] == [0.0060, 0.0001, 0.0045]
    assert round(found["r2"], 4) == 0.8879
    assert found["j_p"] < 0.00005


def test_premia_by_hand(french: tuple[Table, Table]) -> None:
    """Exposures by time series, then mean returns on exposures: least squares twice."""
    own, factors = (table.values for table in french)
    on = np.column_stack([np.ones(len(factors)), factors])
    betas = np.linalg.solve(on.T @ on, on.T @ own)[1:].T
    means = own.mean(axis=0)
    premia = np.linalg.solve(betas.T @ betas, betas.T @ means)
    found = two_step(*french)
    assert list(found["premia"].values()) == pytest.approx(list(premia), rel=1e-9)
    assert list(found["alphas"].values()) == pytest.approx(list(means - betas @ premia), abs=1e-12)
    rows = np.array([list(found["betas"][name].values()) for name in PORTFOLIOS])
    assert rows == pytest.approx(betas, rel=1e-9)


@pytest.mark.parametrize("lags", [0, 4])
def test_errors_know_that_exposures_are_estimated(french: tuple[Table, Table], lags: int) -> None:
    """By influence: what a month moves the premia by, itself and through exposures; then Bartlett's sum."""
    own, factors = (table.values for table in french)
    n, k = factors.shape
    on = np.column_stack([np.ones(n), factors])
    slopes = np.linalg.solve(on.T @ on, on.T @ own)
    betas, off = slopes[1:].T, own - on @ slopes
    inverse = np.linalg.inv(betas.T @ betas)
    premia = inverse @ betas.T @ own.mean(axis=0)
    alphas = own.mean(axis=0) - betas @ premia
    around = factors - factors.mean(axis=0)
    steps = np.linalg.solve(around.T @ around / n, around.T).T
    moves = np.empty((n, k))
    for t in range(n):
        moved = np.outer(off[t], steps[t])
        itself = betas.T @ (own[t] - betas @ premia)
        moves[t] = inverse @ (itself + moved.T @ alphas - betas.T @ moved @ premia)
    total = moves.T @ moves
    for lag in range(1, lags + 1):
        step = moves[lag:].T @ moves[:-lag]
        total += (1 - lag / (lags + 1)) * (step + step.T)
    errors = np.sqrt(np.diag(total) / n / (n - k - 1))
    found = two_step(*french, lags=lags)
    assert list(found["errors"].values()) == pytest.approx(list(errors), rel=1e-7)
    assert list(found["t"].values()) == pytest.approx(list(premia / errors), rel=1e-7)


def test_a_traded_factor_earns_its_mean(french: tuple[Table, Table]) -> None:
    found = traded(*french)
    means = french[1].values.mean(axis=0)
    assert list(found["premia"].values()) == pytest.approx(list(means), rel=1e-9)


def test_fama_and_macbeth_by_hand(french: tuple[Table, Table]) -> None:
    """Means of each month's cross-section; errors by Bartlett's weights."""
    own, factors = (table.values for table in french)
    on = np.column_stack([np.ones(len(factors)), factors])
    betas = np.linalg.solve(on.T @ on, on.T @ own)[1:].T
    months = (np.linalg.inv(betas.T @ betas) @ betas.T @ own.T).T
    means = months.mean(axis=0)
    off = months - means
    variance = (off**2).sum(axis=0)
    for lag in range(1, 5):
        variance += 2 * (1 - lag / 5) * (off[lag:] * off[:-lag]).sum(axis=0)
    errors = np.sqrt(variance) / len(months)
    found = fama_macbeth(*french, lags=4)
    assert list(found["premia"].values()) == pytest.approx(list(means), rel=1e-9)
    assert list(found["errors"].values()) == pytest.approx(list(errors), rel=1e-9)
    assert list(found["t"].values()) == pytest.approx(list(means / errors), rel=1e-9)
    assert list(found["premia"].values()) == pytest.approx(list(two_step(*french)["premia"].values()))


@pytest.mark.parametrize("lags", [0, 1, 6])
def test_exposures_by_hand(french: tuple[Table, Table], lags: int) -> None:
    own, factors = (table.values for table in french)
    on = np.column_stack([np.ones(len(factors)), factors])
    inverse = np.linalg.inv(on.T @ on)
    for i in range(len(PORTFOLIOS)):
        params = inverse @ on.T @ own[:, i]
        off = own[:, i] - on @ params
        moments = off[:, None] * on
        middle = moments.T @ moments
        for lag in range(1, lags + 1):
            step = moments[lag:].T @ moments[:-lag]
            middle += (1 - lag / (lags + 1)) * (step + step.T)
        errors = np.sqrt(np.diag(inverse @ middle @ inverse))
        found = exposure(own[:, i], factors, lags)
        assert (found.alpha, *found.betas) == pytest.approx(tuple(params), rel=1e-8)
        assert (found.alpha_error, *found.errors) == pytest.approx(tuple(errors), rel=1e-8)
        assert (found.alpha_t, *found.t) == pytest.approx(tuple(params / errors), rel=1e-7)
        assert found.r2 == pytest.approx(1 - (off @ off) / ((own[:, i] - own[:, i].mean()) ** 2).sum())


def test_rolling_looks_at_its_window_alone(french: tuple[Table, Table]) -> None:
    own, factors = french[0].values[:80, 0], french[1].values[:80]
    found = rolling(own, factors, 60, 2)
    assert len(found) == 21
    assert found[7] == exposure(own[7:67], factors[7:67], 2)
    later = np.concatenate([own[:70], own[70:] * 9])
    assert rolling(later, factors, 60, 2)[:11] == found[:11]
    assert rolling(later, factors, 60, 2)[11:] != found[11:]


def test_lags_by_newey_and_west_s_rule() -> None:
    assert [rule_of_thumb(n) for n in (50, 100, 819)] == [3, 4, 6]


def test_what_can_t_be_fitted_is_named(french: tuple[Table, Table]) -> None:
    own, factors = french
    with pytest.raises(ValueError, match="periods for 3 factors"):
        exposure(own.values[:4, 0], factors.values[:4], 1)
    twice = np.column_stack([factors.values, factors.values[:, 0]])
    with pytest.raises(ValueError, match="hang together"):
        exposure(own.values[:, 0], twice, 1)
    with pytest.raises(ValueError, match="portfolios for 3 factors"):
        two_step(own.of(["S1V1", "S1V3"]), factors)
    with pytest.raises(ValueError, match="window"):
        rolling(own.values[:, 0], factors.values, 900, 1)
