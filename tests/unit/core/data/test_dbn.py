"""DBN: metadata of each version, orders, trades and best prices, damage."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

type Told = Callable[..., dict[str, Any]]

TS = 1_715_126_400_000_000_000
LAST = 128
UNDEFINED = 2**63 - 1


def metadata(
    version: int, schema: int = 0, ts_out: bool = False, symbol: bytes = b"ESM4", instrument: int = 5602
) -> bytes:
    width = 22 if version == 1 else 71
    fixed = struct.pack("<16sHQQQ", b"GLBX.MDP3", schema, TS, 0, 0)
    fixed += b"" if version > 1 else struct.pack("<Q", 1)
    fixed += struct.pack("<BBB", 1, 0, ts_out) + (b"" if version == 1 else struct.pack("<H", width))
    fixed = fixed.ljust(100, b"\0")
    rest = struct.pack("<III", 0, 1, 0)[:8] + symbol.ljust(width, b"\0") + struct.pack("<II", 0, 0)
    rest += struct.pack("<I", 1) + symbol.ljust(width, b"\0") + struct.pack("<III", 1, 20240508, 20240509)
    rest += str(instrument).encode().ljust(width, b"\0")
    body = fixed + rest
    return b"DBN" + bytes([version]) + struct.pack("<I", len(body)) + body


def header(rtype: int, size: int, ts: int = TS) -> bytes:
    return struct.pack("<BBHIQ", size // 4, rtype, 1, 5602, ts)


def mbo(action: str, side: str, order: int, px: int, size: int, flags: int = LAST, ts: int = TS) -> bytes:
    body = struct.pack("<QqIBBccQiI", order, px, size, flags, 0, action.encode(), side.encode(), ts, 0, 1)
    return header(0xA0, 56, ts) + body


def trade(px: int, size: int, side: str) -> bytes:
    return header(0x00, 48) + struct.pack("<qIccBBQiI", px, size, b"T", side.encode(), LAST, 0, TS, 0, 1)


def mbp1(bid: int, ask: int) -> bytes:
    body = struct.pack("<qIccBBQiI", bid, 1, b"A", b"B", LAST, 0, TS, 0, 1)
    return header(0x01, 80) + body + struct.pack("<qqIIII", bid, ask, 5, 6, 1, 1)


PX = 1_000_000_000


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("packed", [True, False])
def test_orders_make_a_book(told: Told, version: int, packed: bool) -> None:
    data = metadata(version) + b"".join(
        (
            mbo("R", "N", 0, UNDEFINED, 0),
            mbo("A", "B", 1, 100 * PX, 5),
            mbo("A", "A", 2, 101 * PX, 4),
            mbo("M", "A", 2, 102 * PX, 3),
            mbo("T", "A", 0, 100 * PX, 2),
            mbo("F", "B", 1, 100 * PX, 2),
            mbo("C", "B", 1, 100 * PX, 2),
            mbo("C", "B", 9, 100 * PX, 2),
        )
    )
    (file,) = told({"x.dbn": zstandard.compress(data) if packed else data})["files"]
    assert (file["rows"], file["errors"], file["venue"], file["packing"]) == (
        8,
        0,
        "GLBX",
        "zstd" if packed else "plain",
    )
    found = file["symbols"]["ESM4"]
    assert found["book"] == {
        "bid_px": "100.000000000", "bid_qty": "3", "ask_px": "102.000000000", "ask_qty": "3"
    }  # fmt: skip
    assert (found["trades"], file["orders"]["unknown_ids"], file["clears"]) == (1, 1, 1)


def test_the_book_is_looked_at_after_an_event_s_last_record(told: Told) -> None:
    records = (
        mbo("A", "B", 1, 100 * PX, 5),
        mbo("A", "A", 2, 99 * PX, 5, flags=0),
        mbo("C", "B", 1, 100 * PX, 5),
    )
    assert told({"x": metadata(1) + b"".join(records)})["crossed"] == 0
    records = (mbo("A", "B", 1, 100 * PX, 5), mbo("A", "A", 2, 99 * PX, 5), mbo("C", "B", 1, 100 * PX, 5))
    assert told({"x": metadata(1) + b"".join(records)})["crossed"] == 1


def test_trades_best_prices_and_other_records(told: Told) -> None:
    other = header(0x12, 40) + bytes(24)
    data = (
        metadata(2, schema=4) + trade(5 * PX, 3, "B") + mbp1(5 * PX, 4 * PX) + mbp1(UNDEFINED, 4 * PX) + other
    )
    (file,) = told({"x": data})["files"]
    found = file["symbols"]["ESM4"]
    assert file["kinds"] == {"mbp-1": 2, "status": 1, "trade": 1}
    assert (found["trades"], found["quotes"], found["crossed"], file["errors"]) == (1, 2, 1, 0)


def test_ts_out_stands_behind_each_record(told: Told) -> None:
    record = mbo("A", "B", 1, 100 * PX, 5)
    longer = bytes([16]) + record[1:] + bytes(8)
    report = told({"x": metadata(2, ts_out=True) + longer + longer})
    assert (report["rows"], report["errors"]) == (2, 0)


def test_damage_is_located_and_what_follows_is_read(told: Told) -> None:
    begin = metadata(1)
    data = bytearray(begin + b"".join(mbo("A", "B", n, 100 * PX, 1, ts=TS + n) for n in range(1, 11)))
    data[len(begin) + 3 * 56] = 77
    (file,) = told({"x": bytes(data)})["files"]
    assert (file["rows"], file["errors"], file["places"][0]["offset"]) == (10, 1, len(begin) + 3 * 56)
    assert (file["orders"]["resting"], file["skipped_bytes"]) == (9, 56)


@pytest.mark.parametrize(
    "record",
    [
        mbo("Z", "B", 1, PX, 1), mbo("A", "Z", 1, PX, 1), mbo("A", "N", 1, PX, 1), mbo("A", "B", 1, PX, 0),
        mbo("A", "B", 1, UNDEFINED, 1), mbo("T", "B", 1, PX, 0), mbo("A", "B", 1, PX, 1, ts=0),
        trade(UNDEFINED, 1, "B"),
    ],
)  # fmt: skip
def test_a_record_that_makes_no_sense_is_an_error(told: Told, record: bytes) -> None:
    report = told({"x": metadata(1) + record + mbo("A", "B", 7, PX, 1)})
    assert (report["rows"], report["errors"]) == (2, 1)


def test_a_cut_file_and_cut_metadata(told: Told) -> None:
    whole = metadata(1) + mbo("A", "B", 1, PX, 1) * 1
    report = told({"x": whole[:-1]})
    assert (report["rows"], report["errors"]) == (1, 1)
    assert told({"y": metadata(1)[:60]})["errors"] >= 1
    assert told({"z": metadata(9)})["errors"] == 1
