"""A reader of lines that goes on: what comes later, what is forgotten, what is told again."""

from __future__ import annotations

import json
from typing import Any

from core.data.binance import Binance
from core.data.coinbase import Coinbase
from core.data.jsonlines import JsonLines, Venue
from core.data.kraken import Kraken

type Rows = list[Any]


def reader(decoder: Venue, rows: Rows | None = None, text: bytes = b"", seconds: bool = True) -> JsonLines:
    sink = None if rows is None else lambda events: rows.append(events.copy())
    return JsonLines("live", "live", iter([text] if text else ()), sink, decoder=decoder, seconds=seconds)


def line(at: int, value: Any) -> bytes:
    return f"16186781{at:02d}.5: {json.dumps(value)}\n".encode()


def depth(first: int, last: int, bids: list[list[str]], asks: list[list[str]]) -> dict[str, Any]:
    data = {"e": "depthUpdate", "E": 1723161255208, "s": "X", "U": first, "u": last, "b": bids, "a": asks}
    return {"stream": "x@depth", "data": data}


def snapshot(last: int, bids: list[list[str]], asks: list[list[str]]) -> bytes:
    body = {"lastUpdateId": last, "bids": bids, "asks": asks}
    return b"http://x/depth?symbol=X -> 1618678150.5: " + json.dumps(body).encode() + b"\n"


DAY = [
    line(1, depth(1, 3, [["10", "1"]], [])),
    snapshot(2, [["10", "5"], ["9", "1"]], [["11", "2"]]),
    line(2, depth(4, 4, [["9", "0"]], [["11", "3"], ["12", "1"]])),
    line(3, {"e": "trade", "E": 1, "T": 1723161255208, "s": "X", "t": 7, "p": "11", "q": "1", "m": False}),
    line(4, depth(9, 9, [["8", "2"]], [])),
    snapshot(9, [["8", "2"]], [["12", "1"]]),
]


def flat(rows: Rows) -> list[tuple[Any, ...]]:
    return [row for batch in rows for row in batch.tolist()]


def test_line_by_line_it_is_what_it_is_at_once() -> None:
    at_once: Rows = []
    bit_by_bit: Rows = []
    whole = reader(Binance(), at_once, b"".join(DAY))
    whole.run()
    live = reader(Binance(), bit_by_bit)
    for each in DAY:
        live.take(each)
    assert live.report() == whole.report()
    assert flat(bit_by_bit) == flat(at_once)
    assert (live.gaps, live.streams.named("X").recoveries) == (1, 1)


def test_a_clock_without_a_message_is_malformed() -> None:
    found = reader(Kraken())
    found.take(b"1618678132.9278982: \n1618678132.9278982 \n")
    assert (found.rows, found.errors) == (2, 2)
    assert found.places[0]["reason"] == "no JSON from column 21 on"


def test_a_forgotten_book_is_told_as_gone_and_counts_as_recovered_once_it_is_back() -> None:
    rows: Rows = []
    live = reader(Binance(), rows)
    for each in DAY[:3]:
        live.take(each)
    stream = live.streams.named("X")
    assert (stream.synced, stream.sequence) == (True, 4)
    rows.clear()
    live.forget_books()
    gone = {(row["side"], row["px"], row["qty"]) for row in rows[0]}
    assert gone == {(0, 10, 0), (1, 11, 0), (1, 12, 0)}
    assert rows[0]["flags"][-1] == 1
    assert (stream.synced, stream.sequence, stream.book.depth()) == (False, -1, (0, 0))
    live.take(line(5, depth(20, 21, [["10", "4"]], [])))  # no gap: nobody knows what came between
    live.take(snapshot(20, [["10", "1"]], [["11", "1"]]))
    assert (live.gaps, stream.recoveries, stream.book.top()["bid_qty"]) == (0, 1, "4")


def test_only_the_books_named_are_forgotten() -> None:
    live = reader(Coinbase())
    for name in ("A", "B"):
        live.take(
            line(1, {"type": "snapshot", "product_id": name, "asks": [["2", "1"]], "bids": [["1", "1"]]})
        )
    live.forget_books(["B"])
    assert [(s.symbol, s.synced) for s in live.streams.all] == [("A", True), ("B", False)]
    update = {"type": "l2update", "product_id": "B", "changes": [["buy", "1", "9"]]}
    live.take(line(2, update))
    assert live.streams.named("B").book.depth() == (0, 0)


def test_updates_between_two_subscriptions_are_not_checked() -> None:
    live = reader(Kraken())
    whole = [1, {"as": [["2", "1", "1"]], "bs": [["1", "1", "1"]]}, "book-10", "A/B"]
    update = [1, {"b": [["1", "2", "1"]], "c": "77"}, "book-10", "A/B"]
    live.take(line(1, whole))
    live.take(line(2, update))
    assert (live.checksums_bad, live.gaps) == (1, 1)
    live.forget_books(["A/B"])
    live.take(line(3, update))
    assert (live.checksums_bad, live.gaps) == (1, 1)
    live.take(line(4, whole))
    stream = live.streams.named("A/B")
    assert (stream.synced, stream.recoveries, stream.book.top()["bid_qty"]) == (True, 1, "1")


def test_the_books_can_be_told_to_somebody_who_comes_later() -> None:
    rows: Rows = []
    later: Rows = []
    live = reader(Binance(), rows)
    for each in DAY[:3]:
        live.take(each)
    before = len(rows)
    live.tell_books(lambda events: later.append(events.copy()))
    told = {(row["side"], row["px"], row["qty"]) for row in later[0]}
    assert told == {(0, 10, 5 - 4), (1, 11, 3), (1, 12, 1)}
    assert len(rows) == before
    live.take(DAY[3])
    assert len(rows) == before + 1
