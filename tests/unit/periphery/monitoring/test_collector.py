"""What the collector makes of a journal that can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from periphery.monitoring.collector import CoreCollector
from tests.unit.periphery.risk.test_engine import MIDS, day


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    day(tmp_path / "journal", MIDS)
    return tmp_path / "journal"


def test_a_damaged_journal_is_told_of_and_ends_nothing(journal: Path, tmp_path: Path) -> None:
    path = journal / "00000001.nacre"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    told: list[str] = []
    collector = CoreCollector(tmp_path / "none.sock", str(journal), told=told.append)
    looks = iter([False] * 3)
    collector.read_on(lambda: next(looks, True))
    [why] = told
    assert str(path) in why
    assert "restore this file" in why
    names = [metric.name for metric in collector.collect()]
    assert "nacre_core_up" in names
    assert "nacre_observer_lag_events" not in names
