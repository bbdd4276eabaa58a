"""The live end: what it tells is what the log's own way would have said, to those whom it may tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from core.build import SCHEMA_VERSION, build_id
from core_ext.journal import JournalWriter
from periphery.stream import wire
from periphery.stream.feed import JournalFeed
from periphery.stream.publisher import Subscriber
from periphery.stream.sockets import ZMQ_SEND, bound, where
from periphery.stream.topics import NAMES
from periphery.stream.wire import Batch, Hello
from tests.support import Run, declared, order, quote

ALL = tuple(range(len(NAMES)))
WAIT_MS = 60_000


class Heard:
    """A ROUTER socket that is told of a journal, and who hears it."""

    def __init__(self, journal: Path) -> None:
        self.feed = JournalFeed(journal)
        self.router = bound(zmq.ROUTER, "tcp://127.0.0.1:*", 64)
        self.dealer: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self.dealer.setsockopt(zmq.LINGER, 0)
        self.dealer.connect(where(self.router))
        self.dealer.send(b"hello")
        self.peer = self.router.recv_multipart()[0]
        self.feed.live.speak(self.router.underlying, ZMQ_SEND)

    def next(self, *who: Subscriber) -> Batch | None:
        return self.feed.next(list(who), 0.0, 0.0, 0.0)

    def message(self) -> bytes:
        assert self.dealer.poll(WAIT_MS)
        return self.dealer.recv()

    def close(self) -> None:
        self.router.close()
        self.dealer.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[JournalWriter]:
    with JournalWriter(tmp_path / "journal", schema_version=SCHEMA_VERSION, build_id=build_id()) as made:
        yield made


@pytest.fixture
def run(writer: JournalWriter) -> Run:
    return declared(journal=writer)


@pytest.fixture
def heard(run: Run, tmp_path: Path) -> Iterator[Heard]:
    made = Heard(tmp_path / "journal")
    yield made
    made.close()


def test_it_says_what_the_log_would_have_said(run: Run, heard: Heard) -> None:
    who = Subscriber(heard.peer, Hello(), ALL, 0)
    few = Subscriber(heard.peer, Hello(("fills",)), (NAMES.index("fills"),), 0)
    told = 0
    for n in range(1, 9):
        run.feed(quote(at=n * 1000), order(f"o{n}", qty="5"))
        batch = heard.next(who, few)
        assert batch is not None
        assert heard.message() == wire.rows_message(batch, ALL, told)
        told = batch.through
        assert (who.at, who.told, who.mark, who.sent) == (told, told, batch.digest, n)
        if NAMES.index("fills") in batch.frames:
            assert wire.batch_of(heard.message()).through == told
        assert few.at == told
    assert few.sent
    assert few.told <= few.at
    assert heard.next(who) is None


def test_who_is_elsewhere_or_has_no_room_is_left_to_the_log(run: Run, heard: Heard) -> None:
    behind = Subscriber(heard.peer, Hello(), ALL, 1)
    full = Subscriber(heard.peer, Hello(), ALL, 0, sent=wire.WINDOW)
    gone = Subscriber(b"nobody", Hello(), ALL, 0)
    run.feed(quote(at=1000))
    assert heard.next(behind, full, gone) is not None
    assert [(each.at, each.sent) for each in (behind, full, gone)] == [(1, 0), (0, wire.WINDOW), (0, 0)]
    assert heard.feed.live.messages == 0
    whole = Subscriber(heard.peer, Hello(), ALL, run.recorded.core.sequencer.seq)
    run.feed(quote(at=2000))
    assert heard.next(whole) is not None
    assert wire.batch_of(heard.message()).through == whole.at  # nothing was left of what nobody took


def test_what_is_too_long_for_a_message_at_once_is_left_to_the_log(run: Run, heard: Heard) -> None:
    who = Subscriber(heard.peer, Hello(), ALL, 0)
    run.feed(quote(at=1000), *(order(f"o{n}", qty="1") for n in range(100)))
    batch = heard.next(who)
    assert batch is not None
    assert len(wire.rows_message(batch, ALL, 0)) > 1 << 16
    assert (who.at, who.sent) == (0, 0)


def test_many_one_behind_another_all_come(run: Run, heard: Heard) -> None:
    """More than a burst: it takes longer looks, and nothing is left out."""
    who = Subscriber(heard.peer, Hello(), ALL, 0, window=10**6)
    through = 0
    for n in range(80):
        run.feed(quote(at=n * 1000))
        batch = heard.next(who)
        assert batch is not None
        message = wire.batch_of(heard.message())
        assert (message.after, message.through) == (through, batch.through)
        through = batch.through
    assert heard.feed.live.messages == 80
