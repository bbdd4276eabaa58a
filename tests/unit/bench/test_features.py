"""`bench features` on the beginning of a recording; without one it says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench import features
from bench.machine import NoData

SHARED = Path(os.environ.get("NACRE_DATA") or Path(__file__).resolve().parents[3] / "../shared/data")


def test_what_engines_say_is_what_is_said_offline() -> None:
    if not (SHARED / features.FILE).exists():
        pytest.skip(f"no recordings in {SHARED}: set NACRE_DATA to the folder that holds crypto/")
    found = features.run(SHARED, 8000)
    assert found["ok"]
    assert found["rows"] > 30
    assert found["ml"]["events"] == found["features"]["events"] > 5000


def test_a_difference_is_no_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    if not (SHARED / features.FILE).exists():
        pytest.skip(f"no recordings in {SHARED}: set NACRE_DATA to the folder that holds crypto/")
    monkeypatch.setattr(features, "_said", lambda *_: [])
    assert not features.run(SHARED, 8000)["ok"]


def test_without_recordings_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="--data"):
        features.run(tmp_path, 8000)
