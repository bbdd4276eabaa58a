"""Factors that returns themselves hold: principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Components:
    """loadings: (c, k), of length 1; the largest of each is positive, so that a sign means something.
    explained: part of the variance of each. factors: (n, c), returns of the components around their means.
    """

    loadings: Floats
    explained: Floats
    factors: Floats


def components(returns: Floats, count: int) -> Components:
    """Of returns (n, k), those with the largest variance first. ValueError: there are not so many."""
    from sklearn.decomposition import PCA  # type: ignore[import-untyped]

    most = min(returns.shape)
    if not 1 <= count <= most:
        raise ValueError(f"{count} components: {returns.shape[0]} periods of {returns.shape[1]} have {most}")
    fit = PCA(n_components=count, svd_solver="full").fit(returns)
    loadings = np.asarray(fit.components_, np.float64)
    largest = np.abs(loadings).argmax(axis=1)
    loadings = loadings * np.sign(loadings[np.arange(count), largest])[:, None]
    factors = (returns - returns.mean(axis=0)) @ loadings.T
    return Components(loadings, np.asarray(fit.explained_variance_ratio_, np.float64), factors)
