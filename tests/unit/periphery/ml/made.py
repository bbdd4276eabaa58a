"""Models of a small market, for tests."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from periphery.features.frame import Frame, frame_of
from periphery.features.offline import compute
from periphery.ml.training import Manifest, Source, Training, train
from tests.unit.periphery.features.answers import SYMBOL, tape

FEATURES: list[dict[str, Any]] = [
    {"kind": "return", "window": 2},
    {"kind": "imbalance"},
    {"kind": "ofi", "window": 2},
    {"kind": "trade_imbalance", "window": 2},
]
BASE: dict[str, Any] = {"name": "move", "symbols": [SYMBOL], "features": FEATURES, "horizon": 3, "folds": 3}
TREES = {"rounds": 5, "params": {"num_leaves": 4, "min_data_in_leaf": 5}}
SOURCES = [Source("tape", "0" * 64)]


def training(**given: Any) -> Training:
    model = {} if given.get("model", "lightgbm") != "lightgbm" else TREES
    return msgspec.convert(BASE | model | given, Training)


def frame(of: Training, seed: int = 1, count: int = 700) -> Frame:
    return frame_of(list(compute(of.definitions(), of.period_s, tape(seed, count).events())))


@functools.cache
def trained(model: str = "lightgbm", target: str = "return", seed: int = 1) -> tuple[Manifest, bytes]:
    of = training(model=model, target=target)
    return train(of, frame(of, seed), SOURCES)
