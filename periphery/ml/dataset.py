"""Rows to learn from: features, what came of them, and from when until when that was."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from periphery.features.feature import log_return
from periphery.features.frame import Frame
from periphery.ml.measures import Target

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]

PRICE = "_price"
"""The feature that outcomes are reckoned from: the mid."""


@dataclass(frozen=True)
class Dataset:
    """x: (n, features) as in names; y: (n,); starts, ends: (n,) ns at which the row was known, and its
    outcome. In the order of starts.
    """

    names: list[str]
    x: Floats
    y: Floats
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.y)


def outcome(target: Target, before: float, after: float) -> float:
    """What came of a price; NaN where one of the two isn't above zero."""
    change = log_return(after, before)
    if target == "return" or math.isnan(change):
        return change
    return 1.0 if change > 0 else 0.0


def dataset_of(frame: Frame, symbols: list[str], names: list[str], target: Target, horizon: int) -> Dataset:
    """Rows of all symbols in which every feature is known, as is the price `horizon` priced rows later."""
    parts = [_of(frame.only(symbol), names, target, horizon) for symbol in symbols]
    x, y, starts, ends = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(starts, kind="stable")
    return Dataset(names, x[order], y[order], starts[order], ends[order])


def _of(frame: Frame, names: list[str], target: Target, horizon: int) -> tuple[Floats, Floats, Ints, Ints]:
    prices = frame.values[PRICE]
    priced = np.flatnonzero(~np.isnan(prices))
    first, last = priced[:-horizon], priced[horizon:]
    y = np.array(
        [outcome(target, prices[i], prices[j]) for i, j in zip(first, last, strict=True)], np.float64
    )
    x = np.column_stack([frame.values[name][first] for name in names])
    known = ~(np.isnan(x).any(axis=1) | np.isnan(y))
    return x[known], y[known], frame.known_ns[first][known], frame.known_ns[last][known]
