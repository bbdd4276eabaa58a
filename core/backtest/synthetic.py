"""Makes two venues' EURUSD quotes out of a seed, for where no recording is at hand.

Artificial, and shaped like a recorded day: one walk of the middle that both venues see, a tight venue that
quotes twice as often and now and then writes a crossed row (about one in eight), and a wide venue. All of it
is integers of 10^-5, drawn from the raw words of PCG64, whose stream numpy promises to keep: the same seed
and count give the same bytes on every machine.
"""

from __future__ import annotations

import numpy as np

from core.backtest.fx_ticks import QUOTE, Flags, Ints, Quotes

START_NS = 1_398_988_800_000_000_000
"""The first possible instant of a synthetic day: 2014-05-02T00:00:00Z, as the recorded one."""

_START_PX = 138_650
_MEAN_GAP_MS = 540
_TIGHT_SPREADS = np.array([-3, -1, 0, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4, 5], dtype=np.int64)
_WIDE_SPREADS = np.array([9, 10, 11, 11, 12, 12, 12, 12, 12, 13, 13, 14, 15, 16, 18, 22], dtype=np.int64)
_STEPS = np.array([-2, -1, -1, 0, 0, 1, 1, 2], dtype=np.int64)


def generate(seed: int, quotes: int) -> tuple[Quotes, Quotes]:
    """The quotes of a tight and a wide venue, `quotes` in all, each of dtype QUOTE in order of time.

    The tight one's crossed rows are left in. Raises ValueError where seed < 0 or quotes < 0.
    """
    if seed < 0 or quotes < 0:
        raise ValueError(f"seed and quotes must not be below zero, not {seed} and {quotes}")
    words = np.random.PCG64(seed).random_raw(quotes)
    rows = np.empty(quotes, dtype=QUOTE)
    tight = _field(words, 40, 12) % 3 < 2
    gaps = 1 + _field(words, 0, 12) % (2 * _MEAN_GAP_MS - 1)
    rows["ts_ns"] = START_NS + np.cumsum(gaps) * 1_000_000
    mid = _START_PX + np.cumsum(_STEPS[_field(words, 20, 3)])
    spread = _spreads(words, tight)
    rows["bid_px"] = np.maximum(mid, 100) - spread // 2
    rows["ask_px"] = rows["bid_px"] + spread
    return rows[tight], rows[~tight]


def _spreads(words: np.ndarray[tuple[int], np.dtype[np.uint64]], tight: Flags) -> Ints:
    """Ask less bid of each row, by its venue: two of the tight venue's sixteen spreads are crossed."""
    choice = _field(words, 30, 4)
    return np.where(tight, _TIGHT_SPREADS[choice], _WIDE_SPREADS[choice])


def _field(words: np.ndarray[tuple[int], np.dtype[np.uint64]], low: int, bits: int) -> Ints:
    """Some bits of each word, as integers from 0 to 2^bits - 1."""
    return ((words >> np.uint64(low)) & np.uint64((1 << bits) - 1)).astype(np.int64)
