"""The server's own inputs: commands and declarations on one ring, market data on another, each numbered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.board import Board
from core.live.intake import SOURCE_FEED
from core.live.patience import Patience
from core.live.supervisor import WorkerLost
from core.scenario.encoder import Event
from core_ext.ring import Ring

TAKEN_S = 20.0
TOGETHER = 64  # as many as the intake takes in one turn
NAP_S = 0.00005
INPUT = np.dtype(
    [
        ("time_ns", "<i8"),
        ("source_seq", "<u8"),
        ("kind", "<u2"),
        ("length", "<u2"),
        ("session", "<u4"),
        ("source", "u1"),
        ("flags", "u1"),
        ("pad", "V22"),
    ]
)
"""What stands before an input's request; the intake fills in the time."""


class Keeper(Protocol):
    """Who keeps the processes of a core going, as a Supervisor does."""

    @property
    def board(self) -> Board: ...
    def keep_going(self) -> bool:
        """Whether nobody is missing."""


class Desk:
    """Pushes inputs, and waits until the intake has taken them. numbers: by source, as sequenced so far."""

    def __init__(self, keeper: Keeper, numbers: dict[int, int]) -> None:
        self.keeper = keeper
        self.numbers = dict(numbers)
        self.kill_changes = 0  # of the kill page, when it was last looked at

    def push(self, events: Sequence[Event], source: int) -> None:
        """Inputs onto their ring, at once: nobody else's come between them. WorkerLost: nobody takes them."""
        board = self.keeper.board
        ring = board.feed if source == SOURCE_FEED else board.desk
        items = [self._item(event, source) for event in events]
        for first in range(0, len(items), TOGETHER):
            some = items[first : first + TOGETHER]
            if not ring.try_push_all(some):
                self._await(ring)
                ring.try_push_all(some)

    def _item(self, event: Event, source: int) -> bytes:
        head = np.zeros((), INPUT)
        self.numbers[source] = self.numbers.get(source, 0) + 1
        head["source"], head["source_seq"] = source, self.numbers[source]
        head["kind"], head["length"], head["session"] = event.kind, len(event.request), event.session
        return head.tobytes() + event.request

    def await_taken(self) -> None:
        """Until all that was pushed is on the spine."""
        self._await(self.keeper.board.desk)
        self._await(self.keeper.board.feed)

    def _await(self, ring: Ring) -> None:
        patience = Patience(TAKEN_S)
        while len(ring):
            self._nap(patience, "the desk's inputs aren't taken")

    def await_recorded(self, seq: int) -> None:
        """Until the event is in the journal."""
        patience = Patience(TAKEN_S)
        while self.keeper.board.recorded < seq:
            self._nap(patience, f"event {seq} isn't recorded")

    def await_done(self, stage: str, seq: int) -> None:
        """Until the stage is done with the event."""
        patience = Patience(TAKEN_S)
        while self.keeper.board.cursors()[stage] < seq:
            self._nap(patience, f"{stage} isn't done with event {seq}")

    def _nap(self, patience: Patience, what: str) -> None:
        """A process that comes back takes its time."""
        if not self.keeper.keep_going():
            patience.renew()
        if patience.ends():
            raise WorkerLost(f"{what} within {TAKEN_S:g} s: is a process of the core stopped?")
        time.sleep(NAP_S)
