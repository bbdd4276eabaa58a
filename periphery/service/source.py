"""A core's journal, played through the core's own engines, event by event: for who looks at them too.
What an engine beside the core hears comes in batches (batched.py).

The journal is read, so the core can't notice it. Who follows it begins with the first event each time, since
what an event does depends on all before it; `known` is how far it was before, and must be what is there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from core.fused import Fused
from core.live.book import DECLARING, Book
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core_ext.journal import JournalReader
from core_ext.spine import Spine
from periphery.service.mark import BEGIN, Mark, digest_of

STEP = 512
NAP_S, NAP_MOST_S = 0.00025, 0.005
"""Between two looks at a journal that hasn't grown: the first one, and the longest of those that follow."""
_KIND_AT = slice(40, 42)
_LENGTH_AT = slice(42, 44)
_HEADER_BYTES = 64


class Gone(ValueError):
    """The journal isn't there, or is none."""


class OtherJournal(ValueError):
    """At the event that was known there is another one."""


class JournalSource:
    """Pages of a journal, with the names that it declares in `book`."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        on_page: Callable[[bytes], object],
        known: Mark = BEGIN,
        step: int = STEP,
    ) -> None:
        """on_page: told of every event, those up to `known` too: see `is_new`. step: events a poll. Gone."""
        self.folder = Path(folder)
        self.book = Book()
        self.known = known
        self.step = step
        self.caught_up = False
        self.last = 0  # it reads no further than that; 0: as far as there is
        self._on_page = on_page
        self._last = b""
        self._nap_s = NAP_S
        try:
            capacity = capacity_of(folder)
            self._reader = JournalReader(folder, follow=True)
        except (OSError, ValueError) as error:
            raise Gone(f"{folder}: {error}") from error
        self._replay = Replay(capacity)
        self._replay.on_page = self._page
        self.id_text = self._replay.core.egress.id_bytes

    @property
    def core(self) -> Fused:
        """The engines, as they are after the last event that was read."""
        return self._replay.core

    @property
    def seq(self) -> int:
        """The last event that was read."""
        return self._replay.events

    @property
    def is_new(self) -> bool:
        """Whether the last event is beyond what was known."""
        return self.seq > self.known.seq

    @property
    def mark(self) -> Mark:
        """The last event that was read."""
        return Mark(self.seq, digest_of(self._last)) if self._last else BEGIN

    @property
    def responses(self) -> Spine:
        """What the core told its sessions, by number."""
        return self._replay.core.egress.responses

    def poll(self) -> int:
        """Reads some events, if there are any; how many. Gone: the journal was taken away. OtherJournal."""
        before = self.seq
        until = before + self.step
        if before < self.known.seq < until:
            until = self.known.seq
        if self.last:
            until = min(until, self.last)
            if before >= until:
                self.caught_up = True
                return 0
        self._replay.play(self._reader, until)
        if self.seq == before:
            if not self.folder.exists():
                raise Gone(f"{self.folder}: was taken away")
            self._reader.refresh()
            self._replay.play(self._reader, until)
        if before < self.seq == self.known.seq and self.mark != self.known:
            raise OtherJournal(f"{self.folder}: event {self.seq:,} isn't the one that was there before")
        self.caught_up = self.seq == before
        if not self.caught_up:
            self._nap_s = NAP_S
        return self.seq - before

    def wait(self, most_s: float) -> None:
        """A file doesn't say that it has grown: while it does, it is looked at again soon."""
        time.sleep(min(most_s, self._nap_s))
        self._nap_s = min(2 * self._nap_s, NAP_MOST_S)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _page(self, raw: bytes) -> None:
        self._last = raw
        kind = int.from_bytes(raw[_KIND_AT], "little")
        if kind in DECLARING:
            length = int.from_bytes(raw[_LENGTH_AT], "little")
            self.book.take(kind, raw[_HEADER_BYTES : _HEADER_BYTES + length])
        self._on_page(raw)
