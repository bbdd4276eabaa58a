"""The heads of messages, for who sends few; batches of pages are made in core.remote.stage."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec
import numpy as np

HEAD = np.dtype(
    [
        ("what", "<u4"),
        ("count", "<u4"),
        ("derived", "<u4"),
        ("sends", "<u4"),
        ("number", "<u8"),
        ("pad", "V40"),
    ]
)
RECORD = np.dtype([("seq", "<u8"), ("length", "<u4"), ("pad", "<u4")])


class What(IntEnum):
    """What a message is; batch.pxd has who says which."""

    BEGIN = 1
    PAST = 2
    READY = 3
    PAGES = 4
    DIGEST = 5
    USAGE = 6
    PING = 7
    UNKNOWN = 8
    REFUSED = 9
    STATE = 10


def message(what: What, body: bytes = b"") -> bytes:
    """A head, and what belongs to it."""
    return int(what).to_bytes(4, "little") + bytes(HEAD.itemsize - 4) + body


def told(what: What, **values: Any) -> bytes:
    """A message whose body is a msgpack map."""
    return message(what, msgspec.msgpack.encode(values))


def what_of(packet: bytes | memoryview) -> int:
    """Of a message; 0: it is none."""
    return int.from_bytes(packet[:4], "little") if len(packet) >= HEAD.itemsize else 0


def values_of(packet: bytes) -> dict[str, Any]:
    """The map in a message's body."""
    found: dict[str, Any] = msgspec.msgpack.decode(packet[HEAD.itemsize :], type=dict[str, Any])
    return found
