"""The demonstration's market: two venues' EURUSD quotes of one day, recorded where they are at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from core.backtest.fx_ticks import UTC_OFFSET_HOURS, Malformed, Quotes, read_ticks
from core.backtest.merge import merge
from core.backtest.synthetic import generate

type Kind = Literal["recorded", "synthetic"]

RECORDED_FILES: Mapping[str, str] = MappingProxyType(
    {"FXCM": "fx/fxcm_eurusd_tick_20140502.zip", "OANDA": "fx/oanda_eurusd_tick_20140502.zip"}
)
"""The recording of each venue, under the folder of data, in the order of their ranks."""

SYNTHETIC_VENUES = ("SYN1", "SYN2")
"""Synthetic quotes never carry the name of a real venue."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one venue's source held, and what was left out of it.

    read: rows in the source. fed: its quotes among the market's rows. crossed: rows with ask < bid, and
    whether they were dropped. unordered: rows put back into the order of time. malformed: rows left out.
    """

    venue: str
    source: str
    read: int
    fed: int
    crossed: int
    crossed_dropped: bool
    unordered: int
    malformed: tuple[Malformed, ...]


@dataclass(frozen=True, slots=True)
class Market:
    """Quotes in recorded order: rows of dtype MERGED, whose `venue` is an index into `venues`."""

    kind: Kind
    venues: tuple[str, ...]
    rows: Quotes
    sources: tuple[SourceReport, ...]

    @property
    def crossed(self) -> int:
        """Crossed rows in all sources, kept or dropped."""
        return sum(source.crossed for source in self.sources)

    @property
    def malformed(self) -> int:
        """Malformed rows in all sources; none of them is among the rows."""
        return sum(len(source.malformed) for source in self.sources)


@dataclass(frozen=True, slots=True)
class _Source:
    """One venue's quotes before the merge."""

    venue: str
    name: str
    quotes: Quotes
    read: int
    crossed: int
    unordered: int = 0
    malformed: tuple[Malformed, ...] = ()


def has_recording(data: Path) -> bool:
    """Whether the folder holds the recordings of all venues."""
    return all((data / name).is_file() for name in RECORDED_FILES.values())


def recorded(data: Path, quotes: int | None, *, drop_crossed: bool) -> Market:
    """The recorded day: the first `quotes` quotes of it in recorded order, or all.

    Raises BadTickFile or FileNotFoundError where a file can't be read.
    """
    sources = []
    for venue, name in RECORDED_FILES.items():
        ticks = read_ticks(data / name, UTC_OFFSET_HOURS[venue.lower()], drop_crossed=drop_crossed)
        sources.append(
            _Source(
                venue, ticks.name, ticks.quotes, ticks.lines, ticks.crossed, ticks.unordered, ticks.malformed
            )
        )
    return _market("recorded", sources, quotes, drop_crossed)


def synthetic(seed: int, quotes: int, *, drop_crossed: bool) -> Market:
    """An artificial day out of `seed`, of `quotes` rows before crossed ones are dropped."""
    sources = []
    for venue, rows in zip(SYNTHETIC_VENUES, generate(seed, quotes), strict=True):
        crossed = rows["ask_px"] < rows["bid_px"]
        kept = rows[~crossed] if drop_crossed else rows
        sources.append(_Source(venue, f"synthetic, seed {seed}", kept, len(rows), int(crossed.sum())))
    return _market("synthetic", sources, None, drop_crossed)


def _market(kind: Kind, sources: list[_Source], quotes: int | None, drop_crossed: bool) -> Market:
    rows = merge([source.quotes for source in sources])[:quotes]
    reports = tuple(
        SourceReport(
            venue=source.venue,
            source=source.name,
            read=source.read,
            fed=int((rows["venue"] == rank).sum()),
            crossed=source.crossed,
            crossed_dropped=drop_crossed,
            unordered=source.unordered,
            malformed=source.malformed,
        )
        for rank, source in enumerate(sources)
    )
    return Market(kind, tuple(source.venue for source in sources), rows, reports)
