"""What is said on a stream: one letter, then bytes. A stream of a core's events, or of an engine's outputs.

A position is an event's sequence, or an output's number. Each message of rows says what it covers: all that
there is of its topics after `after` through `through`. So a gap on any topic is seen (`after` is not where
the last one ended), and who knows where it was begins there again. Whoever has not yet taken WINDOW messages
is sent no more: what comes meanwhile waits where it is, and is left out, told, where that was asked for.

subscriber -> publisher   H msgpack       where from and what: Hello; again: another place, other topics
(DEALER to ROUTER)        A u64           messages of rows taken since hello
                          P               I am here
                          S               how is it?
                          B               the end
publisher -> subscriber   H msgpack       it begins: Welcome
                          D head frames   rows: u8 flags, u16 how many frames, u32 0, u64 left out, u64 after,
                                          u64 through, 16 bytes: what was at `through` (its digest); a frame:
                                          u32 topic, u32 bytes; then the frames' bytes: rows of the core's
                                          structs, or records
                          P u8            it is here; 1: this subscriber was sent all that there is
                          L msgpack       something is to come from elsewhere, or was missed: Told
                          S msgpack       counts
                          B u8 text       the end, and why; 1: come again, 0: don't, that won't change

The frames of a core's events are arrays of `topics.TOPICS`' dtypes. Those of outputs are records, each with
its length (u32) before it: msgpack of [event's seq, time_ns, topic, values].
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Annotated

import msgspec

type Frame = bytes | memoryview

VERSION = 1
STREAM_PORT = 7703
WINDOW = 16
"""Messages of rows that a subscriber hasn't taken."""
TAKEN_EVERY = 4
TOGETHER_BYTES = 1 << 20
"""What of waiting rows is put into one message, about."""
BEAT_S = 0.1
EVERY_MOST_S = 1.0
SILENT_S = 10.0
LENGTH_BYTES = 4

HELLO, TAKEN, PING, STATUS, BYE, ROWS, LATER = b"H", b"A", b"P", b"S", b"B", b"D", b"L"
FEWER = 1
"""Flag of rows: of each key the last only; `left_out` says how many more there were."""
ANEW = 2
"""Flag of rows: all that stands now; what was known before is forgotten."""
SETTINGS = 4
"""Flag of rows: names and settings declared up to `through`, which move nobody's place."""
_HEAD = struct.Struct("<cBHIQQQ16s")
_FRAME = struct.Struct("<II")
"""What comes before rows is a multiple of eight bytes, so that they can be looked at where they are."""
_COUNT = struct.Struct("<Q")


class Hello(msgspec.Struct, frozen=True):
    """A subscription. topics: names; empty: all. after: the last position that is known, None: what comes
    from now on. digest: what was there, empty: not to be compared. settings: the names and settings declared
    up to `after` first (topic `declarations`). fewer: where it is slow, the last of each key only. every_s:
    what comes within that time may come together: a message costs more than a row.
    """

    topics: tuple[str, ...] = ()
    after: int | None = 0
    digest: bytes = b""
    settings: bool = False
    fewer: bool = False
    every_s: Annotated[float, msgspec.Meta(ge=0, le=EVERY_MOST_S)] = 0.0
    version: int = VERSION


class Welcome(msgspec.Struct, frozen=True):
    """topics: by their number. after: where it begins. newest: the last position that there is."""

    name: str
    topics: tuple[str, ...]
    after: int
    newest: int
    version: int = VERSION


class Told(msgspec.Struct, frozen=True):
    """What comes after `after` is no longer at hand: it is read from the journal."""

    after: int
    oldest: int
    why: str


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Rows of some topics: all after `after` through `through`. frames: by topic, those that have any."""

    after: int
    through: int
    digest: bytes
    frames: Mapping[int, Frame] = {}
    flags: int = 0
    left_out: int = 0


def rows_message(batch: Batch, topics: tuple[int, ...], after: int) -> bytes:
    """What is sent to who has these topics and was told all through `after`; b"" where there is no row of
    them.
    """
    found = [(topic, batch.frames[topic]) for topic in topics if topic in batch.frames]
    return packed(batch, found, after) if found else b""


def packed(batch: Batch, frames: list[tuple[int, Frame]], after: int) -> bytes:
    """A message of rows, of these topics."""
    parts: list[Frame] = [
        _HEAD.pack(ROWS, batch.flags, len(frames), 0, batch.left_out, after, batch.through, batch.digest)
    ]
    parts += [_FRAME.pack(topic, len(rows)) for topic, rows in frames]
    parts += [rows for _, rows in frames]
    return b"".join(parts)


def batch_of(message: bytes) -> Batch:
    """The rows of a message, where they came. ValueError: it is none."""
    view, frames = memoryview(message), {}
    try:
        _, flags, count, _, left_out, after, through, digest = _HEAD.unpack_from(message)
        at = _HEAD.size + count * _FRAME.size
        for topic, size in _FRAME.iter_unpack(view[_HEAD.size : at]):
            frames[topic] = view[at : at + size]
            at += size
    except struct.error as error:
        raise ValueError(f"rows: {error}: the publisher is of another version") from None
    if at != len(message):
        raise ValueError(f"rows: {len(message):,} bytes, not {at:,}: the publisher is of another version")
    return Batch(after, through, digest, frames, flags, left_out)


def following(message: bytes, at: int) -> Batch | None:
    """The rows of a message that goes on from `at` with nothing left out; None: it is another one."""
    if message[:1] != ROWS:
        return None
    batch = batch_of(message)
    goes_on = batch.after == at < batch.through and not batch.flags and not batch.left_out
    return batch if goes_on else None


def joined(batches: list[Batch], topics: tuple[int, ...]) -> Batch:
    """Batches that follow one another, as one."""
    if len(batches) == 1:
        return batches[0]
    frames: dict[int, Frame] = {}
    for topic in topics:
        parts = [batch.frames[topic] for batch in batches if topic in batch.frames]
        if parts:
            frames[topic] = b"".join(parts)
    return Batch(batches[0].after, batches[-1].through, batches[-1].digest, frames)


def counted(kind: bytes, count: int) -> bytes:
    """A message with a count."""
    return kind + _COUNT.pack(count)


def count_of(packet: bytes) -> int:
    """ValueError: there is none."""
    if len(packet) != 1 + _COUNT.size:
        raise ValueError(f"{len(packet)} bytes are no count")
    return int(_COUNT.unpack_from(packet, 1)[0])


def bye(why: str, again: bool) -> bytes:
    """The end."""
    return BYE + bytes([again]) + why.encode()


def bye_of(packet: bytes) -> tuple[str, bool]:
    """(why, whether to come again)."""
    return packet[2:].decode("utf-8", "replace") or "it said the end", packet[1:2] == b"\1"


def records_of(frame: Frame) -> list[bytes]:
    """Each record of a frame of outputs. ValueError: a part of one is left over."""
    found, at = [], 0
    while at < len(frame):
        size = int.from_bytes(frame[at : at + LENGTH_BYTES], "little")
        at += LENGTH_BYTES + size
        if at > len(frame) or not size:
            raise ValueError("outputs: a frame ends within a record")
        found.append(bytes(frame[at - size : at]))
    return found
