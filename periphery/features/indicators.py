"""TA-Lib's indicators over the bars of the periods, computed anew at each period's end."""

from __future__ import annotations

import functools
import importlib
from collections import deque
from typing import Annotated, Any

import msgspec
import numpy as np

from periphery.features.feature import NAN, BadDefinition, Definition, Feature, Period, full
from periphery.features.market import Price, Quote, Trade

COLUMNS = ("open", "high", "low", "close", "volume")
BARS_MAX = 10_000


class Indicator(Definition, frozen=True, tag="indicator"):
    """TA-Lib's `function` (RSI, MACD, ATR, ...) with its `params`, over the last `bars` bars. output: which
    of its results, by TA-Lib's name, where it has several. price: what the bars are made of; their volume is
    that of trades. One that reckons from the first bar on (EMA, RSI) begins `bars` bars ago, wherever the
    market began.
    """

    function: str
    params: dict[str, float] = msgspec.field(default_factory=dict)
    output: str = ""
    bars: Annotated[int, msgspec.Meta(ge=2, le=BARS_MAX)] = 100
    price: Price = "mid"

    @property
    def label(self) -> str:
        words = [self.function.lower(), *(f"{value:g}" for value in self.params.values()), self.output]
        return self.name or "_".join(word for word in words if word)

    def make(self) -> Feature:
        return IndicatorFeature(self)


class IndicatorFeature(Feature):
    kept = ("bar", "bars")

    def __init__(self, of: Indicator) -> None:
        self.price: Price = of.price
        self._function = _function(of)
        self._output = _output(of, self._function)
        self.bar: list[float] = []  # of this period; empty: nothing happened
        self.bars: deque[list[float]] = deque(maxlen=of.bars)

    def on_quote(self, before: Quote | None, quote: Quote) -> None:
        if self.price == "mid":
            self._add(quote.mid, 0.0)

    def on_trade(self, trade: Trade) -> None:
        if self.price == "trade":
            self._add(trade.px, trade.qty)
        elif self.bar or self.bars:
            self._add(self.bar[3] if self.bar else self.bars[-1][3], trade.qty)

    def _add(self, price: float, qty: float) -> None:
        if not self.bar:
            self.bar = [price, price, price, price, qty]
            return
        _, high, low, _, volume = self.bar
        self.bar[1:] = max(high, price), min(low, price), price, volume + qty

    def value(self, period: Period) -> float:
        """In a period without an event of this stream, the price stands where it was."""
        if self.bar:
            self.bars.append(self.bar)
        elif self.bars:
            self.bars.append([self.bars[-1][3]] * 4 + [0.0])
        self.bar = []
        return self._reckon() if full(self.bars) else NAN

    def _reckon(self) -> float:
        table = np.array(self.bars, np.float64)
        found = self._function({name: table[:, i].copy() for i, name in enumerate(COLUMNS)})
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
