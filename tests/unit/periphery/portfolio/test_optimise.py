"""Weights against closed forms, other solvers and rules written down anew."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.optimize import minimize
from scipy.spatial.distance import squareform

from periphery.history.tables import Table, read_table
from periphery.portfolio.optimise import METHODS, NoPortfolio, Spec, by_skfolio, optimise, rounded

ROOT = Path(__file__).resolve().parents[4]
DAILY = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data")) / "daily"
STEP = 1e-6
TOLERANCE = 5e-6  # of a weight: rounding, and what the solver leaves


@pytest.fixture(scope="module")
def stocks() -> Table:
    return read_table(DAILY / "sp500_dataset.csv.gz").last(501).returns()


@pytest.fixture(scope="module")
def index() -> np.ndarray:
    return read_table(DAILY / "sp500_index.csv.gz").last(501).returns().values[:, 0]


def weights(table: Table, spec: Spec, **more: object) -> np.ndarray:
    found = optimise(table.names, table.values, spec, **more)  # type: ignore[arg-type]
    assert list(found) == list(table.names)
    return np.array(list(found.values()))


def scipy_best(loss, count: int, *more: dict[str, object], low: float = 0.0, high: float = 1.0):  # type: ignore[no-untyped-def]
    """Another solver, from the middle."""
    whole = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
    found = minimize(
        loss, np.full(count, 1 / count), bounds=[(low, high)] * count, constraints=[whole, *more],
        method="SLSQP", options={"ftol": 1e-16, "maxiter": 2000},
    )  # fmt: skip
    return found.x


def sample(table: Table) -> tuple[np.ndarray, np.ndarray]:
    return table.values.mean(axis=0), np.cov(table.values.T)


def unbounded(**more: object) -> Spec:
    values = {"covariance": "empirical", "min_weight": -9.0, "max_weight": 9.0} | more
    return Spec(**values)  # type: ignore[arg-type]


# ---- closed forms ------------------------------------------------------------------------------------------


def test_minimum_variance_without_bounds_is_its_closed_form(stocks: Table) -> None:
    _, covariance = sample(stocks)
    inverse = np.linalg.solve(covariance, np.ones(len(covariance)))
    found = weights(stocks, unbounded(method="minimum_variance"))
    assert found == pytest.approx(inverse / inverse.sum(), abs=TOLERANCE)


def test_mean_variance_without_bounds_is_its_closed_form(stocks: Table) -> None:
    """Lagrange: w = (C^-1 m + c C^-1 1) / 2 a, c such that they add up to 1."""
    mean, covariance = sample(stocks)
    aversion = 4.0
    one, other = np.linalg.solve(covariance, mean), np.linalg.solve(covariance, np.ones(len(mean)))
    c = (2 * aversion - one.sum()) / other.sum()
    expected = (one + c * other) / (2 * aversion)
    found = weights(stocks, unbounded(method="mean_variance", risk_aversion=aversion))
    assert found == pytest.approx(expected, abs=4 * TOLERANCE)


def test_black_litterman_is_its_closed_form(stocks: Table) -> None:
    """He and Litterman: the posterior of a market in equilibrium and two views, then mean-variance."""
    _, covariance = sample(stocks)
    names, aversion, tau = stocks.names, 3.0, 0.05
    market = np.arange(1, 21) / 210.0
    prior = 2 * aversion * covariance @ market
    pick = np.zeros((2, 20))
    pick[0, names.index("AAPL")] = 1.0
    pick[1, names.index("AMD")], pick[1, names.index("BAC")] = 1.0, -1.0
    view = np.array([0.001, 0.0005])
    doubt = np.diag(np.diag(tau * pick @ covariance @ pick.T))
    precision = np.linalg.inv(tau * covariance) + pick.T @ np.linalg.inv(doubt) @ pick
    posterior = np.linalg.solve(
        precision, np.linalg.solve(tau * covariance, prior) + pick.T @ np.linalg.solve(doubt, view)
    )
    spread = covariance + np.linalg.inv(precision)
    one, other = np.linalg.solve(spread, posterior), np.linalg.solve(spread, np.ones(20))
    expected = (one + (2 * aversion - one.sum()) / other.sum() * other) / (2 * aversion)
    spec = unbounded(
        method="black_litterman", risk_aversion=aversion, tau=tau,
        views=["AAPL == 0.001", "AMD - BAC == 0.0005"], market=dict(zip(names, market, strict=True)),
    )  # fmt: skip
    assert weights(stocks, spec) == pytest.approx(expected, abs=TOLERANCE)


def test_risk_parity_gives_each_the_same_part_of_the_variance(stocks: Table) -> None:
    _, covariance = sample(stocks)
    found = weights(stocks, Spec(method="risk_parity", covariance="empirical"))
    parts = found * (covariance @ found) / (found @ covariance @ found)
    assert parts == pytest.approx(np.full(20, 0.05), abs=1e-6)
    logs = minimize(
        lambda w: 1e4 * 0.5 * w @ covariance @ w - np.log(w).mean(), np.full(20, 0.5),
        bounds=[(1e-9, None)] * 20, method="L-BFGS-B",
        options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 5000},
    ).x  # fmt: skip
    assert found == pytest.approx(logs / logs.sum(), abs=1e-4)


def test_hierarchical_risk_parity_is_its_rule(stocks: Table) -> None:
    """Lopez de Prado's bisection, over Ward's tree with leaves in their best order."""
    _, covariance = sample(stocks)
    deviations = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviations, deviations)
    distance = np.sqrt(np.clip((1 - correlation) / 2, 0, None))
    np.fill_diagonal(distance, 0)
    flat = squareform(distance, checks=False)
    order = list(leaves_list(optimal_leaf_ordering(linkage(flat, "ward"), flat)))
    expected = np.ones(20)

    def variance(part: list[int]) -> float:
        block = covariance[np.ix_(part, part)]
        inverse = 1 / np.diag(block)
        inverse /= inverse.sum()
        return float(inverse @ block @ inverse)

    clusters = [order]
    while clusters:
        halves = [(c[: len(c) // 2], c[len(c) // 2 :]) for c in clusters if len(c) > 1]
        for left, right in halves:
            share = 1 - variance(left) / (variance(left) + variance(right))
            expected[left] *= share
            expected[right] *= 1 - share
        clusters = [half for pair in halves for half in pair]
    assert weights(stocks, Spec(method="hrp", covariance="empirical")) == pytest.approx(
        expected, abs=TOLERANCE
    )


# ---- other solvers -----------------------------------------------------------------------------------------


def test_bounds_hold_and_the_best_within_them_is_found(stocks: Table) -> None:
    _, covariance = sample(stocks)
    spec = Spec(method="minimum_variance", covariance="empirical", min_weight=0.01, max_weight=0.15)
    found = weights(stocks, spec)
    other = scipy_best(lambda w: 1e4 * w @ covariance @ w, 20, low=0.01, high=0.15)
    assert found.min() >= 0.01 - STEP
    assert found.max() <= 0.15 + STEP
    assert found @ covariance @ found <= other @ covariance @ other * (1 + 1e-6)
    assert found == pytest.approx(other, abs=1e-3)


def test_tracking_error_is_the_least(stocks: Table, index: np.ndarray) -> None:
    found = weights(stocks, Spec(method="tracking_error"), benchmark=index)

    def error(w: np.ndarray) -> float:
        return float((stocks.values @ w - index).var() * 1e5)

    other = scipy_best(error, 20)
    assert error(found) <= error(other) * (1 + 1e-5)
    assert found == pytest.approx(other, abs=2e-3)


@pytest.mark.parametrize("method", ["minimum_variance", "mean_variance", "tracking_error"])
def test_turnover_is_bounded_in_sum(stocks: Table, index: np.ndarray, method: str) -> None:
    even = dict.fromkeys(stocks.names, 0.05)
    spec = Spec(method=method, covariance="empirical", max_turnover=0.3)  # type: ignore[arg-type]
    benchmark = index if method == "tracking_error" else None
    found = weights(stocks, spec, before=even, benchmark=benchmark)
    assert np.abs(found - 0.05).sum() == pytest.approx(0.3, abs=20 * STEP)


def test_costs_are_paid_by_the_mean(stocks: Table) -> None:
    """Split into what is bought and what is sold, the problem is smooth: another solver's answer."""
    mean, covariance = sample(stocks)
    cost, aversion = 0.002, 5.0
    spec = Spec(method="mean_variance", covariance="empirical", risk_aversion=aversion, cost=cost, periods=10)
    found = weights(stocks, spec, before=dict.fromkeys(stocks.names, 0.05))

    def loss(w: np.ndarray) -> float:
        return float(aversion * w @ covariance @ w - mean @ w + cost / 10 * np.abs(w - 0.05).sum())

    bought = minimize(
        lambda x: 1e4 * (
            aversion * (0.05 + x[:20] - x[20:]) @ covariance @ (0.05 + x[:20] - x[20:])
            - mean @ (0.05 + x[:20] - x[20:]) + cost / 10 * x.sum()
        ),
        np.zeros(40), bounds=[(0, 1)] * 20 + [(0, 0.05)] * 20, method="SLSQP",
        constraints=[{"type": "eq", "fun": lambda x: (x[:20] - x[20:]).sum()}],
        options={"ftol": 1e-16, "maxiter": 2000},
    ).x  # fmt: skip
    other = 0.05 + bought[:20] - bought[20:]
    free = weights(stocks, Spec(method="mean_variance", covariance="empirical", risk_aversion=aversion))
    assert loss(found) <= loss(other) + 1e-9
    assert np.abs(found - 0.05).sum() < np.abs(free - 0.05).sum()


