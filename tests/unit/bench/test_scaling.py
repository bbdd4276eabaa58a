"""Cost against sizes, in a tiny form."""

from __future__ import annotations

import pytest

from bench import scaling
from bench.orders import Shape


def test_each_axis_has_its_points_and_right_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "BASE", Shape(symbols=5, accounts=2, live=300, new=0, filled=0, quotes=0))
    monkeypatch.setattr(scaling, "ROWS", 20)
    monkeypatch.setattr(scaling, "PAIRS", 2)
    axes = {"live": (300, 400), "accounts": (1, 3), "venues": (1, 2)}
    monkeypatch.setattr(scaling, "AXES", axes)
    found = scaling.run(points=2)
    assert found["ok"], found["checks"]
    assert {each["axis"]: tuple(point["size"] for point in each["points"]) for each in found["axes"]} == axes
    assert all(point["ns_p50"] > 0 for each in found["axes"] for point in each["points"])
