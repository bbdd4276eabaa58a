"""Was the value at risk right? Tests of when it was exceeded.

P. Kupiec, "Techniques for Verifying the Accuracy of Risk Measurement Models" (1995); P. Christoffersen,
"Evaluating Interval Forecasts" (1998). Both compare likelihoods; twice their logarithm's difference is about
chi-squared where the model is right, and a small p is evidence against it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Likelihood:
    """ratio: the statistic; p: how likely one as large is where the model is right."""

    ratio: float
    p: float


def kupiec(exceptions: int, periods: int, confidence: float) -> Likelihood:
    """Are there as many exceptions as there should be? One degree of freedom. ValueError: no periods."""
    if not 0 <= exceptions <= periods or periods == 0:
        raise ValueError(f"{exceptions} exceptions in {periods} periods")
    expected = 1.0 - confidence
    found = exceptions / periods
    ratio = 2.0 * (
        _bernoulli(exceptions, periods - exceptions, found)
        - _bernoulli(exceptions, periods - exceptions, expected)
    )
    return _one_degree(ratio)


def independence(exceeded: Sequence[bool]) -> Likelihood:
    """Do exceptions come alone, or does one bring the next? One degree of freedom."""
    pairs = list(pairwise(exceeded))
    n00, n01 = pairs.count((False, False)), pairs.count((False, True))
    n10, n11 = pairs.count((True, False)), pairs.count((True, True))
    if n10 + n11 == 0 or n01 + n11 == 0:
        return Likelihood(0.0, 1.0)  # none that another could follow
    alike = _bernoulli(n01 + n11, n00 + n10, (n01 + n11) / len(pairs))
    apart = _bernoulli(n01, n00, n01 / max(n00 + n01, 1)) + _bernoulli(n11, n10, n11 / (n10 + n11))
    return _one_degree(2.0 * (apart - alike))


def christoffersen(exceeded: Sequence[bool], confidence: float) -> Likelihood:
    """Both at once: two degrees of freedom."""
    ratio = kupiec(sum(exceeded), len(exceeded), confidence).ratio + independence(exceeded).ratio
    return Likelihood(ratio, math.exp(-ratio / 2.0))


def _bernoulli(yes: int, no: int, p: float) -> float:
    """The logarithm of how likely that many are."""
    return (yes * math.log(p) if yes else 0.0) + (no * math.log(1.0 - p) if no else 0.0)


def _one_degree(ratio: float) -> Likelihood:
    ratio = max(ratio, 0.0)
    return Likelihood(ratio, math.erfc(math.sqrt(ratio / 2.0)))
