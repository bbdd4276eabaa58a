"""A core's stream: each event once, in its topic, as an engine over the journal sees it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core_ext.journal import JournalReader, JournalWriter
from periphery.service.mark import digest_of
from periphery.stream import publisher as publishing, retained, wire
from periphery.stream.ask import status
from periphery.stream.subscriber import Refused, Subscriber
from periphery.stream.topics import DECLARATIONS, NAMES, TOPICS, rows_of
from periphery.stream.wire import Hello
from tests.support import declared, order, quote
from tests.unit.periphery.risk.test_engine import MIDS, day
from tests.unit.periphery.stream.turning import events, pages, received, streaming, until


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "journal"
    day(path, MIDS)
    return path


def last(journal: Path) -> int:
    return max(seq for seq, _ in JournalReader(journal))


def expected(journal: Path, after: int = 0) -> dict[int, tuple[int, bytes]]:
    """What each event is on the wire, from its kind alone and the page of a replay."""
    found = {}
    for raw in pages(journal):
        seq, kind, length = (int.from_bytes(raw[a:b], "little") for a, b in ((0, 8), (40, 42), (42, 44)))
        booked = np.frombuffer(raw, m.PAGE)[0]["booking"]
        is_fill = kind == m.Kind.REPORT and booked["seq"] == seq and booked["flags"] & m.BookingFlag.BOOKED
        topics = [i for i, topic in enumerate(TOPICS) if kind in topic.kinds]
        topic = NAMES.index("fills") if is_fill else topics[0]
        size = TOPICS[topic].dtype.itemsize
        row = raw if size == m.PAGE_SIZE else raw[: 64 + length].ljust(size, b"\0")
        if seq > after:
            found[seq] = topic, row
    return found


def test_each_event_comes_once_in_its_topic(journal: Path) -> None:
    whole = last(journal)
    with streaming(journal) as stream:
        found = received(subscriber := Subscriber(stream.address, Hello()), whole)
        subscriber.close()
    assert events(found) == expected(journal)
    assert [batch.after for batch in found[1:]] == [batch.through for batch in found[:-1]]
    assert found[-1].digest == digest_of(pages(journal)[-1])
    assert {NAMES[topic] for topic, _ in events(found).values()} == {
        "declarations",
        "quotes",
        "orders",
        "fills",
    }


def test_who_wants_some_topics_has_those_and_knows_how_far_all_is(journal: Path) -> None:
    with streaming(journal) as stream:
        subscriber = Subscriber(stream.address, Hello(("fills",)))
        found = events(received(subscriber, last(journal)))
        until(lambda: subscriber.next() is None and subscriber.is_current, "it has all that there is")
        subscriber.close()
    assert found == {seq: row for seq, row in expected(journal).items() if NAMES[row[0]] == "fills"}
    assert len(found) == 2


@pytest.mark.parametrize("retain_bytes", [1, 1 << 28])
def test_from_the_middle_it_goes_on_and_names_come_first(journal: Path, retain_bytes: int) -> None:
    """From what is at hand, and from the journal."""
    at = 37
    digest = digest_of(pages(journal)[at - 1])
    with streaming(journal, retain_bytes=retain_bytes, most=8) as stream:
        until(lambda: stream.server.log.newest == last(journal), "it has read the journal")
        subscriber = Subscriber(stream.address, Hello(after=at, digest=digest, settings=True))
        first, *rest = received(subscriber, last(journal))
        subscriber.close()
    assert first.flags == wire.SETTINGS
    assert first.through == at
    kinds = rows_of(DECLARATIONS, first.frames[DECLARATIONS])["header"]["kind"].tolist()
    assert kinds == [
        row[1][40] for seq, row in expected(journal).items() if row[0] == DECLARATIONS and seq <= at
    ]
    assert events(rest) == expected(journal, at)
    assert stream.server.publisher.counts["from_journal"] > (1 if retain_bytes == 1 else 0)


def test_another_journal_is_refused(journal: Path) -> None:
    with streaming(journal, most=8) as stream:
        until(lambda: stream.server.log.newest == last(journal), "it has read the journal")
        for at, words in ((37, "another"), (stream.server.log.newest, "another"), (10**6, "ends with")):
            subscriber = Subscriber(stream.address, Hello(after=at, digest=b"x" * 16))
            with pytest.raises(Refused, match=words):
                received(subscriber, 10**9)


def test_a_gap_makes_it_say_hello_again(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publisher that leaves out a message: the subscriber asks for it from where it was."""
    monkeypatch.setattr(retained, "TOGETHER_BYTES", 1)
    with streaming(journal, most=4) as stream:
        send, left = stream.server.publisher._send, [3]

        def loses(subscriber: publishing.Subscriber, message: bytes) -> None:
            left[0] -= 1
            if left[0] == 0:
                subscriber.told = subscriber.at
            else:
                send(subscriber, message)

        stream.server.publisher._send = loses  # type: ignore[method-assign]
        subscriber = Subscriber(stream.address, Hello())
        found = received(subscriber, last(journal))
        subscriber.close()
    assert subscriber.gaps == 1
    assert events(found) == expected(journal)


