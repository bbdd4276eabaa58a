"""The merge of venues: by time, then rank, then the venue's own sequence."""

from __future__ import annotations

import random

import numpy as np

from core.backtest.fx_ticks import QUOTE, Quotes
from core.backtest.merge import MERGED, merge


def source(*rows: tuple[int, int]) -> Quotes:
    """Quotes of (time, bid), the ask one above."""
    return np.array([(ts, bid, bid + 1) for ts, bid in rows], dtype=QUOTE)


def test_equal_times_go_by_rank_then_sequence() -> None:
    merged = merge([source((5, 1), (5, 2), (7, 3)), source((4, 10), (5, 11), (5, 12))])
    assert merged.dtype == MERGED
    assert merged.tolist() == [
        (4, 1, 10, 11),
        (5, 0, 1, 2),
        (5, 0, 2, 3),
        (5, 1, 11, 12),
        (5, 1, 12, 13),
        (7, 0, 3, 4),
    ]


def test_a_source_out_of_order_is_put_in_order() -> None:
    assert merge([source((2, 1), (1, 2), (2, 3))])["bid_px"].tolist() == [2, 1, 3]


def test_no_source_and_empty_sources_give_no_rows() -> None:
    assert len(merge([])) == len(merge([source(), source()])) == 0


def test_against_a_sort_of_tuples() -> None:
    draw = random.Random(3)
    sources = [[(draw.randrange(40), draw.randrange(1000)) for _ in range(200)] for _ in range(3)]
    model = sorted(
        (ts, rank, sequence, bid)
        for rank, rows in enumerate(sources)
        for sequence, (ts, bid) in enumerate(rows)
    )
    merged = merge([source(*rows) for rows in sources])
    assert merged[["ts_ns", "venue", "bid_px"]].tolist() == [(ts, rank, bid) for ts, rank, _, bid in model]
