"""What the two hosts say to each other, as msgpack arrays: a word, then its values.

    standby ─ HELLO ──► primary      where it is, until it is answered
    standby ◄─ WELCOME ─             the sizes of the tables; or REFUSED, and why
    standby ◄─ RECORDS ─             bodies of the journal's records from a sequence on
    standby ─ KEPT ───►              how far they are kept and replayed; `gap`: send them again from there
    standby ◄─ HEAD ────             what the journal has come to, several times a second
    standby ─ HAND_OVER ►            a person wants the standby to trade
    standby ◄─ ENDED ───             the core has ended in order, after that sequence; the lease is free

`line` is a number that the standby draws with each HELLO and both repeat: what belongs to an earlier one is
dropped.
"""

from __future__ import annotations

import msgspec


class Hello(msgspec.Struct, tag=1, array_like=True, frozen=True):
    """last: the last sequence that the standby has, 0 for none; crc: CRC32C of its body."""

    line: int
    name: str
    build: bytes
    last: int
    crc: int


class Welcome(msgspec.Struct, tag=2, array_like=True, frozen=True):
    line: int
    name: str
    capacity: dict[str, int]


class Refused(msgspec.Struct, tag=3, array_like=True, frozen=True):
    line: int
    why: str


class Records(msgspec.Struct, tag=4, array_like=True, frozen=True):
    line: int
    first: int
    bodies: list[bytes]


class Kept(msgspec.Struct, tag=5, array_like=True, frozen=True):
    """kept: in the standby's journal, on its disk where that is asked for; replayed: by its engines."""

    line: int
    kept: int
    replayed: int
    gap: bool


class Head(msgspec.Struct, tag=6, array_like=True, frozen=True):
    """well: whether the core does its work; without it, the primary lives and its core doesn't."""

    line: int
    head: int
    epoch: int
    well: bool


class HandOver(msgspec.Struct, tag=7, array_like=True, frozen=True):
    line: int
    by: str


class Ended(msgspec.Struct, tag=8, array_like=True, frozen=True):
    line: int
    head: int


type Message = Hello | Welcome | Refused | Records | Kept | Head | HandOver | Ended
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(
    Hello | Welcome | Refused | Records | Kept | Head | HandOver | Ended
)
encode = msgspec.msgpack.Encoder().encode


def decode(message: bytes) -> Message | None:
    """None: it is none of ours; a newer build may say more."""
    try:
        return _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