def test_a_slow_one_goes_on_from_the_journal(journal: Path) -> None:
    with streaming(journal, retain_bytes=1, most=1) as stream:
        subscriber = Subscriber(stream.address, Hello())
        found = [until(subscriber.next, "it begins")]
        until(lambda: stream.server.log.newest == last(journal), "the stream goes on without it")
        found += received(subscriber, last(journal))
        counts = stream.server.publisher.status()
        subscriber.close()
    assert events(found) == expected(journal)
    assert counts["from_journal"] > 0


def test_a_slow_one_may_have_the_last_of_each_only(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "j", schema_version=SCHEMA_VERSION, build_id=build_id()) as writer:
        run = declared(journal=writer)
        for i in range(100):
            run.feed(quote("XNAS" if i % 2 else "MANU", f"{100 - i / 100:.2f}", "101", at=i + 1))
    whole = last(tmp_path / "j")
    with streaming(tmp_path / "j", most=1) as stream:
        stream.going.clear()
        subscriber = Subscriber(stream.address, Hello(("quotes",), fewer=True))
        subscriber.next()
        time.sleep(0.2)
        stream.going.set()
        until(lambda: stream.server.log.newest == whole, "the stream goes on without it")
        found = received(subscriber, whole)
        subscriber.close()
    rows = np.concatenate([rows_of(1, batch.frames[1]) for batch in found if batch.frames])
    assert rows["request"]["bid_px"][-2:].tolist() == [9902, 9901]
    assert subscriber.left_out == stream.server.publisher.counts["left_out"] == 100 - len(rows) > 0


def test_a_late_one_may_have_the_market_as_it_stands(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "j", schema_version=SCHEMA_VERSION, build_id=build_id()) as writer:
        run = declared(journal=writer)
        for i in range(100):
            run.feed({"type": "depth", "venue": "XNAS", "symbol": "AAPL", "side": "buy",
                      "px": f"{90 + i % 5}", "qty": "0" if i == 98 else str(i + 1)})  # fmt: skip
    whole = last(tmp_path / "j")
    with streaming(tmp_path / "j", retain_bytes=4000, most=1) as stream:
        until(lambda: stream.server.log.newest == whole, "it has read the journal")
        subscriber = Subscriber(stream.address, Hello(("depth", "quotes"), fewer=True))
        (batch,) = received(subscriber, whole)
        subscriber.close()
    assert batch.flags == wire.ANEW
    rows = rows_of(3, batch.frames[3])["request"]
    assert sorted(zip(rows["px"].tolist(), rows["qty"].tolist(), strict=True)) == [
        (9000, 96), (9100, 97), (9200, 98), (9400, 100)
    ]  # fmt: skip


