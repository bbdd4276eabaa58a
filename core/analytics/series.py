"""One symbol's market over time, and what it was at a time or between two events. Prices are floats, in the
currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BOTH = 3


def mid_of(bid_px: Ints, ask_px: Ints, sides: NDArray[np.uint8], scale: float) -> Floats:
    """Between the best prices; nan where one side is missing."""
    mid = (bid_px.astype(np.float64) + ask_px) / 2 * scale
    return np.where(sides == BOTH, mid, np.nan)


@dataclass(frozen=True)
class Mids:
    """The mid of a symbol from each row on: [n] seq, time_ns, mid (nan: a side is missing)."""

    seq: NDArray[Any]
    time_ns: Ints
    mid: Floats
    end_ns: int

    def at(self, time_ns: Ints) -> Floats:
        """[m] the mid at each time; nan before the first row and after the tape's end."""
        found = np.searchsorted(self.time_ns, time_ns, side="right") - 1
        known = (found >= 0) & (time_ns <= self.end_ns)
        return np.where(known, self._mid(found), np.nan)

    def last(self) -> float:
        """The last mid that there was; nan if there was none."""
        known = self.mid[~np.isnan(self.mid)]
        return float(known[-1]) if len(known) else float("nan")

    def average(self, from_seq: NDArray[Any], from_ns: Ints, to_seq: NDArray[Any], to_ns: Ints) -> Floats:
        """[m] the mid averaged over time from one event to another, without the time in which there was none.

        The mid at the first event where no time went by; nan where there was no mid at all.
        """
        if not len(self.mid):
            return np.full(len(from_seq), np.nan)
        first = np.searchsorted(self.seq, from_seq, side="right") - 1
        until = np.searchsorted(self.seq, to_seq, side="right") - 1
        area_a, time_a = self._integral(first, from_ns)
        area_b, time_b = self._integral(until, to_ns)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (area_b - area_a) / (time_b - time_a) + self._base
        return np.where(time_b > time_a, mean, self._mid(first))

    @property
    def _base(self) -> float:
        """What is taken off each mid, so that sums over a day lose no digits."""
        return float(np.nan_to_num(np.nanmax(self.mid))) if not np.isnan(self.mid).all() else 0.0

    def _mid(self, rows: Ints) -> Floats:
        """[m] the mid of each row; nan for row -1."""
        if not len(self.mid):
            return np.full(len(rows), np.nan)
        return np.where(rows >= 0, self.mid[np.maximum(rows, 0)], np.nan)

    def _integral(self, rows: Ints, time_ns: Ints) -> tuple[Floats, Floats]:
        """[m] mid x time, and time with a mid, from the first row to `time_ns`, which is in `rows`."""
        known = ~np.isnan(self.mid)
        held = np.append(np.diff(self.time_ns), 0).astype(np.float64)
        level = np.where(known, self.mid - self._base, 0.0)
        area = np.concatenate(([0.0], np.cumsum(level * held)[:-1]))
        span = np.concatenate(([0.0], np.cumsum(known * held)[:-1]))
        at = np.maximum(rows, 0)
        since = np.where(rows >= 0, time_ns - self.time_ns[at], 0).astype(np.float64)
        return area[at] + level[at] * since, span[at] + known[at] * since


@dataclass(frozen=True)
class Prints:
    """What traded in a symbol: [n] seq, px, qty."""

    seq: NDArray[Any]
    px: Floats
    qty: Floats

    def average(self, from_seq: NDArray[Any], to_seq: NDArray[Any]) -> Floats:
        """[m] px weighted by qty of what traded after one event, up to another; nan where nothing did."""
        first = np.searchsorted(self.seq, from_seq, side="right")
        until = np.searchsorted(self.seq, to_seq, side="right")
        base = float(self.px[0]) if len(self.px) else 0.0
        value = np.concatenate(([0.0], np.cumsum((self.px - base) * self.qty)))
        volume = np.concatenate(([0.0], np.cumsum(self.qty)))
        with np.errstate(invalid="ignore", divide="ignore"):
            mean: Floats = (value[until] - value[first]) / (volume[until] - volume[first]) + base
        return mean
