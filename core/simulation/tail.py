"""What a death leaves at the end of a journal: half a record, or any part of what no sync had covered."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from core_ext import journal

HEADER_BYTES = 128
END = 0xFFFFFFFF
BLOCK = 64
_RECORD = struct.Struct("<IIQ")


def tear(folder: Path, durable: int | None, below: Callable[[int], int]) -> bool:
    """Whether something is left that is to be cut off.

    durable: the last event that a sync covered; None: a process died, so all whole records are there, and the
    next may have begun. below(n): a draw.
    """
    used = [info for info in journal.info(folder) if info.used]
    if not used:
        return False
    if durable is None:
        return _half(Path(used[-1].path), below)
    torn = False
    for info in used:
        first = next((at for at, seq in _records(Path(info.path)) if seq > durable), None)
        if first is not None:
            torn |= _lose(Path(info.path), first, below)
    return torn


def _records(path: Path) -> Iterator[tuple[int, int]]:
    """Where each record begins, and its sequence; at last where the next would, with 0."""
    raw = path.read_bytes()
    at = HEADER_BYTES
    while at + _RECORD.size <= len(raw):
        _, length, seq = _RECORD.unpack_from(raw, at)
        if length in (0, END):
            break
        yield at, seq
        at += _RECORD.size + (length + 7 & ~7)
    yield at, 0


def _half(path: Path, below: Callable[[int], int]) -> bool:
    """A record whose length and check sum were never stored."""
    (*_, (end, _)) = _records(path)
    room = path.stat().st_size - end - 8 - _RECORD.size
    if room <= 0:
        return False
    with path.open("r+b") as file:
        file.seek(end + 8)
        file.write(bytes(1 + below(255) for _ in range(1 + below(min(room, 90)))))
    return True


def _lose(path: Path, first: int, below: Callable[[int], int]) -> bool:
    """From a byte of what came since on, everything; or blocks of it by chance."""
    (*_, (end, _)) = _records(path)
    if end <= first:
        return False
    raw = bytearray(path.read_bytes())
    if below(2):
        cut = first + below(end - first)
        raw[cut:] = bytes(len(raw) - cut)
    else:
        for at in range(first, end, BLOCK):
            if below(2):
                raw[at : min(at + BLOCK, end)] = bytes(min(at + BLOCK, end) - at)
    path.write_bytes(raw)
    return True
