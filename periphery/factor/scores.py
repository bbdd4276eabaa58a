"""Scores of instruments: how well they foretell returns, and what of them is not something else's.

scores, returns: (n, k), a row a period, a column an instrument; NaN: there is none. A period's return is that
of holding from its time to a later one, so that what a row of `forward` says was not known at its time.
R. Grinold and R. Kahn, "Active Portfolio Management".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Information:
    """by_period: the rank correlation of scores and returns, NaN where there is none. mean; deviation (of a
    sample); ratio: mean / deviation; t: how many errors the mean is from 0."""

    by_period: Floats
    mean: float
    deviation: float
    ratio: float
    t: float


def forward(prices: Floats, periods: int) -> Floats:
    """Returns from each row of prices to that `periods` later; NaN in the last rows."""
    if periods < 1:
        raise ValueError(f"{periods} periods ahead: at least 1")
    found = np.full(prices.shape, np.nan)
    found[:-periods] = prices[periods:] / prices[:-periods] - 1.0
    return found


def momentum(prices: Floats, periods: int, skip: int = 0) -> Floats:
    """The return over so many periods until `skip` periods ago; NaN in the first rows."""
    if periods < 1 or skip < 0:
        raise ValueError(f"momentum over {periods} periods, {skip} left out: at least 1 and 0")
    found = np.full(prices.shape, np.nan)
    ends = prices[periods : len(prices) - skip]
    found[periods + skip :] = ends / prices[: len(ends)] - 1.0
    return found


def information(scores: Floats, returns: Floats) -> Information:
    """Spearman's correlation in each period, and what it comes to."""
    from scipy.stats import rankdata  # type: ignore[import-untyped]

    found = np.full(len(scores), np.nan)
    for i, (score, earned) in enumerate(zip(scores, returns, strict=True)):
        both = np.isfinite(score) & np.isfinite(earned)
        if both.sum() >= 2:
            found[i] = _correlation(rankdata(score[both]), rankdata(earned[both]))
    return summed(found)


def summed(found: Floats) -> Information:
    """What correlations by period come to; those that are NaN don't count."""
    known = found[np.isfinite(found)]
    mean = float(known.mean()) if len(known) else float("nan")
    deviation = float(known.std(ddof=1)) if len(known) > 1 else float("nan")
    ratio = mean / deviation if deviation > 0 else float("nan")
    return Information(found, mean, deviation, ratio, ratio * len(known) ** 0.5)


def _correlation(one: Floats, other: Floats) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if size > 0 else float("nan")


def by_quantile(scores: Floats, returns: Floats, quantiles: int, demeaned: bool = True) -> Floats:
    """(n, quantiles): mean return of the instruments in each part of a period's scores, lowest first.

    Parts are cut at quantiles that are interpolated, a score at a cut being in the lower part. demeaned: less
    the period's mean. NaN: none. ValueError: fewer than two.
    """
    if quantiles < 2:
        raise ValueError(f"{quantiles} quantiles: at least 2")
    found = np.full((len(scores), quantiles), np.nan)
    for i, (score, earned) in enumerate(zip(scores, returns, strict=True)):
        both = np.isfinite(score) & np.isfinite(earned)
        if both.any():
            found[i] = _parts(score[both], earned[both], quantiles, demeaned)
    return found


def _parts(score: Floats, earned: Floats, quantiles: int, demeaned: bool) -> Floats:
    cuts = np.quantile(score, np.arange(1, quantiles) / quantiles)
    part = np.searchsorted(cuts, score, "left")
    earned = earned - earned.mean() if demeaned else earned
    counts = np.bincount(part, minlength=quantiles)
    sums = np.bincount(part, earned, quantiles)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def neutral(scores: Floats, exposures: Floats | None = None, groups: Sequence[str] | None = None) -> Floats:
    """What is left of each period's scores beside exposures (k, f) and groups (k names): the residuals of a
    regression on both, and on a constant. Scores that are missing stay so. ValueError.
    """
    on = _designs(scores.shape[1], exposures, groups)
    found = np.full(scores.shape, np.nan)
    for i, score in enumerate(scores):
        known = np.isfinite(score)
        if known.any():
            fit = np.linalg.lstsq(on[known], score[known], rcond=None)[0]
            found[i, known] = score[known] - on[known] @ fit
    return found


def _designs(count: int, exposures: Floats | None, groups: Sequence[str] | None) -> Floats:
    parts = [np.ones((count, 1))]
    if exposures is not None:
        if len(exposures) != count:
            raise ValueError(f"exposures of {len(exposures)} instruments, scores of {count}")
        parts.append(exposures)
    if groups is not None:
        if len(groups) != count:
            raise ValueError(f"groups of {len(groups)} instruments, scores of {count}")
        parts += [np.array([[float(each == group)] for each in groups]) for group in sorted(set(groups))[1:]]
    return np.hstack(parts)
