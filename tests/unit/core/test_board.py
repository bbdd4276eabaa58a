"""The board: parts that don't touch, words that say how the core is, when it is quiet."""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import replace

import pytest

from core.board import MAX_WORKERS, Board, board_bytes, make_memory, parts
from core.capacity import Capacity
from core.errors import LoopbackFull
from core.topology import DERIVING, LIVE_CURSORS
from tests.unit.core.live.conftest import part_of

SMALL = Capacity(orders=64, spine=8, loopback=512)


@pytest.fixture
def board() -> Board:
    return Board(mmap.mmap(-1, board_bytes(SMALL)), SMALL, True)


def test_every_part_has_pages_of_its_own() -> None:
    found = parts(SMALL)
    assert list(found)[:4] == ["faults", "words", "workers", "timing"]
    assert {f"loopback.{name}" for name in DERIVING} < set(found)
    assert board_bytes(SMALL) == sum(-(-size // 4096) * 4096 for size in found.values())


def test_who_attaches_sees_what_is_there(board: Board) -> None:
    fd = make_memory(SMALL)
    try:
        first, second = Board.of(fd, SMALL, True), Board.of(fd, SMALL)
    finally:
        os.close(fd)
    first.declare(3, 2, 1, 4)
    first.call(2)
    first.desk.try_push(b"x")
    first.spine.move_cursor(1, 0)
    assert second.desk.try_pop() is not None
    assert first.desk.try_pop() is None
    assert second.cursors() == dict.fromkeys(LIVE_CURSORS, 0)
    assert set(second.worker_counts(MAX_WORKERS - 1).values()) == {0}


def test_rings_too_small_for_one_event_are_refused() -> None:
    with pytest.raises(ValueError, match="loopback = 256: give 320 or more"):
        Board(bytearray(64), replace(SMALL, loopback=256), True)


def test_the_last_event_is_the_last_whole_one(board: Board) -> None:
    assert (board.seq, board.recorded) == (0, 0)
    board.spine.start_at(41)
    assert (board.seq, board.recorded) == (41, 41)
    assert board.spine.try_write(42, b"")
    assert board.seq == 42
    part_of(board, "spine")[64:72] = (43).to_bytes(8, "little")
    assert (board.seq, board.spine.claimed_seq) == (42, 43)  # whoever claimed it died, or is about to publish


def test_quiet_is_when_all_have_seen_all_and_no_ring_has_anything(board: Board) -> None:
    board.spine.start_at(5)
    assert board.is_quiet()
    for ring in (board.desk, board.feed, board.reports, board.sends, board.to_venues, board.from_venues):
        ring.try_push(b"x")
        assert not board.is_quiet()
        assert board.is_settled()
        ring.try_pop()
    for ring in board.loopbacks.values():
        ring.try_push(b"x")
        assert not board.is_settled()
        ring.try_pop()
    assert board.spine.try_write(6, b"")
    for i in range(len(LIVE_CURSORS)):
        assert not board.is_quiet()
        board.spine.move_cursor(i, 6)
    assert board.is_quiet()


def test_the_first_fault_stays_and_is_seen_by_all() -> None:
    fd = make_memory(SMALL)
    first, second = Board.of(fd, SMALL, True), Board.of(fd, SMALL)
    os.close(fd)
    assert not second.faults
    part_of(first, "faults")[:40] = struct.pack("<5Q", 3, 1, 2, 0, 17)
    for board in (first, second):
        with pytest.raises(LoopbackFull, match="engine risk at event 17") as told:
            board.faults.raise_first()
        assert "loopback" in str(told.value)


def test_a_seat_s_fault_is_told_until_it_is_cleared(board: Board) -> None:
    assert board.seat_fault(3) == ""
    board.clear_seat_fault(3)
    assert board.seat_fault(3) == ""
