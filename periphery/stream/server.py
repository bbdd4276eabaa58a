"""A core's stream: its journal's events to whoever subscribes. A process of its own, beside the bridge's.

It lives through the journal as engines that read it do, so it costs the core nothing, and what it says is
what they would see. Events are at hand as far as the retained bytes go; what is older is read by fillers.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from core import messages as m
from core.errors import CoreFault
from core_ext.journal import JournalError
from periphery.stream.feed import MOST, JournalFeed, NoJournal
from periphery.stream.filler import Filler, Wanted
from periphery.stream.keys import Keyring, Rights
from periphery.stream.publisher import Publisher, Refused, Subscriber
from periphery.stream.retained import RETAIN_BYTES, Retained
from periphery.stream.sockets import ZMQ_SEND
from periphery.stream.topics import DECLARATIONS, MARKET, NAMES, OPEN, of_accounts, rows_of
from periphery.stream.wire import Batch, Frame, Hello

FILLERS_MAX = 4
NAP_S = 0.001
REFRESH_S = 0.02
AGAIN_S = 0.2
SPINS_S = {"yield": 3600.0, "sleep": 0.0}
"""How it waits for the next event: it yields its turn for so long, then naps."""
WAITS = tuple(SPINS_S)
LONG_NAP_S, SHORT_NAP_S, BUSY_S = 0.0001, 0.00001, 0.01
"""A nap is short for so long after an event: the next one finds it awake soon, and a processor free."""
_PR_SET_TIMERSLACK = 29


class EventLog:
    """What is published of a journal: see periphery.stream.publisher.Log."""

    name = "core"
    topics = NAMES

    def __init__(self, journal: Path, retained: Retained) -> None:
        self.journal = journal
        self.retained = retained
        self.is_whole = False
        self._accounts: dict[str, int] = {}
        self._fillers: list[Filler] = []

    @property
    def oldest(self) -> int:
        return self.retained.oldest

    @property
    def newest(self) -> int:
        return self.retained.newest

    def add(self, batch: Batch) -> None:
        """What came next; `retained.settle` is to follow."""
        self.retained.add(batch)
        if DECLARATIONS in batch.frames:
            self._name(batch.frames[DECLARATIONS])

    def _name(self, frame: Frame) -> None:
        for row in rows_of(DECLARATIONS, frame):
            if row["header"]["kind"] == m.Kind.ACCOUNT:
                account = np.frombuffer(row["request"].tobytes(), m.ACCOUNT_EVENT, 1)[0]
                text = account["text"].tobytes()
                self._accounts[text[1 : 1 + text[0]].decode()] = int(account["account"])

    def next(self, at: int, topics: tuple[int, ...], fewer: bool) -> Batch | None:
        return self.retained.fewer(at, topics) if fewer else self.retained.next(at, topics)

    def check(self, hello: Hello, topics: tuple[int, ...], rights: Rights | None) -> None:
        kept = [NAMES[topic] for topic in topics if topic not in MARKET]
        if hello.fewer and (kept or hello.settings):
            raise Refused(
                f"fewer: of {', '.join(kept) or 'settings'} nothing is left out: subscribe to it apart"
            )
        hidden = [NAMES[topic] for topic in topics if NAMES[topic] not in OPEN]
        if rights is not None and rights.accounts is not None and hidden:
            raise Refused(
                f"topic {', '.join(hidden)}: this key may see some accounts only, and it tells of all"
            )
        if hello.settings and DECLARATIONS not in topics:
            raise Refused("settings: they are of topic declarations, which isn't among the topics")

    def needs_older(self, hello: Hello, at: int) -> bool:
        if hello.fewer or not at:
            return False
        known = self.retained.digest_at(at)
        if hello.digest and known is not None and known != hello.digest:
            raise Refused(f"event {at:,} isn't the one that was there before: it is another journal")
        return hello.settings or bool(hello.digest and known is None) or at < self.oldest

    def older(self, subscriber: Subscriber) -> Filler | None:
        self._fillers = [each for each in self._fillers if not each.is_closed]
        if len(self._fillers) >= FILLERS_MAX:
            return None
        replays, known = subscriber.at < self.oldest, subscriber.sent > 0
        seen = self._seen(subscriber.rights)
        digest = b"" if known else subscriber.hello.digest
        wanted = Wanted(
            str(self.journal), "", subscriber.at, digest, subscriber.topics,
            subscriber.hello.settings and not known, replays, None if seen is None else tuple(seen),
        )  # fmt: skip
        filler = Filler(wanted)
        self._fillers.append(filler)
        return filler

    def shown(self, batch: Batch, rights: Rights | None) -> Batch:
        seen = self._seen(rights)
        if seen is None:
            return batch
        frames = {topic: of_accounts(topic, rows, seen) for topic, rows in batch.frames.items()}
        shown = {topic: rows for topic, rows in frames.items() if len(rows)}
        return msgspec.structs.replace(batch, frames=shown)

    def _seen(self, rights: Rights | None) -> frozenset[int] | None:
        """The accounts that a key may see; None: all."""
        if rights is None or rights.accounts is None:
            return None
        return frozenset(self._accounts[name] for name in rights.accounts if name in self._accounts)


class Server:
    """One core's stream. journal: its folder, which may come later. address: to bind. ValueError."""

    def __init__(
        self, journal: Path, address: str, keys: Keyring | None = None, wait: str = "sleep",
        retain_bytes: int = RETAIN_BYTES, say: Callable[[str], object] = print, most: int = MOST,
    ) -> None:  # fmt: skip
        self.log = EventLog(journal, Retained(retain_bytes))
        self.keys = keys
        self.publisher = Publisher(address, self.log, keys)
        self.address = self.publisher.address
        self._spin_s = SPINS_S[wait]
        self._say = say
        self._most = most
        self._feed: JournalFeed | None = None
        self._is_idle = False
        self._next_s = self._came_s = 0.0
        self._waits_for = ""

    def run(self, stopped: Callable[[], bool]) -> None:
        """Until it is stopped. JournalError, CoreFault: the journal can't be played; subscribers are told."""
        why = "the publisher was stopped"
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1)  # else a nap is 50 us longer
        try:
            while not stopped():
                self.turn()
        except (JournalError, CoreFault) as error:
            why = str(error)
            raise
        finally:
            self.publisher.close(why)
            if self.keys is not None:
                self.keys.close()

    def turn(self) -> None:
        """What came, to those who wait for it; where nothing did the last time, after a short wait."""
        if self._feed is None:
            self._open()
        batch = self._next(self._feed) if self._feed is not None else None
        if batch is not None:
            self.log.add(batch)
            self._came_s = time.monotonic()
        self.log.is_whole = batch is None and self._feed is not None
        done = self.publisher.turn()
        if batch is not None:
            self.log.retained.settle()  # once it is on its way
        if rest_s := min(self.publisher.rest_s, NAP_S):
            time.sleep(rest_s)  # what comes meanwhile is one batch
        self._is_idle = not done and batch is None
        if self._is_idle:
            self._rest()

    def _next(self, feed: JournalFeed) -> Batch | None:
        """What came. Who is there and has room was told of it by then."""
        nap_s = SHORT_NAP_S if time.monotonic() - self._came_s < BUSY_S else LONG_NAP_S
        live = feed.live
        messages, size = live.messages, live.sent_bytes
        batch = feed.next(self.publisher.live, NAP_S if self._is_idle else 0.0, self._spin_s, nap_s)
        self.publisher.counts["messages"] += live.messages - messages
        self.publisher.counts["bytes"] += live.sent_bytes - size
        return batch

    def _rest(self) -> None:
        """Between two waits for the journal to go on: sees whether it is still there."""
        if self._feed is None:
            time.sleep(NAP_S)
        elif (now := time.monotonic()) >= self._next_s:
            self._next_s = now + REFRESH_S
            self._refresh(self._feed)

    def _open(self) -> None:
        """The journal, once it is there."""
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + AGAIN_S
        try:
            self._feed = JournalFeed(self.log.journal, self._most)
            self._feed.live.speak(self.publisher.socket.underlying, ZMQ_SEND)
        except NoJournal as error:
            if self._waits_for != str(error):
                self._waits_for = str(error)
                self._say(f"waits: {error}")

    def _refresh(self, feed: JournalFeed) -> None:
        """A journal that was taken away may come back; whoever knows another one is told."""
        try:
            feed.refresh()
        except NoJournal as error:
            self._say(f"waits: {error}")
            self._feed = None
            self.log = EventLog(self.log.journal, Retained(self.log.retained.most_bytes))
            self.publisher.begin_anew(self.log, str(error))
