"""`bench data`: ours and the peers see the same rows; a difference is told. No time is asserted."""

from __future__ import annotations

import gzip
import importlib.util
import os
import subprocess
import sys
import time
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
        "peers": [{"peer": "orjson", "version": "3.13"}],
    }
    told = data.shown(found)
    assert told["formats"] == [{"format": name, "rows": 10, "same": True} for name in "ab"]
    assert told["against"] == [
        {"format": name, "peer": "orjson", "rows_per_s": 5, "ratio": 2.0} for name in "ab"
    ]
    assert told["remarks"] == [{"peer": "orjson", "does": data_peers.DOES["orjson"]}]
    assert list(told)[-2:] == ["remarks", "peers"]
    assert told["peers"] == [{"peer": "orjson", "version": "3.13"}]


def test_who_is_not_there_stands_with_what_would_bring_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    told = {row["peer"]: row for row in data_peers.told()}
    assert set(told) == {"pyarrow", "polars", "itchfeed", "itchcpp", "databento-dbn", "orjson"}
    assert all("make bench-peers" in row["why_not"] for row in told.values())
    assert "Python 3.13" in told["itchcpp"]["why_not"]


def test_the_first_turn_of_each_does_not_count(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "QUESTIONS", data.QUESTIONS[-1:])
    now_ns = [0]

    def clock() -> int:
        now_ns[0] += 1
        return now_ns[0]

    def slow_at_first(plain: list[bytes]) -> data_peers.Answer:
        now_ns[0] += 10**9 if now_ns[0] < 10**9 else 999
        return 96_406, (0, 1.38724, 1.38731)

    monkeypatch.setattr(time, "process_time_ns", clock)
    monkeypatch.setitem(data_peers.PEERS, "csv_columns", slow_at_first)
    (row,) = data.run(recordings, turns=1, memory=False)["formats"]
    assert row["csv_columns"]["rows_per_s"] == 96_406 * 10**6
    assert row["same"]


def test_itchfeed_is_itself_also_where_itchcpp_is() -> None:
    """It becomes itchcpp where that is installed, unless it is told not to."""
    if "itchfeed" in data_peers.missing():
        pytest.skip("no itchfeed: make")
    code = (
        "from bench import data_peers\n"
        "rows, _ = data_peers.itchfeed([b'\\0\\0S' + bytes(11)])\n"
        "import itch.parser\n"
        "assert rows == 1 and itch.parser.MessageParser.__module__ == 'itch.parser'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_a_last_row_that_differs_is_seen() -> None:
    last_ns = 1_293_235_498_845_099_321
    told = {"bid_px": "1.1", "ask_px": "1.2"}
    quotes = {
        "rows": 2,
        "last": last_ns,
        "files": [{"kinds": {"quote": 2}, "symbols": {"S": {"quote": told}}}],
    }
    orders = {"rows": 2, "last": last_ns, "files": [{"kinds": {"A": 2}, "symbols": {}}]}
    for name in ("csv_columns", "polars"):
        assert data_peers.agrees(name, quotes, 2, (7, 1.1, 1.2))
        assert not data_peers.agrees(name, quotes, 2, (7, 1.1, 1.3))
        assert not data_peers.agrees(name, quotes, 3, (7, 1.1, 1.2))
        assert data_peers.agrees(name, orders, 2, (7, 1, 2))
    for name in ("itchfeed", "itchcpp"):
        assert data_peers.agrees(
            name, orders, 2, last_ns % (24 * data_peers.HOUR_NS) - 5 * data_peers.HOUR_NS
        )
        assert not data_peers.agrees(name, orders, 2, last_ns % data_peers.HOUR_NS + 1)
        assert not data_peers.agrees(name, orders, 2, None)


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