# ---- the same again ----------------------------------------------------------------------------------------


def test_a_scale_of_time_changes_nothing(stocks: Table) -> None:
    """Returns of a hundredth: what looks at risk alone says the same, with an aversion of a hundred times."""
    small = Table(stocks.times, stocks.names, stocks.values / 100)
    for method, aversion in (("minimum_variance", 1.0), ("risk_parity", 1.0), ("mean_variance", 5.0)):
        one = weights(stocks, Spec(method=method, risk_aversion=aversion))  # type: ignore[arg-type]
        other = weights(small, Spec(method=method, risk_aversion=100 * aversion))  # type: ignore[arg-type]
        assert one == pytest.approx(other, abs=2 * STEP)


def test_the_same_question_has_the_same_answer(stocks: Table, index: np.ndarray) -> None:
    for method in METHODS:
        views = ["AAPL - MSFT == 0.001"] if method == "black_litterman" else []
        spec = Spec(method=method, views=views)  # type: ignore[arg-type]
        more = {"benchmark": index} if method == "tracking_error" else {}
        one, other = (weights(stocks, spec, **more) for _ in range(2))
        assert (one == other).all()
        assert sum(round(w / STEP) for w in one) == 1_000_000


def test_names_may_have_signs_that_mean_something_in_a_view(stocks: Table) -> None:
    odd = Table(stocks.times, ("BTC-USD", "ES+", *stocks.names[2:]), stocks.values)
    plain = Spec(method="black_litterman", views=["AAPL - AMD == 0.001"])
    same = Spec(method="black_litterman", views=["BTC-USD - ES+ == 0.001"])
    assert (weights(stocks, plain) == weights(odd, same)).all()


