"""What sessions hear of the market, of signals, of what is held: who asked for it, and may know it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from core import messages as m
from periphery.client.codec import MarketRow, decode_market

support = import_module("tests.unit.core.live.conftest")
SIGNAL = {"name": 3, "to": m.NONE, "symbol": 0, "exponent": -2, "mantissa": 125, "at_ns": 7}


def heard(rings: Any) -> list[MarketRow]:
    slots = (rings.quotes.read(seq) for seq in range(1, rings.quotes.claimed_seq + 1))
    return [decode_market(slot) for slot in slots if slot is not None]


def kinds(rings: Any) -> list[str]:
    return [m.Kind(row.kind).name.lower() for row in heard(rings)]


def market(bench: Any) -> None:
    base = {"venue": "V", "symbol": "X"}
    bench.line({**base, "type": "quote", "bid_px": "9.99", "bid_qty": "5", "ask_px": "10.01", "ask_qty": "5"})
    bench.line({**base, "type": "trade", "px": "10.00", "qty": "3", "aggressor": "sell"})
    bench.line({**base, "type": "depth", "side": "sell", "px": "10.02", "qty": "8"})


def test_who_hears_all_hears_the_market_and_signals_in_the_order_of_the_spine(bench: Any) -> None:
    plain, all_ = bench.sit(0, "plain"), bench.sit(1, "all", hears_all=True)
    market(bench)
    bench.push(0, m.Kind.SIGNAL, m.SIGNAL_EVENT, **SIGNAL)
    bench.run()
    assert kinds(plain) == ["quote"]
    assert kinds(all_) == ["quote", "trade", "depth", "signal"]
    rows = heard(all_)
    assert [row.event for row in rows] == sorted(row.event for row in rows)
    assert (rows[1].a, rows[1].b, rows[1].c) == (1000, 3, m.Side.SELL)
    assert (rows[2].a, rows[2].b, rows[2].c) == (1002, 8, m.Side.SELL)
    assert (str(rows[3].value), rows[3].d & m.NONE, rows[3].d >> 32) == ("1.25", 3, bench.sessions[0][0])


def test_a_signal_to_one_session_is_heard_by_no_other(bench: Any) -> None:
    one, other = bench.sit(0, "one", hears_all=True), bench.sit(1, "other", hears_all=True)
    bench.push(1, m.Kind.SIGNAL, m.SIGNAL_EVENT, **{**SIGNAL, "to": bench.sessions[0][0]})
    bench.push(1, m.Kind.SIGNAL, m.SIGNAL_EVENT, **{**SIGNAL, "to": 77})
    bench.run()
    assert (kinds(one), kinds(other)) == (["signal"], [])


def test_a_signal_that_says_nothing_ends_its_session_alone(bench: Any) -> None:
    bench.sit(0, "one", hears_all=True)
    bench.push(0, m.Kind.SIGNAL, m.SIGNAL_EVENT, **SIGNAL, what=9)
    bench.run()
    assert bench.board.seat_fault(0)


@pytest.mark.parametrize(("rights", "hears"), [(None, True), (b"\1\1", True), (b"\0\1", False), (b"", False)])
def test_what_is_held_is_told_to_who_may_know_it(bench: Any, rights: bytes | None, hears: bool) -> None:
    rings = bench.sit(1, "watcher", rights, hears_all=True)
    fill = {"venue": "V", "exec_id": "h1", "account": "A", "symbol": "X", "qty": "-7", "price": "10"}
    bench.feed(bench.book.begin().booking({**fill, "fee": "0", "by": "anna"}))
    bench.run()
    rows = [row for row in heard(rings) if row.kind == m.Kind.REPORT]
    assert [(row.a, row.b, row.symbol, row.c) for row in rows] == ([(0, -7, 0, m.NONE)] if hears else [])
