"""Features of prices: mid, spread, microprice, returns and how much they vary."""

from __future__ import annotations

import math
from collections import deque
from typing import ClassVar, Literal

from periphery.features.feature import NAN, Definition, Feature, Period, Windowed, full, log_return
from periphery.features.market import Price, Quote

type Unit = Literal["bps", "price"]
BPS = 10_000.0


class Mid(Definition, frozen=True, tag="mid"):
    """The middle of bid and offer."""

    def make(self) -> Feature:
        return MidFeature()


class MidFeature(Feature):
    def value(self, period: Period) -> float:
        return period.price("mid")


class OfQuote(Feature):
    """What the last quote alone says."""

    def value(self, period: Period) -> float:
        return NAN if period.quote is None else self.of(period.quote)

    def of(self, quote: Quote) -> float:
        raise NotImplementedError


class Spread(Definition, frozen=True, tag="spread"):
    """Offer less bid; unit: of the price, or a ten thousandth of the mid."""

    unit: Unit = "bps"

    def make(self) -> Feature:
        return SpreadFeature(self.unit)


class SpreadFeature(OfQuote):
    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def of(self, quote: Quote) -> float:
        spread = quote.ask - quote.bid
        return spread if self.unit == "price" else in_bps(spread, quote.mid)


class Microprice(Definition, frozen=True, tag="microprice"):
    """The mid weighed by the other side's quantity: (bid x ask_qty + ask x bid_qty) / (bid_qty + ask_qty).
    unit: bps is its distance from the mid.
    """

    unit: Unit = "price"

    def make(self) -> Feature:
        return MicropriceFeature(self.unit)


class MicropriceFeature(OfQuote):
    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def of(self, quote: Quote) -> float:
        bid, bid_qty, ask, ask_qty = quote
        micro = (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)
        return micro if self.unit == "price" else in_bps(micro - quote.mid, quote.mid)


def in_bps(distance: float, mid: float) -> float:
    return distance / mid * BPS if mid else NAN


class Return(Windowed, frozen=True, tag="return"):
    """ln of the price over that of `window` periods before."""

    price: Price = "mid"

    def make(self) -> Feature:
        return ReturnFeature(self.window, self.price)


class ReturnFeature(Feature):
    kept: ClassVar[tuple[str, ...]] = ("prices",)

    def __init__(self, window: int, price: Price) -> None:
        self.price: Price = price
        self.prices: deque[float] = deque(maxlen=window + 1)

    def take(self, period: Period) -> bool:
        """Whether there are enough prices."""
        price = period.price(self.price)
        if not math.isnan(price):
            self.prices.append(price)
        return full(self.prices)

    def value(self, period: Period) -> float:
        return log_return(self.prices[-1], self.prices[0]) if self.take(period) else NAN


class RealisedVolatility(Windowed, frozen=True, tag="realised_volatility"):
    """The root of the sum of the last `window` periods' squared log returns; not annualised."""

    price: Price = "mid"

    def make(self) -> Feature:
        return RealisedVolatilityFeature(self.window, self.price)


class RealisedVolatilityFeature(ReturnFeature):
    kept = ("prices", "squares")

    def __init__(self, window: int, price: Price) -> None:
        super().__init__(1, price)
        self.squares: deque[float] = deque(maxlen=window)

    def value(self, period: Period) -> float:
        if math.isnan(period.price(self.price)):
            return NAN
        if self.take(period):
            self.squares.append(log_return(self.prices[-1], self.prices[0]) ** 2)
        return math.sqrt(math.fsum(self.squares)) if full(self.squares) else NAN
