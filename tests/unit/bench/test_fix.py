"""`bench fix`: three servers, and a final state that is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import fix
from bench.machine import NoData
from tests.support_fix import FIX_DATA


def test_every_order_is_acknowledged_and_works(tmp_path: Path) -> None:
    found = fix.run(rounds=1, orders=20, data=FIX_DATA.parent.resolve(), journal=tmp_path)
    assert found["ok"], found
    assert all(found["reference_equal"].values())
    assert {each["count"] for each in found["round_trip_ns"].values()} == {20}
    assert set(found["orders_per_s"]) == {"bare", "session", "gateway"}
    assert not list(tmp_path.iterdir())


def test_without_a_dictionary_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="FIX44"):
        fix.run(data=tmp_path)