def test_rounding_keeps_the_sum() -> None:
    assert rounded(np.array([1 / 3, 1 / 3, 1 / 3]), 2) == [0.34, 0.33, 0.33]
    assert rounded(np.array([0.5, -0.5, 1.0]), 1) == [0.5, -0.5, 1.0]
    assert rounded(np.array([0.0049999999, 0.9950000001]), 3) == [0.005, 0.995]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (Spec(max_weight=0.01), "allow"),
        (Spec(method="black_litterman"), "needs views"),
        (Spec(method="black_litterman", views=["AAPL > 1"]), "no number"),
        (Spec(method="black_litterman", views=["IBM == 0.1"]), "IBM"),
        (Spec(method="tracking_error"), "benchmark"),
        (Spec(method="hrp", max_turnover=0.1), "max_turnover"),
        (Spec(max_turnover=0.1), "from which weights"),
        (Spec(method="minimum_variance", cost=0.1), "cost"),
        (Spec(method="risk_parity", budget=0.5), "budget"),
    ],
)
def test_what_contradicts_itself_is_named(stocks: Table, spec: Spec, words: str) -> None:
    with pytest.raises(NoPortfolio, match=words):
        optimise(stocks.names, stocks.values, spec)


def test_a_turnover_that_can_t_be_kept_is_named(stocks: Table) -> None:
    spec = Spec(method="minimum_variance", max_turnover=0.1)
    with pytest.raises(NoPortfolio, match="minimum_variance"):
        optimise(stocks.names, stocks.values, spec, before={"AAPL": -1.0})


