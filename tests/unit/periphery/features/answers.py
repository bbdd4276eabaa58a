"""Each feature once more from its definition, vectorised over a whole recording: what the incremental ones
are held against. A tape is arrays of quotes and trades in the order of their time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import talib

from periphery.features.definitions import read
from periphery.features.market import Level, Quote, Trade
from periphery.features.offline import Event, compute
from periphery.features.set import Row

type Floats = npt.NDArray[np.float64]
SECOND_NS = 1_000_000_000
SYMBOL = "AAPL"


@dataclass
class Tape:
    """times: (n,) ns of events; quotes: (n, 4) bid, bid_qty, ask, ask_qty, NaN where it is a trade; trades:
    (n, 3) px, qty, side.
    """

    times: npt.NDArray[np.int64]
    quotes: Floats
    trades: Floats

    def events(self, symbol: str = SYMBOL) -> list[Event]:
        out: list[Event] = []
        for t, q, x in zip(self.times.tolist(), self.quotes.tolist(), self.trades.tolist(), strict=True):
            event = Quote(*q) if q[0] == q[0] else Trade(x[0], x[1], int(x[2]))
            out.append((t, symbol, "XNAS", event))
        return out

    @property
    def periods(self) -> npt.NDArray[np.int64]:
        """The period of each event, numbered from 0 without those in which nothing came."""
        return np.unique(self.times // SECOND_NS, return_inverse=True)[1]

    @property
    def count(self) -> int:
        """Periods that are over."""
        return int(self.periods[-1])

    def last(self, column: Floats) -> Floats:
        """(periods,) the last known value of a column at the end of each."""
        at = np.where(np.isnan(column), -1, np.arange(len(column)))
        at = np.maximum.accumulate(at)
        ends = np.searchsorted(self.periods, np.arange(self.count), side="right") - 1
        return np.where(at[ends] < 0, np.nan, column[at[ends]])

    def summed(self, column: Floats) -> Floats:
        """(periods,) sums of a column within each."""
        return np.bincount(self.periods, np.nan_to_num(column), self.count + 1)[: self.count]

    @property
    def mid(self) -> Floats:
        return self.last((self.quotes[:, 0] + self.quotes[:, 2]) / 2)


def tape(seed: int, count: int = 600, gap_ms: int = 300) -> Tape:
    """Quotes and trades at random, some periods without any."""
    chance = random.Random(seed)
    now, mid = 7 * SECOND_NS, 10_000
    times, quotes, trades = [], [], []
    for n in range(count):
        now += chance.randrange(gap_ms * 2) * 1_000_000
        mid += chance.choice((-2, -1, 0, 0, 1, 2))
        times.append(now)
        if n == 0 or chance.random() < 0.6:
            half = chance.choice((1, 1, 2))
            sizes = chance.randrange(1, 50), chance.randrange(1, 50)
            quotes.append([(mid - half) / 100, sizes[0], (mid + half) / 100, sizes[1]])
            trades.append([np.nan] * 3)
        else:
            quotes.append([np.nan] * 4)
            side = chance.choice((1, -1, 0))
            trades.append([(mid + chance.choice((-1, 0, 1))) / 100, chance.randrange(1, 30), side])
    return Tape(np.array(times), np.array(quotes), np.array(trades))


def rows_of(events: list[Event], *definitions: dict[str, Any], symbols: list[str] | None = None) -> list[Row]:
    """What nacre computes. symbols: of definitions that name none."""
    given = [{"symbols": symbols or [SYMBOL]} | each for each in definitions]
    return list(compute(read(given), 1.0, events))


def column(rows: list[Row], name: str, symbol: str = SYMBOL) -> Floats:
    return np.array([row.values[name] for row in rows if row.symbol == symbol])


# ---- the answers ---------------------------------------------------------------------------------------


def rolling(values: Floats, window: int) -> Floats:
    """(n, window) the last values up to each, NaN before there are so many."""
    padded = np.concatenate([np.full(window - 1, np.nan), values])
    return np.lib.stride_tricks.sliding_window_view(padded, window)


def returns(prices: Floats, window: int = 1) -> Floats:
    out = np.full(len(prices), np.nan)
    out[window:] = np.log(prices[window:]) - np.log(prices[:-window])
    return out


def ofi(t: Tape, window: int) -> Floats:
    at = ~np.isnan(t.quotes[:, 0])
    bid, bid_qty, ask, ask_qty = t.quotes[at].T
    e = np.zeros(len(bid))
    e[1:] += np.where(np.diff(bid) >= 0, bid_qty[1:], 0) - np.where(np.diff(bid) <= 0, bid_qty[:-1], 0)
    e[1:] += np.where(np.diff(ask) >= 0, ask_qty[:-1], 0) - np.where(np.diff(ask) <= 0, ask_qty[1:], 0)
    flow = np.full(len(t.times), np.nan)
    flow[at] = e
    return rolling(t.summed(flow), window).sum(axis=1)


def sides(t: Tape) -> tuple[Floats, Floats]:
    """(n,) bought and sold of each trade, NaN of quotes."""
    px, qty, side = t.trades.T
    at = np.flatnonzero(~np.isnan(px))
    tick = np.sign(np.diff(px[at], prepend=px[at[:1]]))
    known = np.maximum.accumulate(np.where(tick != 0, np.arange(len(at)), 0))
    told = np.full(len(px), np.nan)
    told[at] = np.where(side[at] != 0, side[at], tick[known])
    return qty * (1 + told) / 2, qty * (1 - told) / 2


def vpin(t: Tape, bucket: float, buckets: int) -> Floats:
    """By cumulated volume: each unit of it lies in one bucket."""
    bought, sold = sides(t)
    at = ~np.isnan(bought)
    signed = np.concatenate([[0], np.cumsum(bought[at] - sold[at])])
    total = np.concatenate([[0], np.cumsum(t.trades[at, 1])])
    edges = np.arange(0, total[-1] + bucket / 2, bucket)
    imbalances = np.abs(np.diff(np.interp(edges, total, signed)))
    upto = np.cumsum(t.summed(t.trades[:, 1]))
    out = np.full(t.count, np.nan)
    for i, volume in enumerate(upto):
        full = int(volume // bucket)
        if full >= buckets:
            out[i] = imbalances[full - buckets : full].mean() / bucket
    return out


def bars(t: Tape) -> Floats:
    """(periods, 5) of mids, with the volume of trades."""
    mids = (t.quotes[:, 0] + t.quotes[:, 2]) / 2
    out = np.zeros((t.count, 5))
    for i in range(t.count):
        inside = mids[t.periods == i]
        inside = inside[~np.isnan(inside)]
        out[i, :4] = (
            [inside[0], inside.max(), inside.min(), inside[-1]] if len(inside) else [out[i - 1, 3]] * 4
        )
    out[:, 4] = t.summed(t.trades[:, 1])
    return out


def indicator(name: str, table: Floats, window: int, *columns: int, **params: float) -> Floats:
    """Of the last bars up to each, as many as there are; windows of all bars: TA-Lib once over everything."""
    if window >= len(table):
        found = getattr(talib, name)(*(np.ascontiguousarray(table[:, c]) for c in columns), **params)
        return np.asarray(found[0] if isinstance(found, tuple) else found)
    out = np.full(len(table), np.nan)
    for i in range(len(table)):
        shown = [np.ascontiguousarray(table[max(i - window + 1, 0) : i + 1, c]) for c in columns]
        found = getattr(talib, name)(*shown, **params)
        out[i] = (found[0] if isinstance(found, tuple) else found)[-1]
    return out


def levels(seed: int, count: int = 400) -> list[tuple[int, Level]]:
    """A book's levels at random: a side's own prices, some gone again."""
    chance, out = random.Random(seed), []
    for n in range(count):
        side = chance.randrange(2)
        px = (10_000 + (1 + chance.randrange(12)) * (1 if side else -1)) / 100
        out.append((n * 100_000_000, Level(side, px, float(chance.choice((0, 5, 9, 20))))))
    return out
