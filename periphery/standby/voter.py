"""A vote: who may trade, until when. A majority of votes is the lease; two hosts can't hold it at one time.

A voter gives its vote to one holder at an epoch, for so long; meanwhile it gives it to nobody else. Epochs
only grow, and outlive the voter in a file. A voter that comes back doesn't know until when it gave its
vote: it waits so long.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec

from core_ext.fence import boottime

LEASE_MAX_S = 60.0
_S = 1_000_000_000


class Given(msgspec.Struct):
    """What outlives the voter."""

    epoch: int = 0
    holder: str = ""
    lease_s: float = 0.0


class Answer(msgspec.Struct, frozen=True):
    """granted: the vote is the asker's. epoch, holder: who has it."""

    granted: bool
    epoch: int
    holder: str
    why: str = ""


class Voter:
    """One vote. Any thread may ask."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._given = msgspec.json.decode(path.read_bytes(), type=Given)
        except FileNotFoundError:
            self._given = Given()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(
                f"{path}: {error}: a voter that forgets could vote twice: mend the file"
            ) from None
        self._until_ns = boottime() + int(self._given.lease_s * _S)

    def ask(self, epoch: int, holder: str, lease_s: float) -> Answer:
        """The vote for that holder, for so long from now."""
        with self._lock:
            why = self._against(epoch, holder, lease_s)
            if not why:
                self._give(Given(epoch, holder, lease_s))
                self._until_ns = boottime() + int(lease_s * _S)
            return Answer(not why, self._given.epoch, self._given.holder, why)

    def release(self, epoch: int, holder: str) -> Answer:
        """The holder needs it no longer."""
        with self._lock:
            mine = (epoch, holder) == (self._given.epoch, self._given.holder)
            if mine:
                self._until_ns = 0
            return Answer(mine, self._given.epoch, self._given.holder)

    def _against(self, epoch: int, holder: str, lease_s: float) -> str:
        given = self._given
        if not 0 < lease_s <= LEASE_MAX_S:
            return f"a lease of {lease_s} s: at most {LEASE_MAX_S:g}"
        if epoch < given.epoch or (epoch == given.epoch and holder != given.holder):
            return f"epoch {given.epoch} of {given.holder} is in force"
        left_s = (self._until_ns - boottime()) / _S
        if epoch > given.epoch and given.holder not in ("", holder) and left_s > 0:
            return f"{given.holder} holds epoch {given.epoch} for another {left_s:.1f} s"
        return ""

    def _give(self, given: Given) -> None:
        """On the disk before it is said."""
        if given == self._given:
            return
        self._given = given
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as out:
            out.write(msgspec.json.encode(self._given))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def given(self) -> tuple[int, str]:
        """The epoch and the holder that its vote was given to last."""
        with self._lock:
            return self._given.epoch, self._given.holder

    def told(self) -> dict[str, object]:
        with self._lock:
            left = max(0.0, (self._until_ns - boottime()) / _S)
            return {"epoch": self._given.epoch, "holder": self._given.holder, "left_s": round(left, 3)}
