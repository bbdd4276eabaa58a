"""Market data as messages of a multicast group: rows, images of books, and beats.

    message:  "nMD", u8 version | u32 CRC32C of all after it | u64 session | a message of rows as
              periphery/stream/wire.py has it, of the frames below

Positions are those of one session, which a publisher draws anew each time it begins, and count its rows. A
message of rows covers all after `after` through `through`, so who takes them sees what is missing. An image
(flag ANEW) is the whole book of one symbol after the row `through`, in one part or several that follow one
another; it names the symbol, and comes before the first row of it. A beat (flag SETTINGS) says that the
publisher is there, and how far it is.

    frame 0     msgpack: an image's or a beat's words
    frame 1     rows, dtype core.data.reader.EVENT: `symbol` is the session's number of it
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from core.data.reader import EVENT, MAX_SYMBOLS
from core_ext.crc32c import crc32c
from periphery.stream.wire import ANEW, ROWS, SETTINGS, Batch, Frame, batch_of, packed

if TYPE_CHECKING:
    from core.data.reader import Events

VERSION = 1
"""Of the head, the words, and EVENT's layout."""
ROWS_MOST = 17
"""In a message: it is one datagram then, of 1,408 bytes at most, as Aeron cuts them."""
IMAGE_ROWS_MOST = 100_000
"""A book of more levels has no image."""

_HEAD = struct.Struct("<3sBI")
_SESSION = struct.Struct("<Q")
_MAGIC = b"nMD"
_WORDS, _ROWS = 0, 1
_NO_DIGEST = bytes(16)
_Symbol = Annotated[int, msgspec.Meta(ge=0, lt=MAX_SYMBOLS)]
_Parts = -(-IMAGE_ROWS_MOST // ROWS_MOST)
_Part = Annotated[int, msgspec.Meta(ge=0, lt=_Parts)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=_Parts)]


class Image(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Part `part`, from 0, of `parts` of a book. symbol: its number in the session."""

    symbol: _Symbol
    name: str
    part: _Part
    parts: _Count


class Beat(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """venue: whose market data it is. why: what keeps the publisher from being whole itself. over: this was
    the last message of the session.
    """

    venue: str
    why: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """after, through: positions; of an image and a beat both are where it stands. words: None: rows alone."""

    session: int
    after: int
    through: int
    words: Image | Beat | None
    rows: Events


_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Image | Beat] = msgspec.msgpack.Decoder(Image | Beat)
_NONE: Events = np.empty(0, EVENT)


def rows_message(session: int, after: int, rows: Events) -> bytes:
    """What comes after `after`; ROWS_MOST rows at most fill a datagram."""
    return _sealed(session, Batch(after, after + len(rows), _NO_DIGEST), [(_ROWS, rows.tobytes())])


def image_messages(session: int, at: int, symbol: int, name: str, rows: Events) -> list[bytes]:
    """The whole book of a symbol after the row `at`."""
    starts = range(0, max(len(rows), 1), ROWS_MOST)
    batch = Batch(at, at, _NO_DIGEST, flags=ANEW)
    messages = []
    for part, start in enumerate(starts):
        words = _encode(Image(symbol, name, part, len(starts)))
        frames: list[tuple[int, Frame]] = [(_ROWS, rows[start : start + ROWS_MOST].tobytes())]
        messages.append(_sealed(session, batch, [*frames, (_WORDS, words)]))
    return messages


def beat_message(session: int, at: int, beat: Beat) -> bytes:
    """The publisher is there, and has said all through `at`."""
    return _sealed(session, Batch(at, at, _NO_DIGEST, flags=SETTINGS), [(_WORDS, _encode(beat))])


def _sealed(session: int, batch: Batch, frames: list[tuple[int, Frame]]) -> bytes:
    body = _SESSION.pack(session) + packed(batch, frames, batch.after)
    return _HEAD.pack(_MAGIC, VERSION, crc32c(body)) + body


def read(message: bytes) -> Message:
    """ValueError: it is none of ours, of another version, or not as it was sent."""
    if len(message) < _HEAD.size + _SESSION.size:
        raise ValueError(f"{len(message)} bytes are no message")
    magic, version, crc = _HEAD.unpack_from(message)
    if magic != _MAGIC or version != VERSION:
        raise ValueError(f"version {version}, not {VERSION}" if magic == _MAGIC else "no message of ours")
    body = message[_HEAD.size :]
    if crc32c(body) != crc:
        raise ValueError("its checksum is wrong")
    if body[_SESSION.size : _SESSION.size + 1] != ROWS:
        raise ValueError("no message of rows")
    batch = batch_of(body[_SESSION.size :])
    words = _words(batch)
    rows = _rows(batch)
    if words is None and batch.through - batch.after != len(rows):
        raise ValueError(f"{len(rows)} rows are not those from {batch.after:,} to {batch.through:,}")
    return Message(_SESSION.unpack_from(body)[0], batch.after, batch.through, words, rows)


def _words(batch: Batch) -> Image | Beat | None:
    frame = batch.frames.get(_WORDS)
    if frame is None:
        return None
    try:
        return _decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its words: {error}") from None


def _rows(batch: Batch) -> Events:
    frame = batch.frames.get(_ROWS, b"")
    if len(frame) % EVENT.itemsize:
        raise ValueError(f"{len(frame)} bytes are no rows")
    return np.frombuffer(frame, EVENT) if len(frame) else _NONE
