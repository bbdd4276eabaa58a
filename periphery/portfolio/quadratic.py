"""Mean-variance and minimum variance, stated to the solver itself.

skfolio states a problem anew each time, in about 20 ms; its solver needs a hundredth of that. Of these two
methods the problem is always the same: x = (w, t), w the weights, t what bounds the size of each change.

    minimise    risk x w'Σw - μ'w + cost x Σt
    subject to  Σw = budget,  min <= w <= max,  -t <= w - held <= t,  Σt <= turnover

Tests hold it against skfolio's own answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Problem:
    """covariance (n, n), mean (n). risk: what variance counts; cost: of each change; turnover: of all, None:
    as they like.
    """

    covariance: Floats
    mean: Floats
    risk: float
    low: float
    high: float
    budget: float
    held: Floats
    cost: float = 0.0
    turnover: float | None = None

    @property
    def has_changes(self) -> bool:
        return self.cost > 0 or self.turnover is not None


def solve(problem: Problem, tolerances: Sequence[float]) -> Floats | None:
    """Weights (n), by the first tolerance at which the solver is sure; None: at none."""
    import clarabel  # type: ignore[import-untyped]
    from scipy import sparse  # type: ignore[import-untyped]

    count = len(problem.mean)
    quadratic, linear = _goal(problem)
    rows, bounds = _bounds(problem)
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(len(bounds) - 1)]
    upper, rows = sparse.csc_matrix(np.triu(quadratic)), sparse.csc_matrix(rows)
    for tolerance in tolerances:
        settings = _settings(clarabel, tolerance)
        found = clarabel.DefaultSolver(upper, linear, rows, bounds, cones, settings).solve()
        if found.status == clarabel.SolverStatus.Solved:
            return np.array(found.x[:count], np.float64)
    return None


def _goal(problem: Problem) -> tuple[Floats, Floats]:
    """P and q of x'Px / 2 + q'x."""
    count = len(problem.mean)
    size = 2 * count if problem.has_changes else count
    quadratic, linear = np.zeros((size, size)), np.zeros(size)
    quadratic[:count, :count] = 2.0 * problem.risk * problem.covariance
    linear[:count], linear[count:] = -problem.mean, problem.cost
    return quadratic, linear


def _bounds(problem: Problem) -> tuple[Floats, Floats]:
    """A and b: the first row of A x is b's, the others are at most b's."""
    one, ones = np.eye(len(problem.mean)), np.ones(len(problem.mean))
    rows: list[Floats] = [ones[None, :], one, -one]
    limits: list[Any] = [problem.budget, problem.high * ones, -problem.low * ones]
    if not problem.has_changes:
        return np.vstack(rows), np.hstack(limits)
    wide = [np.hstack([each, np.zeros_like(each)]) for each in rows]
    wide += [np.hstack([one, -one]), np.hstack([-one, -one])]
    limits += [problem.held, -problem.held]
    if problem.turnover is not None:
        wide.append(np.hstack([0.0 * ones, ones])[None, :])
        limits.append(problem.turnover)
    return np.vstack(wide), np.hstack(limits)


def _settings(clarabel: Any, tolerance: float) -> Any:
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    return settings
