"""Catching up: the journal first, then the spine, whatever the journal's writer has come to by then."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from core import messages as m
from core.recovery import catchup as catchups
from core.recovery.catchup import Catchup
from core.topology import LIVE_STAGES

support = import_module("tests.unit.core.live.conftest")
PINNED = tuple((stage,) for stage in LIVE_STAGES if stage != "venues")


def traded(tmp_path: Path, **more: Any) -> Any:
    bench = support.Bench(tmp_path, *PINNED, **more)
    bench.sit(0, "s")
    for i in range(40):
        bench.order(0, f"o{i}", price=990 + i % 20, venue=m.NONE16 if i % 3 else 0)
    bench.run()
    return bench


def past(bench: Any, until: int) -> Catchup:
    found = Catchup(bench.board.capacity)
    found.live_through(bench.folder / "journal", bench.board.spine, until)
    return found


def test_it_comes_to_the_same_state(tmp_path: Path) -> None:
    bench = traded(tmp_path)
    found = past(bench, bench.board.seq)
    assert found.events == bench.board.seq
    assert found.core.state_hash() == bench.chain.state_hash()
    bench.chain.close()


def test_it_stops_where_it_is_told(tmp_path: Path) -> None:
    bench = traded(tmp_path)
    half = bench.board.seq // 2
    found = past(bench, half)
    assert found.events == half
    assert past(bench, half).core.state_hash() == found.core.state_hash()
    found.live_through(bench.folder / "journal", bench.board.spine, bench.board.seq)
    assert found.core.state_hash() == bench.chain.state_hash()
    bench.chain.close()


def test_what_isn_t_recorded_yet_is_on_the_spine(tmp_path: Path) -> None:
    bench = traded(tmp_path)
    recorded = bench.board.recorded
    journal = next(each.index for each in bench.chain.plans if each.stages == ("journal",))
    kept = bench.chain.firsts.pop(journal)
    for i in range(20):
        bench.order(0, f"late{i}")
    bench.run()
    assert (bench.board.recorded, bench.board.seq) == (recorded, recorded + 20)
    found = past(bench, bench.board.seq)
    assert found.events == recorded + 20
    bench.chain.firsts[journal] = kept
    bench.run()
    assert past(bench, recorded + 20).core.state_hash() == found.core.state_hash()
    bench.chain.close()


def test_events_that_are_nowhere_are_told_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = traded(tmp_path)
    monkeypatch.setattr(catchups, "WAIT_S", 0.05)
    with pytest.raises(TimeoutError, match=rf"event {bench.board.seq + 1} is neither in the journal"):
        past(bench, bench.board.seq + 1)
    bench.chain.close()


def test_a_journal_whose_writer_dies_meanwhile_is_followed_into_the_next_segment(tmp_path: Path) -> None:
    """Small segments, writers that die one after the other, and one who follows all of them."""
    bench = traded(tmp_path, segment_bytes=1 << 16)
    shadow = bench.shadow()
    for turn in range(12):
        for i in range(30):
            bench.order(0, f"t{turn}-{i}", price=990 + i % 20)
        bench.run()
        if turn % 2:
            shadow.follow()
        bench.restart("journal")
        assert shadow.follow() <= bench.board.seq
    bench.run()
    assert shadow.follow() == bench.board.seq
    assert shadow.core.state_hash() == bench.chain.state_hash()
    assert bench.same_as_its_journal()
    bench.chain.close()


def test_it_waits_for_a_journal_that_isn_t_there_yet(tmp_path: Path) -> None:
    bench = traded(tmp_path)
    bench.chain.close()
    moved = bench.folder / "later"
    (bench.folder / "journal").rename(moved)
    assert bench.shadow().follow() == 0
    found = Catchup(support.SMALL)
    late = threading.Timer(0.1, lambda: moved.rename(bench.folder / "journal"))
    late.start()
    found.live_through(bench.folder / "journal", None, 20)
    late.join()
    assert found.events == 20
