"""What factors earn, by the portfolios that are exposed to them.

J. Cochrane, "Asset Pricing", chapter 12: exposures by time series, then mean returns on exposures. E. Fama
and J. MacBeth, "Risk, Return, and Equilibrium" (1973): the same cross-section a period.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from periphery.history.tables import Table

type Floats = npt.NDArray[np.float64]


def two_step(portfolios: Table, factors: Table, lags: int | None = None) -> dict[str, Any]:
    """Risk premia a period, their errors (which know that exposures are estimated), and the test that the
    portfolios' pricing errors are all 0.

    portfolios: excess returns (n, p), p > k. factors: (n, k). lags: of the Bartlett kernel; None: by its own
    rule. ValueError.
    """
    from linearmodels.asset_pricing import LinearFactorModel

    _check(portfolios, factors)
    model = LinearFactorModel(portfolios.values, factors.values)
    more: dict[str, Any] = {} if lags is None else {"bandwidth": lags}
    fit = model.fit(cov_type="kernel", **more)
    return _told(fit, portfolios, factors)


def traded(portfolios: Table, factors: Table) -> dict[str, Any]:
    """As `two_step` where the factors are returns that can be had: a factor's premium is its own mean."""
    from linearmodels.asset_pricing import TradedFactorModel

    _check(portfolios, factors)
    fit = TradedFactorModel(portfolios.values, factors.values).fit()
    return _told(fit, portfolios, factors)


def _told(fit: Any, portfolios: Table, factors: Table) -> dict[str, Any]:
    """A fit of linearmodels, with names."""
    return {
        "premia": _named(factors.names, fit.risk_premia),
        "errors": _named(factors.names, fit.risk_premia_se),
        "t": _named(factors.names, fit.risk_premia_tstats),
        "alphas": _named(portfolios.names, fit.alphas),
        "betas": {
            name: _named(factors.names, row)
            for name, row in zip(portfolios.names, np.asarray(fit.betas), strict=True)
        },
        "r2": float(fit.rsquared),
        "j_statistic": float(fit.j_statistic.stat),
        "j_p": float(fit.j_statistic.pval),
        "periods": len(portfolios.values),
    }


def fama_macbeth(portfolios: Table, factors: Table, lags: int) -> dict[str, Any]:
    """Premia as means of each period's cross-section, errors by Newey-West over periods.

    Exposures are those of the whole sample: past periods alone would make them noisier.
    """
    import statsmodels.api as sm  # type: ignore[import-untyped]

    _check(portfolios, factors)
    betas = _loadings(portfolios.values, factors.values)
    earned = np.linalg.lstsq(betas, portfolios.values.T, rcond=None)[0].T  # (n, k)
    ones = np.ones(len(earned))
    fits = [sm.OLS(row, ones).fit(cov_type="HAC", cov_kwds={"maxlags": lags}) for row in earned.T]
    return {
        "premia": _named(factors.names, [fit.params[0] for fit in fits]),
        "errors": _named(factors.names, [fit.bse[0] for fit in fits]),
        "t": _named(factors.names, [fit.tvalues[0] for fit in fits]),
        "periods": len(earned),
    }


def _loadings(portfolios: Floats, factors: Floats) -> Floats:
    """(p, k): slopes of each portfolio on all factors, and a constant."""
    on = np.column_stack([np.ones(len(factors)), factors])
    return np.asarray(np.linalg.lstsq(on, portfolios, rcond=None)[0][1:].T, np.float64)


def _check(portfolios: Table, factors: Table) -> None:
    periods, count = factors.values.shape
    if portfolios.times != factors.times:
        raise ValueError("portfolios and factors: rows of other times")
    if portfolios.values.shape[1] <= count:
        raise ValueError(f"{portfolios.values.shape[1]} portfolios for {count} factors: more are needed")
    if periods < count + 2:
        raise ValueError(f"{periods} periods for {count} factors: at least {count + 2} are needed")


def _named(names: Sequence[str], values: Any) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))
