"""Which rows a model learns from and which it is then tried on, so that no label is known too early.

A row's label is about the time from its start to its end, both included. Rows come in the order of their
starts. (After Lopez de Prado, Advances in Financial Machine Learning, chapter 7.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

type Ints = npt.NDArray[np.int64]
type Split = tuple[Ints, Ints]
"""Rows to learn from, rows to be tried on."""


class BadSplit(ValueError):
    """Rows that can't be split as asked."""


def walk_forward(starts: Ints, ends: Ints, folds: int, most: int = 0) -> Iterator[Split]:
    """Blocks of equal length in the order of time, each tried by what is learned from the rows before it
    whose labels had ended by then. most: rows to learn from, the last ones; 0: all. BadSplit.
    """
    _check(starts, ends, folds)
    size = len(starts) // (folds + 1)
    first = len(starts) - folds * size
    for begin in range(first, len(starts), size):
        before = np.flatnonzero(ends[:begin] < starts[begin])
        yield before[-most:] if most else before, np.arange(begin, begin + size)


def purged(starts: Ints, ends: Ints, folds: int, embargo: int = 0) -> Iterator[Split]:
    """Blocks of equal length, each tried by what is learned from all other rows but those whose labels
    overlap with one of the block's (purged), or that start within `embargo` (in units of starts) after the
    last of them has ended. BadSplit.
    """
    _check(starts, ends, folds)
    for block in np.array_split(np.arange(len(starts)), folds):
        begin, end = starts[block[0]], ends[block].max()
        clear = (ends < begin) | (starts > end + embargo)
        clear[block] = False
        yield np.flatnonzero(clear), block


def _check(starts: Ints, ends: Ints, folds: int) -> None:
    if folds < 2 or len(starts) < folds + 1:
        raise BadSplit(
            f"{len(starts)} rows can't be split into {folds} folds: more data, or fewer (from 2 on)"
        )
    if (np.diff(starts) < 0).any() or (ends < starts).any():
        raise BadSplit("rows must come in the order of their starts, and no label end before its row")
