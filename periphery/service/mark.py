"""A place in a journal, and what is there: so that another journal isn't taken for it."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

DIGEST_BYTES = 16
_LENGTH_AT = slice(42, 44)
_HEADER_BYTES = 64


class Mark(NamedTuple):
    """An event's sequence, and a digest of it; (0, b"") is before the first."""

    seq: int
    digest: bytes


BEGIN = Mark(0, b"")


def digest_of_record(record: bytes) -> bytes:
    """Of any bytes."""
    return hashlib.blake2b(record, digest_size=DIGEST_BYTES).digest()


def digest_of(raw: bytes) -> bytes:
    """Of an event's header and request, as they were recorded; raw: its page."""
    length = int.from_bytes(raw[_LENGTH_AT], "little")
    return digest_of_record(raw[: _HEADER_BYTES + length])
