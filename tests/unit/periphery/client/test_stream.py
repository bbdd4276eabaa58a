"""Following a ring: what is claimed but not written yet, what was overwritten; and how waits grow."""

from __future__ import annotations

from periphery.client.stream import Deadline, Follower, Pacer


class Slots:
    """A ring of 8 slots whose writer can be stopped between claim and publication."""

    capacity = 8
    first_seq = 1

    def __init__(self) -> None:
        self.claimed_seq = 0
        self.published = 0

    def is_published(self, seq: int) -> bool:
        return self.claimed_seq - self.capacity < seq <= self.published

    def read(self, seq: int) -> bytes | None:
        """As the spine's: by the claim cursor alone."""
        return b"%d" % seq if 0 <= self.claimed_seq - seq < self.capacity else None


def test_a_slot_that_is_claimed_but_not_written_is_waited_for() -> None:
    slots = Slots()
    follower = Follower(slots, 1)
    slots.claimed_seq = 1
    assert (follower.read(), follower.oldest()) == (None, None)
    slots.published = 1
    assert (follower.read(), follower.next_seq) == (b"1", 2)


def test_a_slot_that_is_being_overwritten_is_lost() -> None:
    slots = Slots()
    follower = Follower(slots, 1)
    slots.claimed_seq = slots.published = 8
    assert follower.oldest() is None
    slots.claimed_seq = 9
    assert (follower.read(), follower.oldest()) == (None, 6)


def test_a_ring_that_begins_later_is_read_from_there() -> None:
    slots = Slots()
    follower = Follower(slots, 1)
    slots.first_seq, slots.claimed_seq = 4, 5
    assert (follower.read(), follower.oldest()) == (None, 4)
    slots.claimed_seq = 9
    assert follower.oldest() == 6
    slots.first_seq = 8
    assert follower.oldest() == 8
    follower.next_seq = 8
    slots.published = 9
    assert (follower.read(), follower.oldest()) == (b"8", None)


def test_waits_grow_from_none_to_a_millisecond() -> None:
    pacer = Pacer()
    waits = [pacer.next_sleep() for _ in range(Pacer.SPINS + 10)]
    assert waits[: Pacer.SPINS] == [0.0] * Pacer.SPINS
    assert waits[Pacer.SPINS :][:2] == [Pacer.SHORTEST_S, 2 * Pacer.SHORTEST_S]
    assert waits[-1] == Pacer.LONGEST_S
    pacer.reset()
    assert pacer.next_sleep() == 0


def test_deadlines() -> None:
    assert Deadline(0).is_over
    assert not Deadline(None).is_over
    deadline = Deadline(60)
    deadline.renew()
    assert not deadline.is_over
