"""LOBSTER: a row of the book follows from the row before and the message, and a changed message fails."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

type Told = Callable[..., dict[str, Any]]

DEPTH = 3
EMPTY = {1: "9999999999,0", -1: "-9999999999,0"}


class Market:
    """A book of orders that writes messages and rows of DEPTH levels, as the format has them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.orders: dict[int, list[int]] = {}
        self.messages: list[str] = []
        self.rows: list[str] = []
        self.ns = 34_200_000_000_000

    def levels(self, side: int) -> list[tuple[int, int]]:
        found: dict[int, int] = {}
        for size, px, direction in self.orders.values():
            if direction == side:
                found[px] = found.get(px, 0) + size
        return sorted(found.items(), reverse=side == 1)

    def write(self, kind: int, number: int, size: int, px: int, side: int) -> None:
        self.ns += self.random.randrange(1_000_000_000)
        second, part = divmod(self.ns, 1_000_000_000)
        self.messages.append(f"{second}.{part:09d},{kind},{number},{size},{px},{side}")
        asks, bids = ([*self.levels(side), *[None] * DEPTH][:DEPTH] for side in (-1, 1))
        cells = []
        for ask, bid in zip(asks, bids, strict=True):
            cells.append(EMPTY[1] if ask is None else f"{ask[0]},{ask[1]}")
            cells.append(EMPTY[-1] if bid is None else f"{bid[0]},{bid[1]}")
        self.rows.append(",".join(cells))

    def visible(self, px: int, side: int) -> bool:
        """LOBSTER leaves out what is beyond the levels shown."""
        levels = self.levels(side)
        return len(levels) < DEPTH or side * px >= side * levels[DEPTH - 1][0]

    def step(self, number: int) -> None:
        if self.random.random() < 0.5 or not self.orders:
            side = self.random.choice((1, -1))
            px = 1_000_000 - side * 100 * self.random.randrange(1, 9)
            self.orders[number] = [size := self.random.randrange(1, 300), px, side]
            if self.visible(px, side):
                self.write(1, number, size, px, side)
            else:
                del self.orders[number]
            return
        chosen = self.random.choice(list(self.orders))
        size, px, side = self.orders[chosen]
        if not self.visible(px, side):
            return
        if self.random.random() < 0.1:
            self.write(5, 0, 10, px, side)
            return
        part = self.random.randrange(1, size + 1)
        kind = self.random.choice((2, 4)) if part < size else self.random.choice((3, 4))
        self.orders[chosen][0] -= part
        if part == size:
            del self.orders[chosen]
        self.write(kind, chosen, part, px, side)


def market(seed: int, steps: int = 400) -> Market:
    made = Market(seed)
    for number in range(1, steps):
        made.step(number)
    return made


def files(messages: list[str], rows: list[str]) -> dict[str, bytes]:
    return {
        "ABC_2020-03-02_message_3.csv": "\n".join(messages).encode() + b"\n",
        "ABC_2020-03-02_orderbook_3.csv": "\n".join(rows).encode() + b"\n",
    }


@pytest.mark.parametrize("seed", range(5))
def test_a_made_market_follows(told: Told, seed: int) -> None:
    made = market(seed)
    (file,) = told(files(made.messages, made.rows))["files"]
    assert file["ok"], file["places"]
    assert file["book_transitions_ok"] == len(made.rows) - 1
    alone = file["by_messages_alone"]
    assert (alone["unknown_ids"], alone["mismatched"]) == (0, 0)
    assert alone["best_bid_equal"] == alone["best_ask_equal"] == len(made.rows)
    assert file["first"] == 1_583_107_200_000_000_000 + 18_000_000_000_000 + made_ns(made) - 0


def made_ns(made: Market) -> int:
    second, _, part = made.messages[0].partition(",")[0].partition(".")
    return int(second) * 1_000_000_000 + int(part)


@pytest.mark.parametrize("field", ["size", "price", "direction"])
@pytest.mark.parametrize("seed", range(3))
def test_a_changed_message_fails(told: Told, seed: int, field: str) -> None:
    made = market(seed)
    at = random.Random(seed).choice(
        [n for n, text in enumerate(made.messages) if n and text.split(",")[1] != "5"]
    )
    cells = made.messages[at].split(",")
    column = {"size": 3, "price": 4, "direction": 5}[field]
    cells[column] = {
        "size": str(int(cells[3]) + 1),
        "price": str(int(cells[4]) + 100),
        "direction": str(-int(cells[5])),
    }[field]
    changed = [*made.messages]
    changed[at] = ",".join(cells)
    report = told(files(changed, made.rows))
    assert not report["ok"]
    assert report["book_transitions_bad"] + report["files"][0]["by_messages_alone"]["mismatched"] >= 1
    if field == "size":
        assert report["book_transitions_bad"] == 1


