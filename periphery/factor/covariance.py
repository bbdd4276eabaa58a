"""Covariances of returns, shrunk towards something simpler: with few periods the plain one is mostly noise.

O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (2004);
Y. Chen, A. Wiesel, Y. Eldar and A. Hero, "Shrinkage Algorithms for MMSE Covariance Estimation" (2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]
Method = Literal["ledoit_wolf", "oas", "empirical"]
METHODS: tuple[str, ...] = get_args(Method)


@dataclass(frozen=True, slots=True)
class Shrunk:
    """covariance: (k, k), a period. shrinkage: 0 (as found) to 1 (all variances the same, no covariance)."""

    covariance: Floats
    shrinkage: float


def covariance(returns: Floats, method: Method = "ledoit_wolf") -> Shrunk:
    """Of returns (n, k), around their means. ValueError: fewer than two periods."""
    from sklearn.covariance import OAS, EmpiricalCovariance, LedoitWolf  # type: ignore[import-untyped]

    if len(returns) < 2:
        raise ValueError(f"{len(returns)} periods: a covariance needs two")
    kinds = {"ledoit_wolf": LedoitWolf, "oas": OAS, "empirical": EmpiricalCovariance}
    fit = kinds[method]().fit(returns)
    return Shrunk(np.asarray(fit.covariance_, np.float64), float(getattr(fit, "shrinkage_", 0.0)))
