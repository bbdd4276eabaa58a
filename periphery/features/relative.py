"""Features of other values: z-scores of a feature, and beta to another symbol."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from typing import Annotated

import msgspec

from periphery.features.feature import NAN, WINDOW_MAX, Definition, Feature, Period, full, log_return
from periphery.features.market import Price

_Several = Annotated[int, msgspec.Meta(ge=2, le=WINDOW_MAX)]


class ZScore(Definition, frozen=True, tag="zscore"):
    """How many standard deviations the feature `of` is from its mean over the last `window` known values,
    its own among them. `of`: by name, one of the same symbols that is defined before.
    """

    of: str
    window: _Several

    @property
    def label(self) -> str:
        return self.name or f"{self.kind}_{self.of}_{self.window}"

    def make(self) -> Feature:
        return ZScoreFeature(self.of, self.window)


class ZScoreFeature(Feature):
    kept = ("values",)

    def __init__(self, of: str, window: int) -> None:
        self.of = of
        self.values: deque[float] = deque(maxlen=window)

    def value(self, period: Period) -> float:
        now = period.values[self.of]
        if math.isnan(now):
            return NAN
        self.values.append(now)
        return zscore(self.values) if full(self.values) else NAN


def zscore(values: deque[float]) -> float:
    """Of the last of them; NaN where they are all the same."""
    if min(values) == max(values):
        return NAN
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return (values[-1] - mean) / math.sqrt(variance)


class Beta(Definition, frozen=True, tag="beta"):
    """The slope of a symbol's log returns on those of the symbol `to`, over the last `window` periods at
    whose ends both had a price.
    """

    to: str
    window: _Several
    price: Price = "mid"

    @property
    def label(self) -> str:
        return self.name or f"{self.kind}_{self.to}_{self.window}"

    def make(self) -> Feature:
        return BetaFeature(self.to, self.window, self.price)


class BetaFeature(Feature):
    kept = ("prices", "others")

    def __init__(self, to: str, window: int, price: Price) -> None:
        self.to = to
        self.price: Price = price
        self.prices: deque[float] = deque(maxlen=window + 1)
        self.others: deque[float] = deque(maxlen=window + 1)

    def value(self, period: Period) -> float:
        own, other = period.price(self.price), period.price_of(self.to, self.price)
        if not (own > 0 and other > 0):
            return NAN
        self.prices.append(own)
        self.others.append(other)
        return slope(_returns(self.others), _returns(self.prices)) if full(self.prices) else NAN


def _returns(prices: deque[float]) -> list[float]:
    return [log_return(b, a) for a, b in pairwise(prices)]


def slope(x: list[float], y: list[float]) -> float:
    """Of y on x by least squares; NaN where x doesn't vary."""
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    variance = math.fsum((a - mean_x) ** 2 for a in x)
    shared = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return shared / variance if variance else NAN
