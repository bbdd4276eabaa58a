"""Where events come from, when the core's journal is at hand: its rows, played through the core's engines.

The journal is read, so the core can't notice it. Who follows it begins with the first event each time, since
what an event does depends on all before it.
"""

from __future__ import annotations

import os
import time

from periphery.service.mark import BEGIN
from periphery.service.source import NAP_MOST_S, NAP_S, Gone
from periphery.stream.feed import MOST, JournalFeed, NoJournal
from periphery.stream.wire import Batch


class JournalBatches:
    """A journal's rows, as its stream would tell them, without a publisher between: see
    periphery.service.batched.Batches. every_s: between two looks while events come.
    """

    def __init__(self, folder: str | os.PathLike[str], every_s: float = 0.0) -> None:
        """Gone."""
        self.where, self.begin = str(folder), BEGIN
        try:
            self._feed = JournalFeed(folder)
        except NoJournal as error:
            raise Gone(str(error)) from error
        self._every_s = every_s
        self._nap_s = self._looked_s = 0.0
        self._was_all = self._rests = False

    def next(self) -> Batch | None:
        """Gone: the journal was taken away."""
        if self._rests:  # the look before found all that there was: another at once would be for nothing
            self._rests = False
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
        self._rests = self._was_all and batch is not None
        return batch

    def is_current(self, done: int) -> bool:
        return self._was_all

    def wait(self, most_s: float) -> None:
        """A file doesn't say that it has grown: while it does, it is looked at again soon."""
        rest_s = self._looked_s + self._every_s - time.monotonic()
        if rest_s > 0:
            time.sleep(min(rest_s, most_s))
        nap_s = max(self._nap_s, self._every_s / 2, NAP_S)
        found = self._feed.wait(min(most_s, nap_s), nap_s)
        self._nap_s = 0.0 if found else min(2 * nap_s, NAP_MOST_S)

    def close(self) -> None:
        """There is nothing to let go of."""
