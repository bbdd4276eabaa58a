"""A core's journal, lived through once more for what its events came to: the core notices nothing of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from core import messages as m
from core.analytics.groups import by
from core.analytics.measure import measure
from core.analytics.tape import Tape
from core.live.queries import positions
from core.live.risk import amount, key_of, state
from core.recovery.journal import capacity_of
from core.risk import inspect
from periphery.monitoring.counts import Counts
from periphery.service.source import JournalSource

TAPE_MOST = 1 << 18
"""Rows of each kind that executions are measured by; beyond them the tape tells no more."""


class Stream:
    """The journal in a folder. Whoever asks holds `lock`: one thread reads on while others ask."""

    def __init__(self, folder: str, tape_most: int = TAPE_MOST) -> None:
        """Gone: there is no journal."""
        self.lock = threading.RLock()
        self.folder = Path(folder)
        self.source = JournalSource(folder, self._page)
        self.book = self.source.book
        self.counts = Counts(self.book.directory)
        self.tape = Tape(capacity_of(folder), tape_most)
        self.tape_full = False  # from then on what executions cost isn't told of new ones

    def _page(self, raw: bytes) -> None:
        self.counts.page(raw)
        if self.tape_full:
            return
        try:
            self.tape.page(raw)
        except MemoryError:
            self.tape_full = True

    @property
    def seq(self) -> int:
        """The last event that was read."""
        return self.source.seq

    def poll(self) -> int:
        """Reads some events on; how many."""
        with self.lock:
            return self.source.poll()

    # ---- what it came to: with the lock held ---------------------------------------------------------------

    def limits(self) -> list[dict[str, Any]]:
        """Each limit that counts something, by scope: `used` and, where it bounds from above, `ratio`."""
        risk = self.source.core.risk
        lines = [self.book.limit_line(event) for event in inspect.limit_events(risk)]
        rows = []
        for row in inspect.usage(risk, time.time_ns()):
            line, bound, value = lines[row["limit"]], row["bound"], row["value"]
            if value is None or bound <= 0 or row["below"]:
                continue
            told = {**line, **key_of(self, line, row["key"]), "ratio": value / bound}
            rows.append(told | {"used": amount(value, row["unit"], line["check"])})
        return rows

    def states(self) -> list[dict[str, Any]]:
        """Every scope that isn't active."""
        return [state(self, row) for row in inspect.states(self.source.core.risk)]

    def money(self) -> dict[str, list[dict[str, Any]]]:
        """{positions, accounts}, as the end of a scenario has them."""
        return positions(self.source, self.book)

    def executions(self) -> list[dict[str, Any]]:
        """What executions cost, a row a venue and currency."""
        return by(measure(self.tape), "venue")

    def venue(self, index: int) -> str:
        """Its name; "" where it has none."""
        return self.book.name_of("venue", index) or ""

    def symbol(self, index: int) -> str:
        """Its name; "" for all of a venue's."""
        return "" if index >= m.UNKNOWN else self.book.directory.symbol_list[index].name
