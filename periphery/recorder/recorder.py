"""Follows a core's journal into a store.

It reads the journal, so the core can't notice it: where the store is down or full, the recorder stops
reading, and goes on from there when the store answers. It begins with the journal's first event each time
and leaves out what the store has; that what it has is of this journal, the digest of its last event shows.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from core import messages as m
from core.live.book import Book
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core_ext.journal import JournalReader
from periphery.recorder.rows import Kept
from periphery.recorder.store import Batch, Elsewhere, Progress, Store, StoreDown

STEP = 512
"""Events between two looks at the size of a batch."""
ROWS_TOGETHER = 4096
NAP_S = 0.01
AGAIN_S = 0.5


@dataclass(slots=True)
class Lag:
    """How far the store is behind, and why."""

    events: int = 0
    """That were read and are not stored."""
    since_s: float = 0.0
    """Since when the store has not answered, by the monotonic clock; 0: it does."""
    why: str = ""


class Recorder:
    """One journal, one store."""

    def __init__(self, folder: str | os.PathLike[str], store: Store, source: str = "core") -> None:
        """The store's tables must be there. StoreDown, Elsewhere; ValueError: no journal of a core."""
        capacity = capacity_of(folder)
        self.folder = folder
        self.store = store
        self.source = source
        self.stored = store.progress(source)
        self.lag = Lag()
        self._reader = JournalReader(folder, follow=True)
        self._replay = Replay(capacity)
        self._kept = Kept(Book(), self._replay.core.egress.id_bytes)
        self._replay.on_page = self._page
        self._last = b""
        self._batch: Batch | None = None
        self._tried = False  # the batch was given to the store, which may have it

    @property
    def events(self) -> int:
        """How many events it has read."""
        return self._replay.events

    def poll(self) -> bool:
        """Reads some events and stores their rows; whether there were any. StoreDown: they wait."""
        if self._batch is None:
            self._batch = self._read()
        if self._batch is None:
            return False
        self.lag.events = self._batch.through - self._batch.after
        if not (self._tried and self._is_there(self._batch)):
            self._tried = True
            self.store.write(self.source, self._batch)
        self._tried = False
        self.stored = Progress(self._batch.through, self._batch.digest)
        self._batch = None
        self.lag = Lag()
        return True

    def catch_up(self) -> Recorder:
        """Until there is nothing more."""
        while self.poll():
            pass
        return self

    def run(self, stopped: Callable[[], bool], say: Callable[[str], object]) -> None:
        """Until it is stopped. A store that doesn't answer is tried again; that it doesn't, and that it does
        again, is said once.
        """
        while not stopped():
            try:
                if not self.poll():
                    time.sleep(NAP_S)
            except StoreDown as error:
                if not self.lag.since_s:
                    self.lag.since_s, self.lag.why = time.monotonic(), str(error)
                    say(f"{error}; trying again: the journal keeps what comes meanwhile")
                time.sleep(AGAIN_S)

    def _is_there(self, batch: Batch) -> bool:
        """Whether the store took it when it last said that it was down."""
        return self.store.progress(self.source) == Progress(batch.through, batch.digest)

    # ---- the journal ---------------------------------------------------------------------------------------

    def _read(self) -> Batch | None:
        """What comes next of it, once it is past what the store has."""
        after = self.stored.seq
        batch = Batch(after, 0, b"")
        while batch.count < ROWS_TOGETHER and self._some():
            found = self._kept.take()
            if self.events <= after:
                self._check_same(after)
                continue
            for table, row in found:
                batch.rows[table.name].append(row)
        if self.events <= after:
            return None
        batch.through, batch.digest = self.events, self._digest()
        return batch

    def _some(self) -> bool:
        """Whether the journal had something more. It stops at the store's last event, to compare it."""
        before = self.events
        until = before + STEP
        if before < self.stored.seq < until:
            until = self.stored.seq
        self._replay.play(self._reader, until)
        if self.events == before:
            self._reader.refresh()
            self._replay.play(self._reader, until)
        return self.events != before

    def _page(self, raw: bytes) -> None:
        self._last = raw
        self._kept.page(raw)

    def _digest(self) -> bytes:
        """Of the last event's header and request, as they were recorded."""
        length = int.from_bytes(self._last[42:44], "little")
        return hashlib.blake2b(self._last[: m.HEADER.itemsize + length], digest_size=16).digest()

    def _check_same(self, after: int) -> None:
        if self.events == after and self._digest() != self.stored.digest:
            raise Elsewhere(
                f"{self.store.address}: event {after:,} of {self.source} isn't that of {self.folder}: the"
                " rows there are of another journal. Give this one another name: --source NAME"
            )
