"""What a core is fed: with room it is all of it, without room the last of it."""

from __future__ import annotations

import mmap
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.data.binance import Binance
from core.data.feed import Feed
from core.data.jsonlines import JsonLines
from core_ext.ring import Ring
from tests.integration.live_core import INPUT
from tests.unit.core.data.test_live import depth, line, snapshot

PX, QTY = 2, 3
VENUE, SYMBOL = 4, 6


class Taken:
    """A core that takes what is on the ring: its books, the last quote, what was traded."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.seq = 0
        self.books: list[dict[int, int]] = [{}, {}]
        self.quote: tuple[int, ...] = ()
        self.volume = 0
        self.trades = 0
        self.deepest = 0

    def take(self, most: int = 1 << 20) -> None:
        for _ in range(most):
            raw = self.ring.try_pop()
            if raw is None:
                return
            row = np.frombuffer(raw, INPUT, 1)[0]
            self.seq += 1
            assert row["source_seq"] == self.seq
            self._one(int(row["kind"]), row["request"].tobytes())

    def _one(self, kind: int, raw: bytes) -> None:
        dtype = {m.Kind.QUOTE: m.QUOTE_EVENT, m.Kind.TRADE: m.TRADE_EVENT, m.Kind.DEPTH: m.DEPTH_EVENT}
        event = np.frombuffer(raw, dtype[m.Kind(kind)], 1)[0]
        assert (event["symbol"], event["venue"]) == (SYMBOL, VENUE)
        if kind == m.Kind.QUOTE:
            self.quote = tuple(int(event[name]) for name in ("bid_px", "bid_qty", "ask_px", "ask_qty"))
        elif kind == m.Kind.TRADE:
            self.trades += 1
            self.volume += int(event["qty"])
        elif event["qty"]:
            self.books[event["side"]][int(event["px"])] = int(event["qty"])
            self.deepest = max(self.deepest, *map(len, self.books))
        else:
            del self.books[event["side"]][int(event["px"])]  # it is there: nothing is taken away twice


def messages(seed: int, count: int) -> Iterator[bytes]:
    """A day of one symbol: books that move, quotes, trades."""
    chance = random.Random(seed)
    yield line(1, depth(1, 1, [], []))
    yield snapshot(
        1, [[f"{90 - n / 4}", "1"] for n in range(12)], [[f"{91 + n / 4}", "1"] for n in range(12)]
    )
    last, number = 1, 0
    for _ in range(count):
        what = chance.random()
        if what < 0.5:
            changes: list[list[list[str]]] = [[], []]
            for _ in range(chance.randint(1, 6)):
                side = chance.randrange(2)
                px = 91 + chance.randint(0, 40) / 4 if side else 90 - chance.randint(0, 40) / 4
                changes[side].append([f"{px}", chance.choice(["0", "0", f"{chance.randint(1, 9)}.5"])])
            yield line(2, depth(last + 1, last + 1, changes[0], changes[1]))
            last += 1
        elif what < 0.75:
            quote = {
                "u": last,
                "s": "X",
                "b": f"{chance.randint(80, 90)}",
                "B": "1.5",
                "a": "91.25",
                "A": "2",
            }
            yield line(3, quote)
        else:
            number += 1
            trade = {"e": "trade", "E": 1, "T": 1723161255208, "s": "X", "t": number, "p": "90.5"}
            yield line(4, trade | {"q": f"{chance.randint(1, 9)}.125", "m": chance.random() < 0.5})


def fed(capacity: int, depth_: int = 8) -> tuple[JsonLines, Feed, Taken]:
    ring = Ring.format(mmap.mmap(-1, Ring.bytes_needed(capacity, INPUT.itemsize)), capacity, INPUT.itemsize)
    feed: Feed | None = None

    def sink(events: Any) -> None:
        assert feed is not None
        feed.take(events)

    reader = JsonLines("live", "live", iter(()), sink, decoder=Binance(), seconds=True)
    reader.streams.named("X")
    feed = Feed(ring, reader.streams.all, VENUE, depth_)
    feed.list(0, SYMBOL, PX, QTY)
    assert feed.flush()
    return reader, feed, Taken(ring)


def best(reader: JsonLines, depth_: int) -> list[dict[int, int]]:
    book = reader.streams.named("X").book
    return [
        {round(float(px) * 10**PX): round(float(qty) * 10**QTY) for px, qty in book.levels(side, depth_)}
        for side in ("bid", "ask")
    ]


@pytest.mark.parametrize("seed", range(3))
def test_with_room_the_core_has_all_after_each_message(seed: int) -> None:
    reader, feed, core = fed(1024)
    for each in messages(seed, 400):
        reader.take(each)
        core.take()
        assert core.books == best(reader, 8)
    stream = reader.streams.named("X")
    assert core.trades == stream.trades
    assert core.volume == round(float(stream.total_volume()) * 10**QTY)
    assert core.deepest <= 8
    assert (feed.conflated_books, feed.conflated_quotes, feed.conflated_trades, feed.unfit) == (0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_without_room_the_last_of_each_arrives_and_the_rest_is_counted(seed: int) -> None:
    chance = random.Random(seed)
    reader, feed, core = fed(8)
    for each in messages(seed, 600):
        reader.take(each)
        core.take(chance.choice([0, 0, 1, 3]))
    while not feed.flush():
        core.take()
    core.take()
    stream = reader.streams.named("X")
    assert core.books == best(reader, 8)
    quote = stream.report()["quote"]
    assert core.quote[0] == round(float(quote["bid_px"]) * 10**PX)
    assert core.volume == round(float(stream.total_volume()) * 10**QTY)
    assert core.deepest <= 8
    assert feed.conflated_books > 0
    assert feed.conflated_quotes > 0
    assert feed.dropped_trades == 0
    assert feed.sent == core.seq


def test_trades_beyond_what_can_wait_run_together() -> None:
    reader, feed, core = fed(8)
    for each in messages(1, 24000):
        reader.take(each)
    assert feed.conflated_trades > 0
    while not feed.flush():
        core.take()
    core.take()
    stream = reader.streams.named("X")
    assert core.trades == stream.trades - feed.conflated_trades
    assert core.volume == round(float(stream.total_volume()) * 10**QTY)


def test_a_feed_that_comes_later_sends_the_difference() -> None:
    reader, _, core = fed(1024)
    for each in messages(2, 50):
        reader.take(each)
    core.take()
    before, seq = [dict(side) for side in core.books], core.seq
    later = Feed(core.ring, reader.streams.all, VENUE, 4)
    later.list(0, SYMBOL, PX, QTY)
    for ask, side in enumerate(before):
        for px in sorted(side, reverse=not ask):
            later.had(0, bool(ask), px, side[px])
    core.seq = 0
    assert later.flush()
    core.take()
    assert core.books == best(reader, 4)
    assert 0 < core.seq < seq
    assert later.sent == core.seq


def test_what_has_no_place_in_the_units_is_counted_and_the_rest_goes_on() -> None:
    reader, feed, core = fed(64)
    for each in messages(3, 3):
        reader.take(each)
    core.take()
    trade = {"e": "trade", "E": 1, "T": 1723161255208, "s": "X", "t": 10**6, "p": "90.5", "m": True}
    reader.take(line(5, trade | {"q": "1.00001"}))
    reader.take(line(5, trade | {"q": "1.5", "t": 10**6 + 1}))
    trades = core.trades
    core.take()
    assert (feed.unfit, core.trades) == (1, trades + 1)


def test_what_the_core_does_not_know_is_counted() -> None:
    reader, feed, core = fed(64)
    reader.take(line(1, {"u": 1, "s": "OTHER", "b": "1", "B": "1", "a": "2", "A": "1"}))
    core.take()
    assert (feed.unlisted, core.seq) == (1, 0)


def test_a_depth_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 128"):
        fed(8, 129)
