"""All features of a configuration, told of events, and their values at the ends of periods."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from core.rows.tape import Tape, Tapes
from core.scenario.directory import Symbol
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


class Stream(Tape):
    """The events of a symbol, at one venue or at all: written down as they come, told to who hears them when
    somebody asks, or when there is no more room. What it has told last, and who hears it.
    """

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
            (kind.on_quotes is not Feature.on_quotes, self.for_quotes),
            (kind.on_trade is not Feature.on_trade, self.for_trades),
            (kind.on_level is not Feature.on_level, self.for_levels),
        ):
            if hears:
                all_of.append(feature)
        self.all_quotes, self.all_trades, self.all_levels = map(
            bool, (self.for_quotes, self.for_trades, self.for_levels)
        )

    def take(self, event: Quote | Trade | Level) -> None:
        if not self._add(event):
            self.tell()
            self._add(event)

    def _add(self, event: Quote | Trade | Level) -> bool:
        if isinstance(event, Quote):
            return self.add_quote(*event)
        return self.add_trade(*event) if isinstance(event, Trade) else self.add_level(*event)

    def tell(self) -> None:
        """What came since the last time; of quotes, trades and levels the quotes first."""
        quotes = np.frombuffer(self.take_quotes(), np.float64).reshape(-1, len(Quote._fields))
        if len(quotes):
            before, self.quote = self.quote, Quote(*quotes[-1].tolist())
            for feature in self.for_quotes:
                feature.on_quotes(before, quotes)
        for trade in map(Trade._make, self.take_trades()):
            self.trade = trade
            for feature in self.for_trades:
                feature.on_trade(trade)
        for level in map(Level._make, self.take_levels()):
            for feature in self.for_levels:
                feature.on_level(level)


class FeatureSet(Tapes):
    """Told of events in the order of their time. Periods end on whole multiples of their length since 1970;
    an event at the very end belongs to the next one. A period in which nothing came of what is listened to
    isn't one: windows don't count it. Rows that end no period it hears in compiled code.
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
        if time_ns < self.until_ns:
            return []
        at_ns, self.until_ns = self.until_ns, time_ns - time_ns % self.period_ns + self.period_ns
        if not self.moved:
            return []
        self.moved = False
        self._tell()
        owned = [symbol for symbol in self.features if owns(symbol)]
        return [Row(at_ns, time_ns, symbol, self._values(symbol)) for symbol in owned]

    def listen(self, symbol: Symbol, venue: int, name: str) -> None:
        """A core's symbol at a venue: from now on it hears their rows by itself."""
        if not self.knows(symbol.index, venue):
            precisions = symbol.price_precision, symbol.qty_precision
            self.at(symbol.index, venue, precisions, self._streams(symbol.name, name))

    def take(self, symbol: str, venue: str, event: Quote | Trade | Level) -> None:
        """A quote has both sides: one that hasn't leaves the last whole one standing, and isn't told."""
        for stream in self._streams(symbol, venue):
            if stream.for_levels or not isinstance(event, Level):
                self.moved = True
                stream.take(event)

    def _streams(self, symbol: str, venue: str) -> list[Stream]:
        """Those that an event is of."""
        keys = ((symbol, ""), (symbol, venue)) if venue else ((symbol, ""),)
        return [self.streams[key] for key in keys if key in self.streams]

    def _tell(self) -> None:
        for stream in self.streams.values():
            stream.tell()

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
        """As msgpack can carry it. What came so far is told before: where makes no difference."""
        self._tell()
        return {
            "ends_ns": self.until_ns,
            "moved": self.moved,
            "last": [stream.last for stream in self.streams.values()],
            "features": [feature.save() for _, _, feature in self._all()],
        }

    def load(self, state: dict[str, Any]) -> None:
        """What `save` gave of the same definitions."""
        self.until_ns, self.moved = state["ends_ns"], state["moved"]
        for stream, (quote, trade) in zip(self.streams.values(), state["last"], strict=True):
            stream.quote = None if quote is None else Quote(*quote)
            stream.trade = None if trade is None else Trade(*trade)
        for (_, _, feature), kept in zip(self._all(), state["features"], strict=True):
            feature.load(kept)

    def _all(self) -> Iterator[tuple[str, Stream, Feature]]:
        for features in self.features.values():
            yield from features
