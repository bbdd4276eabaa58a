"""From a recorded tick over feature, model, weights and strategy to order, fill, position, risk, performance:
real processes, each hop told, and all of it equal to a pass over the journal alone.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench import pipeline
from bench.machine import NoData
from bench.pipeline_day import FILES

SHARED = Path(os.environ.get("NACRE_DATA") or Path(__file__).resolve().parents[2] / "../shared/data")
RATE, SECONDS, LINES = 10_000, 2.0, 4000


def test_each_hop_from_a_tick_to_a_position() -> None:
    if not (SHARED / FILES[0]).exists():
        pytest.skip(f"no recordings in {SHARED}: set NACRE_DATA to the folder that holds crypto/")
    found = pipeline.run(SHARED, RATE, SECONDS, LINES)
    assert all(found["reference_equal"].values()), found
    assert found["ok"]
    hops = {name: hop["count"] for name, hop in found["hops"].items()}
    assert all(hops.values()), hops
    assert hops["tick_to_core"] >= found["rows"] > 10_000
    assert hops["signal_to_order"] == found["orders"] >= hops["order_to_fill"] == hops["tick_to_position"]
    assert hops["event_to_prediction"] == hops["ml_to_core"]
    assert hops["portfolio_to_core"] == 2 * hops["event_to_target"]


def test_without_recordings_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="--data"):
        pipeline.run(tmp_path)
