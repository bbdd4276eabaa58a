"""The intake with the smallest of tables: whatever is full, something can go on; and it can be hushed."""

from __future__ import annotations

import random
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from core import messages as m
from core.topology import LIVE_STAGES

support = import_module("tests.unit.core.live.conftest")
TINY = replace(support.SMALL, spine=8, loopback=512)
PINNED = tuple((stage,) for stage in LIVE_STAGES if stage != "venues")
APART = tuple((stage,) for stage in LIVE_STAGES)


@pytest.mark.parametrize("groups", [PINNED, APART], ids=["pinned", "apart"])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_stands_still_however_small_the_spine(tmp_path: Path, groups: Any, seed: int) -> None:
    """A kill that sweeps hundreds of orders, sends held back, reports that wait: with eight places."""
    rng = random.Random(seed)
    bench = support.Bench(tmp_path, *groups, capacity=support.sizes(TINY))
    bench.sit(0, "s")
    for i in range(700):
        bench.order(0, f"o{i}", side=i % 2, price=990 + i % 20, venue=rng.choice((0, m.NONE16)))
    turns(bench, rng, 400)
    epoch = bench.page.kill(0, 0, "ann")  # the gateways hold back from now on
    turns(bench, rng, 400)
    bench.line({"type": "kill", "scope": "all", "by": "ann"})
    turns(bench, rng, 400)
    bench.page.clear([epoch])
    bench.run()
    assert bench.open_orders() == 0
    assert bench.board.counts()["waiting"] == 0
    assert bench.board.is_quiet()
    assert bench.same_as_its_journal()
    bench.chain.close()


def turns(bench: Any, rng: random.Random, count: int) -> None:
    """Whoever it is, however much."""
    firsts = list(bench.chain.firsts.values())
    for _ in range(count):
        rng.choice(firsts).turn_once(rng.choice((1, 3, 64)))


def test_reports_have_a_place_when_gateways_wait_for_room(tmp_path: Path) -> None:
    """The ring of reports is full, the spine is full, derived events wait: a report goes first."""
    bench = support.Bench(tmp_path, *PINNED, capacity=support.sizes(TINY))
    bench.sit(0, "s")
    for i in range(600):
        bench.order(0, f"o{i}", price=900)
    bench.run()
    stages = {each.stages[0]: bench.chain.firsts[each.index] for each in bench.chain.plans}
    bench.page.kill(0, 0, "ann")
    assert support.fill_reports(bench.board) > 400
    for i in range(300):
        bench.order(0, f"late{i}", price=900)
    for _ in range(3000):
        for stage in stages.values():
            stage.turn_once(4)
    bench.run()
    assert bench.board.is_quiet()
    assert bench.chain.stage("gateways").gateway.suppressed == 300
    bench.chain.close()


def test_hushed_it_takes_only_what_engines_derive(bench: Any) -> None:
    bench.sit(0, "s")
    for i in range(200):
        bench.order(0, f"o{i}")
    bench.run()
    bench.line({"type": "kill", "scope": "all", "by": "ann"})
    assert not bench.board.is_settled()
    bench.chain.stage("sequencer").hush()
    bench.order(0, "late")
    for _ in range(2000):
        bench.chain.keep_going()
    assert bench.board.is_settled()
    assert len(bench.board.reports) == 200  # the venue's answers to the cancels stay where they are
    assert ("late", "pending_new") not in bench.told(0)
    assert bench.same_as_its_journal()


def test_what_was_taken_is_not_taken_again_by_another_intake(bench: Any) -> None:
    bench.sit(0, "s")
    for i in range(10):
        bench.order(0, f"o{i}")
    bench.run()
    seat = bench.rings[0].requests
    assert seat.taken == 10
    support.untake_requests(bench.requests[0], 4)  # it died before it gave the last ones back
    seq = bench.board.seq
    bench.restart("sequencer")
    bench.run()
    assert (bench.board.seq, seat.taken) == (seq, 10)


def test_a_closed_seat_stays_closed_when_the_intake_comes_back(bench: Any) -> None:
    bench.sit(0, "s")
    bench.order(0, "o1")
    bench.run()
    assert bench.chain.stage("sequencer").close_seat(0)
    del bench.sessions[0], bench.bases[0]
    bench.restart("sequencer")
    seq = bench.board.seq
    bench.run()
    assert bench.board.seq == seq
    bench.sent.clear()
    bench.sit(0, "t")  # another session in the same seat counts from one
    bench.order(0, "o2")
    bench.run()
    assert bench.told(0) == [("o2", "pending_new"), ("o2", "new")]
