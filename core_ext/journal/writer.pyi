import os
from collections.abc import Buffer
from types import TracebackType
from typing import Self

DEFAULT_SEGMENT_BYTES: int

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
