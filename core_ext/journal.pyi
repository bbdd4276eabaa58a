import dataclasses
import os
from collections.abc import Buffer, Iterator
from types import TracebackType
from typing import Self

DEFAULT_SEGMENT_BYTES: int
SUFFIX: str

class JournalError(Exception):
    """What every error of the journal is."""

class JournalCorrupt(JournalError):
    """A damaged place that is not the torn end of the log. Never skipped."""

    path: str
    offset: int
    sequence: int
    crc_stored: int
    crc_computed: int
    def __init__(
        self, reason: str, path: str, offset: int, sequence: int, crc_stored: int, crc_computed: int
    ) -> None: ...

class JournalGap(JournalCorrupt):
    """A whole record whose sequence is not the next one, or a segment file that is missing."""

class JournalTorn(JournalError):
    """The log ends in a half-written record, and the writer was not told to cut it."""

@dataclasses.dataclass(frozen=True)
class Place:
    """A place in the journal: a segment file's path and a byte offset in it."""

    path: str
    offset: int

@dataclasses.dataclass(frozen=True)
class SegmentInfo:
    """A segment's header; size: bytes of the file. `used` is False when it was prepared and never written."""

    path: str
    number: int
    size: int
    used: bool
    schema_version: int
    build_id: bytes
    run_epoch: int
    first_sequence: int

@dataclasses.dataclass(frozen=True)
class Report:
    """What `verify` found. ok: neither torn nor corrupt; size: bytes of all segment files."""

    path: str
    ok: bool
    segments: int
    records: int
    first_sequence: int
    last_sequence: int
    size: int
    torn_at: Place | None
    error: JournalCorrupt | None

class JournalWriter:
    """The one writer of a journal directory. Close it, or use it in a `with` block."""

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        schema_version: int,
        build_id: bytes,
        run_epoch: int | None = None,
        segment_bytes: int = ...,
        max_bytes: int = ...,
        reserve_bytes: int = ...,
        durability: str = "async",
        first_sequence: int = 1,
        cut_torn: bool = False,
        helper: bool = False,
    ) -> None:
        """Opens a directory (made when missing) and begins a segment of its own after what is there.

        BlockingIOError: another writer lives. JournalTorn, JournalCorrupt: the tail. OSError: no space.
        """
    def append_bytes(self, seq: int, body: Buffer, tail: Buffer = b"", *, reserved: bool = False) -> bool:
        """Appends body + tail. False: no room. ValueError: not the next sequence, empty or too long."""
    def prepare(self) -> bool:
        """Makes the next segment ready and unmaps full ones. True when a next segment is ready."""
    def sync(self) -> None:
        """Puts everything appended so far on the disk. OSError."""
    def has_room(self, n: int) -> bool: ...
    def drop_before(self, seq: int) -> int:
        """Deletes whole segments that hold only records before `seq`. How many."""
    @property
    def stalls(self) -> int:
        """How often append had to prepare a segment itself."""
    @property
    def last_sequence(self) -> int: ...
    @property
    def durable_sequence(self) -> int: ...
    @property
    def run_epoch(self) -> int: ...
    @property
    def total_bytes(self) -> int: ...
    @property
    def last_error(self) -> int:
        """errno of the last preparation that failed; 0 when the last one went well."""
    def close(self) -> None:
        """Ends and trims the current segment, syncs (in group durability), and gives the directory up."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

class JournalReader(Iterator[tuple[int, bytes]]):
    """Reads a journal's records in order. Iterating stops at the end or a torn tail; corruption raises."""

    def __init__(
        self, path: str | os.PathLike[str], *, from_segment: int | None = None, follow: bool = False
    ) -> None: ...
    def __next__(self) -> tuple[int, bytes]: ...
    def skip_to_end(self) -> int:
        """Reads to the end, checking everything. How many records there were. JournalCorrupt."""
    def skip(self, count: int) -> int:
        """Reads so many records on, checking them; how many there were. JournalCorrupt."""
    def picked(self, at: int, values: int) -> Iterator[tuple[int, bytes]]:
        """As iterating, with those records alone whose u16 at offset `at` of the body is one of these: bit n
        is value n. All are checked.
        """
    def refresh(self) -> None:
        """Maps segments that appeared since. For `follow`."""
    @property
    def follow(self) -> bool: ...
    @property
    def torn_at(self) -> Place | None:
        """Where the torn tail begins, or None. Known once the end was read."""
    @property
    def records(self) -> int: ...
    @property
    def first_sequence(self) -> int: ...
    @property
    def expected_sequence(self) -> int: ...
    def cut(self) -> Place | None:
        """Cuts what follows the last whole record. The reader is finished after it. JournalCorrupt."""

def info(path: str | os.PathLike[str]) -> list[SegmentInfo]:
    """The segment headers of a journal directory or segment file, in order. Reads no records."""

def segment_of(path: str | os.PathLike[str], sequence: int) -> int | None:
    """The number of the segment that has the record of that sequence, or would get it; None: all begin after
    it. FileNotFoundError.
    """

def verify(path: str | os.PathLike[str]) -> Report:
    """Reads and checks everything. Raises only when there is nothing to read."""
