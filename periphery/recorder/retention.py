"""How long a store keeps rows: whole UTC days, counted back from the newest row's; the journal keeps all."""

from __future__ import annotations

from collections.abc import Callable

from periphery.recorder.store import DAY_NS, Batch, Store, days_before

_TIME_NS = 2
"""Where a row has its event's time: every table begins with seq, n, time_ns."""


class Retention:
    """days: that are kept before the newest one."""

    def __init__(self, store: Store, days: int, say: Callable[[str], object]) -> None:
        self.store = store
        self.days = days
        self._say = say
        self._newest = 0
        self._purged = 0

    def stored(self, batch: Batch) -> None:
        """Of that day, perhaps: looks at the times of its rows."""
        times = [rows[-1][_TIME_NS] for rows in batch.rows.values() if rows]
        self._newest = max([self._newest, *(days_before(int(ns)) for ns in times if ns is not None)])

    def look(self) -> None:
        """Deletes what is too old, once a day. StoreDown: it is to be tried again."""
        if self._newest == self._purged:
            return
        gone = sum(self.store.purge(self._newest - self.days * DAY_NS).values())
        self._purged = self._newest
        if gone:
            self._say(f"{self.store.address}: {gone:,} rows older than {self.days} days were deleted")
