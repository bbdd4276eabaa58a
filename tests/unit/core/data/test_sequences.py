"""Binance: the sequence rules of spot and futures, gaps, recovery, snapshots that come early or late."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

type Told = Callable[..., dict[str, Any]]
type Line = dict[str, Any]

START_NS = 1_723_161_253_000_000_000


def lines(*messages: Line) -> bytes:
    out = b""
    for n, message in enumerate(messages):
        out += b"%d %s\n" % (START_NS + n, json.dumps(message, separators=(",", ":")).encode())
    return out


def delta(first: int, last: int, bids: Any = (), asks: Any = (), pu: int | None = None) -> Line:
    data = {"e": "depthUpdate", "E": 1723161255208, "s": "BTCUSDT", "U": first, "u": last, "b": list(bids)}
    return {"stream": "btcusdt@depth", "data": data | {"a": list(asks)} | ({} if pu is None else {"pu": pu})}


def snapshot(last: int, bids: Any, asks: Any, **more: Any) -> Line:
    return {"lastUpdateId": last, **more, "bids": list(bids), "asks": list(asks)}


def trade(number: int, px: str = "100.0", maker: bool = True) -> Line:
    data = {"e": "trade", "E": 1723161255343, "s": "BTCUSDT", "t": number, "p": px, "q": "0.5", "m": maker}
    return {"stream": "btcusdt@trade", "data": data}


BIDS, ASKS = [["99.0", "1"], ["98.0", "2"]], [["101.0", "3"]]


def one(report: dict[str, Any]) -> dict[str, Any]:
    (file,) = report["files"]
    found: dict[str, Any] = file["symbols"]["BTCUSDT"]
    return found


def test_spot_follows_from_the_snapshot_on(told: Told) -> None:
    report = told(
        {
            "x": lines(
                delta(1, 10),
                snapshot(10, BIDS, ASKS),
                delta(11, 12, [["99.5", "4"]]),
                delta(13, 13, [["99.0", "0"]]),
            )
        }
    )
    assert (report["ok"], report["gaps"], one(report)["synced"]) == (True, 0, True)
    assert report["files"][0]["venue"] == "BINANCE_SPOT"
    assert one(report)["book"] == {"bid_px": "99.5", "bid_qty": "4", "ask_px": "101.0", "ask_qty": "3"}
    assert (one(report)["bids"], one(report)["before_snapshot"]) == (2, 1)


def test_deltas_before_the_snapshot_that_are_later_than_it_are_played_on_it(told: Told) -> None:
    report = told(
        {"x": lines(delta(1, 10), delta(11, 15, [["99.5", "7"]]), snapshot(12, BIDS, ASKS), delta(16, 17))}
    )
    assert (report["gaps"], one(report)["book"]["bid_px"]) == (0, "99.5")


def test_a_missing_delta_is_a_gap_the_book_is_empty_until_a_snapshot(told: Told) -> None:
    begun = [snapshot(10, BIDS, ASKS), delta(11, 12), delta(14, 15)]
    lost = told({"x": lines(delta(5, 10), *begun)})
    assert (lost["ok"], lost["gaps"], one(lost)["synced"], one(lost)["bids"]) == (False, 1, False, 0)
    assert lost["files"][0]["gap_places"][0]["row"] == 4
    again = told(
        {
            "x": lines(
                delta(5, 10), *begun, delta(16, 17, [["97.0", "1"]]), snapshot(15, BIDS, ASKS), delta(18, 18)
            )
        }
    )
    assert (again["gaps"], one(again)["recoveries"], one(again)["synced"]) == (1, 1, True)
    assert one(again)["bids"] == 3


@pytest.mark.parametrize(
    ("messages", "gaps"),
    [
        ([delta(1, 10), snapshot(10, BIDS, ASKS), delta(12, 13)], 1),
        ([delta(11, 13), snapshot(5, BIDS, ASKS)], 1),
        ([delta(6, 13), snapshot(5, BIDS, ASKS), delta(14, 15)], 0),
        ([delta(1, 10), snapshot(20, BIDS, ASKS), delta(11, 19), delta(20, 22)], 0),
        ([delta(1, 10), snapshot(20, BIDS, ASKS), delta(11, 19), delta(20, 20), delta(22, 23)], 1),
        ([delta(1, 10), delta(1, 10)], 1),
    ],
)
def test_spot_rules(told: Told, messages: list[Line], gaps: int) -> None:
    assert told({"x": lines(*messages)})["gaps"] == gaps


@pytest.mark.parametrize(
    ("messages", "gaps"),
    [
        ([delta(1, 10, pu=0), snapshot(10, BIDS, ASKS, E=1, T=1), delta(15, 20, pu=10)], 0),
        ([delta(1, 10, pu=0), snapshot(12, BIDS, ASKS, E=1, T=1), delta(15, 20, pu=10)], 0),
        ([delta(1, 10, pu=0), snapshot(10, BIDS, ASKS, E=1, T=1), delta(11, 20, pu=9)], 1),
        ([delta(15, 20, pu=13), snapshot(10, BIDS, ASKS, E=1, T=1)], 1),
        ([delta(15, 20, pu=13), delta(30, 31, pu=20), delta(40, 41, pu=31)], 0),
        ([delta(15, 20, pu=13), delta(40, 41, pu=31)], 1),
    ],
)
def test_futures_rules(told: Told, messages: list[Line], gaps: int) -> None:
    report = told({"x": lines(*messages)})
    assert (report["gaps"], report["files"][0]["venue"]) == (gaps, "BINANCE_USDM")


def test_an_older_snapshot_of_a_whole_book_is_let_be(told: Told) -> None:
    report = told(
        {
            "x": lines(
                delta(1, 5), snapshot(5, BIDS, ASKS), delta(6, 9, [["99.9", "1"]]), snapshot(7, BIDS, ASKS)
            )
        }
    )
    assert (one(report)["snapshots_late"], one(report)["book"]["bid_px"]) == (1, "99.9")


def test_a_snapshot_before_any_symbol_waits_for_it(told: Told) -> None:
    report = told({"x": lines(snapshot(5, BIDS, ASKS), delta(6, 9, [["99.9", "1"]]))})
    assert (report["errors"], one(report)["synced"], one(report)["bids"]) == (0, True, 3)


def test_trades_are_counted_and_numbered(told: Told) -> None:
    report = told({"x": lines(trade(7), trade(8), trade(10, maker=False))})
    assert (report["ok"], report["trade_gaps"], one(report)["volume"]) == (False, 1, "1.5")


def test_a_crossed_book_is_counted(told: Told) -> None:
    report = told(
        {
            "x": lines(
                delta(1, 5),
                snapshot(5, BIDS, ASKS),
                delta(6, 6, [["101.5", "1"]]),
                delta(7, 7, [["101.5", "0"]]),
            )
        }
    )
    assert (report["crossed"], report["ok"]) == (1, True)


def test_events_give_the_book(told: Told) -> None:
    events: list[Any] = []
    told(
        {"x": lines(delta(1, 5), snapshot(5, BIDS, ASKS), delta(6, 6, [["98.0", "0"]]), delta(8, 8))}, events
    )
    levels: dict[tuple[int, Decimal], int] = {}
    seen = []
    for row in [row for part in events for row in part]:
        px = Decimal(int(row["px"])).scaleb(-int(row["px_digits"]))
        levels[(int(row["side"]), px)] = int(row["qty"])
        seen.append({key for key, qty in levels.items() if qty})
    assert seen[3] == {(0, Decimal(99)), (1, Decimal(101))}
    assert seen[-1] == set()  # the gap took all levels away


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"no clock at all", "no clock"),
        (b"1723161253000000000 {", "no JSON from column 22"),
        (b'1723161253000000000 {"a":1', "no JSON"),
        (b"1723161253000000000 [1]", "no object"),
        (b'1723161253000000000 {"stream":"x","data":{"x":1}}', "no known kind"),
        (lines(delta(5, 4))[:-1], "U above u"),
        (lines(delta(1, 2, [["1.0"]]))[:-1], "whose b is no list"),
        (lines(delta(1, 2, [["-1.0", "1"]]))[:-1], "whose b is no list"),
        (lines(delta(1, 2, [["0.0", "1"]]))[:-1], "whose b is no list"),
        (lines(delta(1, 2, [[1.0, 1]]))[:-1], "whose b is no list"),
        (lines(trade(1, px="0"))[:-1], "no price"),
        (b"", "no clock"),
    ],
)
def test_a_malformed_line_is_located_and_the_rest_is_read(told: Told, line: bytes, reason: str) -> None:
    good = lines(delta(1, 5), snapshot(5, BIDS, ASKS))
    after = lines(delta(6, 6, [["99.5", "1"]]))
    report = told({"x": good + line + b"\n" + after})
    (place,) = report["files"][0]["places"]
    assert (report["rows"], report["errors"], report["gaps"]) == (4, 1, 0)
    assert (place["row"], place["offset"]) == (3, len(good))
    assert reason in place["reason"]
    assert one(report)["book"]["bid_px"] == "99.5"
    assert not report["ok"]