def test_who_says_nothing_is_cut_and_comes_again(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SILENT_S", 0.3)
    with streaming(journal, most=4) as stream:
        subscriber = Subscriber(stream.address, Hello())
        before = [until(subscriber.next, "it begins")]
        cuts = stream.server.publisher.counts["cut"]
        until(lambda: stream.server.publisher.counts["cut"] > cuts, "it is cut")
        found = before + received(subscriber, last(journal))
        subscriber.close()
    assert events(found) == expected(journal)


def test_a_publisher_that_comes_back_is_found(journal: Path) -> None:
    with streaming(journal, most=4) as stream:
        subscriber = Subscriber(address := stream.address, Hello())
        found = [until(subscriber.next, "it begins")]
    with streaming(journal, most=16, address=address):
        found += received(subscriber, last(journal))
        subscriber.close()
    assert events(found) == expected(journal)


def test_a_journal_that_comes_later_and_grows(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with streaming(path) as stream:
        subscriber = Subscriber(stream.address, Hello(after=None))
        until(lambda: subscriber.next() is None and subscriber.is_welcome, "it is welcome")
        with JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id()) as writer:
            run = declared(journal=writer)
            run.feed(quote("XNAS", "99.99", "100.01", "1000", at=1))
            found = received(subscriber, writer.last_sequence)
            run.feed(order("o1", qty="40"))
            found += received(subscriber, writer.last_sequence)
        subscriber.close()
    assert events(found) == expected(path)


@pytest.mark.parametrize(
    ("hello", "words"),
    [
        (Hello(("weather",)), "topic weather: there is declarations"),
        (Hello(("orders", "quotes"), fewer=True), "of orders nothing is left out"),
        (Hello(("quotes",), settings=True), "settings"),
        (Hello(version=9), "version 9"),
    ],
)
def test_what_cannot_be_is_refused(journal: Path, hello: Hello, words: str) -> None:
    with streaming(journal) as stream:
        with pytest.raises(Refused, match=words):
            received(Subscriber(stream.address, hello), 1)
        until(lambda: stream.server.publisher.counts["refused"] == 1, "it is counted")


def test_a_publisher_says_how_it_is(journal: Path) -> None:
    with streaming(journal) as stream:
        subscriber = Subscriber(stream.address, Hello(("fills",)))
        received(subscriber, last(journal))
        told = status(stream.address)
        subscriber.close()
    assert told is not None
    assert (told["newest"], told["subscribers"][0]["topics"]) == (last(journal), ["fills"])
    assert msgspec.to_builtins(told)


def test_nonsense_harms_nobody(journal: Path) -> None:
    import zmq

    with streaming(journal) as stream:
        rude = zmq.Context.instance().socket(zmq.DEALER)
        rude.setsockopt(zmq.LINGER, 0)
        rude.connect(stream.address)
        for packet in (
            b"",
            b"H",
            b"H\x81",
            b"Hxx",
            b"A",
            b"A123",
            b"Z",
            b"D",
            b"H" + msgspec.msgpack.encode({"version": 1, "after": "x"}),
        ):
            rude.send(packet)
        subscriber = Subscriber(stream.address, Hello())
        assert events(received(subscriber, last(journal))) == expected(journal)
        subscriber.close()
        rude.close()


def test_what_comes_within_a_while_is_one_message(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal comes after the subscriber; the publisher's clock stands still until all is there."""
    whole, clock = last(journal), SimpleNamespace(now_s=100.0)
    monkeypatch.setattr(wire, "SILENT_S", 1e6)
    monkeypatch.setattr(publishing, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    shutil.copytree(journal, tmp_path / "later")
    with streaming(tmp_path / "journal", most=1) as stream:
        subscriber = Subscriber(stream.address, Hello(every_s=1.0))
        until(lambda: subscriber.next() is None and subscriber.is_welcome, "it is there")
        (tmp_path / "later").rename(tmp_path / "journal")
        first = received(subscriber, 1)
        until(lambda: stream.server.log.newest == whole, "all is there")
        assert subscriber.next(0.05) is None
        clock.now_s += 1.0
        rest = received(subscriber, whole)
        subscriber.close()
    assert (len(first), len(rest)) == (1, 1)
    assert events(first + rest) == expected(journal)
