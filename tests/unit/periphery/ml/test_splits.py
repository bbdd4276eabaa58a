"""Splits against their definition row by row, and against scikit-learn's where they agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.model_selection import KFold, TimeSeriesSplit

from periphery.ml.splits import BadSplit, purged, walk_forward

type Ints = npt.NDArray[np.int64]


@st.composite
def labels(draw: st.DrawFn) -> tuple[Ints, Ints]:
    """Starts in order, several at once among them, and ends."""
    gaps = draw(st.lists(st.integers(0, 4), min_size=12, max_size=60))
    starts = np.cumsum(np.array(gaps, np.int64))
    lengths = draw(st.lists(st.integers(0, 9), min_size=len(gaps), max_size=len(gaps)))
    return starts, starts + np.array(lengths, np.int64)


@settings(max_examples=60, deadline=None)
@given(labels(), st.integers(2, 5), st.integers(0, 6))
def test_purged_leaves_out_what_overlaps_and_what_follows_too_soon(
    found: tuple[Ints, Ints], folds: int, embargo: int
) -> None:
    purged_as_defined(*found, folds, embargo)


def purged_as_defined(starts: Ints, ends: Ints, folds: int, embargo: int) -> None:
    tried_all = []
    for rows, tried in purged(starts, ends, folds, embargo):
        last = max(ends[j] for j in tried)
        expected = []
        for i in range(len(starts)):
            span = set(range(starts[tried[0]], last + 1))
            overlaps = bool(span & set(range(starts[i], ends[i] + 1)))
            if i not in tried and not overlaps and not last < starts[i] <= last + embargo:
                expected.append(i)
        assert rows.tolist() == expected
        tried_all += tried.tolist()
    assert tried_all == list(range(len(starts)))


@settings(max_examples=60, deadline=None)
@given(labels(), st.integers(2, 5), st.integers(0, 8))
def test_walk_forward_learns_from_what_had_ended(found: tuple[Ints, Ints], folds: int, most: int) -> None:
    starts, ends = found
    for rows, tried in walk_forward(starts, ends, folds, most):
        expected = [i for i in range(tried[0]) if ends[i] < starts[tried[0]]]
        assert rows.tolist() == (expected[-most:] if most else expected)


@pytest.mark.parametrize(("count", "folds", "horizon"), [(50, 4, 0), (53, 5, 3), (101, 3, 7)])
def test_walk_forward_is_sklearn_s_with_the_horizon_as_gap(count: int, folds: int, horizon: int) -> None:
    starts = np.arange(count)
    theirs = TimeSeriesSplit(folds, gap=horizon).split(starts)
    ours = walk_forward(starts, starts + horizon, folds)
    for (rows, tried), (their_rows, their_tried) in zip(ours, theirs, strict=True):
        assert rows.tolist() == their_rows.tolist()
        assert tried.tolist() == their_tried.tolist()


def test_purged_is_sklearn_s_where_labels_have_no_length() -> None:
    starts = np.arange(47)
    for (rows, tried), (their_rows, their_tried) in zip(
        purged(starts, starts, 5), KFold(5).split(starts), strict=True
    ):
        assert (rows.tolist(), tried.tolist()) == (their_rows.tolist(), their_tried.tolist())


@pytest.mark.parametrize(
    ("starts", "ends", "folds", "words"),
    [
        ([1, 2, 3], [1, 2, 3], 1, "folds"),
        ([1, 2], [1, 2], 2, "2 rows"),
        ([2, 1, 3], [2, 1, 3], 2, "order"),
        ([1, 2, 3], [1, 1, 3], 2, "end before"),
    ],
)
def test_rows_that_can_t_be_split_are_named(
    starts: list[int], ends: list[int], folds: int, words: str
) -> None:
    for split in (walk_forward, purged):
        with pytest.raises(BadSplit, match=words):
            list(split(np.array(starts), np.array(ends), folds))
