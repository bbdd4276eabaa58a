"""What a feature is: its definition, and what it keeps of the events to tell its value at a period's end."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from periphery.features.market import Level, Price, Quote, Trade

NAN = math.nan
type Floats = npt.NDArray[np.float64]
WINDOW_MAX = 100_000

Window = Annotated[int, msgspec.Meta(ge=1, le=WINDOW_MAX)]
"""In periods."""
Positive = Annotated[float, msgspec.Meta(gt=0)]


class BadDefinition(ValueError):
    """A feature that can't be computed as it is defined; the message names it."""


type Last = tuple[Quote | None, Trade | None]
"""What a stream has heard last; None: none came yet."""


class Period:
    """A period of one stream at its end, as a feature is shown it.

    last: its own quote and trade. values: of the features of the same symbol that are defined before. other:
    gives the last quote and trade of another symbol.
    """

    __slots__ = ("_last", "_other", "values")

    def __init__(self, last: Last, values: dict[str, float], other: Callable[[str], Last]) -> None:
        self._last = last
        self._other = other
        self.values = values

    @property
    def quote(self) -> Quote | None:
        return self._last[0]

    def price(self, which: Price) -> float:
        """NaN: there is none yet."""
        return _price(self._last, which)

    def price_of(self, symbol: str, which: Price) -> float:
        """Of another symbol."""
        return _price(self._other(symbol), which)


def _price(last: Last, which: Price) -> float:
    quote, trade = last
    if which == "mid":
        return NAN if quote is None else quote.mid
    return NAN if trade is None else trade.px


class Feature:
    """What is kept for one definition of one symbol. `kept` names what `save` must bring back."""

    kept: ClassVar[tuple[str, ...]] = ()

    def on_quotes(self, before: Quote | None, quotes: Floats) -> None:
        """Quotes (n, 4) in their order: bid, bid_qty, ask, ask_qty. before: what stood until then. How many
        come at once must make no difference.
        """

    def on_trade(self, trade: Trade) -> None: ...

    def on_level(self, level: Level) -> None: ...

    def value(self, period: Period) -> float:
        """Called once at each period's end. NaN: not known (yet)."""
        raise NotImplementedError

    def save(self) -> list[Any]:
        return [_plain(getattr(self, name)) for name in self.kept]

    def load(self, state: list[Any]) -> None:
        for name, value in zip(self.kept, state, strict=True):
            now = getattr(self, name)
            setattr(self, name, deque(value, now.maxlen) if isinstance(now, deque) else value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, deque) else value


class Definition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """symbols: one feature each. venue: of this one's events alone; empty: all venues' count as one stream.
    name: empty: made of kind and window.
    """

    symbols: Annotated[list[str], msgspec.Meta(min_length=1)]
    venue: str = ""
    name: str = ""

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def label(self) -> str:
        """The name of its values."""
        return self.name or self.kind

    def make(self) -> Feature:
        """BadDefinition."""
        raise NotImplementedError


class Windowed(Definition, frozen=True, kw_only=True):
    """window: periods that it looks back. Its value is known once there were so many."""

    window: Window

    @property
    def label(self) -> str:
        return self.name or f"{self.kind}_{self.window}"


def mids(quotes: Floats) -> Floats:
    """(n) of quotes (n, 4)."""
    found: Floats = (quotes[:, 0] + quotes[:, 2]) / 2
    return found


def full(values: deque[Any]) -> bool:
    return len(values) == values.maxlen


def log_return(now: float, before: float) -> float:
    """NaN where a price isn't above zero."""
    return math.log(now / before) if now > 0 and before > 0 else NAN
