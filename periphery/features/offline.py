"""Features over recordings: the same code that runs beside a core, told of the same events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.instruments import Listing, declare, scan
from core.data.reader import Reader
from core.data.recording import NO_SIZES, Options, open_all, run_merged
from core.enums import Kind
from periphery.features.feature import Definition
from periphery.features.market import SIDES, Level, Quote, Trade, in_units
from periphery.features.set import FeatureSet, Row

if TYPE_CHECKING:
    from core.data.reader import Events

QUOTE_QTY = 1e9
"""What a quote shows a side where the recording has no sizes."""
_QUOTE, _TRADE, _DEPTH = int(Kind.QUOTE), int(Kind.TRADE), int(Kind.DEPTH)
_COLUMNS = [
    "recv_ts_ns", "kind", "symbol", "side", "px", "qty", "ask_px", "ask_qty", "px_digits", "qty_digits",
]  # fmt: skip

type Event = tuple[int, str, str, Quote | Trade | Level]
"""Time in ns, symbol, venue, what happened."""


def compute(definitions: Sequence[Definition], period_s: float, events: Iterable[Event]) -> Iterator[Row]:
    """The rows of events in the order of their time; a time before the last one counts as the last one's, as
    in a core. The period that isn't over at the end has no row. BadDefinition.
    """
    features, now_ns = FeatureSet(definitions, period_s), 0
    for time_ns, symbol, venue, event in events:
        now_ns = max(now_ns, time_ns)
        yield from features.turn(now_ns)
        features.take(symbol, venue, event)


class Recordings:
    """Rows of the features of recordings, played in the order of their clocks."""

    def __init__(self, paths: Sequence[Path], options: Options, quote_qty: float = QUOTE_QTY) -> None:
        """BadRecording, OSError. All files are read once to know their symbols."""
        self.paths = paths
        self.options = options
        self.quote_qty = quote_qty
        self.listing: Listing = declare(scan(paths, options))

    def rows(
        self,
        definitions: Sequence[Definition],
        period_s: float,
        advance: Callable[[int], object] | None = None,
    ) -> list[Row]:
        """BadDefinition, BadRecording."""
        features, rows, now_ns = FeatureSet(definitions, period_s), list[Row](), 0

        def sink(n: int) -> Callable[[Events], None]:
            def take(events: Events) -> None:
                nonlocal now_ns
                for time_ns, symbol, venue, event in self._events(readers[n], events):
                    now_ns = max(now_ns, time_ns)
                    rows.extend(features.turn(now_ns))
                    features.take(symbol, venue, event)

            return take

        recordings, _ = open_all(self.paths, self.options, sink, None, advance)
        readers = [reader for recording in recordings for reader in recording.readers]
        run_merged(readers)
        return rows

    def _events(self, reader: Reader, events: Events) -> Iterator[Event]:
        venue = self.listing.venue(reader)
        names = [self.listing.name(reader, stream.symbol) for stream in reader.streams.all]
        shown = self.quote_qty if reader.format in NO_SIZES else 0.0
        for time_ns, kind, symbol, *rest in zip(*(events[c].tolist() for c in _COLUMNS), strict=True):
            event = _event(kind, shown, *rest)
            if event is not None:
                yield time_ns, names[symbol], venue, event


def _event(
    kind: int, shown: float, side: int, px: int, qty: int, ask_px: int, ask_qty: int, px_digits: int,
    qty_digits: int,
) -> Quote | Trade | Level | None:  # fmt: skip
    """None: what features aren't told of, as in periphery.features.pages."""
    price, size = in_units(px, px_digits), in_units(qty, qty_digits)
    if kind == _QUOTE:
        quote = Quote(
            price, shown or size, in_units(ask_px, px_digits), shown or in_units(ask_qty, qty_digits)
        )
        return quote if quote.bid_qty > 0 and quote.ask_qty > 0 else None
    if kind == _DEPTH:
        return Level(side, price, size)
    return Trade(price, size, SIDES.get(side, 0)) if kind == _TRADE and qty > 0 else None


def stats(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """By symbol and feature: how many rows there are, and in how many it is known."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        for name, value in row.values.items():
            counts = found.setdefault((row.symbol, name), [0, 0])
            counts[0] += 1
            counts[1] += value == value
    return [
        {"symbol": symbol, "feature": name, "rows": rows_, "known": known}
        for (symbol, name), (rows_, known) in found.items()
    ]
