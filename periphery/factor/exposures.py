"""Exposures of returns to factors: a regression, with errors that allow for varying and correlated residuals.

W. Newey and K. West, "A Simple, Positive Semi-Definite, Heteroskedasticity and Autocorrelation Consistent
Covariance Matrix" (1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exposure:
    """alpha: a period. betas, errors, t: by factor; alpha's are alpha_error, alpha_t. r2: 0 to 1."""

    alpha: float
    alpha_error: float
    alpha_t: float
    betas: tuple[float, ...]
    errors: tuple[float, ...]
    t: tuple[float, ...]
    r2: float
    periods: int

    def told(self, names: Sequence[str]) -> dict[str, Any]:
        """With the factors' names."""
        by_name = {
            key: dict(zip(names, values, strict=True))
            for key, values in (("betas", self.betas), ("errors", self.errors), ("t", self.t))
        }
        alone = {"alpha": self.alpha, "alpha_error": self.alpha_error, "alpha_t": self.alpha_t}
        return {**alone, **by_name, "r2": self.r2, "periods": self.periods}


def least(factors: int) -> int:
    """Periods that a regression on so many factors needs: one degree of freedom is left."""
    return factors + 2


def exposure(returns: Floats, factors: Floats, lags: int) -> Exposure:
    """Of returns (n) to factors (n, k). lags: of the Newey-West errors, without a correction for small
    samples; 0: White's. ValueError: too few periods, or factors that can't be told apart.
    """
    import statsmodels.api as sm  # type: ignore[import-untyped]

    periods, count = factors.shape
    if periods < least(count):
        raise ValueError(f"{periods} periods for {count} factors: at least {least(count)} are needed")
    on = sm.add_constant(factors, has_constant="add")
    if np.linalg.matrix_rank(on) <= count:
        raise ValueError("factors that hang together, or one that stands still: leave one out")
    fit = sm.OLS(returns, on).fit(cov_type="HAC", cov_kwds={"maxlags": min(lags, periods - 1)})
    params, errors, t = (tuple(map(float, values)) for values in (fit.params, fit.bse, fit.tvalues))
    return Exposure(params[0], errors[0], t[0], params[1:], errors[1:], t[1:], float(fit.rsquared), periods)


def rolling(returns: Floats, factors: Floats, window: int, lags: int) -> list[Exposure]:
    """At each period from the `window`th on, of that window's periods alone. ValueError."""
    if not 1 <= window <= len(returns):
        raise ValueError(f"window {window}: there are {len(returns)} periods")
    return [
        exposure(returns[end - window : end], factors[end - window : end], lags)
        for end in range(window, len(returns) + 1)
    ]


def rule_of_thumb(periods: int) -> int:
    """Lags for so many periods: floor(4 (n / 100)^(2/9)), Newey and West (1994)."""
    return int(4 * (periods / 100) ** (2 / 9))
