"""The ring against a deque, its header, and its bytes in the buffer."""

import struct
from collections import deque

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core_ext.region import Region
from core_ext.ring import Ring

HEADER = 256


class RingAgainstDeque(RuleBasedStateMachine):
    """Two ends of one buffer, as two processes would hold it."""

    @initialize(power=st.integers(0, 4), words=st.integers(1, 9), shared_object=st.booleans())
    def make(self, power: int, words: int, shared_object: bool) -> None:
        self.capacity, self.slot = 1 << power, 8 * words
        self.buffer = bytearray(Ring.bytes_needed(self.capacity, self.slot))
        self.producer = Ring.format(self.buffer, self.capacity, self.slot)
        self.consumer = self.producer if shared_object else Ring.attach(self.buffer)
        self.model: deque[bytes] = deque()
        self.fulls = 0

    @rule(data=st.binary(max_size=80))
    def push(self, data: bytes) -> None:
        data = data[: self.slot]
        room = len(self.model) < self.capacity
        assert self.producer.try_push(data) is room
        if room:
            self.model.append(data.ljust(self.slot, b"\0"))
        else:
            self.fulls += 1

    @rule()
    def pop(self) -> None:
        assert self.consumer.try_pop() == (self.model.popleft() if self.model else None)

    @rule()
    def consumer_restarts(self) -> None:
        self.consumer = Ring.attach(self.buffer)

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "model"):
            assert len(self.producer) == len(self.consumer) == len(self.model)
            assert self.consumer.fulls == self.fulls
            assert not self.consumer.is_broken


RingAgainstDeque.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestRingAgainstDeque = RingAgainstDeque.TestCase


def test_each_index_has_a_line_of_its_own() -> None:
    buffer = bytearray(Ring.bytes_needed(2, 8))
    ring = Ring.format(buffer, 2, 8)
    assert [ring.try_push(b"a"), ring.try_push(b"b"), ring.try_push(b"c")] == [True, True, False]
    ring.try_pop()
    assert struct.unpack_from("<8sIIQ", buffer) == (b"NACRRING", 1, 8, 2)
    words = [struct.unpack_from("<Q", buffer, at)[0] for at in (64, 128, 192)]
    assert words == [2, 1, 1]  # tail, fulls, head
    assert buffer[HEADER : HEADER + 16] == b"a".ljust(8, b"\0") + b"b".ljust(8, b"\0")


@pytest.mark.parametrize(
    ("capacity", "slot", "part"),
    [(3, 8, "capacity 3"), (0, 8, "capacity 0"), (4, 0, "slot size 0"), (4, 12, "slot size 12")],
)
def test_a_bad_shape_is_named(capacity: int, slot: int, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        Ring.format(bytearray(4096), capacity, slot)


@pytest.mark.parametrize(
    ("at", "raw", "part"),
    [
        (0, b"x", "magic"),
        (8, b"\2", "version is 2"),
        (12, b"\7", "slot size 7"),
        (16, b"\3", "capacity 3"),
        (16, b"\0\1", "need 2304 bytes"),
        (64, b"\x99", "tail 153"),
    ],
)
def test_a_bad_header_is_named(at: int, raw: bytes, part: str) -> None:
    buffer = bytearray(Ring.bytes_needed(4, 8))
    Ring.format(buffer, 4, 8)
    buffer[at : at + len(raw)] = raw
    with pytest.raises(ValueError, match=part):
        Ring.attach(buffer)


def test_a_read_only_or_small_buffer_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes is not a writable"):
        Ring.format(bytes(4096), 4, 8)
    with pytest.raises(ValueError, match="4 slots of 8 bytes need 288"):
        Ring.format(bytearray(287), 4, 8)
    with pytest.raises(ValueError, match="fewer than the header"):
        Ring.attach(bytearray(8))
    with pytest.raises(TypeError, match=r"Ring\.format"):
        Ring()


def test_an_item_larger_than_a_slot_is_refused() -> None:
    ring = Ring.format(bytearray(Ring.bytes_needed(4, 8)), 4, 8)
    with pytest.raises(ValueError, match="9 bytes, a slot 8"):
        ring.try_push(bytes(9))


def test_a_peer_that_overwrites_the_indices_is_seen_and_stays_in_bounds() -> None:
    buffer = bytearray(Ring.bytes_needed(4, 8))
    ring = Ring.format(buffer, 4, 8)
    struct.pack_into("<Q", buffer, 64, 1 << 40)
    assert ring.try_pop() == bytes(8)
    assert ring.is_broken
    assert len(ring) == 4


def test_over_plain_and_shared_memory() -> None:
    for region in (Region.plain(4096), Region.create("nacre-test-ring", 4096, 1)):
        with region:
            ring = Ring.format(region, 8, 64)
            assert ring.try_push(b"hello")
            popped = Ring.attach(region).try_pop()
            assert popped is not None
            assert popped.startswith(b"hello")
            del ring
