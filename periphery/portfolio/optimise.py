"""Weights that are best by some measure, under bounds, with turnover and costs; through skfolio, two of them
through its solver alone (quadratic.py).

One solver (CLARABEL, one thread) with fixed settings; hierarchical risk parity needs none. Returns are scaled
to a mean deviation of 1 before, so that minutes are solved as exactly as months. Weights are rounded to
`DIGITS` decimals by the largest remainders, so that they add up to what the solver's do.

H. Markowitz, "Portfolio Selection" (1952); F. Black and R. Litterman, "Global Portfolio Optimization" (1992);
M. López de Prado, "Building Diversified Portfolios that Outperform Out of Sample" (2016); T. Roncalli,
"Introduction to Risk Parity and Budgeting".
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from periphery.portfolio.quadratic import Problem, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

type Floats = npt.NDArray[np.float64]
Method = Literal[
    "mean_variance", "minimum_variance", "risk_parity", "hrp", "black_litterman", "tracking_error", "equal"
]
METHODS: tuple[str, ...] = get_args(Method)
Covariance = Literal["ledoit_wolf", "oas", "empirical"]

DIGITS = 6
TOLERANCES = (1e-10, 1e-9, 1e-8)
"""Of the solver: the first with which it is sure of its solution."""
_MOST_SCALE = 1e3  # a goal of about 1 is solved best; beyond it is almost the mean alone
_DIRECT = ("mean_variance", "minimum_variance")
_CONVEX = ("mean_variance", "minimum_variance", "black_litterman", "tracking_error")
_WITH_MEAN = ("mean_variance", "black_litterman")
_OF_ONE = ("risk_parity", "hrp", "tracking_error")

_Share = Annotated[float, msgspec.Meta(ge=0)]


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted.

    risk_aversion: of mean_variance and black_litterman, which maximise mean - risk_aversion x variance, a
    period. min_weight, max_weight: of each; budget: of all. max_turnover: of the sum of changes from the
    weights before, bought and sold; 0: no bound. cost: of a change, a part of its value, taken from the mean;
    periods: over which it is paid off. market: weights that black_litterman takes the market to have; none:
    equal ones. views: a period's, as "AAPL == 0.001" or "AAPL - MSFT == 0.0005", spaces between all words;
    confidences: in each, 0 to 1; none: as uncertain as the market's mean. tau: how much that is doubted.
    """

    method: Method = "minimum_variance"
    covariance: Covariance = "ledoit_wolf"
    risk_aversion: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    min_weight: float = 0.0
    max_weight: float = 1.0
    budget: float = 1.0
    max_turnover: _Share = 0.0
    cost: _Share = 0.0
    periods: Annotated[int, msgspec.Meta(ge=1)] = 1
    market: dict[str, float] = {}
    views: list[str] = []
    confidences: list[float] = []
    tau: Annotated[float, msgspec.Meta(gt=0)] = 0.05


class NoPortfolio(ValueError):
    """There are no such weights, or what is wanted contradicts itself; the message says what."""


