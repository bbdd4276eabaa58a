"""Follows a core's journal, or what an engine said, into a store.

It reads files, so nobody can notice it: where the store is down or full, the recorder stops
reading, and goes on from there when the store answers. It begins with the first event each time and leaves
out what the store has; that what it has is of this journal, the digest of its last event shows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from periphery.recorder.feeds import Feed, JournalFeed
from periphery.recorder.store import Batch, Elsewhere, Store, StoreDown
from periphery.service.mark import Mark
from periphery.service.source import STEP, OtherJournal

ROWS_TOGETHER = 4096
NAP_S = 0.01
AGAIN_S = 0.5


@dataclass(slots=True)
class Lag:
    """How far the store is behind."""

    events: int = 0
    """That were read and are not stored."""
    since_s: float = 0.0
    """Since when the store has not answered, by the monotonic clock; 0: it does."""


class Recorder:
    """One journal, or one engine's outputs, and one store."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        store: Store,
        source: str = "core",
        rows: int = ROWS_TOGETHER,
        step: int = STEP,
        feed: Callable[[str | os.PathLike[str], Mark, int], Feed] = JournalFeed,
    ) -> None:
        """The store's tables must be there. rows: of a batch, about. step: events read before rows are
        counted. feed: what is in the folder. StoreDown; Gone: that isn't there.
        """
        self.store = store
        self.source = source
        self.rows = rows
        self.stored = store.progress(source)
        self.lag = Lag()
        self._feed = feed(folder, self.stored, step)
        self._batch: Batch | None = None
        self._tried = False  # the batch was given to the store, which may have it
        self.caught_up = False
        """Whether there was no more, when it last read."""
        self.on_stored: Callable[[Batch], object] = lambda batch: None
        """Told of each batch that the store has."""

    @property
    def events(self) -> int:
        """How many events it has read."""
        return self._feed.seq

    def poll(self) -> bool:
        """Reads some events and stores their rows; whether there were any. StoreDown: they wait."""
        if self._batch is None:
            self._batch = self._read()
        if self._batch is None:
            return False
        self.lag.events = self._batch.through.seq - self._batch.after
        if not (self._tried and self.store.progress(self.source) == self._batch.through):
            self._tried = True
            self.store.write(self.source, self._batch)
        self._tried = False
        self.stored = self._batch.through
        self.on_stored(self._batch)
        self._batch = None
        self.lag = Lag()
        return True

    def catch_up(self) -> Recorder:
        """Until there is nothing more."""
        while self.poll():
            pass
        return self

    def _read(self) -> Batch | None:
        """What comes next, once it is past what the store has."""
        batch = Batch(self.stored.seq, self.stored)
        self.caught_up = False
        while batch.count < self.rows:
            if not self._some():
                self.caught_up = True
                break
            found = self._feed.take()
            if self.events > self.stored.seq:
                for table, row in found:
                    batch.rows[table.name].append(row)
        if self.events <= self.stored.seq:
            return None
        batch.through = self._feed.mark
        return batch

    def _some(self) -> bool:
        try:
            return self._feed.poll()
        except OtherJournal as error:
            raise Elsewhere(
                f"{self.store.address}: what there is of {self.source} is of another journal ({error})."
                " Give this one another name: --source NAME"
            ) from error


def follow(
    recorders: Sequence[Recorder],
    stopped: Callable[[], bool],
    say: Callable[[str], object],
    beat: Callable[[str], object] = lambda why: None,
    look: Callable[[], object] = lambda: None,
) -> None:
    """All of them in turn, until it is stopped. A store that doesn't answer is tried again; that it
    doesn't is said once. beat: once a turn, why the store isn't up to date, or "". look: after what was
    stored; as the store, it may be down.
    """
    while not stopped():
        pause_s, why = NAP_S, ""
        for recorder in recorders:
            try:
                if recorder.poll():
                    pause_s = 0.0
                    look()
                if not recorder.caught_up:
                    why = why or f"{recorder.source}: it is catching up"
            except StoreDown as error:
                pause_s, why = AGAIN_S, str(error)
                if not recorder.lag.since_s:
                    recorder.lag.since_s = time.monotonic()
                    say(f"{error}; trying again: the journal keeps what comes meanwhile")
        beat(why)
        time.sleep(pause_s)
