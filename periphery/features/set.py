"""All features of a configuration, told of events, and their values at the ends of periods."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from periphery.features.definitions import check, symbols_of
from periphery.features.feature import NAN, Definition, Feature, Last, Period
from periphery.features.market import Level, Quote, Trade
from periphery.features.relative import Beta


def _any(_symbol: str) -> bool:
    return True


class Row(NamedTuple):
    """The values of a symbol at a period's end. known_ns: the time of the event that showed that the period
    was over: nobody could have the row earlier. NaN: not known.
    """

    at_ns: int
    known_ns: int
    symbol: str
    values: dict[str, float]


class Stream:
    """The events of a symbol, at one venue or at all. What it has heard last, and who else hears it."""

    __slots__ = ("for_levels", "for_quotes", "for_trades", "quote", "trade", "venue")

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self.quote: Quote | None = None
        self.trade: Trade | None = None
        self.for_quotes: list[Feature] = []
        self.for_trades: list[Feature] = []
        self.for_levels: list[Feature] = []

    @property
    def last(self) -> Last:
        return self.quote, self.trade

    def add(self, feature: Feature) -> None:
        kind = type(feature)
        for hears, all_of in (
            (kind.on_quote is not Feature.on_quote, self.for_quotes),
            (kind.on_trade is not Feature.on_trade, self.for_trades),
            (kind.on_level is not Feature.on_level, self.for_levels),
        ):
            if hears:
                all_of.append(feature)

    def take(self, event: Quote | Trade | Level) -> None:
        if isinstance(event, Quote):
            before, self.quote = self.quote, event
            for feature in self.for_quotes:
                feature.on_quote(before, event)
        elif isinstance(event, Trade):
            self.trade = event
            for feature in self.for_trades:
                feature.on_trade(event)
        else:
            for feature in self.for_levels:
                feature.on_level(event)


class FeatureSet:
    """Told of events in the order of their time. Periods end on whole multiples of their length since 1970;
    an event at the very end belongs to the next one. A period in which nothing came of what is listened to
    isn't one: windows don't count it.
    """

    def __init__(self, definitions: Sequence[Definition], period_s: float) -> None:
        """BadDefinition."""
        check(definitions)
        self.period_ns = round(period_s * 1e9)
        self.streams: dict[tuple[str, str], Stream] = {}
        self.features: dict[str, list[tuple[str, Stream, Feature]]] = {s: [] for s in symbols_of(definitions)}
        for each in definitions:
            for symbol in each.symbols:
                self._add(symbol, each)
        self.ends_ns = 0
        self.moved = False

    def _add(self, symbol: str, of: Definition) -> None:
        feature, stream = of.make(), self._stream(symbol, of.venue)
        stream.add(feature)
        self.features[symbol].append((of.label, stream, feature))
        if isinstance(of, Beta):
            self._stream(of.to, of.venue)

    def _stream(self, symbol: str, venue: str) -> Stream:
        return self.streams.setdefault((symbol, venue), Stream(venue))

    # ---- events --------------------------------------------------------------------------------------------

    def turn(self, time_ns: int, owns: Callable[[str], bool] = _any) -> list[Row]:
        """To be called with an event's time before the event is told: the rows of the period that is over, of
        the symbols that are owned.
        """
        if time_ns < self.ends_ns:
            return []
        at_ns, self.ends_ns = self.ends_ns, time_ns - time_ns % self.period_ns + self.period_ns
        if not self.moved:
            return []
        self.moved = False
        owned = [symbol for symbol in self.features if owns(symbol)]
        return [Row(at_ns, time_ns, symbol, self._values(symbol)) for symbol in owned]

    def take(self, symbol: str, venue: str, event: Quote | Trade | Level) -> None:
        """A quote has both sides: one that hasn't leaves the last whole one standing, and isn't told."""
        for key in ((symbol, ""), (symbol, venue)) if venue else ((symbol, ""),):
            stream = self.streams.get(key)
            if stream is not None and (stream.for_levels or not isinstance(event, Level)):
                self.moved = True
                stream.take(event)

    def _values(self, symbol: str) -> dict[str, float]:
        values: dict[str, float] = {}
        for name, stream, feature in self.features[symbol]:
            period = Period(stream.last, values, partial(self._last_of, stream.venue))
            value = feature.value(period)
            values[name] = value if math.isfinite(value) else NAN
        return values

    def _last_of(self, venue: str, symbol: str) -> Last:
        return self.streams[symbol, venue].last

    # ---- state ---------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """As msgpack can carry it."""
        return {
            "ends_ns": self.ends_ns,
            "moved": self.moved,
            "last": [stream.last for stream in self.streams.values()],
            "features": [feature.save() for _, _, feature in self._all()],
        }

    def load(self, state: dict[str, Any]) -> None:
        """What `save` gave of the same definitions."""
        self.ends_ns, self.moved = state["ends_ns"], state["moved"]
        for stream, (quote, trade) in zip(self.streams.values(), state["last"], strict=True):
            stream.quote = None if quote is None else Quote(*quote)
            stream.trade = None if trade is None else Trade(*trade)
        for (_, _, feature), kept in zip(self._all(), state["features"], strict=True):
            feature.load(kept)

    def _all(self) -> Iterator[tuple[str, Stream, Feature]]:
        for features in self.features.values():
            yield from features