def optimise(
    names: Sequence[str],
    returns: Floats,
    spec: Spec,
    before: Mapping[str, float] | None = None,
    benchmark: Floats | None = None,
    mean: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Weights by name. returns (n, k): of equal periods, oldest first. before: the weights that there are;
    what is not in it is 0. benchmark (n): returns that tracking_error stays near to. mean: what is expected
    of each in a period, for mean_variance, 0 where nothing is; None: what the returns had. NoPortfolio.
    """
    _check(names, returns, spec, benchmark)
    if spec.max_turnover and not before:
        raise NoPortfolio("max_turnover: from which weights? give those before")
    if spec.method == "equal" or len(names) == 1:
        found = np.full(len(names), spec.budget / len(names))
    else:
        found = _solved(names, returns, spec, before or {}, benchmark, mean)
    return dict(zip(names, rounded(found), strict=True))


def _check(names: Sequence[str], returns: Floats, spec: Spec, benchmark: Floats | None) -> None:
    periods, count = returns.shape
    if count != len(names) or not count:
        raise NoPortfolio(f"{len(names)} names for {count} columns of returns")
    if periods < 2:
        raise NoPortfolio(f"{periods} periods of returns: at least 2 are needed")
    low, high = count * spec.min_weight, count * spec.max_weight
    if not low - 1e-12 <= spec.budget <= high + 1e-12:
        raise NoPortfolio(f"budget {spec.budget}: the bounds of {count} weights allow {low:g} to {high:g}")
    if spec.method == "black_litterman" and not spec.views:
        raise NoPortfolio('black_litterman needs views, as "AAPL == 0.001"')
    if spec.method == "tracking_error" and (benchmark is None or len(benchmark) != periods):
        raise NoPortfolio("tracking_error needs a benchmark's returns, of the same periods")
    if spec.max_turnover and spec.method not in _CONVEX:
        raise NoPortfolio(f"max_turnover: {spec.method} knows none; one of {', '.join(_CONVEX)}")
    if spec.cost and spec.method not in _WITH_MEAN:
        raise NoPortfolio(f"cost: {spec.method} looks at no mean that it could lower; bound max_turnover")
    if spec.method in _OF_ONE and (spec.budget != 1.0 or spec.min_weight < 0):
        raise NoPortfolio(f"{spec.method}: its budget is 1, its weights aren't negative")


def _solved(
    names: Sequence[str],
    returns: Floats,
    spec: Spec,
    before: Mapping[str, float],
    benchmark: Floats | None,
    mean: Mapping[str, float] | None,
) -> Floats:
    size = float(returns.std(axis=0, ddof=1).mean())
    if not size > 0:
        raise NoPortfolio("returns that never change: there is no risk to look at")
    found = _direct(names, returns, spec, before, size, mean) if spec.method in _DIRECT else None
    return by_skfolio(names, returns, spec, before, size, benchmark, mean) if found is None else found


def _direct(
    names: Sequence[str],
    returns: Floats,
    spec: Spec,
    before: Mapping[str, float],
    size: float,
    mean: Mapping[str, float] | None,
) -> Floats | None:
    """Without skfolio between; None: the solver isn't sure or there are no such weights: skfolio says why."""
    least, scaled, aversion = spec.method == "minimum_variance", returns / size, spec.risk_aversion * size
    expected = scaled.mean(axis=0) if mean is None else np.array([mean.get(n, 0.0) for n in names]) / size
    scale = 1.0 if least else min(1.0 / aversion, _MOST_SCALE)
    problem = Problem(
        covariance=_covariance(scaled, spec.covariance),
        mean=0.0 * expected if least else scale * expected,
        risk=1.0 if least else scale * aversion,
        low=spec.min_weight,
        high=spec.max_weight,
        budget=spec.budget,
        held=np.array([before.get(name, 0.0) for name in names]),
        cost=0.0 if least else scale * spec.cost / spec.periods / size,
        turnover=spec.max_turnover or None,
    )
    return solve(problem, TOLERANCES)


def _covariance(returns: Floats, kind: Covariance) -> Floats:
    """As skfolio's estimators of these names; what they are given needs no looking through."""
    from sklearn import config_context, covariance as of  # type: ignore[import-untyped]

    if kind == "empirical":
        return np.asarray(np.atleast_2d(np.cov(returns.T)), np.float64)
    fit = of.ledoit_wolf if kind == "ledoit_wolf" else of.oas
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return np.asarray(fit(returns)[0], np.float64)


def by_skfolio(
    names: Sequence[str],
    returns: Floats,
    spec: Spec,
    before: Mapping[str, float],
    size: float,
    benchmark: Floats | None = None,
    mean: Mapping[str, float] | None = None,
) -> Floats:
    """As its estimators state and solve it. size: what returns are divided by. NoPortfolio."""
    import pandas as pd  # type: ignore[import-untyped]
    from cvxpy import SolverError
    from skfolio.exceptions import SkfolioError  # type: ignore[import-untyped]

    frame = pd.DataFrame(returns / size, columns=[_inner(i) for i in range(len(names))])
    near = benchmark / size if benchmark is not None and spec.method == "tracking_error" else None
    why = ""
    for tolerance in TOLERANCES if spec.method != "hrp" else TOLERANCES[:1]:
        model = _model(names, spec, before, size, tolerance, mean)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # what the solver itself doubts is none
                return np.asarray(model.fit(frame, near).weights_, np.float64)
        except (ValueError, SolverError, SkfolioError, UserWarning) as error:
            why = re.sub(r"\bx(\d+)\b", lambda found: names[int(found[1])], str(error))
    raise NoPortfolio(f"{spec.method}: {why}")


def _model(
    names: Sequence[str],
    spec: Spec,
    before: Mapping[str, float],
    size: float,
    tolerance: float,
    mean: Mapping[str, float] | None,
) -> Any:
    """The estimator of a method, for returns that were divided by `size`."""
    from skfolio import (  # type: ignore[import-untyped]
        RiskMeasure,
        optimization as of,
    )

    bounds: dict[str, Any] = {"min_weights": spec.min_weight, "max_weights": spec.max_weight}
    bounds |= {"risk_measure": RiskMeasure.VARIANCE}
    if spec.method == "hrp":
        return of.HierarchicalRiskParity(prior_estimator=_prior(names, spec, size), **bounds)
    settings = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), tolerance)
    bounds |= {"solver": "CLARABEL", "solver_params": settings | {"max_threads": 1}}
    if spec.method == "risk_parity":
        return of.RiskBudgeting(prior_estimator=_prior(names, spec, size), **bounds)
    held = np.array([before.get(name, 0.0) for name in names])
    bounds["previous_weights"] = held
    if spec.max_turnover:
        bounds["add_constraints"] = _turnover(held, spec.max_turnover)
    if spec.method == "tracking_error":
        return of.BenchmarkTracker(**bounds)
    least = spec.method == "minimum_variance"
    goals = of.ObjectiveFunction
    return of.MeanRisk(
        objective_function=goals.MINIMIZE_RISK if least else goals.MAXIMIZE_UTILITY,
        risk_aversion=spec.risk_aversion * size,
        transaction_costs=spec.cost / spec.periods / size,
        budget=spec.budget,
        scale_objective=None if least else min(1.0 / (spec.risk_aversion * size), _MOST_SCALE),
        prior_estimator=_prior(names, spec, size, mean),
        **bounds,
    )


