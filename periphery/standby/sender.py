"""The primary's end of the line: the journal as it grows, in batches, again from where the standby says.

journal ──► reader ──► batches that aren't acknowledged yet (bounded) ──► transport
                          ▲ sent again from the last acknowledged one: on a gap, or when nothing comes back
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from core.build import build_id
from core.recovery.journal import capacity_of
from core_ext import journal as journals
from core_ext.crc32c import crc32c
from core_ext.journal import JournalReader
from periphery.standby.transport import MESSAGE_MAX, Transport
from periphery.standby.wire import (
    Ended,
    HandOver,
    Head,
    Hello,
    Kept,
    Message,
    Records,
    Refused,
    Welcome,
    decode,
    encode,
)

BATCH_BYTES = MESSAGE_MAX // 2
BATCH_RECORDS = 256
WINDOW_BYTES = 4 << 20
AGAIN_S = 0.25  # nothing was acknowledged for so long: send from there again
GAP_S = 0.02  # so often at most on a standby's word that something is missing
HEAD_S = 0.1
RECEIVE_MOST = 64


class Batch(NamedTuple):
    """Records that go out together. last: the last one's sequence."""

    last: int
    size: int
    message: bytes


class Sender:
    """Streams one journal to whoever says hello. `turn` it often."""

    def __init__(self, transport: Transport, journal: Path, name: str) -> None:
        self.transport = transport
        self.journal = journal
        self.name = name
        self.epoch = 0
        self.well = True
        self.ended = False
        self.line = 0
        self.peer = ""
        self.kept = self.replayed = 0
        self.heard_s = 0.0
        self.hand_over: str | None = None
        self.counts = {"records": 0, "again": 0, "messages": 0}
        self._forget()
        self._head_s = 0.0

    def _forget(self) -> None:
        self._unacknowledged: deque[Batch] = deque()
        self._under_way = 0
        self._next = 0  # which of the unacknowledged goes next
        self._moved_s = time.monotonic()
        self._gap_s = 0.0

    @property
    def head(self) -> int:
        """The last sequence that was read from the journal."""
        return self._unacknowledged[-1].last if self._unacknowledged else self.kept

    def status(self) -> dict[str, object]:
        return {
            "peer": self.peer, "head": self.head, "kept": self.kept, "replayed": self.replayed,
            "behind": self.head - self.replayed, "refused": self.transport.refused, **self.counts,
        }  # fmt: skip

    # ---- its turns -----------------------------------------------------------------------------------------

    def turn(self, wait_ms: int) -> int:
        """What waits to come in, what may go out; how many of both."""
        done = 0
        while done < RECEIVE_MOST and (raw := self.transport.receive(0 if done else wait_ms)) is not None:
            message = decode(raw)
            if message is not None:
                self._take(message)
            done += 1
        if not self.line:
            return done
        self._fill()
        self._go_back()
        return done + self._send()

    def _take(self, message: Message) -> None:
        if isinstance(message, Hello):
            self.heard_s = time.monotonic()
            self._greet(message)
        elif getattr(message, "line", 0) == self.line and self.line:
            self.heard_s = time.monotonic()
            if isinstance(message, Kept):
                self._acknowledged(message)
            elif isinstance(message, HandOver):
                self.hand_over = message.by

    def _greet(self, hello: Hello) -> None:
        if hello.line == self.line:  # the answer was lost
            self._say(Welcome(self.line, self.name, self._capacity))
            return
        why = self._begin(hello)
        if why:
            self._say(Refused(hello.line, why))
        else:
            self._say(Welcome(self.line, self.name, self._capacity))

    def _begin(self, hello: Hello) -> str:
        """Goes to where the standby is; why it can't."""
        if hello.build != build_id():
            return "its engines are of another build: run the same on both hosts"
        try:
            self._capacity = asdict(capacity_of(self.journal))
            last = next((crc32c(body) for seq, body in self._from(hello.last) if seq == hello.last), None)
        except (ValueError, OSError, journals.JournalError) as error:
            return str(error)
        if hello.last and last != hello.crc:
            return (
                f"its journal has another event {hello.last}: it went on by itself, and must begin with an "
                "empty journal"
            )
        self.line, self.peer = hello.line, hello.name
        self.kept = self.replayed = hello.last
        self._forget()
        self._reader = JournalReader(self.journal, from_segment=self._segment(hello.last + 1), follow=True)
        return ""

    def _segment(self, seq: int) -> int:
        """The number of the segment that has the record."""
        used = [each for each in journals.info(self.journal) if each.used]
        return max((each.number for each in used if each.first_sequence <= seq), default=used[0].number)

    def _from(self, seq: int) -> Iterator[tuple[int, bytes]]:
        """Records from about there on, one of them `seq` where there is one."""
        for found, body in JournalReader(self.journal, from_segment=self._segment(seq), follow=True):
            if found > seq:
                return
            yield found, body

    # ---- out -----------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """More batches, while the window has room."""
        while self._under_way < WINDOW_BYTES and (batch := self._batch()) is not None:
            self._unacknowledged.append(batch)
            self._under_way += batch.size

    def _batch(self) -> Batch | None:
        bodies: list[bytes] = []
        size = first = 0
        while len(bodies) < BATCH_RECORDS and size < BATCH_BYTES and (record := self._record()) is not None:
            seq, body = record
            first = first or seq
            bodies.append(body)
            size += len(body)
        if not bodies:
            return None
        self.counts["records"] += len(bodies)
        return Batch(first + len(bodies) - 1, size, encode(Records(self.line, first, bodies)))

    def _record(self) -> tuple[int, bytes] | None:
        """The next one that the standby hasn't; None: the journal has no more by now."""
        for again in (False, True):
            if again:
                self._reader.refresh()
            for seq, body in self._reader:
                if seq > self.kept:
                    return seq, body
        return None

    def _go_back(self) -> None:
        """Nothing comes back: what isn't acknowledged goes out again."""
        now = time.monotonic()
        if self._next and now - self._moved_s > AGAIN_S:
            self.counts["again"] += self._next
            self._next, self._moved_s = 0, now

    def _acknowledged(self, told: Kept) -> None:
        now = time.monotonic()
        self.replayed = max(self.replayed, told.replayed)
        if told.kept > self.kept:
            self.kept, self._moved_s = told.kept, now
            while self._unacknowledged and self._unacknowledged[0].last <= told.kept:
                self._under_way -= self._unacknowledged.popleft().size
                self._next = max(0, self._next - 1)
        if told.gap and now - self._gap_s > GAP_S:
            self.counts["again"] += self._next
            self._next, self._gap_s, self._moved_s = 0, now, now

    def _send(self) -> int:
        sent = 0
        while self._next < len(self._unacknowledged) and self._put(self._unacknowledged[self._next].message):
            if not self._next:
                self._moved_s = time.monotonic()
            self._next += 1
            sent += 1
        if time.monotonic() - self._head_s > HEAD_S:
            self._head_s = time.monotonic()
            last = (
                Ended(self.line, self.head)
                if self.ended
                else Head(self.line, self.head, self.epoch, self.well)
            )
            self._say(last)
        return sent

    def _say(self, message: Message) -> None:
        self._put(encode(message))

    def _put(self, message: bytes) -> bool:
        sent = self.transport.send(message)
        self.counts["messages"] += sent
        return sent

    def all_kept(self) -> bool:
        """Whether the standby has all that the journal has."""
        if not self.line:
            return False
        self._fill()
        return not self._unacknowledged


def journal_exists(folder: Path) -> bool:
    """Whether there is a record to stream."""
    try:
        return any(each.used for each in journals.info(os.fspath(folder)))
    except (FileNotFoundError, ValueError, journals.JournalError):
        return False
