"""Kraken: checksums over a book that is cut to its depth, and what a lost update does."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

type Told = Callable[..., dict[str, Any]]
type Side = dict[str, str]

HEAD = b"wss://ws.kraken.com <-> 1618678132.3858151\n"


def checksum(asks: Side, bids: Side) -> str:
    levels = sorted(asks.items(), key=lambda level: Decimal(level[0]))[:10]
    levels += sorted(bids.items(), key=lambda level: -Decimal(level[0]))[:10]
    text = "".join(part.replace(".", "").lstrip("0") for level in levels for part in level)
    return str(zlib.crc32(text.encode()))


class Feed:
    """Writes a pair's messages with right checksums."""

    def __init__(self, depth: int = 10) -> None:
        self.depth = depth
        self.asks = {f"0.0{100 + n}0": f"{n + 1}.50000000" for n in range(depth)}
        self.bids = {f"0.00{99 - n}0": f"{n + 1}.00000000" for n in range(depth)}
        self.lines: list[bytes] = []
        self.say({"as": self.levels(self.asks), "bs": self.levels(self.bids)})

    def levels(self, side: Side) -> list[list[str]]:
        return [[px, qty, "1618678123.481570"] for px, qty in side.items()]

    def say(self, *data: Any) -> None:
        message = [336, *data, f"book-{self.depth}", "ADA/XBT"]
        stamp = f"1618678134.{len(self.lines):06d}: "
        self.lines.append(stamp.encode() + json.dumps(message).encode())

    def change(self, key: str, px: str, qty: str, wrong: bool = False) -> None:
        side = self.asks if key == "a" else self.bids
        side.pop(px, None)
        if Decimal(qty):
            side[px] = qty
        for worst in sorted(side, key=Decimal, reverse=key == "b")[self.depth :]:
            del side[worst]
        total = checksum(self.asks, self.bids)
        self.say({key: [[px, qty, "1618678134.1"]], "c": "1" if wrong else total})

    def text(self) -> bytes:
        return HEAD + b"\n".join(self.lines) + b"\n"


def test_checksums_hold_over_a_book_that_is_cut(told: Told) -> None:
    feed = Feed()
    feed.change("a", "0.00995", "7.00000001")
    feed.change("a", "0.00995", "0.00000000")
    feed.change("b", "0.00985", "1.10000000")
    feed.change("a", "0.01005", "10")
    report = told({"k.gz": feed.text()})
    assert (report["checksums_ok"], report["checksums_bad"], report["ok"]) == (4, 0, True)
    assert report["files"][0]["format"] == "cryptofeed_kraken"
    assert report["files"][0]["symbols"]["ADA/XBT"]["bids"] == 10


def test_what_falls_out_of_the_depth_is_told_as_gone(told: Told) -> None:
    feed = Feed()
    feed.change("a", "0.00995", "7.00000001")
    events: list[Any] = []
    told({"k": feed.text()}, events)
    rows = [row for part in events for row in part if row["row"] == 3]
    assert [(int(row["qty"]), bool(row["side"])) for row in rows] == [(700000001, True), (0, True)]


def test_a_lost_update_is_a_gap_and_a_snapshot_mends_it(told: Told) -> None:
    feed = Feed()
    feed.change("a", "0.00995", "7.00000000")
    feed.change("b", "0.00985", "1.10000000")
    feed.change("b", "0.00984", "1.20000000")
    lost = [*feed.lines]
    del lost[2]
    (file,) = told({"k": HEAD + b"\n".join(lost) + b"\n"})["files"]
    assert (file["gaps"], file["checksums_ok"], file["checksums_bad"], file["ok"]) == (1, 1, 1, False)
    assert file["gap_places"][0]["symbol"] == "ADA/XBT"
    feed.say({"as": feed.levels(feed.asks), "bs": feed.levels(feed.bids)})
    feed.change("b", "0.00984", "0.00000000")
    mended = [*feed.lines]
    del mended[2]
    (file,) = told({"k": HEAD + b"\n".join(mended) + b"\n"})["files"]
    assert (file["gaps"], file["checksums_ok"], file["checksums_bad"]) == (1, 2, 1)
    assert file["symbols"]["ADA/XBT"]["recoveries"] == 1


def test_an_update_of_both_sides_in_two_objects(told: Told) -> None:
    feed = Feed()
    feed.asks["0.00995"] = "2.00000000"
    feed.bids["0.00985"] = "3.00000000"
    del feed.asks["0.01090"], feed.bids["0.00900"]
    total = checksum(feed.asks, feed.bids)
    feed.say(
        {"a": [["0.00995", "2.00000000", "1.1"]]}, {"b": [["0.00985", "3.00000000", "1.1", "r"]], "c": total}
    )
    assert told({"k": feed.text()})["checksums_ok"] == 1


def test_trades_and_spreads(told: Told) -> None:
    feed = Feed()
    feed.lines.append(
        b'1618678135.1: [1,[["5.5","2.0","1.1","s","l",""],["5.6","1.0","1.1","b","m",""]],"trade","X/Y"]'
    )
    feed.lines.append(b'1618678135.2: [1,["5.6","5.4","1.1","1.0","2.0"],"spread","X/Y"]')
    (file,) = told({"k": feed.text()})["files"]
    found = file["symbols"]["X/Y"]
    assert (found["trades"], found["volume"], found["crossed"]) == (2, "3.0", 1)


@pytest.mark.parametrize(
    "line",
    [
        b'1618678135.1: [1,{"a":[["1.0"]],"c":"1"},"book-10","ADA/XBT"]',
        b'1618678135.1: [1,{"a":[["1.0","1.0","1.0"]]},"book-10","ADA/XBT"]',
        b'1618678135.1: [1,{"z":1},"book-10","ADA/XBT"]',
        b'1618678135.1: [1,{"a":[],"c":"x"},"book-10","ADA/XBT"]',
        b"1618678135.1: [1]",
        b'1618678135.1: [1,{"a":[["1.0","1.0","1.0"]],"as":[],"c":"1"},"book-10","ADA/XBT"]',
        b'1618678135.1: {"no":"event"}',
        b'wss://ws.kraken.com <- 1618678135.1: {"event"',
        b'1618678135: "x',
    ],
)
def test_malformed_lines_change_nothing(told: Told, line: bytes) -> None:
    feed = Feed()
    feed.change("b", "0.00985", "1.10000000")
    feed.lines.append(line)
    feed.change("b", "0.00984", "1.20000000")
    report = told({"k": feed.text()})
    assert (report["errors"], report["checksums_ok"], report["checksums_bad"]) == (1, 2, 0)
    assert report["files"][0]["places"][0]["row"] == 4
