"""What a session said and heard, on disk: its sequence numbers outlive the process.

A record is written, and is with the kernel, before the act that it is about or right after it:

    offset  bytes
         0      4  crc      CRC-32 of what follows
         4      4  size     bytes of the payload
         8      1  kind     OUT, DONE, IN, BEGIN
         9      8  number   of the message; of IN: the next one that is expected; of BEGIN: ns since 1970
        17   size  payload  of OUT: the message as it is written to the socket

OUT is the intent, before the write to the socket; DONE says that it was written, up to that number. So after
a crash a message without DONE may or may not have reached the peer, and its number is never used again: the
peer asks for it where it has not, and gets the same one. IN comes after a message was acted on: what was
acted on without it comes again, as a possible duplicate.

A file holds one stretch of numbers from 1. A new stretch is a new file in the old one's place, which stays
as `.previous`. A record that a crash cut off at the end is dropped; one that is broken in the middle is an
error.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

HEAD = struct.Struct("<IIBQ")
OUT, DONE, IN, BEGIN = 1, 2, 3, 4
MOST_BYTES = 1 << 20


class Store(Protocol):
    """The memory of a session. next_out, next_in: sequence numbers; began_ns: when they were at 1."""

    next_out: int
    next_in: int
    began_ns: int
    done_through: int

    def intend(self, message: bytes) -> int:
        """Store it under next_out, and count that up; its number."""

    def done(self, number: int) -> None:
        """Messages up to that one were written."""

    def expect(self, number: int) -> None:
        """That number is the next to come."""

    def messages(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """What was stored under these numbers, in order."""

    def reset(self, now_ns: int) -> None:
        """Both numbers are 1 again."""


class MemoryStore:
    """A store that dies with its process: for tests, and for what need not outlive one."""

    def __init__(self, now_ns: int = 0) -> None:
        self.reset(now_ns)

    def reset(self, now_ns: int) -> None:
        self.next_out = self.next_in = 1
        self.done_through = 0
        self.began_ns = now_ns
        self.kept: list[bytes] = []

    def intend(self, message: bytes) -> int:
        self.kept.append(message)
        self.next_out += 1
        return self.next_out - 1

    def done(self, number: int) -> None:
        self.done_through = max(self.done_through, number)

    def expect(self, number: int) -> None:
        self.next_in = number

    def messages(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        first = max(first, 1)
        yield from enumerate(self.kept[first - 1 : max(last, 0)], first)


class Corrupt(ValueError):
    """A record in the middle of a store that isn't what was written."""


class DiskStore:
    """A session's file `<name>.fix` in a folder that only one process may use.

    sync: each intent is on the disk, not with the kernel alone, before its message is written.
    Raises BlockingIOError (another process has it), Corrupt, OSError.
    """

    def __init__(self, folder: Path, name: str, now_ns: int, sync: bool = False, lock: bool = True) -> None:
        self.path = folder / f"{name}.fix"
        self.sync = sync
        self._lock = -1
        if lock:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(self._lock)
                raise
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND if lock else os.O_RDONLY
        self._file = os.open(self.path, flags | os.O_CLOEXEC, 0o600)
        self._forget(now_ns)
        if not self._load() and lock:
            self._append(BEGIN, now_ns)

    def _forget(self, now_ns: int) -> None:
        self.next_out = self.next_in = 1
        self.done_through = 0
        self.began_ns = now_ns
        self._at = 0
        self._offsets = array("Q")
        self._sizes = array("I")

    def _load(self) -> bool:
        """Whether there was anything. A torn tail is cut."""
        whole = b""
        with open(self.path, "rb") as file:
            whole = file.read()
        for kind, number, payload in self._records(whole):
            self._take(kind, number, payload)
        if self._at < len(whole) and self._lock >= 0:
            os.ftruncate(self._file, self._at)
        return self._at > 0

    def _records(self, whole: bytes) -> Iterator[tuple[int, int, int]]:
        """(kind, number, bytes of the payload) of each record; `_at` follows."""
        while len(whole) - self._at >= HEAD.size:
            crc, size, kind, number = HEAD.unpack_from(whole, self._at)
            end = self._at + HEAD.size + size
            if size > MOST_BYTES or end > len(whole) or zlib.crc32(whole[self._at + 4 : end]) != crc:
                self._check_torn(whole)
                return
            yield kind, number, size
            self._at = end

    def _check_torn(self, whole: bytes) -> None:
        """Only the last write can have been cut off: with whole records behind it the middle is broken."""
        for at in range(self._at + 1, len(whole) - HEAD.size + 1):
            crc, size, kind, _ = HEAD.unpack_from(whole, at)
            end = at + HEAD.size + size
            if OUT <= kind <= BEGIN and end <= len(whole) and zlib.crc32(whole[at + 4 : end]) == crc:
                raise Corrupt(
                    f"{self.path}: the record at byte {self._at} is broken and others follow at {at}: "
                    "put the file aside, and agree on sequence numbers with the peer anew"
                )

    def _take(self, kind: int, number: int, size: int) -> None:
        if kind == OUT:
            self._offsets.append(self._at + HEAD.size)
            self._sizes.append(size)
            self.next_out = number + 1
        elif kind == DONE:
            self.done_through = number
        elif kind == IN:
            self.next_in = number
        elif kind == BEGIN:
            self.began_ns = number

    def _append(self, kind: int, number: int, payload: bytes = b"") -> None:
        rest = HEAD.pack(0, len(payload), kind, number)[4:] + payload
        record = zlib.crc32(rest).to_bytes(4, "little") + rest
        written = os.write(self._file, record)
        if written != len(record):
            os.ftruncate(self._file, self._at)
            raise OSError(f"{self.path}: no room for a record of {len(record)} bytes")
        if kind == OUT and self.sync:
            os.fdatasync(self._file)
        self._take(kind, number, len(payload))
        self._at += len(record)

    def intend(self, message: bytes) -> int:
        number = self.next_out
        self._append(OUT, number, message)
        return number

    def done(self, number: int) -> None:
        if number > self.done_through:
            self._append(DONE, number)

    def expect(self, number: int) -> None:
        self._append(IN, number)

    @property
    def unknown(self) -> range:
        """Numbers of messages that may or may not have been written."""
        return range(self.done_through + 1, self.next_out)

    def messages(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        for number in range(max(first, 1), min(last, len(self._offsets)) + 1):
            yield number, os.pread(self._file, self._sizes[number - 1], self._offsets[number - 1])

    def reset(self, now_ns: int) -> None:
        """A new file takes the old one's place whole, or not at all."""
        fresh = self.path.with_suffix(".new")
        file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        old, self._file = self._file, file
        self._forget(now_ns)
        self._append(BEGIN, now_ns)
        previous = self.path.with_suffix(".previous")
        previous.unlink(missing_ok=True)
        previous.hardlink_to(self.path)
        os.replace(fresh, self.path)
        os.close(old)

    def close(self) -> None:
        os.close(self._file)
        if self._lock >= 0:
            os.close(self._lock)
