"""Several engines of one process over one place in a core's events: what comes is received, or played, once.

Each walks the rows itself, from where its own state is, so it says and saves what it would alone.
The first that joined asks for what comes next; all take it when it is their turn.
"""

from __future__ import annotations

from collections import deque

from periphery.service.batched import Batches
from periphery.service.mark import Mark
from periphery.service.source import Gone
from periphery.stream.wire import Batch


class Shared:
    """Engines join before any of them polls. batches: of all their kinds, from where who knows least is."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.followers: list[Follower] = []
        self.gone: Gone | None = None

    def join(self) -> Follower:
        """A place of its own."""
        self.followers.append(Follower(self))
        return self.followers[-1]

    def pull(self) -> None:
        """What comes next, for all. Gone."""
        self.gone = None
        try:
            batch = self.batches.next()
        except Gone as error:
            self.gone = error
            raise
        if batch is not None:
            for each in self.followers:
                each.waiting.append(batch)

    def leave(self, follower: Follower) -> None:
        """The last one lets go of the batches."""
        self.followers.remove(follower)
        if not self.followers:
            self.batches.close()


class Follower:
    """One engine's place: see periphery.service.batched.Batches."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.where, self.begin = shared.batches.where, shared.batches.begin
        self.waiting: deque[Batch] = deque()

    @property
    def is_first(self) -> bool:
        return self.shared.followers[0] is self

    def next(self) -> Batch | None:
        if not self.waiting and self.is_first:
            self.shared.pull()
        if self.waiting:
            return self.waiting.popleft()
        if self.shared.gone is not None:
            raise self.shared.gone
        return None

    def is_current(self, done: int) -> bool:
        return not self.waiting and self.shared.batches.is_current(done)

    def wait(self, most_s: float) -> None:
        """The first one waits for all."""
        if self.is_first and not any(each.waiting for each in self.shared.followers):
            self.shared.batches.wait(most_s)

    def close(self) -> None:
        self.shared.leave(self)


def least(marks: list[Mark]) -> Mark:
    """From where all of them can go on."""
    return min(marks, key=lambda mark: mark.seq)
