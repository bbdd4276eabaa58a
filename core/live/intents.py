"""The gateway's intents in a file beside the journal: they outlive the process."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np

from core.capacity import Capacity
from core_ext.arena import Arena

INTENT = np.dtype(
    [
        ("seq", "<u8"),
        ("venue_seq", "<u8"),
        ("child", "<u4"),
        ("venue", "<u2"),
        ("action", "u1"),
        ("state", "u1"),
        ("pad", "<u8"),
    ]
)
INTENDED, DONE, HELD, TOLD = 1, 2, 3, 4
TABLE = "gateway.intents"


class Intents:
    """What was sent, by the sequence of the event that asked for it; it holds the memory of its rows.

    published: the last event that is on the spine.
    """

    def __init__(self, folder: Path, capacity: Capacity, published: int) -> None:
        count = capacity.orders + capacity.more_children
        size = Arena.bytes_needed([(INTENT.itemsize, count)])
        with (folder / "intents").open("a+b") as file:
            file.truncate(size)
            memory = mmap.mmap(file.fileno(), size)
        try:
            self.arena = Arena.attach(memory) if published else Arena.over(memory)
        except ValueError:  # it died while it began
            self.arena = Arena.over(memory)
        self.rows = np.frombuffer(self.arena.add_table(TABLE, INTENT.itemsize, count), INTENT)
        self.rows["seq"][self.rows["seq"] > published] = 0  # of events that the machine lost, journal and all
        self.sent_through = int(self.rows["seq"].max(initial=0))
        self._unknown = np.flatnonzero((self.rows["seq"] > 0) & np.isin(self.rows["state"], (INTENDED, HELD)))

    @property
    def unknown(self) -> list[int]:
        """The sequences of those that weren't done when this was opened: their venues are to be asked."""
        return [int(seq) for seq in self.rows["seq"][self._unknown]]

    def asked(self) -> None:
        """The venues have been asked about the unknown ones."""
        for row in self._unknown:
            if self.rows["state"][row] in (INTENDED, HELD):
                self.rows["state"][row] += 1
        self._unknown = self._unknown[:0]
