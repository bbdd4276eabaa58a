"""Snapshots in files beside a journal: the newest good one, and the replay of what came after it, is the
state.

    snapshot-<last event, 20 digits>.nacre-state
    "NACRSNP2" | u32 bytes of the head | head, msgpack | state | u32 CRC32C of all before it

A file is written under another name, brought to the disk, and renamed: the rename is the commit. One that is
cut off, damaged, of another build, or of events that the journal has otherwise, is passed over for an older
one, and said; without any the whole journal is replayed.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import msgspec

from core.build import SCHEMA_VERSION, build_id
from core.recovery.replay import Replay
from core.recovery.snapshot import capture, lay
from core_ext import journal as journals
from core_ext.crc32c import crc32c
from core_ext.journal import JournalReader

MAGIC = b"NACRSNP2"
SUFFIX = ".nacre-state"
KEEP = 2
_LENGTH = struct.Struct("<I")
_CRC = struct.Struct("<I")
_MAP = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)  # all of it is read


class Head(msgspec.Struct, frozen=True):
    """What a snapshot is of. state_hash: of the core after event `seq`; crc: of that event's record."""

    seq: int
    crc: int
    schema: int
    build: bytes
    capacity: dict[str, int]
    state_hash: str


class BadSnapshot(ValueError):
    """A snapshot that is cut off, damaged, or of another build or size; the message names the file."""


def no_step(_name: str) -> None:
    """What a test puts in its place dies between two steps."""


def write(journal: Path, played: Replay, step: Callable[[str], None] = no_step) -> Path:
    """The state after the last event that was played, beside the journal; older ones than the last two go.

    ValueError: the journal hasn't that event. OSError.
    """
    crc = crc_of(journal, played.events)
    if crc is None:
        raise ValueError(f"{journal}: it has no event {played.events}: a snapshot of it is of no use")
    sizes, state_hash = asdict(played.core.capacity), played.core.state_hash()
    head = Head(played.events, crc, SCHEMA_VERSION, build_id(), sizes, state_hash)
    path = journal / f"snapshot-{head.seq:020d}{SUFFIX}"
    fresh = path.with_suffix(".new")
    step("begin")
    with fresh.open("wb") as out:
        check = 0
        for part in _parts(head, played):
            out.write(part)
            check = crc32c(part, check)
            step("part")
        out.write(_CRC.pack(check))
        out.flush()
        step("written")
        os.fsync(out.fileno())
    step("synced")
    fresh.replace(path)
    step("renamed")
    _sync_folder(journal)
    step("committed")
    for old in [*files(journal)][KEEP:]:
        old.unlink()
        step("removed")
    return path


def _parts(head: Head, played: Replay) -> Iterator[bytes | memoryview]:
    packed = msgspec.msgpack.encode(head)
    yield MAGIC + _LENGTH.pack(len(packed)) + packed
    yield from capture(played)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def files(journal: Path) -> Iterator[Path]:
    """Those that were committed, the newest first."""
    yield from sorted(journal.glob(f"snapshot-*{SUFFIX}"), reverse=True)


def load[R: Replay](path: Path, fresh: R) -> R:
    """Lays the snapshot into a replay that has seen nothing yet. BadSnapshot, OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < len(MAGIC) + _LENGTH.size + _CRC.size:
            raise BadSnapshot(f"{path}: {size} bytes: it is cut off")
        memory = mmap.mmap(file.fileno(), size, flags=_MAP, prot=mmap.PROT_READ)
    _lay(path, memoryview(memory), fresh)
    return fresh


def _lay(path: Path, raw: memoryview, fresh: Replay) -> None:
    """Each byte of the file is checked once, copied once, and once more looked at where it then lies."""
    body, (found,) = raw[: -_CRC.size], _CRC.unpack(raw[-_CRC.size :])
    if crc32c(body) != found:
        raise BadSnapshot(f"{path}: its CRC doesn't match: it is damaged or cut off")
    try:
        head, state = _taken_apart(path, body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadSnapshot(f"{path}: {error}") from None
    if head.capacity != asdict(fresh.core.capacity):
        raise BadSnapshot(f"{path}: it was made with tables of other sizes")
    lay(fresh, state)
    if fresh.core.state_hash() != head.state_hash:
        raise BadSnapshot(f"{path}: what is in it has another state's hash than it says")


def _taken_apart(path: Path, body: memoryview) -> tuple[Head, memoryview]:
    at = len(MAGIC) + _LENGTH.size
    if body[: len(MAGIC)] != MAGIC:
        raise BadSnapshot(f"{path}: is no snapshot of this format")
    length = _LENGTH.unpack(body[len(MAGIC) : at])[0]
    head = msgspec.msgpack.decode(body[at : at + length], type=Head)
    if (head.schema, head.build) != (SCHEMA_VERSION, build_id()):
        raise BadSnapshot(f"{path}: another build wrote it: its journal is replayed from its beginning")
    return head, body[at + length :]


def newest[R: Replay](
    journal: Path, until: int, make: Callable[[], R], say: Callable[[str], None] = no_step
) -> R:
    """A replay at the newest good snapshot of an event up to `until`, or a fresh one. say: of each that was
    passed over, why.
    """
    for path in files(journal):
        try:
            head = head_of(path)
            if head.seq > until:
                continue
            if crc_of(journal, head.seq) != head.crc:
                raise BadSnapshot(f"{path}: the journal has another event {head.seq}")
            return load(path, make())
        except (ValueError, OSError) as error:
            say(str(error))
    return make()


def head_of(path: Path) -> Head:
    """What the file says that it is. BadSnapshot, OSError."""
    with path.open("rb") as file:
        begin = file.read(len(MAGIC) + _LENGTH.size)
        if len(begin) < len(MAGIC) + _LENGTH.size or begin[: len(MAGIC)] != MAGIC:
            raise BadSnapshot(f"{path}: is no snapshot of this format")
        try:
            length = _LENGTH.unpack(begin[len(MAGIC) :])[0]
            return msgspec.msgpack.decode(file.read(length), type=Head)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadSnapshot(f"{path}: {error}") from None


def reader_from(journal: Path, seq: int, *, follow: bool = False) -> JournalReader:
    """The journal from that event on, the next one that it may have. ValueError: it begins later, or ends
    before.
    """
    used = [each for each in journals.info(journal) if each.used and each.first_sequence <= seq]
    if not used:
        raise ValueError(f"{journal}: it begins after event {seq}")
    reader = JournalReader(journal, from_segment=used[-1].number, follow=follow)
    before = seq - used[-1].first_sequence
    if (found := reader.skip(before)) < before:
        raise ValueError(f"{journal}: it ends before event {used[-1].first_sequence + found}")
    return reader


def crc_of(journal: Path, seq: int) -> int | None:
    """Of the record of that event; None: the journal hasn't it."""
    try:
        found = next(reader_from(journal, seq, follow=True), None)
    except ValueError:
        return None
    return None if found is None else crc32c(found[1])
