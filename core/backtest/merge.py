"""Merges the quotes of several venues into the one recorded order of events.

Recorded order is (event time, source rank, source sequence): of two quotes at one instant, that of the
venue declared first comes first, and each venue's own quotes stay in the order in which it wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.backtest.fx_ticks import Quotes

MERGED = np.dtype([("ts_ns", "<i8"), ("venue", "<i8"), ("bid_px", "<i8"), ("ask_px", "<i8")])
"""One quote of one venue: ns since the epoch, the venue's rank, bid and ask in units of the instrument."""


def merge(sources: Sequence[Quotes]) -> Quotes:
    """Merge sources, each of shape (n_i,) and dtype QUOTE, into one array of shape (sum n_i,), dtype MERGED.

    A source's place in `sources` is its rank and its `venue`. A source that isn't in time order is put in
    order; rows of equal time keep theirs.
    """
    rows = np.empty(sum(len(source) for source in sources), dtype=MERGED)
    at = 0
    for rank, source in enumerate(sources):
        part = rows[at : at + len(source)]
        part["venue"] = rank
        for name in ("ts_ns", "bid_px", "ask_px"):
            part[name] = source[name]
        at += len(source)
    # The rows stand by rank, then by sequence: a stable sort by time keeps both among equals.
    return rows[np.argsort(rows["ts_ns"], kind="stable")]
