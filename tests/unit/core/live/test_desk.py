"""The server's own inputs: numbered by source, taken in order, waited for while the core is kept going."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from core import messages as m
from core.live import desk as desks
from core.live.desk import Desk
from core.live.intake import SOURCE_DESK, SOURCE_FEED
from core.live.supervisor import WorkerLost
from core.scenario.encoder import Event

support = import_module("tests.unit.core.live.conftest")
DAY = Event(int(m.Kind.DAY), 0, bytes(8))


class Keeper:
    """Keeps nobody going: nothing is taken."""

    def __init__(self, board: Any, whole: bool) -> None:
        self.board = board
        self.whole = whole
        self.looks = 0

    def keep_going(self) -> bool:
        self.looks += 1
        return self.whole or self.looks > 100


def test_each_source_counts_its_own(bench: Any) -> None:
    counts = bench.chain.stage("sequencer").sequencer.counts()
    desk = Desk(bench.chain, counts)
    for source in (SOURCE_DESK, SOURCE_FEED, SOURCE_DESK):
        desk.push([DAY], source)
    desk.await_taken()
    after = bench.chain.stage("sequencer").sequencer.counts()
    assert after[SOURCE_DESK] == counts[SOURCE_DESK] + 2
    assert after[SOURCE_FEED] == counts.get(SOURCE_FEED, 0) + 1
    assert desk.numbers == after


def test_a_number_that_is_on_the_spine_is_dropped(bench: Any) -> None:
    before = bench.board.seq
    desk = Desk(bench.chain, {SOURCE_DESK: 0})  # as if it had forgotten: all of these came before
    for _ in range(3):
        desk.push([DAY], SOURCE_DESK)
    desk.await_taken()
    assert bench.board.seq == before
    assert bench.board.counts()["repeated"] == 3


def test_more_than_the_ring_holds_waits_for_its_place(bench: Any) -> None:
    before = bench.board.seq
    for _ in range(bench.board.desk.capacity + 500):
        bench.desk.push([DAY], SOURCE_DESK)
    bench.desk.await_taken()
    bench.run()
    assert bench.board.seq == before + bench.board.desk.capacity + 500
    bench.desk.await_recorded(bench.board.seq)
    assert bench.board.recorded == bench.board.seq


def test_a_core_that_takes_nothing_is_lost(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "TAKEN_S", 0.02)
    desk = Desk(Keeper(bench.board, True), dict(bench.desk.numbers))
    desk.push([DAY], SOURCE_DESK)
    with pytest.raises(WorkerLost, match="inputs aren't taken within"):
        desk.await_taken()
    with pytest.raises(WorkerLost, match=r"event \d+ isn't recorded within"):
        desk.await_recorded(bench.board.seq + 1)


def test_a_process_that_is_brought_back_takes_its_time(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "TAKEN_S", 0.0005)
    keeper = Keeper(bench.board, False)
    with pytest.raises(WorkerLost):
        Desk(keeper, {}).await_recorded(bench.board.seq + 1)
    assert keeper.looks > 100
