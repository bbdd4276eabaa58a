"""What is fed with anything at all, and what must hold whatever comes: only the errors that are promised."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import msgspec

from core.data.reader import MAX_SYMBOLS
from core.recovery.snapshots import MAGIC, BadSnapshot, Head, head_of
from core.scenario.reader import ScenarioError, read
from core.torture.live import DECLARED
from core.venues.fix.codec import Framer, Garbled, encode, parse
from core_ext.crc32c import crc32c
from core_ext.journal import JournalError, JournalReader, JournalWriter
from core_ext.killpage import PAGE_BYTES, KillPage
from core_ext.ring import Ring
from periphery.standby import wire as standby
from periphery.standby.secret import Secret
from periphery.stream import wire as stream
from tests.fuzz.engine import Target
from tests.support_multicast import Group, Heard, images, made, play, publisher

SLOTS, SLOT = 8, 64
RECORDS = 12
_secret = Secret(bytes(range(32)))


def _fix(_folder: Path) -> Target:
    """Whatever comes in, the framer holds no more than it may, and a frame that parses is written as it
    came.
    """
    fields = [
        (35, b"D"),
        (49, b"A"),
        (56, b"B"),
        (34, b"7"),
        (11, b"o1"),
        (55, b"AAPL"),
        (38, b"100"),
        (44, b"1.5"),
    ]
    good = encode(b"FIX.4.4", fields)

    def check(raw: bytes) -> None:
        framer = Framer()
        framer.feed(raw)
        assert framer.held <= framer.most + len(raw)
        while (frame := framer.next()) is not None:
            try:
                message = parse(frame, {95: 96})
                message.number(34)
                message.text(49)
            except (Garbled, ValueError, KeyError):
                continue

    return Target("fix", [good, good + good, encode(b"FIX.4.2", [(35, b"0"), (34, b"1")])], check)


def _ring(_folder: Path) -> Target:
    """A peer that writes over its own ring: who reads it sees that it is broken, or slots; never beyond the
    ring.
    """
    memory = bytearray(Ring.bytes_needed(SLOTS, SLOT))
    ring = Ring.format(memory, SLOTS, SLOT)
    for i in range(5):
        ring.try_push(bytes([i]) * SLOT)
    good = bytes(memory)
    del ring

    def check(raw: bytes) -> None:
        mine = bytearray(raw[: len(good)].ljust(len(good), b"\0"))
        try:
            ring = Ring.attach(mine)
        except ValueError:
            return
        for _ in range(2 * SLOTS):
            if ring.is_broken:
                return
            slot = ring.try_pop()
            assert slot is None or len(slot) == ring.slot_size
            ring.try_push(b"x")

    return Target("ring", [good], check)


def _kill_page(_folder: Path) -> Target:
    """Whatever stands on it, a page is read; line 0 that blocks everything still does."""
    memory = bytearray(PAGE_BYTES)
    page = KillPage.format(memory)
    page.kill(1, 3, "ann")
    good = bytes(memory)
    del page

    def check(raw: bytes) -> None:
        mine = bytearray(raw[:PAGE_BYTES].ljust(PAGE_BYTES, b"\0"))
        try:
            page = KillPage.attach(mine)
        except ValueError:
            return
        page.rows()
        page.kill(0, 0, "bob")
        assert page.is_blocked([0] * 8) or not page.epoch

    return Target("kill_page", [good[:256]], check)


def _seal(_folder: Path) -> Target:
    """Nothing but what the secret sealed is opened."""
    good = _secret.seal(b"a message of the primary")

    def check(raw: bytes) -> None:
        opened = _secret.open(raw)
        assert opened is None or _secret.seal(opened) == raw

    return Target("seal", [good], check)


def _standby(_folder: Path) -> Target:
    messages: list[Any] = [
        standby.Hello(1, "two", b"build", 7, 9), standby.Welcome(1, "one", {"orders": 9}),
        standby.Records(1, 5, [b"abc", b"de"]), standby.Kept(1, 5, 5, True), standby.Head(1, 9, 2, True),
        standby.HandOver(1, "ann"), standby.Ended(1, 9), standby.Refused(1, "why"),
    ]  # fmt: skip

    def check(raw: bytes) -> None:
        found = standby.decode(raw)
        assert found is None or standby.decode(standby.encode(found)) == found

    return Target("standby", [standby.encode(each) for each in messages], check)


def _stream(_folder: Path) -> Target:
    batch = stream.Batch(1, 9, bytes(8), {0: b"x" * 64, 3: b"y" * 32})
    good = stream.packed(batch, [(0, b"x" * 64), (3, b"y" * 32)], 1)

    def check(raw: bytes) -> None:
        with suppress(ValueError):
            found = stream.batch_of(raw)
            assert sum(len(frame) for frame in found.frames.values()) <= len(raw)
        with suppress(ValueError):
            stream.records_of(raw)
            stream.count_of(raw)
        stream.bye_of(raw)

    return Target("stream", [good, stream.counted(b"C", 7), stream.bye("over", True)], check)


def _multicast(folder: Path) -> Target:
    """Whatever comes with a checksum that holds, a receiver takes, refuses or counts it."""
    group = Group()
    published = publisher(group)
    play(published, made(folder / "made.csv", 400))
    images(published)
    good = [group.sent[0], *{len(message): message for message in group.sent}.values()]
    heard, head = Heard(), 8

    def check(raw: bytes) -> None:
        before = heard.counts["messages"]
        heard.take(raw)
        body = raw[head:]
        heard.take(good[0][: head - 4] + crc32c(body).to_bytes(4, "little") + body)
        assert heard.counts["messages"] == before + 2
        assert len(heard.follower._to) <= MAX_SYMBOLS
        heard.batches.clear()
        heard.said.clear()

    return Target("multicast", good, check)


def _scenario(_folder: Path) -> Target:
    lines = [json.dumps(line).encode() for line in DECLARED]

    def check(raw: bytes) -> None:
        with suppress(ScenarioError):
            read(cast(Any, BytesIO(raw)))

    return Target("scenario", [b"\n".join(lines), *lines], check)


def _journal(folder: Path) -> Target:
    """What is read of a damaged segment is what was written, up to where it says that it is damaged."""
    place = folder / "journal"
    with JournalWriter(
        place, schema_version=1, build_id=b"x", segment_bytes=4096, reserve_bytes=0, run_epoch=1
    ) as writer:
        for seq in range(1, RECORDS + 1):
            writer.append_bytes(seq, bytes([seq]) * (seq * 7))
    segment = place / "00000001.nacre"
    good = segment.read_bytes()
    written = list(JournalReader(place))

    def check(raw: bytes) -> None:
        segment.write_bytes(raw)
        got = []
        with suppress(JournalError, ValueError):
            for record in JournalReader(place):
                got.append(record)  # what came before the damage counts
        assert got == written[: len(got)]

    return Target("journal", [good], check)


def _snapshot(folder: Path) -> Target:
    path = folder / "snapshot-00000000000000000007.nacre-state"
    packed = msgspec.msgpack.encode(Head(7, 9, 1, b"build", {"orders": 9}, "hash"))
    good = MAGIC + len(packed).to_bytes(4, "little") + packed + bytes(40)

    def check(raw: bytes) -> None:
        path.write_bytes(raw)
        with suppress(BadSnapshot):
            head_of(path)

    return Target("snapshot", [good], check)


MAKERS: dict[str, Callable[[Path], Target]] = {
    make.__name__.removeprefix("_"): make
    for make in (
        _fix,
        _ring,
        _kill_page,
        _seal,
        _standby,
        _stream,
        _multicast,
        _scenario,
        _journal,
        _snapshot,
    )
}
"""Each by its name; it is given a folder for its files."""