def test_returns_that_never_change_are_named() -> None:
    with pytest.raises(NoPortfolio, match="never change"):
        optimise(["A", "B"], np.zeros((9, 2)), Spec())


def test_a_mean_that_is_told_takes_the_place_of_the_sample_s(stocks: Table) -> None:
    """The closed form of mean-variance, with it; what isn't told is 0."""
    _, covariance = sample(stocks)
    told = {"AAPL": 0.002, "XOM": -0.001}
    mean = np.array([told.get(name, 0.0) for name in stocks.names])
    aversion = 8.0
    one, other = np.linalg.solve(covariance, mean), np.linalg.solve(covariance, np.ones(20))
    expected = (one + (2 * aversion - one.sum()) / other.sum() * other) / (2 * aversion)
    found = weights(stocks, unbounded(method="mean_variance", risk_aversion=aversion), mean=told)
    assert found == pytest.approx(expected, abs=4 * TOLERANCE)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_stated_to_the_solver_itself_is_what_skfolio_states(seed: int) -> None:
    """Of any bounds, costs, turnovers and expectations."""
    chance, many = random.Random(seed), np.random.default_rng(seed)
    count = chance.randrange(2, 9)
    names = [f"S{i}" for i in range(count)]
    mixed = np.eye(count) + 0.3 * many.normal(size=(count, count))
    returns = many.normal(1e-4, 10 ** chance.uniform(-5, -2), (60, count)) @ mixed
    least = seed % 2 == 1
    spec = Spec(
        method="minimum_variance" if least else "mean_variance",
        covariance=chance.choice(("ledoit_wolf", "oas", "empirical")),
        risk_aversion=10 ** chance.uniform(-1, 2),
        min_weight=chance.choice((0.0, -0.2)),
        max_weight=chance.choice((1.0, 0.8)),
        max_turnover=chance.choice((0.0, 0.4)),
        cost=0.0 if least else chance.choice((0.0, 1e-4)),
        periods=3,
    )
    before = dict(zip(names, many.dirichlet(np.ones(count)).tolist(), strict=True))
    mean = chance.choice((None, dict(zip(names, many.normal(0, 1e-4, count).tolist(), strict=True))))
    found = optimise(names, returns, spec, before, None, mean)
    size = float(returns.std(axis=0, ddof=1).mean())
    expected = by_skfolio(names, returns, spec, before, size, None, mean)
    assert list(found.values()) == pytest.approx(expected.tolist(), abs=4 * TOLERANCE)
