"""Timing: a stage's hop is from the stage that it waits for, and only of events that both have marked."""

from __future__ import annotations

import mmap

from core.board import Board, make_memory
from core.capacity import Capacity
from core.timing import TIMED, TIMED_EVERY, TIMING_BYTES, Timing


def test_a_fresh_one_is_empty_and_attached_to() -> None:
    memory = mmap.mmap(-1, TIMING_BYTES)
    for name in TIMED:
        Timing(memory, name, True)
    again = Timing(memory, "risk")
    assert [again.hop.count, again.service.count, again.since.count] == [0, 0, 0]
    assert again.times(TIMED_EVERY) == {}


def test_each_stage_has_histograms_of_its_own() -> None:
    memory = mmap.mmap(-1, TIMING_BYTES)
    made = {name: Timing(memory, name, True) for name in TIMED}
    for n, timing in enumerate(made.values(), 1):
        timing.hop.add(100, n)
        timing.service.add(200, n)
        timing.since.add(300, n)
    for n, timing in enumerate(made.values(), 1):
        assert (timing.hop.count, timing.service.count, timing.since.count) == (n, n, n)


def test_the_board_has_one_a_stage() -> None:
    small = Capacity(orders=64, spine=64, loopback=512)
    board = Board.of(make_memory(small), small, True)
    assert tuple(board.timings) == TIMED
