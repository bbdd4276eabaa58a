"""Scores against scikit-learn and scipy; Diebold and Mariano against the sums as they are written; drift."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from periphery.ml import drift, measures


def made(seed: int, count: int = 400) -> tuple[measures.Floats, measures.Floats]:
    """Outcomes and predictions, with ties and outcomes of nothing."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=count).round(1)
    return y, (0.4 * y + rng.normal(size=count)).round(1)


def test_scores_of_returns() -> None:
    y, p = made(1)
    found = measures.scores("return", y, p)
    assert found["mse"] == pytest.approx(metrics.mean_squared_error(y, p))
    assert found["ic"] == pytest.approx(stats.pearsonr(y, p).statistic)
    assert found["rank_ic"] == pytest.approx(stats.spearmanr(y, p).statistic)
    moved = y != 0
    assert found["hit_rate"] == pytest.approx(metrics.accuracy_score(np.sign(y[moved]), np.sign(p[moved])))
    assert found["rows"] == 400


def test_scores_of_probabilities() -> None:
    y, p = made(2)
    up, q = (y > 0).astype(float), 1 / (1 + np.exp(-p))
    found = measures.scores("up", up, q)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(up, q))
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(up, q))
    assert found["hit_rate"] == pytest.approx(metrics.accuracy_score(up, q > 0.5))


def test_what_isn_t_defined_is_none() -> None:
    nothing = np.array([])
    assert measures.scores("return", nothing, nothing) == {"rows": 0}
    same = np.ones(5)
    assert measures.scores("return", np.arange(5.0), same)["ic"] is None
    assert measures.scores("up", same, same)["auc"] is None
    assert measures.compared(same, same, 2)["p"] is None
    assert measures.compared(nothing, nothing, 0)["rows"] == 0


@pytest.mark.parametrize("lags", [0, 1, 4])
def test_diebold_and_mariano(lags: int) -> None:
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=60) ** 2, rng.normal(size=60) ** 2 + 0.3
    d = [float(a - b) for a, b in zip(one, two, strict=True)]
    mean = sum(d) / 60
    covariances = [sum((d[t] - mean) * (d[t - k] - mean) for t in range(k, 60)) / 60 for k in range(lags + 1)]
    variance = covariances[0] + sum(2 * (1 - k / (lags + 1)) * covariances[k] for k in range(1, lags + 1))
    z = mean / math.sqrt(variance / 60)
    found = measures.compared(one, two, lags)
    assert found["mean_difference"] == pytest.approx(mean)
    assert found["z"] == pytest.approx(z)
    assert found["p"] == pytest.approx(2 * stats.norm.sf(abs(z)))


# ---- drift ---------------------------------------------------------------------------------------------


def test_psi_is_that_of_the_deciles() -> None:
    rng = np.random.default_rng(4)
    was, now = rng.normal(size=1000).round(1), rng.normal(0.3, 1.2, size=700).round(1)  # many on an edge
    edges = [-math.inf, *sorted(set(np.quantile(was, np.arange(1, 10) / 10))), math.inf]
    total = 0.0
    for low, high in pairwise(edges):
        a, b = (((low < x) & (x <= high)).mean() for x in (was, now))
        total += (b - a) * math.log(b / a)
    assert drift.psi(was, now) == pytest.approx(total)
    assert drift.psi(was, was) == 0
    assert drift.psi(was, now) > 0.05


def test_psi_of_what_was_never_seen_is_finite() -> None:
    assert 1 < drift.psi(np.zeros(100), np.ones(100)) < 20


def test_ks_is_the_largest_distance() -> None:
    rng = np.random.default_rng(5)
    was, now = rng.normal(size=500), rng.normal(0.2, size=300)
    distance = max(abs((was <= x).mean() - (now <= x).mean()) for x in [*was, *now])
    statistic, p = drift.ks(was, now)
    assert statistic == pytest.approx(distance)
    assert statistic == pytest.approx(stats.ks_2samp(was, now).statistic)
    size = 2 * distance**2 * 500 * 300 / 800
    assert p == pytest.approx(2 * sum((-1) ** (k - 1) * math.exp(-size * k * k) for k in range(1, 50)))
    assert p == pytest.approx(stats.ks_2samp(was, now).pvalue, rel=0.2)


def test_a_sample_keeps_the_distribution() -> None:
    values = np.random.default_rng(6).exponential(size=20_000)
    kept = drift.sample(values)
    assert len(kept) == drift.SAMPLE
    assert kept == sorted(kept)
    assert stats.ks_2samp(values, kept).statistic < 2 / drift.SAMPLE
    assert drift.sample(values[:7]) == sorted(values[:7].tolist())
