"""The spine: gating, sequences, the observer that is lapped."""

import struct

import pytest
from hypothesis import given, strategies as st

from core_ext.spine import Spine


def make(capacity: int = 4, cursors: int = 2, gating: list[int] | None = None) -> tuple[bytearray, Spine]:
    buffer = bytearray(Spine.bytes_needed(capacity, 64, cursors))
    return buffer, Spine.format(buffer, capacity, 64, cursors, gating)


def test_the_slowest_gating_cursor_holds_the_claimer_back() -> None:
    _, spine = make()
    assert [spine.try_write(s, b"x") for s in (1, 2, 3, 4)] == [True] * 4
    assert not spine.try_write(5, b"x")
    spine.move_cursor(0, 4)
    assert not spine.try_write(5, b"x")
    spine.move_cursor(1, 1)
    assert spine.try_write(5, b"x")
    assert not spine.try_write(6, b"x")
    assert (spine.claimed_seq, spine.slowest_gating, spine.get_cursor(0)) == (5, 1, 4)


def test_a_recovered_spine_starts_where_it_stopped() -> None:
    _, spine = make()
    spine.start_at(1000)
    assert [spine.try_write(seq, b"x") for seq in (1001, 1002, 1003, 1004, 1005)] == [True] * 4 + [False]
    assert (spine.slowest_gating, spine.read(1000), spine.read(1001) is not None) == (1000, None, True)


def test_a_cursor_that_does_not_gate_holds_nobody_back() -> None:
    _, spine = make(gating=[1])
    for seq in range(1, 20):
        assert spine.try_write(seq, b"x")
        spine.move_cursor(1, seq)
    assert spine.get_cursor(0) == 0


def test_without_gating_cursors_the_claimer_runs_free() -> None:
    _, spine = make(gating=[])
    assert all(spine.try_write(seq, b"x") for seq in range(1, 100))


def test_an_observer_sees_what_is_whole_and_its_own_gap() -> None:
    buffer, spine = make(gating=[])
    observer = Spine.attach(buffer)
    assert observer.read(0) is None
    assert observer.read(1) is None
    for seq in range(1, 8):
        spine.try_write(seq, b"event %d" % seq)
    assert [observer.read(seq) is not None for seq in range(1, 9)] == [False] * 3 + [True] * 4 + [False]
    assert observer.read(7) == struct.pack("<Q56s", 7, b"event 7")


def test_a_claim_makes_the_old_slot_unreadable_before_it_is_overwritten() -> None:
    buffer, spine = make(gating=[])
    for seq in range(1, 5):
        spine.try_write(seq, b"x")
    struct.pack_into("<Q", buffer, 64, 5)  # claimed, not written yet
    assert spine.read(1) is None
    assert spine.is_published(1)
    assert spine.read(2) is not None


def test_the_layout_is_a_cache_line_each() -> None:
    buffer, spine = make(capacity=4, cursors=3, gating=[0, 2])
    spine.try_write(1, b"abc")
    spine.move_cursor(1, 9)
    assert struct.unpack_from("<8sIIQQQ", buffer) == (b"NACRSPIN", 1, 64, 4, 3, 0b101)
    assert [struct.unpack_from("<Q", buffer, 64 * i)[0] for i in (1, 2, 3, 4)] == [1, 0, 9, 0]
    assert struct.unpack_from("<Q3s", buffer, 64 * 5 + 64) == (1, b"abc")  # slot of sequence 1


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), max_size=200), st.integers(0, 3))
def test_any_interleaving_agrees_with_the_rule(steps: list[tuple[int, int]], power: int) -> None:
    capacity = 1 << power
    _, spine = make(capacity=capacity, cursors=2)
    done, written = [0, 0], 0
    for who, n in steps:
        if who == 2:
            may = written + 1 <= min(done) + capacity
            assert spine.try_write(written + 1, b"") is may
            written += may
        else:
            done[who] = min(written, done[who] + n)
            spine.move_cursor(who, done[who])
    assert spine.claimed_seq == written
    for seq in range(1, written + 1):
        assert (spine.read(seq) is not None) is (seq > written - capacity)


@pytest.mark.parametrize(
    ("args", "part"),
    [((3, 64, 1), "capacity 3"), ((4, 32, 1), "slot size 32"), ((4, 64, 65), "65 cursors")],
)
def test_a_bad_shape_is_named(args: tuple[int, int, int], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        Spine.format(bytearray(1 << 16), *args)


def test_bad_buffers_and_headers_are_named() -> None:
    with pytest.raises(ValueError, match="need 448"):
        Spine.format(bytearray(447), 4, 64, 1)
    with pytest.raises(ValueError, match="holds no spine"):
        Spine.attach(bytearray(4096))
    with pytest.raises(ValueError, match="gating cursor 2 of 2"):
        make(gating=[2])
    buffer, _ = make()
    buffer[8] = 9
    with pytest.raises(ValueError, match="version is 9"):
        Spine.attach(buffer)


def test_misuse_is_named() -> None:
    _, spine = make()
    with pytest.raises(ValueError, match="sequence 2 does not follow the claimed 0"):
        spine.try_write(2, b"")
    with pytest.raises(ValueError, match="57 bytes, a slot takes 56"):
        spine.try_write(1, bytes(57))
    with pytest.raises(IndexError, match="cursor 2 of 2"):
        spine.get_cursor(2)
