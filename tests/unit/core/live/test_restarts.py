"""Workers that die between two turns: another one goes on where the board and the journal say."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.errors import Nondeterminism
from core.live.intake import SOURCE_GATEWAY, SOURCE_SESSIONS
from core.live.intents import Intents
from core.scenario.reader import Line
from core.scenario.values import convert
from core.topology import ENGINE_NAMES, LIVE_CURSORS, LIVE_STAGES, PARAGRAPHS

support = import_module("tests.unit.core.live.conftest")
PINNED = tuple((stage,) for stage in LIVE_STAGES if stage != "venues")
APART = tuple((stage,) for stage in LIVE_STAGES)
MIXED = (
    ("sequencer", "resolve"),
    ("risk", "journal"),
    ("orders", "router", "execution", "gateways"),
    ("positions",),
    ("egress",),
)


def made(tmp_path: Path, groups: tuple[tuple[str, ...], ...], **more: Any) -> Any:
    bench = support.Bench(tmp_path, *groups, **more)
    bench.sit(0, "s")
    bench.line(QUOTE, 1)
    return bench


QUOTE = {
    "type": "quote", "venue": "V", "symbol": "X", "bid_px": "9.99", "bid_qty": "500", "ask_px": "10.01",
    "ask_qty": "500",
}  # fmt: skip


def trade(bench: Any, rng: random.Random, turn: int) -> None:
    """Orders that rest, cross, expire and are canceled."""
    for i in range(rng.randrange(1, 12)):
        name = f"t{turn}-{i}"
        bench.order(
            0, name, side=rng.randrange(2), price=rng.randrange(995, 1006), venue=rng.choice((0, m.NONE16))
        )
        if rng.random() < 0.3:
            bench.push(0, m.Kind.CANCEL, m.CANCEL_EVENT, cl_ord_id=f"{name}c", orig_cl_ord_id=name)
    if rng.random() < 0.2:
        bench.line(QUOTE | {"ask_qty": str(rng.randrange(1, 400))}, 1)


@pytest.mark.parametrize("groups", [PINNED, APART, MIXED], ids=["pinned", "apart", "mixed"])
@pytest.mark.parametrize("seed", range(3))
def test_whoever_dies_nothing_is_lost_or_doubled(
    tmp_path: Path, groups: tuple[tuple[str, ...], ...], seed: int
) -> None:
    bench = made(tmp_path, groups)
    rng = random.Random(seed)
    for turn in range(60):
        trade(bench, rng, turn)
        for _ in range(rng.randrange(6)):  # some of the workers, some of the way
            rng.choice(list(bench.chain.firsts.values())).turn_once(rng.randrange(1, 8))
        died = rng.choice(rng.choice(groups))
        bench.restart(died)
        if died == "venues" or (died in ("gateways",) and groups != APART):
            ask(bench)
    bench.run()
    told = bench.told(0)  # by number: without gap or repeat
    assert {name for name, _ in told} >= names(bench)
    counts = bench.board.counts()
    assert bench.chain.stage("sequencer").sequencer.counts()[SOURCE_SESSIONS] == bench.sent[0]
    assert counts["venue_doubled"] == 0
    assert bench.same_as_its_journal()
    bench.chain.close()


def names(bench: Any) -> set[str]:
    """Of all orders in the journal."""
    found = set()
    for _, body in bench.reader():
        head = np.frombuffer(body, m.HEADER, 1)[0]
        if head["kind"] == m.Kind.ORDER:
            raw = body[m.HEADER.itemsize :][:40]
            found.add(raw[1 : 1 + raw[0]].decode())
    return found


def ask(bench: Any) -> None:
    for state in ("down", "up"):
        bench.line({"type": "venue_state", "venue": "V", "state": state})


@pytest.mark.parametrize("stage", [name for name in ENGINE_NAMES if name in PARAGRAPHS])
def test_a_second_run_that_differs_is_found_by_name(tmp_path: Path, stage: str) -> None:
    bench = made(tmp_path, PINNED)
    bench.order(0, "o1", price=1001)  # it is sent, and fills
    bench.run()
    board, cursor = bench.board, LIVE_CURSORS.index(stage)
    seq = board.seq - 2 if stage == "execution" else board.seq  # the order, or its fill
    board.spine.move_cursor(cursor, seq - 1)  # it died before it said that it was done
    at, size = PARAGRAPHS[stage]
    page = support.page_of(board, seq)
    page[at + 8 : at + size] = bytes(byte ^ 1 for byte in page[at + 8 : at + size])
    bench.restart(stage)
    bench.chain.keep_going()
    with pytest.raises(Nondeterminism, match=rf"engine {stage} .*event {seq};"):
        board.faults.raise_first()
    bench.chain.close()


def test_what_was_published_is_not_written_again(tmp_path: Path) -> None:
    bench = made(tmp_path, PINNED)
    for i in range(20):
        bench.order(0, f"o{i}")
    bench.run()
    before = [bytes(support.page_of(bench.board, bench.board.seq - i)) for i in range(30)]
    for stage in ENGINE_NAMES:
        bench.board.spine.move_cursor(LIVE_CURSORS.index(stage), bench.board.seq - 30)
        bench.restart(stage)
    bench.run()
    assert before == [bytes(support.page_of(bench.board, bench.board.seq - i)) for i in range(30)]
    assert bench.same_as_its_journal()
    assert len(bench.told(0)) == 40
    bench.chain.close()


def test_what_a_stage_has_to_live_through_again_stays_until_it_has(tmp_path: Path) -> None:
    """Positions were behind risk when their worker died. They pass by the quotes that risk takes: once they
    are where they all were, nobody holds back new events from the places of those that risk needs.
    """
    both = ("risk", "positions")
    bench = made(tmp_path, (both, *(each for each in PINNED if each[0] not in both)))
    kind, _, data = convert(dict(QUOTE))
    quote = bench.book.events(Line(0, 0, kind, data))
    bench.feed(quote * 100, 1)
    bench.run()
    spine, behind = bench.board.spine, LIVE_CURSORS.index("positions")
    spine.move_cursor(behind, bench.board.seq - 100)
    bench.restart("risk")
    while spine.get_cursor(behind) < bench.board.seq:
        bench.chain.firsts[0].turn_once()
    bench.desk.push(quote * 300, 1)
    bench.run()
    assert set(bench.board.cursors().values()) == {bench.board.seq}
    assert bench.same_as_its_journal()
    bench.chain.close()


def test_a_timer_behind_another_event_stays_a_timer(tmp_path: Path) -> None:
    """The intake dies while both wait on the same loopback ring."""
    bench = made(tmp_path, PINNED)
    far = 4_000_000_000_000_000_000
    flags = m.OrderFlag.HAS_QTY | m.OrderFlag.HAS_PRICE | m.OrderFlag.HAS_EXPIRE
    bench.order(0, "a", venue=m.NONE16, price=999)
    bench.run()
    bench.push(0, m.Kind.CANCEL, m.CANCEL_EVENT, cl_ord_id="ac", orig_cl_ord_id="a")
    bench.order(
        0, "b", venue=m.NONE16, price=999, time_in_force=m.TimeInForce.GTD, flags=flags, expire_ns=far
    )
    bench.chain.firsts[0].turn_once()
    for i in range(1, 5):  # through orders: a cancel of a child, then a timer
        bench.chain.firsts[i].turn_once()
    assert len(bench.board.loopbacks["orders"]) == 2
    bench.restart("sequencer")
    bench.run()
    assert bench.board.counts()["timers"] == 1
    assert ("b", "expired") not in bench.told(0)
    assert ("a", "canceled") in bench.told(0) or ("ac", "canceled") in bench.told(0)
    assert bench.same_as_its_journal()
    bench.chain.close()


def test_timers_fire_by_when_they_were_asked_for_and_a_replay_knows(tmp_path: Path) -> None:
    """Orders is dead while one timer comes due; what it then asks for was due before that one."""
    bench = made(tmp_path, PINNED)
    flags = m.OrderFlag.HAS_QTY | m.OrderFlag.HAS_PRICE | m.OrderFlag.HAS_EXPIRE
    gtd: dict[str, Any] = {
        "time_in_force": m.TimeInForce.GTD,
        "venue": m.NONE16,
        "price": 999,
        "flags": flags,
    }
    now = time.time_ns()
    bench.order(0, "late", expire_ns=now + 600_000_000, **gtd)
    bench.run()
    assert bench.board.counts()["timers"] == 1
    orders = bench.chain.lose("orders")
    bench.order(0, "early", expire_ns=now + 400_000_000, **gtd)
    while bench.board.counts()["timers"]:
        bench.chain.keep_going()
    assert time.time_ns() > now + 600_000_000
    bench.chain.build(orders)
    bench.run()
    assert {("late", "expired"), ("early", "expired")} <= set(bench.told(0)) or bench.open_orders() == 0
    assert bench.same_as_its_journal()
    bench.restart("sequencer")
    bench.restart("risk")
    bench.run()
    assert bench.same_as_its_journal()
    bench.chain.close()


def test_more_may_wait_to_be_sequenced_than_a_loopback_ring_holds(tmp_path: Path) -> None:
    """Many orders wait for a quote; quotes come faster than the router routes."""
    sizes = support.sizes(replace(support.SMALL, orders=1 << 13, ids=1 << 14, spine=1024))
    bench = support.Bench(tmp_path, *PINNED, capacity=sizes)
    bench.sit(0, "s")
    for i in range(3000):
        bench.order(0, f"o{i}", venue=m.NONE16, price=1001, qty=1)
        if i % 500 == 499:
            bench.run()
    router = bench.chain.lose("router")
    quote = {
        "type": "quote",
        "venue": "V",
        "symbol": "X",
        "bid_px": "9.90",
        "bid_qty": "1",
        "ask_px": "10.01",
    }
    for i in range(400):
        bench.line(quote | {"ask_qty": str(9 + i % 2)}, 1)
    bench.chain.build(router)
    bench.run()
    kinds = [np.frombuffer(body, m.HEADER, 1)[0]["kind"] for _, body in bench.reader()]
    assert kinds.count(m.Kind.SLICE) > 2 * bench.board.loopbacks["router"].capacity
    assert bench.same_as_its_journal()
    assert bench.shadow().core.state_hash() == bench.chain.state_hash()
    bench.chain.close()


def test_an_intent_without_done_is_told_until_its_venue_was_asked(tmp_path: Path) -> None:
    bench = made(tmp_path, APART)
    bench.order(0, "o1")
    bench.run()
    gateways = LIVE_STAGES.index("gateways")
    kept = bench.chain.workers[gateways].intents
    assert [int(row["state"]) for row in kept.rows[kept.rows["seq"] > 0]] == [2]
    kept.rows["state"][kept.rows["seq"] > 0] = 1  # as if it had died between the write and its mark
    for _ in range(2):  # also when it dies again before it came to it
        bench.restart("gateways")
        kept = bench.chain.workers[gateways].intents
        assert len(kept.unknown) == 1
    kept.asked()
    bench.restart("gateways")
    assert bench.chain.workers[gateways].intents.unknown == []
    bench.run()
    assert bench.board.counts()["venue_messages"] == 1  # it wasn't sent again
    bench.chain.close()


def test_what_was_held_back_is_told_once(tmp_path: Path) -> None:
    """The gateways die after the report and before they let go of the send; then the kill is lifted."""
    bench = made(tmp_path, APART)
    epoch = bench.page.kill(0, 0, "ann")
    bench.order(0, "o1")
    for first in list(bench.chain.firsts.values())[:-2]:
        first.turn_once()
    assert len(bench.board.sends) == 1
    bench.chain.firsts[LIVE_STAGES.index("gateways")].turn_once()
    assert len(bench.board.reports) == 1
    bench.chain.lose("gateways")
    support.untake(bench.board, "sends")
    bench.page.clear([epoch])
    bench.chain.build(LIVE_STAGES.index("gateways"))
    bench.run()
    assert bench.told(0)[-1] == ("o1", "rejected")
    assert bench.board.counts()["venue_messages"] == 0
    assert bench.chain.stage("sequencer").sequencer.counts()[SOURCE_GATEWAY] == 1
    bench.chain.close()


def test_half_an_intent_is_none(tmp_path: Path) -> None:
    intents = Intents(tmp_path, support.SMALL, 0)
    intents.rows[5] = (5, 0, 1, 0, 1, 2, 0)
    intents.rows[6] = (0, 0, 1, 0, 1, 1, 0)  # its sequence isn't stored yet
    intents.rows[7] = (7, 0, 1, 0, 1, 3, 0)
    intents.rows[9] = (9, 0, 1, 0, 1, 1, 0)  # of an event that the machine lost
    again = Intents(tmp_path, support.SMALL, 8)
    assert (again.sent_through, again.unknown) == (7, [7])
    again.asked()
    assert Intents(tmp_path, support.SMALL, 8).unknown == []
    assert int(again.rows[9]["seq"]) == 0
