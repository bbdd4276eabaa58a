"""Sends to venues whose gateway is a process of its own: found in the journal, handed over by their intents.

    execution ─► journal ────────────────► gateway outside: writes, marks done
                    └─► gateways' stage: guards, asks the kill page, stores the intent ──┘ reads its state

The core's own gateways have checked a send, for its bound and against the kill page, once its intent stands.
One that was held back has another state; one that isn't there yet has to be waited for.
"""

from __future__ import annotations

import mmap
import os
from enum import Enum
from pathlib import Path

import numpy as np

from core import messages as m
from core.capacity import Capacity
from core.live.intents import DONE, INTENDED, INTENT, TABLE
from core_ext.arena import Arena

_PENDING = (m.OrdStatus.PENDING_CANCEL, m.OrdStatus.PENDING_REPLACE)


class Fate(Enum):
    """What became of a send in the core's gateways."""

    WAIT = 0
    """They have not come to it."""
    WRITE = 1
    """It is to be written, by whoever asks this, once."""
    LEAVE = 2
    """It was held back, or written, or asked about since: it must not be written."""


class Handover:
    """The intents of a core that runs on that journal. OSError, ValueError: it has none."""

    def __init__(self, journal: str | os.PathLike[str], capacity: Capacity) -> None:
        count = capacity.orders + capacity.more_children
        with (Path(journal) / "intents").open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._arena = Arena.attach(self._memory)
        self.rows = np.frombuffer(self._arena.add_table(TABLE, INTENT.itemsize, count), INTENT)

    def fate(self, seq: int) -> Fate:
        """Of the send of event `seq`."""
        row = self.rows[seq % len(self.rows)]
        if row["seq"] < seq:
            return Fate.WAIT
        return Fate.WRITE if row["seq"] == seq and row["state"] == INTENDED else Fate.LEAVE

    def done(self, seq: int) -> None:
        """It was written: or will never be, since whoever was to write it has told the core so."""
        at = seq % len(self.rows)
        if self.rows["seq"][at] == seq:
            self.rows["state"][at] = DONE


def is_owed(page: bytes) -> bool:
    """Of the page of an event that asks about a child: whether a cancel or replace of it, sent before, has no
    answer. One that goes out behind the question has none yet.
    """
    outcome = np.frombuffer(page, m.PAGE, 1)[0]["outcome"]
    return outcome["child_status"] in _PENDING and outcome["follow"] == m.Follow.NONE
