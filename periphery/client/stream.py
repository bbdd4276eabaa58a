"""Following a ring that never waits for its readers, and how long to wait between two looks at it."""

from __future__ import annotations

import time
from typing import Protocol


class Slots(Protocol):
    """What is asked of a ring of answers: core_ext.spine.Spine has it."""

    @property
    def capacity(self) -> int: ...
    @property
    def claimed_seq(self) -> int: ...
    @property
    def first_seq(self) -> int: ...
    def is_published(self, seq: int) -> bool: ...
    def read(self, seq: int) -> bytes | None: ...


class Follower:
    """Reads slots in order, from `next_seq` on; sees when the writer has lapped it."""

    def __init__(self, slots: Slots, next_seq: int) -> None:
        self.next_seq = next_seq
        self._slots = slots

    def read(self) -> bytes | None:
        """The next slot's bytes; None where it isn't there yet or, see `oldest`, no longer.

        A slot is claimed before it is written, and `read` looks at claims only: unpublished is not whole.
        """
        if not self._slots.is_published(self.next_seq):
            return None
        slot = self._slots.read(self.next_seq)
        if slot is not None:
            self.next_seq += 1
        return slot

    def oldest(self) -> int | None:
        """None where nothing was lost; else from where to read on: where the ring begins, or half of it
        behind the writer.
        """
        claimed, first = self._slots.claimed_seq, self._slots.first_seq
        if claimed - self.next_seq < self._slots.capacity:
            begins_later = self.next_seq < first and not self._slots.is_published(self.next_seq)
            return first if begins_later else None
        return max(claimed - self._slots.capacity // 2 + 1, first)


class Pacer:
    """Waits between two looks: `spins` times not at all, then from SHORTEST_S on ever twice as long."""

    SPINS = 200
    SHORTEST_S = 20e-6
    LONGEST_S = 1e-3

    def __init__(self, spins: int = SPINS) -> None:
        self._most_spins = spins
        self.reset()

    def reset(self) -> None:
        """Something came: look again at once."""
        self._spins = self._most_spins
        self._sleep_s = self.SHORTEST_S

    def next_sleep(self) -> float:
        """Seconds to sleep now; 0 while it still spins."""
        if self._spins:
            self._spins -= 1
            return 0.0
        sleep_s = self._sleep_s
        self._sleep_s = min(2 * sleep_s, self.LONGEST_S)
        return sleep_s


class Deadline:
    """A point in time, or never."""

    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout
        self.renew()

    def renew(self) -> None:
        """Start again, from now."""
        self._at = None if self._timeout is None else time.monotonic() + self._timeout

    @property
    def is_over(self) -> bool:
        return self._at is not None and time.monotonic() >= self._at
