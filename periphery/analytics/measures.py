"""Figures of returns. All are simple returns of equal periods, oldest first; a_year: periods a year.

Floats, for people to look at. What can't be said (no variation, no loss, a quotient by zero) is None. Losses
and drawdowns are positive. Sample deviations throughout, but for the downside's, which is over all periods.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]
type Figures = dict[str, float | None]

YEAR_S = 31_557_600  # 365.25 days
_MOST_EXPONENT = 700.0
_NOTHING = 1e-15  # a deviation below is that of rounding


def performance(returns: Floats, a_year: float, risk_free: float = 0.0) -> Figures:
    """Of one series (n >= 1). risk_free: a period.

    total_return, annual_return (compounded), volatility (annual), sharpe, sortino (against risk_free),
    max_drawdown and drawdown (parts of the highest value before; the value at the start counts), calmar
    (annual_return / max_drawdown), best and worst period, positive (part of the periods).
    """
    from skfolio import measures as of  # type: ignore[import-untyped]

    excess = returns - risk_free
    total = float(np.prod(1.0 + returns)) - 1.0
    annual = _compounded(total, a_year / len(returns))
    falls = -of.get_drawdowns(returns, compounded=True)
    deepest = float(falls.max())
    deviation = float(of.standard_deviation(returns)) if len(returns) > 1 else math.nan
    below = float(of.semi_deviation(returns, min_acceptable_return=risk_free, biased=True))
    figures = {
        "total_return": total,
        "annual_return": annual,
        "volatility": deviation * math.sqrt(a_year),
        "sharpe": _over(float(of.mean(excess)) * math.sqrt(a_year), deviation),
        "sortino": _over(float(of.mean(excess)) * math.sqrt(a_year), below),
        "calmar": _over(annual, deepest),
        "max_drawdown": deepest,
        "drawdown": float(falls[-1]),
        "best": float(returns.max()),
        "worst": float(returns.min()),
        "positive": float((returns > 0).mean()),
    }
    return {key: plain(value) for key, value in figures.items()}


def relative(returns: Floats, benchmark: Floats, a_year: float, risk_free: float = 0.0) -> Figures:
    """Against a benchmark's returns of the same periods (n >= 3).

    alpha (annual, compounded), beta, active_return (mean difference x a_year), tracking_error (annual),
    information_ratio, correlation.
    """
    from skfolio import measures as of

    fit = _regress(returns - risk_free, (benchmark - risk_free)[:, None])
    active = returns - benchmark
    deviation = float(of.standard_deviation(active))
    both = np.column_stack([returns, benchmark])
    moves = bool((both.std(axis=0) > _NOTHING).all())
    figures = {
        "alpha": _compounded(fit[0], a_year) if moves else math.nan,
        "beta": fit[1] if moves else math.nan,
        "active_return": float(of.mean(active)) * a_year,
        "tracking_error": deviation * math.sqrt(a_year),
        "information_ratio": _over(float(of.mean(active)) * math.sqrt(a_year), deviation),
        "correlation": float(of.correlation(both)[0, 1]) if moves else math.nan,
    }
    return {key: plain(value) for key, value in figures.items()}


def by_factor(returns: Floats, factors: Floats, names: Sequence[str]) -> dict[str, Any]:
    """What the returns' sum comes from, by a regression on factors (n, k), n > k + 1.

    betas and contributions by name (beta x the sum of the factor's returns), specific: the rest of the sum.
    """
    fit = _regress(returns, factors)
    parts = [beta * float(factors[:, i].sum()) for i, beta in enumerate(fit[1:])]
    return {
        "betas": dict(zip(names, map(plain, fit[1:]), strict=True)),
        "contributions": dict(zip(names, map(plain, parts), strict=True)),
        "specific": plain(float(returns.sum()) - sum(parts)),
    }


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Indices of values: the high before, the lowest, and where the high was reached again (None: not yet).
    depth: a part of the high."""

    high: int
    low: int
    again: int | None
    depth: float


def drawdowns(values: Floats, most: int = 5) -> list[Drawdown]:
    """The deepest falls of a series of positive values, deepest first; of equal ones the earlier."""
    found: list[Drawdown] = []
    high = 0
    for i in range(1, len(values) + 1):
        if i < len(values) and values[i] < values[high]:
            continue
        if i - high > 1:  # it fell between
            low = high + 1 + int(values[high + 1 : i].argmin())
            depth = 1.0 - float(values[low] / values[high])
            found.append(Drawdown(high, low, i if i < len(values) else None, depth))
        high = i
    return sorted(found, key=lambda each: (-each.depth, each.high))[:most]


def _regress(values: Floats, on: Floats) -> list[float]:
    """The constant, then the slopes, by least squares; NaN where what is regressed on can't be told apart."""
    import statsmodels.api as sm  # type: ignore[import-untyped]

    design = sm.add_constant(on, has_constant="add")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return [math.nan] * design.shape[1]
    return [float(x) for x in sm.OLS(values, design).fit().params]


def _compounded(growth: float, times: float) -> float:
    """(1 + growth) as often, less 1; -1 where everything is lost, infinite beyond what a float holds."""
    if growth <= -1.0:
        return -1.0
    exponent = times * math.log1p(growth)
    return math.expm1(exponent) if exponent < _MOST_EXPONENT else math.inf


def _over(value: float, by: float) -> float:
    return value / by if by > _NOTHING else math.nan


def plain(value: float) -> float | None:
    """None for what is no number."""
    return value if math.isfinite(value) else None
