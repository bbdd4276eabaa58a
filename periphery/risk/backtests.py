"""Was the value at risk right? Tests of when it was exceeded.

P. Kupiec, "Techniques for Verifying the Accuracy of Risk Measurement Models" (1995); P. Christoffersen,
"Evaluating Interval Forecasts" (1998). Both compare likelihoods; twice their logarithm's difference is about
chi-squared where the model is right, and a small p is evidence against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Likelihood:
    """ratio: the statistic; p: how likely one as large is where the model is right."""

    ratio: float
    p: float


@dataclass(slots=True)
class Tally:
    """How often it was exceeded, and what came after what: as much as the tests need, however long it is.

    pairs: of two periods that follow one another, how often neither, the second, the first, both were.
    """

    periods: int = 0
    exceptions: int = 0
    last: bool = False
    pairs: list[int] = field(default_factory=lambda: [0, 0, 0, 0])

    def add(self, exceeded: bool) -> None:
        if self.periods:
            self.pairs[2 * self.last + exceeded] += 1
        self.periods += 1
        self.exceptions += exceeded
        self.last = exceeded

    @classmethod
    def of(cls, exceeded: Iterable[bool]) -> Tally:
        found = cls()
        for each in exceeded:
            found.add(each)
        return found


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


def independence(tally: Tally) -> Likelihood:
    """Do exceptions come alone, or does one bring the next? One degree of freedom."""
    n00, n01, n10, n11 = tally.pairs
    if n10 + n11 == 0 or n01 + n11 == 0:
        return Likelihood(0.0, 1.0)  # none that another could follow
    alike = _bernoulli(n01 + n11, n00 + n10, (n01 + n11) / sum(tally.pairs))
    apart = _bernoulli(n01, n00, n01 / max(n00 + n01, 1)) + _bernoulli(n11, n10, n11 / (n10 + n11))
    return _one_degree(2.0 * (apart - alike))


def christoffersen(tally: Tally, confidence: float) -> Likelihood:
    """Both at once: two degrees of freedom."""
    ratio = kupiec(tally.exceptions, tally.periods, confidence).ratio + independence(tally).ratio
    return Likelihood(ratio, math.exp(-ratio / 2.0))


def _bernoulli(yes: int, no: int, p: float) -> float:
    """The logarithm of how likely that many are."""
    return (yes * math.log(p) if yes else 0.0) + (no * math.log(1.0 - p) if no else 0.0)


def _one_degree(ratio: float) -> Likelihood:
    ratio = max(ratio, 0.0)
    return Likelihood(ratio, math.erfc(math.sqrt(ratio / 2.0)))
