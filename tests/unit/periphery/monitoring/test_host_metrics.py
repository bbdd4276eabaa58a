"""The host's disks and clock as metrics."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.clock_sync import ClockSync, Steps
from periphery.monitoring.host_metrics import of_clock, of_disks


def test_disks_by_what_they_are_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = os.statvfs_result((4096, 4096, 1000, 300, 250, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: stat if path.exists() else os.stat(path))
    used, free = of_disks({"journal": tmp_path, "gone": tmp_path / "gone"})
    assert [(row.labels, row.value) for row in used.samples] == [({"what": "journal"}, 0.75)]
    assert [(row.labels, row.value) for row in free.samples] == [({"what": "journal"}, 250 * 4096)]


def test_the_clock() -> None:
    found = {
        row.name: row.value
        for metric in of_clock(Steps(), ClockSync(True, -1_500_000, 2_000_000))
        for row in metric.samples
    }
    assert found["nacre_clock_steps_total"] == 0
    assert found["nacre_clock_synchronised"] == 1
    assert found["nacre_clock_offset_seconds"] == pytest.approx(-0.0015)
    assert found["nacre_clock_error_seconds"] == pytest.approx(0.002)
