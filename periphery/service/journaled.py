"""Where events come from, when the core's journal is at hand: its rows, played through the core's own engines.

The journal is read, so the core can't notice it. Who follows it begins with the first event each time, since
what an event does depends on all before it; `known` is how far it was before, and must be what is there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

from core import messages as m
from periphery.service.batched import BatchSource
from periphery.service.mark import BEGIN, Mark
from periphery.service.source import NAP_MOST_S, NAP_S, STEP, Gone
from periphery.stream.feed import MOST, JournalFeed, NoJournal
from periphery.stream.wire import Batch


class JournalRows(BatchSource):
    """Pages of a journal, as its stream would tell them, without a publisher between."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        kinds: Iterable[m.Kind],
        on_page: Callable[[bytes], object],
        known: Mark = BEGIN,
        every_s: float = 0.0,
    ) -> None:
        """every_s: between two looks while events come. Gone."""
        super().__init__(kinds, on_page, known, BEGIN, STEP, where=str(folder))
        try:
            self._feed = JournalFeed(folder)
        except NoJournal as error:
            raise Gone(str(error)) from error
        self._every_s = every_s
        self._nap_s = self._looked_s = 0.0
        self._was_all = False  # whether the last look found all that there was: another at once is for nothing

    def poll(self) -> int:
        """Hands on some events. Gone: the journal was taken away. OtherJournal."""
        self._was_all = False
        return super().poll()

    def _next(self) -> Batch | None:
        if self._was_all:
            return None
        self._looked_s = time.monotonic()
        batch = self._feed.poll()
        if batch is None:
            try:
                self._feed.refresh()
            except NoJournal as error:
                raise Gone(str(error)) from error
            batch = self._feed.poll()
        self._was_all = batch is None or batch.through - batch.after < MOST
        return batch

    def _is_current(self, done: int) -> bool:
        return self._was_all

    def _await(self, most_s: float) -> None:
        """A file doesn't say that it has grown: while it does, it is looked at again soon."""
        rest_s = self._looked_s + self._every_s - time.monotonic()
        if rest_s > 0:
            time.sleep(rest_s)
        nap_s = max(self._nap_s, self._every_s / 2, NAP_S)
        found = self._feed.wait(min(most_s, nap_s), 0.0, nap_s)
        self._nap_s = 0.0 if found else min(2 * nap_s, NAP_MOST_S)

    def close(self) -> None:
        """There is nothing to let go of."""
