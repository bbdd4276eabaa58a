"""Rows of columns: known formats, a mapping, Parquet, what is malformed; Bitstamp's orders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.data.recording import BadRecording

type Told = Callable[..., dict[str, Any]]


def symbol(report: dict[str, Any], name: str) -> dict[str, Any]:
    (file,) = report["files"]
    found: dict[str, Any] = file["symbols"][name]
    return found


def test_lean_rows_by_the_venue_s_clock(told: Told) -> None:
    rows = b"611,1.38626,1.38627\r\n809,1.38626,1.38620\r\n"
    for venue, first in (
        ("fxcm", "2014-05-02T05:00:00.611"),
        ("oanda", "2014-05-02T00:00:00.611"),
        ("x", "2014-05-02T00"),
    ):
        (file,) = told({f"{venue}_eurusd_tick_20140502.csv": rows})["files"]
        assert file["first_time"].startswith(first)
        assert (file["rows"], file["crossed"], list(file["symbols"])) == (2, 1, ["EURUSD"])
    (file,) = told({"x_eurusd_20140502.csv": rows}, utc_offset=2.0)["files"]
    assert file["first_time"].startswith("2014-05-01T22")


@pytest.mark.parametrize(
    "row",
    [
        b"86400000,1.1,1.2",
        b"x,1.1,1.2",
        b"1,1.1",
        b"1,1.1,1.2,1.3",
        b"1,0,1.2",
        b"1,1.1,-1.2",
        b"",
        b"1.5,1.1,1.2",
        b"1,1.1,1e-30",
    ],
)
def test_a_malformed_row_is_located(told: Told, row: bytes) -> None:
    report = told({"oanda_eurusd_20140502.csv": b"5,1.1,1.2\n5,1.1,1.2\n" + row + b"\n6,1.1,1.2"})
    (place,) = report["files"][0]["places"]
    assert (report["rows"], report["errors"], place["row"], place["offset"]) == (4, 1, 3, 20)
    assert (
        symbol(report, "EURUSD")["quotes"],
        report["files"][0]["unterminated"],
    ) == (3, 1)


def test_truefx_rows(told: Told) -> None:
    rows = b"USD/JPY,20130101 22:00:00.295,86.655,86.728\nEUR/USD,20130101 22:00:01,1.31,1.32\n"
    (file,) = told({"x.csv": rows})["files"]
    assert (file["format"], file["rows"], sorted(file["symbols"])) == ("truefx", 2, ["EUR/USD", "USD/JPY"])
    assert file["first_time"] == "2013-01-01T22:00:00.295000000Z"


def test_a_header_s_own_names_are_a_mapping(told: Told) -> None:
    rows = b'"time";"price";"size";"side"\n1577836800123;100.5;2;buy\n1577836800124;100.6;0.5;SELL\n'
    report = told({"btcusdt.csv": rows})
    assert (report["first_time"], report["rows"]) == ("2020-01-01T00:00:00.123000000Z", 2)
    assert (symbol(report, "BTCUSDT")["trades"], symbol(report, "BTCUSDT")["volume"]) == (2, "2.5")


def test_a_mapping_names_columns(told: Told) -> None:
    rows = b"a,b,c,d,e\nX,7,1577836800,100.5,100.6\nY,8,1577836801.5,100.5,100.4\n"
    report = told({"q.csv": rows}, mapping="ts=c:s,symbol=a,bid_px=d,ask_px=5")
    assert (report["rows"], report["crossed"], report["last_time"]) == (
        2,
        1,
        "2020-01-01T00:00:01.500000000Z",
    )
    assert symbol(report, "X")["quotes"] == 1


def test_levels_make_a_book(told: Told) -> None:
    rows = (
        b"ts,side,px,qty,last\n1577836800,bid,100.5,2,1\n1577836800,ask,100.4,2,0\n1577836801,bid,100.5,0,1\n"
    )
    report = told({"q.csv": rows}, kind="depth", symbol="Z")
    assert (report["crossed"], symbol(report, "Z")["bids"], symbol(report, "Z")["asks"]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mapping": "px=c"}, "no column of times"),
        ({"mapping": "ts=zz"}, "no column zz; its columns are a, b, c"),
        ({"mapping": "ts=a,foo=b"}, "the role one of"),
        ({"mapping": "ts=b,px=c"}, "its columns make no rows"),
        ({}, "no column of times"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(told: Told, options: dict[str, str], words: str) -> None:
    with pytest.raises(BadRecording, match=words):
        told({"q.csv": b"a,b,c\n1,1577836800,3\n"}, **options)


@pytest.mark.parametrize("data", [b"", b"hello\nworld\n", bytes(100), b"\xff" * 50])
def test_what_is_no_recording_is_refused(told: Told, data: bytes) -> None:
    with pytest.raises(BadRecording, match="no known format"):
        told({"x": data})


def test_parquet_is_read_as_exactly_as_text(told: Told, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "ts": pa.array([1577836800_000_000, 1577836801_000_000], pa.timestamp("us", "UTC")),
            "bid": pa.array([1.38626, 0.1]),
            "ask": pa.array([1.38627, 1e-7]),
            "note": pa.array(["x,y", "z"]),
        }
    )
    pq.write_table(table, tmp_path / "q.parquet")
    report = told({"eurusd.parquet": (tmp_path / "q.parquet").read_bytes()})
    found = symbol(report, "EURUSD")
    assert (report["rows"], report["errors"], report["crossed"]) == (2, 0, 1)
    assert (found["quote"]["bid_px"], found["quote"]["ask_px"]) == ("0.1", "0.0000001")
    assert report["last_time"] == "2020-01-01T00:00:01.000000000Z"


def test_parquet_s_empty_cells_are_located(told: Told, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table({"ts": [1577836800, 1577836801], "bid": [1.5, None], "ask": [1.6, 1.7]})
    pq.write_table(table, tmp_path / "q.parquet")
    report = told({"x.parquet": (tmp_path / "q.parquet").read_bytes()})
    assert (report["errors"], report["files"][0]["places"][0]["row"]) == (1, 2)


HEADER = b"id,timestamp,exchange.timestamp,price,volume,action,direction\n"


def orders(*rows: str) -> bytes:
    return HEADER + "".join(f"{row}\n" for row in rows).encode()


def test_bitstamp_s_orders_make_a_book(told: Told) -> None:
    data = orders(
        "1,1000,1000,236.47,200,created,bid",
        "1,1001,1000,236.47,150,changed,bid",
        "2,1002,1000,236.50,100,created,ask",
        "3,1003,1000,236.47,100,created,bid",
        "3,1004,1000,236.47,0,deleted,bid",
    )
    (file,) = told({"bitstamp_btcusd.csv": data})["files"]
    assert file["symbols"]["BTCUSD"]["book"]["bid_qty"] == "0.00000150"
    assert (file["rows"], file["errors"], file["orders"]["resting"]) == (5, 0, 2)


def test_bitstamp_s_dirt(told: Told) -> None:
    data = orders(
        "9,1000,1000,1.5,10,deleted,bid",
        "9,1001,1000,1.5,10,created,bid",
        "8,1002,1000,1.5,10,deleted,bid",
        "8,1002,1000,1.5,10,deleted,bid",
        "7,1003,1000,1.5,10,changed,bid",
        "7,1004,1000,1.5,10,deleted,bid",
        "7,1005,1000,1.5,11,deleted,bid",
        "6,1006,1000,1.5,11,created,bid",
        "6,1006,1000,1.5,11,created,bid",
        "6,1007,1000,1.5,12,created,bid",
    )
    (file,) = told({"x.csv": data})["files"]
    found = file["orders"]
    assert (found["deleted_without_create"], found["created_after_deletion"]) == (2, 1)
    assert (found["duplicate_rows"], found["after_deletion"], found["duplicate_ids"]) == (2, 1, 1)
    assert (found["changed_without_create"], found["resting"], file["errors"]) == (1, 1, 0)


@pytest.mark.parametrize(
    "row",
    ["x,1,1,1.5,1,created,bid", "1,x,1,1.5,1,created,bid", "1,1,1,0,1,created,bid",
     "1,1,1,1.5,1.5,created,bid",
     "1,1,1,1.5,1,made,bid", "1,1,1,1.5,1,created,up", "1,1,1,1.5,0,created,bid", "1,1,1,1.5,1,created", ""],
)  # fmt: skip
def test_bitstamp_s_malformed_rows(told: Told, row: str) -> None:
    report = told({"x.csv": orders("5,1000,1000,1.5,10,created,bid", row, "6,1000,1000,1.5,10,created,bid")})
    assert (report["rows"], report["errors"], report["files"][0]["places"][0]["row"]) == (3, 1, 2)
    assert report["files"][0]["orders"]["resting"] == 2
