"""Rows of a batch: in the order of the spine, to who hears it or as a page; prices as Python has them."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.rows.last import LastPrices
from core.rows.rows import Rows, Together, bits
from core.rows.tape import Tape, Tapes
from periphery.stream.topics import NAMES, ROW_BYTES, TOPICS

ROOM = 256
QUOTES, TRADES, SIGNALS, FILLS = map(NAMES.index, ("quotes", "trades", "signals", "fills"))
KIND_OF = {QUOTES: m.Kind.QUOTE, TRADES: m.Kind.TRADE, SIGNALS: m.Kind.SIGNAL, FILLS: m.Kind.REPORT}
EVERYTHING = (1 << 64) - 1
MARKET = bits((m.Kind.QUOTE, m.Kind.TRADE))


def row(topic: int, seq: int, **request: Any) -> bytes:
    """A row of that topic; an event a microsecond."""
    made = np.zeros(1, TOPICS[topic].dtype)
    header = made["header"][0]
    header["seq"], header["time_ns"], header["kind"], header["length"] = seq, 1000 * seq, KIND_OF[topic], 24
    for name, value in request.items():
        made["request"][name] = value
    return made.tobytes()


def frames(chance: random.Random, count: int) -> dict[int, bytes]:
    """Events from 1 on, each of some topic."""
    found: dict[int, bytes] = {}
    for seq in range(1, count + 1):
        topic = chance.choice((QUOTES, QUOTES, TRADES, SIGNALS, FILLS))
        found[topic] = found.get(topic, b"") + row(topic, seq)
    return found


def walk(rows: Rows, kinds: int = EVERYTHING, until: int = EVERYTHING, budget: int = 1 << 40) -> list[bytes]:
    rows.budget = budget
    found = []
    while (raw := rows.next(None, kinds, until)) is not None:
        found.append(raw)
    return found


def seqs(pages: list[bytes]) -> list[int]:
    return [int.from_bytes(raw[:8], "little") for raw in pages]


def test_pages_come_in_the_order_of_the_spine_and_whole() -> None:
    given = frames(random.Random(1), 200)
    rows = Rows()
    rows.begin(given, ROW_BYTES, 20)
    pages = walk(rows)
    assert seqs(pages) == list(range(21, 201))
    assert {len(raw) for raw in pages} == {m.PAGE_SIZE}
    for topic, frame in given.items():
        size = ROW_BYTES[topic]
        own = {frame[at : at + size] for at in range(0, len(frame), size)}
        mine = [raw for raw in pages if raw[40] == KIND_OF[topic]]
        assert all(raw[:size] in own and not any(raw[size:]) for raw in mine)
    assert rows.is_done


def test_it_stops_at_an_event_and_at_its_budget() -> None:
    rows = Rows()
    rows.begin(frames(random.Random(2), 100), ROW_BYTES, 0)
    assert seqs(walk(rows, until=30)) == list(range(1, 31))
    assert rows.seq == 30
    assert seqs(walk(rows, budget=7)) == list(range(31, 38))
    assert rows.budget == 0
    assert not rows.is_done
    assert len(rows.record()) == m.HEADER.itemsize + 24


def test_what_nobody_wants_is_passed_over() -> None:
    given = frames(random.Random(3), 100)
    rows = Rows()
    rows.begin(given, ROW_BYTES, 0)
    pages = walk(rows, bits([m.Kind.SIGNAL]))
    assert len(pages) == len(given[SIGNALS]) // ROW_BYTES[SIGNALS]
    assert (rows.seq, rows.heard) == (100, 0)


def test_a_frame_that_ends_within_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="rows of topic"):
        Rows().begin({QUOTES: b"\0" * 10}, ROW_BYTES, 0)


# ---- last prices -------------------------------------------------------------------------------------------


def heard(prices: LastPrices, *given: bytes) -> list[int]:
    """Tells quotes; sequences of those that it did not take."""
    rows = Rows()
    rows.begin({QUOTES: b"".join(given)}, ROW_BYTES, 0)
    rows.budget = len(given)
    found = []
    while (raw := rows.next(prices, EVERYTHING, EVERYTHING)) is not None:
        found += seqs([raw])
    return found


def quote(seq: int, bid: int, ask: int, symbol: int = 0, qty: int = 1) -> bytes:
    return row(QUOTES, seq, symbol=symbol, bid_px=bid, ask_px=ask, bid_qty=qty, ask_qty=1)


@pytest.mark.parametrize("precision", [0, 2, 9, 18, 22])
def test_a_price_is_the_float_that_python_has(precision: int) -> None:
    chance, prices = random.Random(4), LastPrices()
    prices.until_ns = 1 << 62
    prices.learn(0, precision)
    for seq in range(1, 300):
        bid, ask = (chance.randrange(1, 10 ** chance.randrange(1, 15)) for _ in range(2))
        assert heard(prices, quote(seq, bid, ask)) == []
        assert prices.last == {0: (bid + ask) / (2 * 10**precision)}


def test_what_it_cannot_tell_exactly_or_does_not_know_is_left() -> None:
    prices = LastPrices()
    prices.until_ns = 5000
    prices.learn(0, 2)
    prices.learn(1, 23)
    given = quote(1, 100, 102), quote(2, 1 << 53, 100), quote(3, 1, 1, 1), quote(4, 1, 1, 9)
    assert heard(prices, *given) == [2, 3, 4]
    assert heard(prices, quote(4, 200, 202), quote(5, 1, 1)) == [5]  # the period's end
    assert prices.last == {0: 2.01}
    assert heard(prices, quote(4, 300, 302, qty=0)) == []  # a side is missing: the last whole one stands
    assert prices.last == {0: 2.01}
    prices.last = {3: 7.5}
    assert prices.last == {3: 7.5}


# ---- tapes -------------------------------------------------------------------------------------------------


def told(tapes: Tapes, given: dict[int, bytes], hearer: Any = None) -> list[int]:
    rows = Rows()
    rows.begin(given, ROW_BYTES, 0)
    rows.budget = 1 << 40
    found = []
    while (raw := rows.next(hearer or tapes, MARKET, EVERYTHING)) is not None:
        found += seqs([raw])
    return found


def test_a_tape_has_what_came_in_floats() -> None:
    tape, tapes = Tape(), Tapes()
    tape.all_quotes = tape.all_trades = True
    tapes.until_ns = 1 << 62
    tapes.at(3, 1, (2, 4), [tape])
    quotes = row(QUOTES, 1, symbol=3, venue=1, bid_px=101, bid_qty=7, ask_px=103, ask_qty=9)
    trades = row(TRADES, 2, symbol=3, venue=1, aggressor=1, px=102, qty=5)
    trades += row(TRADES, 3, symbol=3, venue=1, aggressor=255, px=104, qty=6)
    other = row(TRADES, 4, symbol=3, venue=2, px=1, qty=1)
    assert told(tapes, {QUOTES: quotes, TRADES: trades + other}) == [4]
    assert tapes.moved
    assert np.frombuffer(tape.take_quotes()).tolist() == [101 / 100, 7 / 10**4, 103 / 100, 9 / 10**4]
    assert tape.take_trades() == [(1.02, 0.0005, -1), (1.04, 0.0006, 0)]
    assert (tape.take_quotes(), tape.take_trades()) == (b"", [])


def test_a_full_tape_takes_no_more_and_one_of_last_ones_always() -> None:
    keeps, last, tapes = Tape(), Tape(), Tapes()
    keeps.all_quotes = True
    tapes.until_ns = 1 << 62
    tapes.at(0, 0, (0, 0), [keeps, last])
    made = b"".join(row(QUOTES, n, bid_px=n, bid_qty=1, ask_px=n, ask_qty=1) for n in range(1, ROOM + 3))
    assert told(tapes, {QUOTES: made}) == [ROOM + 1, ROOM + 2]
    assert np.frombuffer(last.take_quotes()).tolist() == [ROOM, 1, ROOM, 1]
    assert len(keeps.take_quotes()) == ROOM * 4 * 8
    assert keeps.add_quote(1, 1, 1, 1)


def test_several_take_a_row_or_none_does() -> None:
    one, two = Tapes(), Tapes()
    tape = Tape()
    one.until_ns = two.until_ns = 1 << 62
    one.at(0, 0, (0, 0), [tape])
    both = Together([one, two])
    assert both.kinds == one.kinds & two.kinds
    made = {QUOTES: row(QUOTES, 1, bid_px=1, bid_qty=1, ask_px=1, ask_qty=1)}
    assert told(one, made, both) == [1]
    assert tape.take_quotes() == b""
    two.at(0, 0, (0, 0), [])
    assert told(one, made, both) == []
    assert math.isclose(np.frombuffer(tape.take_quotes())[0], 1.0)
