"""Versions that are served: each asked of the same rows, and its features' distribution watched."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from periphery.features.set import FeatureSet, Row
from periphery.ml import drift
from periphery.ml.dataset import PRICE, outcome
from periphery.ml.models import Online, load
from periphery.ml.registry import Version

type Floats = npt.NDArray[np.float64]


class Served:
    """One version. kin: versions with the same features share what computes them."""

    def __init__(self, of: Version) -> None:
        """BadModel."""
        self.version = of.version
        self.manifest = of.manifest
        self.model = of.model()
        self.kin = _kin(of)

    @property
    def is_online(self) -> bool:
        return isinstance(self.model, Online)

    def vector(self, row: Row) -> Floats | None:
        """(features,) None: one isn't known."""
        x = np.array([row.values[name] for name in self.manifest.inputs], np.float64)
        return None if np.isnan(x).any() else x

    def save(self) -> bytes | None:
        """What it has learned since it was added; None where it learns nothing."""
        return self.model.dump() if self.is_online else None

    def load(self, state: bytes | None) -> None:
        if state is not None:
            self.model = load(self.manifest.training.model, state, self.manifest.inputs)


def _kin(of: Version) -> str:
    return msgspec.json.encode([of.manifest.training.period_s, of.manifest.definitions]).decode()


class Kin:
    """The features of versions that share them, and rows whose outcome isn't known yet."""

    def __init__(self, of: Served) -> None:
        training = of.manifest.training
        self.set = FeatureSet(of.manifest.definitions, training.period_s)
        self.target = training.target
        self.horizon = training.horizon
        self.waiting: dict[str, deque[list[Any]]] = {symbol: deque() for symbol in training.symbols}

    def come(self, row: Row) -> tuple[list[Any] | None, float]:
        """The row whose outcome this row tells, and the outcome; to be called before `wait`."""
        waiting, price = self.waiting[row.symbol], row.values[PRICE]
        if price != price or len(waiting) < self.horizon:
            return None, np.nan
        before = waiting.popleft()
        return before, outcome(self.target, before[1], price)

    def wait(self, row: Row, said: dict[str, float], xs: dict[str, list[float]]) -> None:
        """Keeps what was said of a row, and what online models are to learn of it."""
        price = row.values[PRICE]
        if price == price:
            self.waiting[row.symbol].append([row.at_ns, price, said, xs])

    def save(self) -> list[Any]:
        return [self.set.save(), {symbol: list(rows) for symbol, rows in self.waiting.items()}]

    def load(self, state: list[Any]) -> None:
        features, waiting = state
        self.set.load(features)
        self.waiting = {symbol: deque(rows) for symbol, rows in waiting.items()}


class Watch:
    """The last rows of a symbol that the champion was asked of, against those that it learned from."""

    def __init__(self, window: int, every: int) -> None:
        self.every = every
        self.rows: deque[list[float]] = deque(maxlen=window)
        self.count = 0

    def take(self, x: Floats, of: Served) -> dict[str, Any] | None:
        """What is to be said of it, each `every` rows once the window is full."""
        self.rows.append(x.tolist())
        self.count += 1
        if len(self.rows) < (self.rows.maxlen or 0) or self.count % self.every:
            return None
        live = np.array(self.rows, np.float64)
        return drift.report(of.manifest.reference, of.manifest.inputs, live)
