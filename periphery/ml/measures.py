"""How good predictions were, and whether one model's were better than another's."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]
type Target = Literal["return", "up"]
"""What is predicted: a log return, or the probability that it is above 0."""

CLIP = 1e-15


def scores(target: Target, y: Floats, p: Floats) -> dict[str, float | None]:
    """Of predictions p (n,) of outcomes y (n,). None: not defined (no rows, nothing varies)."""
    if not len(y):
        return {"rows": 0}
    if target == "up":
        found = {"log_loss": float(losses(target, y, p).mean()), "auc": auc(y, p)}
        right = (p > 0.5) == (y > 0.5)
    else:
        found = {"mse": float(losses(target, y, p).mean()), "ic": correlation(y, p)}
        found["rank_ic"] = correlation(ranks(y), ranks(p))
        moved = y != 0
        right = np.sign(p[moved]) == np.sign(y[moved])
    found["hit_rate"] = float(right.mean()) if len(right) else math.nan
    return {"rows": len(y)} | {name: _known(value) for name, value in found.items()}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def losses(target: Target, y: Floats, p: Floats) -> Floats:
    """(n,) squared errors; of probabilities, negative log likelihoods."""
    if target == "return":
        return np.asarray((y - p) ** 2, np.float64)
    q = np.clip(p, CLIP, 1 - CLIP)
    return np.asarray(-(y * np.log(q) + (1 - y) * np.log1p(-q)), np.float64)


def correlation(x: Floats, y: Floats) -> float:
    """Pearson's; NaN where one of them doesn't vary."""
    a, b = x - x.mean(), y - y.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size else math.nan


def ranks(x: Floats) -> Floats:
    """From 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], np.float64)


def auc(y: Floats, p: Floats) -> float:
    """The chance that a row with y = 1 has the larger prediction; ties count half. NaN: one class alone."""
    ones = int((y > 0.5).sum())
    others = len(y) - ones
    if not ones or not others:
        return math.nan
    above = float(ranks(p)[y > 0.5].sum()) - ones * (ones + 1) / 2
    return above / (ones * others)


def compared(one: Floats, two: Floats, lags: int) -> dict[str, float | None]:
    """Diebold and Mariano: whether losses `one` (n,) differ from losses `two` (n,) of the same rows. lags: by
    how many rows errors may be correlated (horizon - 1), by Bartlett's weights. mean_difference below 0: one
    is better. p: two-sided, normal. None: nothing varies.
    """
    d = one - two
    n = len(d)
    if n < 2:
        return {"rows": n, "mean_difference": float(d.mean()) if n else None, "z": None, "p": None}
    centred = d - d.mean()
    variance = float(centred @ centred) / n
    for lag in range(1, min(lags, n - 1) + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / n
    if variance <= 0:
        return {"rows": n, "mean_difference": float(d.mean()), "z": None, "p": None}
    z = float(d.mean()) / math.sqrt(variance / n)
    return {"rows": n, "mean_difference": float(d.mean()), "z": z, "p": math.erfc(abs(z) / math.sqrt(2))}