def test_each_of_goog_s_first_messages_matters(told: Told, shared: Path) -> None:
    with zipfile.ZipFile(shared / "l3/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip") as archive:
        by_kind = {}
        for name in archive.namelist():
            if name.endswith(".csv"):
                with archive.open(name) as file:
                    by_kind["orderbook" in name] = [file.readline().decode().strip() for _ in range(60)]
    messages, rows = by_kind[False], by_kind[True]
    assert told(files(messages, rows))["book_transitions_ok"] == 59
    for at in range(1, 60):
        cells = messages[at].split(",")
        if cells[1] == "5":
            continue
        changed = [*messages]
        changed[at] = ",".join([*cells[:3], str(int(cells[3]) + 1), *cells[4:]])
        assert told(files(changed, rows))["book_transitions_bad"] == 1, messages[at]


def test_a_changed_row_fails_twice(told: Told) -> None:
    made = market(1)
    rows = [*made.rows]
    cells = rows[50].split(",")
    cells[1] = str(int(cells[1]) + 1)
    rows[50] = ",".join(cells)
    assert told(files(made.messages, rows))["book_transitions_bad"] == 2


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (3, "34200.1,1,5,100,1000000"),
        (3, "34200.1,8,5,100,1000000,1"),
        (3, "34200.1,1,5,100,1000000,0"),
        (3, "34200.1,1,5,-100,1000000,1"),
        (3, "86400,1,5,100,1000000,1"),
        (3, "x,1,5,100,1000000,1"),
        (3, ""),
    ],
)
def test_a_malformed_message_is_located(told: Told, row: int, text: str) -> None:
    made = market(2)
    changed = [*made.messages]
    changed[row] = text
    report = told(files(changed, made.rows))
    assert (report["errors"], report["book_transitions_bad"]) == (1, 1)
    assert report["files"][0]["places"][0]["row"] == row + 1
    assert report["rows"] == len(made.rows)


def test_a_malformed_row_of_the_book_is_located_and_costs_two_transitions(told: Told) -> None:
    made = market(2)
    rows = [*made.rows]
    rows[9] = rows[9].replace(",", ";", 1)
    report = told(files(made.messages, rows))
    assert (report["errors"], report["book_transitions_bad"]) == (1, 2)


def test_more_messages_than_rows_and_more_rows_than_messages(told: Told) -> None:
    made = market(3)
    assert told(files(made.messages, made.rows[:-2]))["errors"] == 2
    assert told(files(made.messages[:-2], made.rows))["errors"] == 2


def test_messages_alone_and_rows_alone(told: Told) -> None:
    made = market(4)
    both = files(made.messages, made.rows)
    names = list(both)
    (alone,) = told({names[0]: both[names[0]]})["files"]
    assert (alone["format"], alone["book_transitions_ok"]) == ("lobster_messages", 0)
    assert alone["by_messages_alone"]["unknown_ids"] == 0
    (rows,) = told({names[1]: both[names[1]]})["files"]
    assert (rows["format"], rows["rows"], rows["errors"], rows["clock"]) == (
        "lobster_book",
        len(made.rows),
        0,
        "none",
    )


def test_events_are_the_rows(told: Told) -> None:
    made = market(5)
    events: list[Any] = []
    told(files(made.messages, made.rows), events)
    levels: dict[tuple[int, int], int] = {}
    last = 0
    for event in [event for part in events for event in part]:
        if event["kind"] == 11:
            assert event["row"] >= last
            last = int(event["row"])
            levels[(int(event["side"]), int(event["px"]))] = int(event["qty"])
    asks = sorted(px for (side, px), qty in levels.items() if side == 1 and qty)
    assert asks == [int(cell) for cell in made.rows[-1].split(",")[::4] if int(cell) < 9_999_999_999]


def test_a_halt_changes_nothing(told: Told) -> None:
    made = market(6)
    messages = [
        *made.messages[:20],
        made.messages[19].partition(",")[0] + ",7,0,0,-1,-1",
        *made.messages[20:],
    ]
    rows = [*made.rows[:20], made.rows[19], *made.rows[20:]]
    report = told(files(messages, rows))
    assert (report["ok"], report["book_transitions_ok"]) == (True, len(rows) - 1)
