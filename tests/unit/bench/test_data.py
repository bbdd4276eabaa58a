"""`bench data`: ours and the peers see the same rows; a difference is told. No time is asserted."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from bench import data, data_memory, data_peers
from bench.machine import NoData

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def recordings() -> Path:
    folder = Path(os.environ.get("NACRE_DATA") or PROJECT / "../shared/data")
    if not (folder / data.QUESTIONS[0].files[0]).is_file():
        pytest.skip(f"no recordings in {folder}: set NACRE_DATA")
    return folder


def test_every_format_agrees_with_its_peers(recordings: Path) -> None:
    found = data.run(recordings, turns=1, memory=False)
    assert found["ok"], [row for row in found["formats"] if not row["same"]]
    assert [row["format"] for row in found["formats"]] == [question.name for question in data.QUESTIONS]
    peers = {name for row in found["formats"] for name in row if name in data_peers.PEERS}
    assert peers == set(data_peers.PEERS) - set(found["peers_missing"])
    assert all(row["rows_per_s"] > 0 for row in found["formats"])


def test_a_peer_that_disagrees_is_told(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "QUESTIONS", data.QUESTIONS[-1:])
    monkeypatch.setitem(data_peers.PEERS, "csv_columns", lambda plain: (1, None))
    found = data.run(recordings, turns=1, memory=False)
    assert not found["ok"]


def test_for_people_each_peer_has_a_row_and_what_it_does_stands_below() -> None:
    peer = {"does": data_peers.DOES["orjson"], "rows_per_s": 5, "ratio": 2.0}
    found = {
        "ok": True,
        "formats": [{"format": name, "rows": 10, "orjson": peer, "same": True} for name in "ab"],
    }
    told = data.shown(found)
    assert told["formats"] == [{"format": name, "rows": 10, "same": True} for name in "ab"]
    assert told["peers"] == [
        {"format": name, "peer": "orjson", "rows_per_s": 5, "ratio": 2.0} for name in "ab"
    ]
    assert told["remarks"] == [{"peer": "orjson", "does": data_peers.DOES["orjson"]}]
    assert list(told)[-1] == "remarks"


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="--data names the folder"):
        data.run(tmp_path)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"".join(b"%d,1.1%d,1.2%d\n" % (n % 80_000, n, n * 7) for n in range(40_000))
    (tmp_path / "oanda_eurusd_20140502.csv.gz").write_bytes(gzip.compress(rows))
    monkeypatch.setattr(
        data_memory, "FORMATS", {"fx": ("oanda_eurusd_20140502.csv.gz", data_memory.repeat_gzip)}
    )
    (found,) = data_memory.run(tmp_path)
    assert found["rows_10x"] == 10 * found["rows"] == 400_000
    assert found["ratio"] <= data_memory.GOAL
