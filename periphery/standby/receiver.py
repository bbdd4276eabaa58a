"""The standby's end of the line: a journal of its own, and engines that live through it as it grows."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.fused import arena_bytes
from core.live.intents import Intents
from core.recovery.follower import Follower
from core.recovery.journal import capacity_of, header_of
from core.venues.gateway import Gateway
from core_ext.arena import Arena
from core_ext.crc32c import crc32c
from core_ext.journal import JournalReader, JournalWriter
from periphery.standby.sender import journal_exists
from periphery.standby.transport import Transport
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

HELLO_S = 0.2
KEPT_S = 0.05
KEPT_RECORDS = 2048
SILENT_S = 1.0  # nothing for so long: say hello again, the other end may have begun anew
RECEIVE_MOST = 64
SYNC_S = 0.01


class Receiver:
    """Keeps and replays what the primary records. `turn` it often; `close` it before a core takes the
    journal.
    """

    def __init__(
        self, transport: Transport, journal: Path, name: str, durability: str, segment_bytes: int
    ) -> None:
        self.transport = transport
        self.journal = journal
        self.name = name
        self.durability = durability
        self.segment_bytes = segment_bytes
        self.follower: Follower | None = None
        self.writer: JournalWriter | None = None
        self.line = 0
        self.welcome = False
        self.primary = ""
        self.head = 0
        self.epoch = 0
        self.well = True
        self.ended = False
        self.refusal = ""
        self.heard_s = self.well_s = time.monotonic()
        self.time_ns = 0  # of the last event that was replayed
        self.last_body = b""
        self.kept = 0
        self.counts = {"records": 0, "gaps": 0, "doubled": 0, "lines": 0}
        self._said = 0
        self._hello_s = self._kept_s = self._sync_s = 0.0
        if journal_exists(journal):
            self._live_through_own()

    # ---- its own past --------------------------------------------------------------------------------------

    def _live_through_own(self) -> None:
        """A standby that comes back, or a primary that becomes one: what it has itself comes first."""
        self._make(capacity_of(self.journal))
        assert self.writer is not None
        assert self.follower is not None
        for seq, body in JournalReader(self.journal):
            self.follower.record(seq, body)
            self.last_body = body
        self.kept = self.writer.last_sequence
        self._note_time()

    def _make(self, capacity: Capacity) -> None:
        """Journal and engines."""
        self.journal.mkdir(parents=True, exist_ok=True)
        self.writer = JournalWriter(
            self.journal,
            schema_version=SCHEMA_VERSION,
            build_id=build_id(),
            durability=self.durability,
            segment_bytes=self.segment_bytes,
            reserve_bytes=min(1 << 20, self.segment_bytes // 4),
            cut_torn=True,
            helper=True,
        )
        kept = Intents(self.journal, capacity, 0).arena
        self.follower = Follower(capacity, Gateway(Arena(arena_bytes(capacity)), capacity, True, kept))

    # ---- its turns -----------------------------------------------------------------------------------------

    @property
    def replayed(self) -> int:
        return 0 if self.follower is None else self.follower.events

    @property
    def silent_s(self) -> float:
        """Since when nothing was heard of a primary whose core does its work."""
        return time.monotonic() - self.well_s

    def is_whole(self) -> bool:
        """Whether it has all that its primary ever said that there is."""
        return self.replayed >= self.head

    def status(self) -> dict[str, Any]:
        behind = max(0, self.head - self.replayed)
        return {
            "primary": self.primary, "line": self.welcome, "head": self.head, "kept": self.kept,
            "replayed": self.replayed, "behind": behind,
            "behind_ms": round((time.time_ns() - self.time_ns) / 1e6, 3) if behind and self.time_ns else 0.0,
            "silent_s": round(self.silent_s, 3), "refusal": self.refusal, "refused": self.transport.refused,
            **self.counts,
        }  # fmt: skip

    def state_hash(self) -> str:
        """Of the engines as they are."""
        return "" if self.follower is None else self.follower.core.state_hash()

    def turn(self, wait_ms: int) -> int:
        """What came in; says how far it is. Raises a CoreFault where its engines decide otherwise."""
        done = 0
        while done < RECEIVE_MOST and (raw := self.transport.receive(0 if done else wait_ms)) is not None:
            message = decode(raw)
            if message is not None:
                self._take(message)
            done += 1
        self._sync()
        self._tell()
        return done

    def _take(self, message: Message) -> None:
        if getattr(message, "line", 0) != self.line or isinstance(message, Hello | Kept | HandOver):
            return
        if isinstance(message, Refused):
            self.refusal = message.why
            return
        self.refusal, self.heard_s = "", time.monotonic()
        if isinstance(message, Welcome):
            self._welcomed(message)
        elif isinstance(message, Records):
            self._records(message)
        else:
            self._headed(message)

    def _welcomed(self, message: Welcome) -> None:
        self.welcome, self.primary = True, message.name
        if self.follower is None:
            self._make(Capacity(**message.capacity))

    def _headed(self, message: Head | Ended) -> None:
        self.head = max(self.head, message.head)
        if isinstance(message, Ended):
            self.ended = True
        else:
            self.epoch, self.well = message.epoch, message.well
        if self.well:
            self.well_s = time.monotonic()

    def _records(self, message: Records) -> None:
        if self.follower is None or self.writer is None:
            return
        last = message.first + len(message.bodies) - 1
        if message.first > self.kept_seen + 1:
            self.counts["gaps"] += 1
            self._say_kept(gap=True)
            return
        if last <= self.kept_seen:
            self.counts["doubled"] += 1
            return
        for seq, body in enumerate(message.bodies, message.first):
            if seq > self.kept_seen:
                self._keep(seq, body)
        self.head = max(self.head, last)
        self._note_time()

    @property
    def kept_seen(self) -> int:
        """The last sequence that is in the journal, on the disk or not."""
        return 0 if self.writer is None else self.writer.last_sequence

    def _keep(self, seq: int, body: bytes) -> None:
        """First into the journal, then through the engines."""
        assert self.follower is not None
        assert self.writer is not None
        if not self.writer.append_bytes(seq, body, reserved=True):
            raise OSError(
                self.writer.last_error, f"the standby's journal {self.journal} has no room: free some"
            )
        self.follower.record(seq, body)
        self.last_body = body
        self.counts["records"] += 1

    def _note_time(self) -> None:
        if self.last_body:
            self.time_ns = int(header_of(self.last_body)["time_ns"])

    # ---- out -----------------------------------------------------------------------------------------------

    def _sync(self) -> None:
        """What is in the journal counts as kept once it is as safe as was asked for."""
        if self.writer is None:
            return
        now = time.monotonic()
        if (
            self.durability == "group"
            and self.writer.durable_sequence < self.kept_seen
            and now - self._sync_s > SYNC_S
        ):
            self.writer.sync()
            self._sync_s = now
        self.kept = self.writer.durable_sequence

    def _tell(self) -> None:
        now = time.monotonic()
        if (not self.welcome or now - self.heard_s > SILENT_S) and now - self._hello_s > HELLO_S:
            self._hello_s = now
            self._say_hello()
        if self.welcome and (self.kept - self._said >= KEPT_RECORDS or now - self._kept_s > KEPT_S):
            self._say_kept(gap=False)

    def _say_hello(self) -> None:
        """Each on a line of its own: what was under way before is of no use any more."""
        if not self.line or self.welcome:
            self.line, self.welcome = secrets.randbits(63) | 1, False
            self.counts["lines"] += 1
        crc = crc32c(self.last_body) if self.last_body else 0
        self._say(Hello(self.line, self.name, build_id(), self.kept_seen, crc))

    def _say_kept(self, *, gap: bool) -> None:
        self._kept_s, self._said = time.monotonic(), self.kept
        self._say(Kept(self.line, self.kept, self.replayed, gap))

    def ask_to_hand_over(self, by: str) -> None:
        self._say(HandOver(self.line, by))

    def _say(self, message: Message) -> None:
        self.transport.send(encode(message))

    def close(self) -> None:
        """Its journal is another's to go on with."""
        if self.writer is not None:
            self.writer.close()
            self.writer = self.follower = None
        self.transport.close()
