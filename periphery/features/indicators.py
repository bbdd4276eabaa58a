"""TA-Lib's indicators over the bars of the periods, computed anew at each period's end."""

from __future__ import annotations

import functools
import importlib
from collections import deque
from typing import Annotated, Any

import msgspec
import numpy as np

from periphery.features.feature import NAN, BadDefinition, Definition, Feature, Floats, Period, mids
from periphery.features.market import Price, Quote, Trade

COLUMNS = ("open", "high", "low", "close", "volumes")
INPUTS = dict(zip(("open", "high", "low", "close", "volume"), COLUMNS, strict=True))
"""TA-Lib's names of them."""
BARS_MAX = 10_000


class Indicator(Definition, frozen=True, tag="indicator"):
    """TA-Lib's `function` (RSI, MACD, ATR, ...) with its `params`, over the last `bars` bars, once there
    are enough for it. output: which of its results, by TA-Lib's name, where it has several. price: what the
    bars are made of; their volume is that of trades. One that reckons from the first bar on (EMA, RSI) begins
    `bars` bars ago.
    """

    function: str
    params: dict[str, float] = msgspec.field(default_factory=dict)
    output: str = ""
    bars: Annotated[int, msgspec.Meta(ge=2, le=BARS_MAX)] = 500
    price: Price = "mid"

    @property
    def label(self) -> str:
        words = [self.function.lower(), *(f"{value:g}" for value in self.params.values()), self.output]
        return self.name or "_".join(word for word in words if word)

    def make(self) -> Feature:
        return IndicatorFeature(self)


class IndicatorFeature(Feature):
    kept = ("bar", "volume", *COLUMNS)

    def __init__(self, of: Indicator) -> None:
        self.price: Price = of.price
        self._function = _function(of)
        self._output = _output(of, self._function)
        self.bar: list[float] = []  # open, high, low, close of this period; empty: no price yet
        self.volume = 0.0
        self.open: deque[float] = deque(maxlen=of.bars)
        self.high: deque[float] = deque(maxlen=of.bars)
        self.low: deque[float] = deque(maxlen=of.bars)
        self.close: deque[float] = deque(maxlen=of.bars)
        self.volumes: deque[float] = deque(maxlen=of.bars)

    def on_quotes(self, before: Quote | None, quotes: Floats) -> None:
        if self.price == "mid":
            for mid in mids(quotes).tolist():
                self._add(mid)

    def on_trade(self, trade: Trade) -> None:
        self.volume += trade.qty
        if self.price == "trade":
            self._add(trade.px)

    def _add(self, price: float) -> None:
        if self.bar:
            self.bar[1:] = max(self.bar[1], price), min(self.bar[2], price), price
        else:
            self.bar = [price] * 4

    def value(self, period: Period) -> float:
        """In a period without a price, it stands where it was."""
        bar = self.bar or ([self.close[-1]] * 4 if self.close else [])
        if bar:
            for column, value in zip(COLUMNS, (*bar, self.volume), strict=True):
                getattr(self, column).append(value)
        self.bar, self.volume = [], 0.0
        return self._reckon() if len(self.close) > self._function.lookback else NAN

    def _reckon(self) -> float:
        count = len(self.close)
        shown = {name: np.fromiter(getattr(self, c), np.float64, count) for name, c in INPUTS.items()}
        found = self._function(shown)
        column = found[self._output] if isinstance(found, list) else found
        return float(column[-1])


@functools.cache
def _library() -> Any:
    try:
        return importlib.import_module("talib.abstract")
    except ModuleNotFoundError as error:
        raise BadDefinition(f"{error}: indicators need nacre[features]") from error


def _function(of: Indicator) -> Any:
    try:
        found = _library().Function(of.function)
    except Exception as error:  # TA-Lib's own: of no other class
        raise BadDefinition(f"{of.label}: TA-Lib has no function {of.function!r}") from error
    unknown = sorted(of.params.keys() - found.parameters.keys())
    if unknown:
        known = ", ".join(found.parameters) or "none"
        raise BadDefinition(f"{of.label}: {of.function} has no parameter {unknown[0]!r}; there is {known}")
    types = {name: type(value) for name, value in found.parameters.items()}
    found.parameters = {name: types[name](value) for name, value in of.params.items()}
    if found.lookback >= of.bars:
        raise BadDefinition(f"{of.label}: needs more than {found.lookback} bars, not {of.bars}")
    return found


def _output(of: Indicator, function: Any) -> int:
    """Its place among the results."""
    names = list(function.output_names)
    if not of.output and len(names) == 1:
        return 0
    if of.output not in names:
        raise BadDefinition(f"{of.label}: output {of.output!r}: one of {', '.join(names)}")
    return names.index(of.output)