def _turnover(held: Floats, most: float) -> Any:
    """All changes together. skfolio's own bound is one of each change."""

    def constraint(weights: Any) -> Any:
        from cvxpy.atoms.norm1 import norm1

        return norm1(weights - held) <= most

    return constraint


def _prior(names: Sequence[str], spec: Spec, size: float, mean: Mapping[str, float] | None = None) -> Any:
    from skfolio import moments
    from skfolio.prior import BlackLitterman, EmpiricalPrior  # type: ignore[import-untyped]

    kinds = {
        "ledoit_wolf": moments.LedoitWolf, "oas": moments.OAS, "empirical": moments.EmpiricalCovariance,
    }  # fmt: skip
    covariance = kinds[spec.covariance]()
    if spec.method != "black_litterman":
        expected = None if mean is None else _told(np.array([mean.get(name, 0.0) for name in names]) / size)
        return EmpiricalPrior(mu_estimator=expected, covariance_estimator=covariance)
    weights = np.array([spec.market.get(name, 0.0) for name in names]) if spec.market else None
    market = moments.EquilibriumMu(
        risk_aversion=2.0 * spec.risk_aversion * size, weights=weights, covariance_estimator=covariance
    )
    return BlackLitterman(
        views=[_view(view, names, size) for view in spec.views],
        prior_estimator=EmpiricalPrior(mu_estimator=market, covariance_estimator=covariance),
        tau=spec.tau,
        view_confidences=spec.confidences or None,
    )


def _told(mean: Floats) -> Any:
    """An estimator of means that are known."""
    from skfolio.moments import BaseMu  # type: ignore[import-untyped]

    class Told(BaseMu):  # type: ignore[misc]
        def __init__(self, mean: Floats) -> None:
            self.mean = mean

        def fit(self, X: Any, y: Any = None) -> Told:
            self.n_features_in_ = np.shape(X)[1]
            self.mu_ = np.asarray(self.mean, np.float64)
            return self

    return Told(mean)


def _inner(i: int) -> str:
    """What a column is called inside: a name may have signs that mean something in a view."""
    return f"x{i}"


def _view(view: str, names: Sequence[str], size: float) -> str:
    """A view in inner names, of returns that were divided by `size`."""
    left, equals, right = view.rpartition("==")
    try:
        value = float(right) / size
    except ValueError as error:
        raise NoPortfolio(f'view {view!r}: {right!r} is no number; write it as "AAPL == 0.001"') from error
    words = left.split()
    unknown = [word for word in words if word not in names and not _is_plain(word)]
    if not equals or not words or unknown:
        raise NoPortfolio(f"view {view!r}: {' '.join(unknown) or 'nothing'} is none of {', '.join(names)}")
    inner = [_inner(names.index(word)) if word in names else word for word in words]
    return f"{' '.join(inner)} == {value!r}"


def _is_plain(word: str) -> bool:
    """Whether it is a sign or a number."""
    return word in ("+", "-", "*") or word.replace(".", "", 1).isdigit()


def rounded(weights: Floats, digits: int = DIGITS) -> list[float]:
    """To so many decimals, their sum too: the largest remainders are rounded up, of equal ones the first."""
    scaled = weights * 10.0**digits
    down = np.floor(scaled + 1e-3)  # what the solver left just below a step is on it
    missing = round(float(scaled.sum())) - int(down.sum())
    first = sorted(range(len(weights)), key=lambda i: (round(float(down[i] - scaled[i]), 3), i))
    for i in first[: max(missing, 0)]:
        down[i] += 1
    for i in first[::-1][: max(-missing, 0)]:
        down[i] -= 1
    return [int(each) / 10**digits for each in down]
