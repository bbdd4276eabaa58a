"""What a recording says goes into other files and into a core, and comes back the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from core.data.check import check
from core.data.convert import BadTarget, convert
from core.data.recording import BadRecording, Options, open_all
from core.data.replay import replay

START_NS = 1_723_161_253_000_000_000


def message(n: int, stream: str, data: dict[str, Any]) -> bytes:
    return b"%d %s\n" % (
        START_NS + 10 * n,
        json.dumps({"stream": stream, "data": {"s": "BTCUSDT"} | data}).encode(),
    )


def recording(futures: bool, rows: int = 300) -> bytes:
    """Deltas with a snapshot, quotes and trades; prices walk by hand."""
    more = {"E": 1723161254000, "T": 1723161254000} if futures else {}
    out = message(
        0, "d", {"e": "depthUpdate", "U": 1, "u": 5, "b": [], "a": [], **({"pu": 0} if futures else {})}
    )
    bids = [[f"{100 - n}.50", "1.5"] for n in range(20)]
    asks = [[f"{101 + n}.50", "2.5"] for n in range(20)]
    out += b"%d %s\n" % (
        START_NS + 5,
        json.dumps({"lastUpdateId": 5, **more, "bids": bids, "asks": asks}).encode(),
    )
    for n in range(1, rows):
        px = f"{100 - n % 7}.{n % 10}5"
        delta = {
            "e": "depthUpdate",
            "U": 5 + n,
            "u": 5 + n,
            "b": [[px, f"{n % 3}.25"]],
            "a": [[f"1{10 + n % 9}.25", "1"]],
        }
        out += message(3 * n, "d", delta | ({"pu": 4 + n} if futures else {}))
        out += message(3 * n + 1, "q", {"u": n, "b": "100.50", "B": "1.5", "a": "101.50", "A": "2.5"})
        out += message(3 * n + 2, "t", {"e": "trade", "t": n, "p": px, "q": "0.125", "m": n % 2 == 0})
    return out


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    made = []
    for name, futures in (("spot", False), ("usdm", True)):
        made.append(tmp_path / f"{name}.txt")
        made[-1].write_bytes(recording(futures))
    return made


def books(path: Path) -> dict[str, Any]:
    recordings, _ = open_all([path], Options())
    report = check(recordings)
    assert report["errors"] == 0
    (file,) = report["files"]
    return {
        name: (symbol["book"], symbol["trades"], symbol["quotes"]) for name, symbol in file["symbols"].items()
    }


@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_a_written_file_gives_the_same_book(paths: list[Path], tmp_path: Path, end: str) -> None:
    if end == "parquet":
        pytest.importorskip("pyarrow")
    target = tmp_path / f"out.{end}"
    report = convert(paths[:1], Options(), target)
    assert (report["ok"], report["errors"], report["rows"]) == (True, 0, 899)
    assert report["events"] > 899
    ((book, trades, quotes),) = books(target).values()
    ((before, *counts),) = books(paths[0]).values()
    assert {key: float(value) for key, value in book.items()} == {
        key: float(value) for key, value in before.items()
    }
    assert [trades, quotes] == counts


def test_events_of_several_files_stand_in_the_order_of_time(paths: list[Path], tmp_path: Path) -> None:
    convert(paths, Options(), tmp_path / "out.csv")
    rows = [line.split(",") for line in (tmp_path / "out.csv").read_text().splitlines()[1:]]
    times = [int(row[0]) for row in rows]
    assert times == sorted(times)
    assert {row[3] for row in rows} == {"BINANCE_SPOT", "BINANCE_USDM"}


def test_a_scenario_plays_what_was_written(paths: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    report = convert(paths, Options(), target)
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert len(lines) == report["events"] + 4
    assert {line["symbol"] for line in lines if line["type"] == "instrument"} == {"BTCUSDT", "BTCUSDT.PERP"}
    done = CliRunner().invoke(root, ["scenario", "run", str(target)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["type"] == "end"


def test_nothing_is_left_of_a_file_that_failed(paths: list[Path], tmp_path: Path) -> None:
    with pytest.raises(BadTarget, match=r"ends with \.csv"):
        convert(paths, Options(), tmp_path / "out.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spot.txt", "usdm.txt"]


def test_a_replay_ends_with_the_market_of_the_files(paths: list[Path], tmp_path: Path) -> None:
    report = replay(paths, Options(), tmp_path / "journal")
    assert (report["ok"], report["unfit"], report["rows"]) == (True, 0, 2 * 899)
    assert report["events"] == report["quotes"] + report["trades"] + report["levels"]
    assert (report["quotes"], report["trades"]) == (598, 598)
    assert report["state_hash"] == report["replay_hash"]
    for row, path in zip(report["market"], paths, strict=True):
        ((book, *_),) = books(path).values()
        assert {key: row[key] for key in book} == book
        mid = (float(book["bid_px"]) + float(book["ask_px"])) / 2
        assert float(row["mark"]) == mid


def test_one_recording_one_state(paths: list[Path]) -> None:
    first, second = (replay(paths, Options())["state_hash"] for _ in range(2))
    other = replay(paths[:1], Options())["state_hash"]
    assert first == second != other


def test_a_journal_is_never_overwritten(paths: list[Path], tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "x").write_text("")
    with pytest.raises(BadRecording, match="never overwritten"):
        replay(paths, Options(), tmp_path / "j")


def test_a_gap_empties_the_core_s_book(tmp_path: Path) -> None:
    data = recording(False, 20).replace(b'"U": 24', b'"U": 23')
    (tmp_path / "x").write_bytes(data)
    report = replay([tmp_path / "x"], Options())
    assert (report["ok"], report["gaps"]) == (False, 1)
    assert report["market"][0]["bid_px"] == ""
