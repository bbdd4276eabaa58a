"""`bench positions`: every position is what was counted without the keeper, and a difference is told."""

from __future__ import annotations

import numpy as np
import pytest

from bench import positions
from bench.positions_loop import Keeper


def test_the_keeper_and_the_sums_agree() -> None:
    found = positions.run(positions=500, fills=9000, accounts=50)
    assert found["ok"], found
    assert found["positions"] == 500
    assert found["fills"] == 500 + 4 * positions.BLOCK
    for pattern in (found["uniform"], found["zipf"]):
        assert pattern["update_ns"]["count"] == pattern["touch_ns"]["count"] == 2 * positions.BLOCK
    assert 0 < found["funding_ns"]["positions"] <= 50


def test_a_position_that_differs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    differ = Keeper.differ

    class Wrong(Keeper):
        def differ(self, qty: np.ndarray, flow: np.ndarray) -> int:  # type: ignore[type-arg, override]
            qty[3] += 1
            flow[4] -= 1
            return differ(self, qty, flow)

    monkeypatch.setattr(positions, "Keeper", Wrong)
    found = positions.run(positions=100, fills=10, accounts=10)
    assert not found["ok"]
    assert found["positions_wrong"] == 2
