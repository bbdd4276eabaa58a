# cython: language_level=3, boundscheck=False, cdivision=True, initializedcheck=False
"""The segment files of a journal: their names, their order, what their headers say."""
import dataclasses
import os

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from core_ext.journal.format cimport (
    END, GROUP, MAGIC, SEQUENCE, Record, SegmentHeader, durable_good, header_crc, seal_record,
)

SUFFIX = ".nacre"


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


def segment_files(directory):
    """[(number, path)] of a journal directory, in order."""
    names = [n for n in os.listdir(directory) if n.endswith(SUFFIX) and n[:-len(SUFFIX)].isdecimal()]
    files = []
    for number, name in sorted((int(n[:-len(SUFFIX)]), n) for n in names):
        files += _left_out(directory, files[-1][0] if files else 0, number)
        files.append((number, os.path.join(directory, name)))
    return files


def path_of(directory, number):
    """Where the segment of that number is."""
    return os.path.join(directory, f"{number:08d}{SUFFIX}")


def _left_out(directory, after, before):
    """[(number, path)] between two segments that a listing told of: it may leave out a file that was made while it was
    read, and tell of one that was made later. Asked for by its name it is there."""
    found = []
    for number in range(before - 1, after, -1):
        path = path_of(directory, number)
        if not os.path.exists(path):
            break
        found.append((number, path))
    return reversed(found)


def files_of(path):
    """[(number, path)] of a journal directory, in order, or of one segment file."""
    if os.path.isdir(path):
        return segment_files(path)
    return [(int(os.path.basename(path).removesuffix(SUFFIX)), path)]


def _segment_info(path):
    cdef bytes raw
    with open(path, "rb") as file:
        raw = file.read(sizeof(SegmentHeader))
    cdef SegmentHeader header
    memset(&header, 0, sizeof(header))
    memcpy(&header, <const char*>raw, len(raw))
    good = header.magic == MAGIC and header.crc == header_crc(&header) and durable_good(&header)
    number = int(os.path.basename(path).removesuffix(SUFFIX))
    size = os.path.getsize(path)
    if not good:
        return SegmentInfo(path, number, size, False, 0, b"", 0, 0)
    return SegmentInfo(path, number, size, True, header.schema, header.build_id[:32].rstrip(b"\0"), header.run_epoch,
                       header.first_sequence)


def info(path):
    """The segment headers of a journal directory or segment file, in order: [SegmentInfo]. Reads no records."""
    return [_segment_info(file) for _, file in files_of(os.fspath(path))]


def segment_of(path, uint64_t sequence):
    """The number of the segment that has the record of that sequence, or would get it; None: all begin after it.
    FileNotFoundError."""
    if not os.path.exists(path):
        raise FileNotFoundError(2, "journal: no such directory or segment", os.fspath(path))
    used = [each.number for each in info(path) if each.used and each.first_sequence <= sequence]
    return used[-1] if used else None


def durable_in(path):
    """The last sequence that was on the disk, by a segment whose header is good; None: not in `group` durability."""
    cdef bytes raw
    with open(path, "rb") as file:
        raw = file.read(sizeof(SegmentHeader))
    cdef uint64_t durable = (<const SegmentHeader*><const char*>raw).durable
    return durable & SEQUENCE if durable & GROUP else None


def sync_segments(directory):
    """Puts every segment on the disk."""
    for _, path in segment_files(directory):
        truncate(path, os.path.getsize(path))


def end_segment(path, size_t at, uint64_t sequence):
    """Ends the segment of a writer that died; where it ends now."""
    cdef Record record
    memset(&record, 0, sizeof(Record))
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        record.sequence = sequence
        os.pwrite(fd, PyBytes_FromStringAndSize(<char*>&record.sequence, 8), at + 8)
        seal_record(&record, sizeof(Record), END, sequence)
        os.pwrite(fd, PyBytes_FromStringAndSize(<char*>&record, 8), at)
    finally:
        os.close(fd)
    return at + sizeof(Record)


def truncate(path, size):
    """To so many bytes, on the disk."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.ftruncate(fd, size)
        os.fsync(fd)
    finally:
        os.close(fd)
