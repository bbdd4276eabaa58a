"""What a core must know before it can be given a recording: instruments with their precisions, and venues.

The digits of prices and quantities are found by reading the recording once. One symbol at several venues is
one instrument where it is of one kind (EURUSD at two banks), and one a kind where it is of several (BTCUSDT
on spot and as a perpetual: the latter is named BTCUSDT.PERP). Venues are manual: they answer no orders.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.data.reader import Reader
from core.data.recording import BadRecording, Options, open_all

PRECISION_MAX = 12
UNNAMED = "RECORDED"

_QUOTES = (
    "USDT",
    "USDC",
    "BUSD",
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "CHF",
    "AUD",
    "CAD",
    "NZD",
    "BTC",
    "XBT",
    "ETH",
)
_FX = {"EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "USD"}


class TooMany(BadRecording):
    """More symbols, venues or books than a core holds; the message says how many."""


@dataclass(slots=True)
class Instrument:
    """An instrument as the recordings have it."""

    name: str
    symbol: str
    kind: str
    price_precision: int = 0
    qty_precision: int = 0
    venues: list[str] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        """Its declaration as a scenario has it."""
        base, currency = currencies(self.symbol, self.kind)
        found: dict[str, Any] = {
            "type": "instrument",
            "symbol": self.name,
            "kind": self.kind,
            "price_precision": self.price_precision,
            "qty_precision": self.qty_precision,
            "tick": _unit(self.price_precision),
            "lot": _unit(self.qty_precision),
            "currency": currency,
        }
        return found | ({"base_currency": base} if base and self.kind in ("fx", "spot") else {})


@dataclass(frozen=True, slots=True)
class Listing:
    """Instruments by (symbol, kind), venues in the order in which they came."""

    instruments: dict[tuple[str, str], Instrument]
    venues: list[str]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The declarations, each before what refers to it."""
        listed = {
            venue: [i.name for i in self.instruments.values() if venue in i.venues] for venue in self.venues
        }
        lines = [instrument.line() for instrument in self.instruments.values()]
        return lines + [
            {"type": "venue", "venue": venue, "mode": "manual", "symbols": symbols}
            for venue, symbols in listed.items()
            if symbols
        ]

    def venue(self, reader: Reader) -> str:
        """The venue's name in the core."""
        return reader.venue or UNNAMED

    def name(self, reader: Reader, symbol: str) -> str:
        """The instrument's name in the core; the symbol's own where it never made an event."""
        found = self.instruments.get((symbol, kind_of(reader.venue, symbol)))
        return symbol if found is None else found.name

    def digits(self, reader: Reader, symbol: str) -> tuple[int, int]:
        """The instrument's precisions of price and quantity."""
        found = self.instruments[(symbol, kind_of(reader.venue, symbol))]
        return found.price_precision, found.qty_precision


def scan(paths: Sequence[Path], options: Options, advance: Any = None) -> list[Reader]:
    """Reads all of it once; the readers as they are at their end."""
    recordings, _ = open_all(paths, options, None, None, advance)
    for recording in recordings:
        recording.run()
    return [reader for recording in recordings for reader in recording.readers]


def declare(readers: Sequence[Reader]) -> Listing:
    """Instruments and venues of readers that are at their end."""
    found: dict[tuple[str, str], Instrument] = {}
    venues: list[str] = []
    for reader in readers:
        venue = reader.venue or UNNAMED
        if venue not in venues:
            venues.append(venue)
        for stream in reader.streams.all:
            key = (stream.symbol, kind_of(reader.venue, stream.symbol))
            instrument = found.setdefault(key, Instrument(stream.symbol, *key))
            px, qty = stream.digits
            instrument.price_precision = min(max(instrument.price_precision, px), PRECISION_MAX)
            instrument.qty_precision = min(max(instrument.qty_precision, qty), PRECISION_MAX)
            if venue not in instrument.venues:
                instrument.venues.append(venue)
    for (symbol, kind), instrument in found.items():
        if kind == "perpetual" and any(other == symbol and k != kind for other, k in found):
            instrument.name = f"{symbol}.PERP"
    return Listing(found, venues)


def kind_of(venue: str, symbol: str) -> str:
    """What an instrument is, by the venue and the symbol."""
    if venue in ("BINANCE_USDM", "BINANCE_COINM"):
        return "perpetual"
    if venue == "NASDAQ":
        return "equity"
    if venue.startswith(("GLBX", "XCME", "IFUS", "IFEU", "XEUR")):
        return "future"
    base, quote = _split(symbol)
    if base in _FX and quote in _FX:
        return "fx"
    return "spot" if quote else "equity"


def currencies(symbol: str, kind: str) -> tuple[str | None, str]:
    """(base, quote) currency of a symbol; USD where it names none."""
    base, quote = _split(symbol.partition("_")[0])
    return (base, quote) if quote else (None, "USD")


def _split(symbol: str) -> tuple[str, str]:
    """(base, quote) of a pair, empty where it is none."""
    parts = re.split(r"[/\-]", symbol.upper())
    if len(parts) == 2 and all(parts):
        return parts[0], parts[1]
    word = parts[0].partition("_")[0]
    for quote in _QUOTES:
        if word.endswith(quote) and len(word) > len(quote) + 1:
            return word[: -len(quote)], quote
    return "", ""


def _unit(digits: int) -> str:
    return "1" if digits == 0 else f"0.{'0' * (digits - 1)}1"
