"""What an engine was, and what it had said: on the disk, so that a killed one goes on as if it had not been.

Outputs go into a file, each with its length before it. A state names the event that it is of and how long
that file was; what was said beyond is cut off when the state is loaded, and said again. A state is written
beside the old one and takes its place by a rename.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from periphery.service.engine import Output
from periphery.service.mark import BEGIN, DIGEST_BYTES, Mark

VERSION = 2
_LENGTH_BYTES = 4


class BadState(ValueError):
    """A state that can't be gone on from; the message says why, and what to do."""


class Saved(msgspec.Struct, frozen=True):
    """A state. mark: the last event that it knows. come: of the signals that it asked for, those in the
    journal by then.
    """

    version: int
    engine: str
    params: dict[str, Any]
    mark: Mark
    inputs: int
    outputs: int
    said_bytes: int
    digest: bytes
    come: int
    state: dict[str, Any]


class Said:
    """The outputs' file, and a digest over all of them in their order."""

    def __init__(self, path: Path, saved: Saved | None = None) -> None:
        """saved: what was said later is cut off; None: all is. BadState: not even that much is there."""
        size = path.stat().st_size if path.exists() else 0
        if saved is not None and size < saved.said_bytes:
            raise BadState(f"{path}: shorter than its state says: remove both to begin anew")
        self.path = path
        self.count = saved.outputs if saved else 0
        self.digest = saved.digest if saved else bytes(DIGEST_BYTES)
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(saved.said_bytes if saved else 0)
        self._file.seek(0, os.SEEK_END)

    def add(self, seq: int, time_ns: int, output: Output) -> bytes:
        """Appends an output; its record."""
        record = msgspec.msgpack.encode([seq, time_ns, output.topic, output.values])
        self._file.write(len(record).to_bytes(_LENGTH_BYTES, "little") + record)
        self.digest = hashlib.blake2b(self.digest + record, digest_size=DIGEST_BYTES).digest()
        self.count += 1
        return record

    def show(self) -> int:
        """Shows it to who reads the file; how long it is."""
        self._file.flush()
        return self._file.tell()

    def sync(self) -> int:
        """Puts it on the disk; how long it is."""
        size = self.show()
        os.fsync(self._file.fileno())
        return size

    def close(self) -> None:
        self._file.close()


type SaidRecord = tuple[int, int, str, dict[str, Any]]
"""(seq, time_ns, topic, values): what was said, at which event."""


class SaidReader:
    """Reads an outputs' file from its beginning, also while it grows, and before there is one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = 0

    def read(self, most: int) -> list[bytes]:
        """The next records that are there as a whole."""
        found: list[bytes] = []
        if not self.path.exists():
            return found
        with self.path.open("rb") as file:
            file.seek(self._at)
            while len(found) < most:
                length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
                record = file.read(length)
                if not length or len(record) < length:
                    break
                found.append(record)
                self._at += _LENGTH_BYTES + length
        return found

    @staticmethod
    def decode(record: bytes) -> SaidRecord:
        seq, time_ns, topic, values = msgspec.msgpack.decode(record)
        return seq, time_ns, topic, values


def read_said(path: Path) -> list[SaidRecord]:
    """All outputs of a file. One whose end is missing is left out."""
    return [SaidReader.decode(record) for record in SaidReader(path).read(sys.maxsize)]


def write_saved(path: Path, saved: bytes) -> None:
    """A state, as msgpack has it, in the place of the one before, whole or not at all."""
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(saved)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def known_mark(path: Path) -> Mark:
    """Of the state there, whatever it is of; that of the beginning where there is none that can be read."""
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Saved).mark
    except (FileNotFoundError, msgspec.MsgspecError):
        return BEGIN


def read_saved(path: Path, engine: str, params: dict[str, Any]) -> Saved | None:
    """None where there is none. BadState: it is damaged, or of another engine, version or parameters."""
    try:
        saved = msgspec.msgpack.decode(path.read_bytes(), type=Saved)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise BadState(f"{path}: {error}: remove its folder to begin anew") from error
    for what, found, wanted in (
        ("version", saved.version, VERSION),
        ("engine", saved.engine, engine),
        ("parameters", saved.params, params),
    ):
        if found != wanted:
            raise BadState(
                f"{path}: {what} {found!r}, not {wanted!r}: give another folder, or remove this one"
            )
    return saved
