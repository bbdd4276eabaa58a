"""The market as a strategy is told of it where nothing is compiled: what core.session.market and
core.backtest.bars have, member by member, to the last bit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from periphery.client.units import from_units

_UNITS_NS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_EVERY = re.compile(r"([1-9][0-9]{0,8})(ms|s|m|h|d|t|v)")
_SIDES: dict[int, Literal["buy", "sell"]] = {0: "buy", 1: "sell"}


class Place:
    """An instrument at a venue."""

    __slots__ = ("price_precision", "px_unit", "qty_precision", "qty_unit", "symbol", "venue")

    def __init__(self, symbol: str, venue: str, price_precision: int, qty_precision: int) -> None:
        self.symbol = symbol
        self.venue = venue
        self.price_precision = price_precision
        self.qty_precision = qty_precision
        self.px_unit = 10.0**price_precision
        self.qty_unit = 10.0**qty_precision


class _Told:
    __slots__ = ("_place", "time_ns")
    _place: Place
    time_ns: int
    """By the core's clock, or the recording's: ns since 1970."""

    @property
    def symbol(self) -> str:
        return self._place.symbol

    @property
    def venue(self) -> str:
        return self._place.venue


class Quote(_Told):
    """The best bid and offer of one venue; a quantity of 0 is an empty side.

    bid, ask, mid, bid_size, ask_size: floats, to reckon with. bid_px, ask_px, bid_qty, ask_qty: exact.
    *_units: whole units of the instrument's precision.
    """

    __slots__ = ("ask_qty_units", "ask_units", "bid_qty_units", "bid_units")

    def __init__(self, place: Place, time_ns: int, bid: int, bid_qty: int, ask: int, ask_qty: int) -> None:
        self._place = place
        self.time_ns = time_ns
        self.bid_units, self.bid_qty_units = bid, bid_qty
        self.ask_units, self.ask_qty_units = ask, ask_qty

    @property
    def bid(self) -> float:
        return self.bid_units / self._place.px_unit

    @property
    def ask(self) -> float:
        return self.ask_units / self._place.px_unit

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2

    @property
    def bid_size(self) -> float:
        return self.bid_qty_units / self._place.qty_unit

    @property
    def ask_size(self) -> float:
        return self.ask_qty_units / self._place.qty_unit

    @property
    def bid_px(self) -> Decimal:
        return from_units(self.bid_units, self._place.price_precision)

    @property
    def ask_px(self) -> Decimal:
        return from_units(self.ask_units, self._place.price_precision)

    @property
    def bid_qty(self) -> Decimal:
        return from_units(self.bid_qty_units, self._place.qty_precision)

    @property
    def ask_qty(self) -> Decimal:
        return from_units(self.ask_qty_units, self._place.qty_precision)

    def __repr__(self) -> str:
        return (
            f"Quote({self.symbol} {self.venue} {self.bid_qty} at {self.bid_px}, {self.ask_qty} at "
            f"{self.ask_px}, {self.time_ns})"
        )


class _Priced(_Told):
    __slots__ = ("_code", "px_units", "qty_units")

    def __init__(self, place: Place, time_ns: int, px: int, qty: int, code: int) -> None:
        self._place = place
        self.time_ns = time_ns
        self.px_units, self.qty_units = px, qty
        self._code = code

    @property
    def side(self) -> Literal["buy", "sell"] | None:
        """Of a trade who took, None where nobody says; of a level its own."""
        return _SIDES.get(self._code)

    @property
    def price(self) -> float:
        return self.px_units / self._place.px_unit

    @property
    def size(self) -> float:
        return self.qty_units / self._place.qty_unit

    @property
    def px(self) -> Decimal:
        return from_units(self.px_units, self._place.price_precision)

    @property
    def qty(self) -> Decimal:
        return from_units(self.qty_units, self._place.qty_precision)

    def __repr__(self) -> str:
        words = f"{self.symbol} {self.venue}", f"{self.qty} at {self.px}, {self.side}, {self.time_ns}"
        return f"{type(self).__name__}({' '.join(words)})"


class Trade(_Priced):
    """A trade at a venue. price, size: floats; px, qty: exact."""

    __slots__ = ()


class Level(_Priced):
    """A level of a book: its new quantity, 0 where it is gone. price, size: floats; px, qty: exact."""

    __slots__ = ()


@dataclass(slots=True)
class Bar:
    """Open, high, low, close and volume, as floats; times in ns since 1970, the end not included."""

    symbol: str
    every: str
    start_ns: int
    end_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    count: int = 0


class BarBuilder:
    """Makes the bars of one instrument, as core.backtest.bars.BarBuilder. ValueError: no such `every`."""

    def __init__(self, every: str, of_trades: bool) -> None:
        found = _EVERY.fullmatch(every)
        if found is None:
            raise ValueError(
                f"bars every {every!r}: a number and one of ms, s, m, h, d (time), t (events), v (volume)"
            )
        number, unit = int(found[1]), found[2]
        self.every = every
        self.of_trades = of_trades
        self.span_ns = number * _UNITS_NS.get(unit, 0)
        self._events = number if unit == "t" else 0
        self._most = float(number) if unit == "v" else 0.0
        self.bar: Bar | None = None

    def add(self, symbol: str, time_ns: int, price: float, size: float) -> Bar | None:
        """Takes an event into the bar; the bar, where that fills it by count or volume."""
        bar = self.bar
        if bar is None:
            start_ns = time_ns - time_ns % self.span_ns if self.span_ns else time_ns
            bar = self.bar = Bar(symbol, self.every, start_ns, 0, price, price, price, price)
        bar.high = max(bar.high, price)
        bar.low = min(bar.low, price)
        bar.close = price
        bar.volume += size
        bar.count += 1
        bar.end_ns = bar.start_ns + self.span_ns if self.span_ns else time_ns
        full = (self._events and bar.count >= self._events) or (self._most and bar.volume >= self._most)
        return self.close() if full else None

    def close(self) -> Bar | None:
        """The bar as it is; None: nothing happened."""
        bar, self.bar = self.bar, None
        return bar


@dataclass(frozen=True, slots=True)
class Signal:
    """A value that another process sends by its name: a forecast, a target, a word to go.

    time_ns: when the core had it. at_ns: what the value is about, as its sender says; else time_ns.
    symbol: the instrument that it is about, or None.
    """

    time_ns: int
    name: str
    value: float
    symbol: str | None = None
    at_ns: int = 0
