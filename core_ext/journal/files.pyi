import dataclasses
import os

SUFFIX: str

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

def segment_files(directory: str) -> list[tuple[int, str]]:
    """[(number, path)] of a journal directory, in order."""

def files_of(path: str) -> list[tuple[int, str]]:
    """[(number, path)] of a journal directory, in order, or of one segment file."""

def path_of(directory: str, number: int) -> str:
    """Where the segment of that number is."""

def info(path: str | os.PathLike[str]) -> list[SegmentInfo]:
    """The segment headers of a journal directory or segment file, in order. Reads no records."""

def segment_of(path: str | os.PathLike[str], sequence: int) -> int | None:
    """The number of the segment that has the record of that sequence, or would get it; None: all begin after
    it. FileNotFoundError.
    """

def durable_in(path: str) -> int | None:
    """The last sequence that was on the disk, by a segment whose header is good; None: not in `group`
    durability.
    """

def sync_segments(directory: str) -> None:
    """Puts every segment on the disk."""

def end_segment(path: str, at: int, sequence: int) -> int:
    """Ends the segment of a writer that died; where it ends now."""

def truncate(path: str, size: int) -> None:
    """To so many bytes, on the disk."""
