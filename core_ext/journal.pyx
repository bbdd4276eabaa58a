# cython: language_level=3, boundscheck=False, cdivision=True, initializedcheck=False
"""The journal: an append-only log in memory-mapped segment files (layout and protocol: journal.pxd)."""
import dataclasses
import os
import threading
import weakref

from core_ext.held_lock import HeldLock

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport uint16_t
from libc.errno cimport ENOSPC, errno
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset
from posix.fcntl cimport O_CLOEXEC, O_CREAT, O_EXCL, O_RDONLY, O_RDWR
from posix.types cimport off_t
from posix.unistd cimport close, ftruncate, fsync, unlink

from core_ext.atomics cimport compare_and_swap, cpu_relax, load_relaxed, store_release
from core_ext.crc32c cimport crc32c_update, crc32c_words
from core_ext.fault_points cimport JOURNAL_RECORD, JOURNAL_SEGMENT, fault_after, fault_before

cdef extern from * nogil:
    """
    #include <errno.h>
    #include <fcntl.h>
    #include <stdio.h>
    #include <sys/mman.h>
    #include <unistd.h>
    #ifndef MADV_POPULATE_WRITE
    #define MADV_POPULATE_WRITE 23            /* Linux 5.14; older kernels say EINVAL and pages are touched one by one */
    #endif
    static int nacre_open(const char* path, int flags) { return open(path, flags, 0640); }
    static int nacre_segment_path(char* out, size_t size, const char* directory, unsigned long long number) {
        return snprintf(out, size, "%s/%08llu.nacre", directory, number);
    }
    static char* nacre_map(int fd, size_t size, int writable) {
        void* p = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
        return p == MAP_FAILED ? NULL : (char*)p;
    }
    static void nacre_touch(char* base, size_t size) {
        if (madvise(base, size, MADV_POPULATE_WRITE) != 0)
            for (size_t at = 0; at < size; at += 4096)
                ((volatile char*)base)[at] = 0;
    }
    static void nacre_forget(char* base, size_t size) { madvise(base, size, MADV_DONTNEED); }
    static int nacre_all_zero(const char* p, size_t size) {
        uint64_t word = 0;
        for (; size >= 8; p += 8, size -= 8) {
            memcpy(&word, p, 8);
            if (word) return 0;
        }
        while (size--)
            if (*p++) return 0;
        return 1;
    }
    """
    int c_open "nacre_open" (const char* path, int flags)
    int segment_path "nacre_segment_path" (char* out, size_t size, const char* directory, unsigned long long number)
    char* map_file "nacre_map" (int fd, size_t size, bint writable)
    void touch_pages "nacre_touch" (char* base, size_t size)
    void forget_pages "nacre_forget" (char* base, size_t size)
    bint all_zero "nacre_all_zero" (const char* p, size_t size)
    int munmap(void* addr, size_t size)
    int posix_fallocate(int fd, off_t offset, off_t size)
    int fdatasync(int fd)
    int sched_yield()

cdef uint64_t MAGIC = int.from_bytes(b"NACRJRNL", "little")
cdef uint32_t FORMAT = 1
cdef uint64_t GROUP = <uint64_t>1 << 63          # in `durable` of a segment: there is a word of it
cdef uint64_t SEQUENCE = (<uint64_t>1 << 40) - 1   # of it the sequence; between them 23 bits that check it
cdef uint32_t END = 0xFFFFFFFF              # the length that marks an end record
DEFAULT_SEGMENT_BYTES = 64 << 20
SUFFIX = ".nacre"


class JournalError(Exception):
    """What every error of the journal is."""


class JournalCorrupt(JournalError):
    """A damaged place that is not the torn end of the log. Never skipped.

    Attributes: path, offset (bytes), sequence (the one expected there), crc_stored, crc_computed.
    """

    def __init__(self, reason, path, offset, sequence, crc_stored, crc_computed):
        super().__init__(f"{path}: offset {offset}: {reason}; sequence {sequence}, crc stored {crc_stored:#010x}, "
                         f"computed {crc_computed:#010x}; restore this file from a copy or the standby, or recover "
                         "from a snapshot after this sequence")
        self.path = path
        self.offset = offset
        self.sequence = sequence
        self.crc_stored = crc_stored
        self.crc_computed = crc_computed


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


cdef inline size_t _padded(size_t length) noexcept nogil:
    return sizeof(Record) + ((length + 7) & ~<size_t>7)


cdef inline void _seal_record(Record* record, size_t size, uint32_t length, uint64_t seq) noexcept nogil:
    """Publishes a record of `size` bytes whose body is in place: crc and length in one word, last."""
    cdef uint32_t crc = crc32c_words(length, seq, <const uint64_t*>(<char*>record + sizeof(Record)),
                                     (size - sizeof(Record)) >> 3)
    record.sequence = seq
    fault_before(JOURNAL_RECORD)
    store_release(<uint64_t*>record, <uint64_t>length << 32 | crc)
    fault_after(JOURNAL_RECORD)


cdef inline uint32_t _record_crc(const Record* record, size_t size) noexcept nogil:
    return crc32c_update(0, &record.length, size - 4)


cdef inline uint32_t _header_crc(const SegmentHeader* header) noexcept nogil:
    """Of all but `durable`, which changes while the segment is written."""
    cdef uint64_t zero = 0
    cdef uint32_t crc = crc32c_update(0, header, 80)
    crc = crc32c_update(crc, &zero, sizeof(zero))
    return crc32c_update(crc, <const char*>header + 88, 124 - 88)


cdef inline uint64_t _durable_word(uint64_t seq) noexcept nogil:
    """One word, so that it is stored at once; it checks itself."""
    seq &= SEQUENCE
    return GROUP | <uint64_t>(crc32c_update(0, &seq, sizeof(seq)) & 0x7FFFFF) << 40 | seq


cdef class JournalWriter:
    """The one writer of a journal directory. Close it, or use it in a `with` block."""

    def __init__(self, directory, *, uint32_t schema_version, bytes build_id not None, run_epoch=None,
                 size_t segment_bytes=DEFAULT_SEGMENT_BYTES, uint64_t max_bytes=1 << 40, size_t reserve_bytes=1 << 20,
                 str durability="async", uint64_t first_sequence=1, bint cut_torn=False, bint helper=False):
        """Opens a directory (made when missing) and begins a segment of its own after what is there.

        schema_version, build_id (1 to 32 bytes), run_epoch (last + 1 when None) go into every segment's header.
        segment_bytes: a multiple of 4096. max_bytes: of all segment files together. reserve_bytes: kept for
        `append_reserved`, at most half a segment. durability: "async" or "group". first_sequence: of a new journal.
        cut_torn: cut a torn tail, else JournalTorn. helper: a thread that calls `prepare` every 2 ms.
        BlockingIOError: another writer lives. JournalCorrupt: the last segment is damaged. OSError: no space.
        """
        self._current.fd = self._next.fd = -1
        _check_settings(segment_bytes, max_bytes, reserve_bytes, durability, build_id)
        path = os.fspath(directory)
        os.makedirs(path, exist_ok=True)
        self._lock = HeldLock(os.path.join(path, "lock"))
        self._directory = os.fsencode(path)
        self._path = self._directory
        last, epoch, number = _resume(path, cut_torn)
        self._last = self._synced = last if number else first_sequence - 1
        self._group = durability == "group"
        if self._group:
            _sync_segments(path)    # a writer that died may not have come to it
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._reserve = reserve_bytes
        self._total_bytes = sum(os.path.getsize(p) for _, p in _segment_files(path))
        self._fill_stamp(schema_version, build_id, epoch + 1 if run_epoch is None else run_epoch)
        self._next.number = number + 1
        error = self.prepare_now(True)
        if error:
            self._lock.release()
            raise OSError(error, f"journal: no first segment of {segment_bytes} bytes: {os.strerror(error)} "
                          f"({self._total_bytes} of max_bytes {max_bytes} used); free space or raise max_bytes", path)
        self._current = self._next
        store_release(&self._next_ready, 0)
        self._begin()
        if self._group:
            self.sync()             # from now on the run's first segment is one
        if helper:
            self._start_helper()

    def _fill_stamp(self, uint32_t schema, bytes build_id, uint64_t epoch):
        memset(&self._stamp, 0, sizeof(SegmentHeader))
        self._stamp.format = FORMAT
        self._stamp.schema = schema
        self._stamp.segment_bytes = self._segment_bytes
        self._stamp.run_epoch = epoch
        memcpy(self._stamp.build_id, <const char*>build_id, len(build_id))

    def _start_helper(self):
        self._stop = stop = threading.Event()
        reference = weakref.ref(self)     # the thread must not keep an abandoned writer alive

        def run():
            while not stop.wait(0.002):
                writer = reference()
                if writer is None:
                    return
                writer.prepare()
                del writer
        self._helper = threading.Thread(target=run, name="journal-prepare", daemon=True)
        self._helper.start()

    # ---- the path ----

    cdef int append(self, uint64_t seq, const void* a, uint32_t a_len, const void* b, uint32_t b_len) noexcept nogil:
        cdef int rc = self._place(seq, <size_t>a_len + b_len, self._reserve)
        return _write(self, seq, a, a_len, b, b_len) if rc == 0 else rc

    cdef int append_reserved(self, uint64_t seq, const void* a, uint32_t a_len, const void* b,
                             uint32_t b_len) noexcept nogil:
        cdef int rc = self._place(seq, <size_t>a_len + b_len, 0)
        return _write(self, seq, a, a_len, b, b_len) if rc == 0 else rc

    cdef int _place(self, uint64_t seq, size_t length, size_t keep) noexcept nogil:
        """Makes sure that `_at` is where this record goes. `keep` bytes must stay free, here or in a next segment."""
        cdef size_t need = _padded(length)
        if seq != self._last + 1 or length == 0 or length >= END \
                or need > self._segment_bytes - sizeof(SegmentHeader) - sizeof(Record):
            return -2
        if self._at + need + keep <= self._end:
            return 0
        if not self._have_next():
            return -1
        if self._at + need > self._end:
            self._roll()
        return 0

    cdef bint _have_next(self) noexcept nogil:
        """The uncommon case lies here: nobody prepared, so the appender does."""
        if load_acquire(&self._next_ready) and load_relaxed(&self._retired_tail) - load_acquire(&self._retired_head) \
                < RETIRED:
            return True
        self.stalls += 1
        return self.prepare_now(False) == 0

    cdef void _roll(self) noexcept nogil:
        """Ends the current segment and takes the prepared one. No system call."""
        _seal_record(<Record*>(self._current.base + self._at), sizeof(Record), END, self._last + 1)
        self._retired[self._retired_tail % RETIRED] = self._current
        store_release(&self._retired_tail, self._retired_tail + 1)
        self._current = self._next
        store_release(&self._next_ready, 0)
        self._begin()

    cdef void _begin(self) noexcept nogil:
        """Writes the segment header: the magic last, so that a follower sees all of it or nothing."""
        cdef SegmentHeader* header = <SegmentHeader*>self._current.base
        cdef SegmentHeader stamp = self._stamp
        stamp.magic = MAGIC
        stamp.number = self._current.number
        stamp.first_sequence = self._last + 1
        stamp.durable = _durable_word(self._synced) if self._group else 0
        stamp.crc = _header_crc(&stamp)
        memcpy(<char*>header + 8, <char*>&stamp + 8, sizeof(SegmentHeader) - 8)
        fault_before(JOURNAL_SEGMENT)
        store_release(&header.magic, MAGIC)
        fault_after(JOURNAL_SEGMENT)
        self._at = sizeof(SegmentHeader)
        self._end = self._current.size - sizeof(Record)
        store_release(&self._current_fd, self._current.fd)

    cdef bint room(self, uint32_t n) noexcept nogil:
        return self._at + _padded(n) + self._reserve <= self._end or load_acquire(&self._next_ready) \
            or (load_acquire(&self._no_room) == 0 and self._total_bytes + self._segment_bytes <= self._max_bytes)

    # ---- off the path ----

    cdef void _acquire(self) noexcept nogil:
        while not compare_and_swap(&self._busy, 0, 1):
            cpu_relax()
            sched_yield()

    cdef void _release(self) noexcept nogil:
        store_release(&self._busy, 0)

    cdef int prepare_now(self, bint touch) noexcept nogil:
        cdef int error
        self._acquire()
        error = self._drain(self._group)
        if error == 0 and not load_acquire(&self._next_ready):
            error = self._make_next(touch)
            store_release(&self._no_room, error)
        self._release()
        return error

    cdef int _make_next(self, bint touch) noexcept nogil:
        """Makes the next segment file: allocated in full, mapped, touched. 0 or an errno; nothing is left behind."""
        cdef char path[4096]
        cdef uint64_t number = self._next.number if self._current.base == NULL else self._current.number + 1
        cdef int error = 0
        if self._total_bytes + self._segment_bytes > self._max_bytes:
            return ENOSPC
        segment_path(path, sizeof(path), self._path, number)
        cdef int fd = c_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC)
        if fd < 0:
            return errno
        error = posix_fallocate(fd, 0, self._segment_bytes)
        if error == 0:
            self._next.base = map_file(fd, self._segment_bytes, True)
            error = errno if self._next.base == NULL else 0
        if error == 0 and self._group:
            error = _sync_directory(self._path)
            if error:
                munmap(self._next.base, self._segment_bytes)
        if error:
            close(fd)
            unlink(path)
            return error
        if touch:
            touch_pages(self._next.base, self._segment_bytes)
        self._next.size = self._segment_bytes
        self._next.fd = fd
        self._next.number = number
        self._total_bytes += self._segment_bytes
        store_release(&self._next_ready, 1)
        return 0

    cdef int _drain(self, bint sync) noexcept nogil:
        """Unmaps full segments, after putting them on the disk when asked to. 0 or an errno."""
        cdef Mapped* done
        while load_acquire(&self._retired_tail) != self._retired_head:
            done = &self._retired[self._retired_head % RETIRED]
            if sync and fdatasync(done.fd) != 0:
                return errno
            munmap(done.base, done.size)
            close(done.fd)
            store_release(&self._retired_head, self._retired_head + 1)
        return 0

    cdef void _tell_durable(self) noexcept nogil:
        """What is on the disk already, into the segment that is about to be synced."""
        if self._group:
            store_release(&(<SegmentHeader*>self._current.base).durable, _durable_word(self._synced))

    cdef int sync_now(self) noexcept nogil:
        cdef uint64_t last = load_acquire(&self._last)
        cdef int error = 0
        cdef uint64_t fd
        self._acquire()
        while error == 0:
            error = self._drain(True)
            fd = load_acquire(&self._current_fd)
            # a roll between the two lines above put the old segment among the retired: take that first
            if error or load_acquire(&self._retired_tail) == self._retired_head:
                break
        self._tell_durable()
        if error == 0 and fdatasync(<int>fd) != 0:
            error = errno
        if error == 0 and last > self._synced:
            store_release(&self._synced, last)
        self._release()
        return error

    # ---- the Python face ----

    def append_bytes(self, uint64_t seq, body, tail=b"", *, bint reserved=False):
        """Appends a record whose body is `body + tail`. False when there is no room.

        ValueError: not the next sequence, empty or too long.
        """
        cdef const unsigned char[::1] one = body
        cdef const unsigned char[::1] two = tail
        cdef size_t a_len = one.shape[0], b_len = two.shape[0]
        cdef const void* a = &one[0] if a_len else NULL
        cdef const void* b = &two[0] if b_len else NULL
        cdef int rc = -2
        if a_len + b_len < self._segment_bytes:     # so that the lengths fit 32 bits
            if reserved:
                rc = self.append_reserved(seq, a, <uint32_t>a_len, b, <uint32_t>b_len)
            else:
                rc = self.append(seq, a, <uint32_t>a_len, b, <uint32_t>b_len)
        if rc == -2:
            raise ValueError(f"journal: sequence {seq} with {a_len + b_len} bytes; the next sequence is "
                             f"{self._last + 1}, a body has 1 to {self._segment_bytes - 160} bytes")
        return rc == 0

    def prepare(self):
        """Makes the next segment ready and unmaps full ones. True when a next segment is ready."""
        cdef int error
        with nogil:
            error = self.prepare_now(True)
        return error == 0

    def sync(self):
        """Puts everything appended so far on the disk; `durable_sequence` then covers it. OSError."""
        cdef int error
        with nogil:
            error = self.sync_now()
        if error:
            raise OSError(error, f"journal: fdatasync: {os.strerror(error)}; the disk failed: stop trading",
                          os.fsdecode(self._directory))

    def has_room(self, uint32_t n):
        """True when a record with n bytes of body would be taken now."""
        return self.room(n)

    def drop_before(self, uint64_t seq):
        """Deletes whole segments that hold only records before `seq` (a snapshot covers them). How many."""
        dropped = 0
        files = [s for s in info(os.fsdecode(self._directory)) if s.used]
        for segment, after in zip(files, files[1:]):
            if after.first_sequence > seq:
                break
            os.unlink(segment.path)
            self._acquire()
            self._total_bytes -= segment.size
            store_release(&self._no_room, 0)
            self._release()
            dropped += 1
        return dropped

    @property
    def last_sequence(self):
        """The last sequence appended (or found in the journal); one less than the first when empty."""
        return self.last()

    @property
    def durable_sequence(self):
        """The last sequence that the durability setting counts as kept."""
        return self.durable()

    @property
    def run_epoch(self):
        """This run's epoch: greater than that of every earlier run."""
        return self._stamp.run_epoch

    @property
    def total_bytes(self):
        """Bytes of all segment files, allocated in full."""
        return self._total_bytes

    @property
    def last_error(self):
        """errno of the last preparation that failed; 0 when the last one went well."""
        return <int>load_acquire(&self._no_room)

    def close(self):
        """Ends and trims the current segment, syncs (in group durability), and gives the directory up."""
        if self._helper is not None:
            self._stop.set()
            self._helper.join()
            self._helper = None
        if self._current.base != NULL:
            _seal_record(<Record*>(self._current.base + self._at), sizeof(Record), END, self._last + 1)
            try:
                if self._group:
                    self.sync()
                    self.sync()     # so that what the first one covered is said to be there
            finally:
                self._unmap_all()
        if self._lock is not None:
            self._lock.release()

    def _unmap_all(self):
        cdef char path[4096]
        self._drain(False)
        munmap(self._current.base, self._current.size)
        self._current.base = NULL
        ftruncate(self._current.fd, self._at + sizeof(Record))
        close(self._current.fd)
        if self._next_ready:
            self._next_ready = 0
            munmap(self._next.base, self._next.size)
            close(self._next.fd)
            segment_path(path, sizeof(path), self._path, self._next.number)
            unlink(path)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def __dealloc__(self):
        # Not closed: as after a crash. The files stay as they are; only this process's mappings go.
        if self._current.base != NULL:
            self._drain(False)
            munmap(self._current.base, self._current.size)
            close(self._current.fd)
            if self._next_ready:
                munmap(self._next.base, self._next.size)
                close(self._next.fd)


cdef int _write(JournalWriter writer, uint64_t seq, const void* a, uint32_t a_len, const void* b,
                uint32_t b_len) noexcept nogil:
    """Both parts in place (the file is zeros, so the padding is), then the word that publishes."""
    cdef char* at = writer._current.base + writer._at + sizeof(Record)
    if a_len:
        memcpy(at, a, a_len)
    if b_len:
        memcpy(at + a_len, b, b_len)
    writer.end(seq, a_len + b_len)
    return 0


cdef int _sync_directory(const char* path) noexcept nogil:
    cdef int fd = c_open(path, O_RDONLY | O_CLOEXEC)
    cdef int error = 0
    if fd < 0:
        return errno
    if fsync(fd) != 0:
        error = errno
    close(fd)
    return error


def _check_settings(segment_bytes, max_bytes, reserve_bytes, durability, build_id):
    if segment_bytes < 4096 or segment_bytes % 4096 or segment_bytes > 1 << 32:
        raise ValueError(f"journal: segment_bytes {segment_bytes} is not a multiple of 4096 up to 2**32")
    if reserve_bytes > segment_bytes // 2:
        raise ValueError(f"journal: reserve_bytes {reserve_bytes} is more than half of segment_bytes {segment_bytes}; "
                         "lower it or make segments larger")
    if max_bytes < segment_bytes:
        raise ValueError(f"journal: max_bytes {max_bytes} does not hold one segment of {segment_bytes}; raise it")
    if durability not in ("async", "group"):
        raise ValueError(f'journal: durability {durability!r}; "async" or "group" are possible')
    if not 0 < len(build_id) <= 32:
        raise ValueError(f"journal: build_id has {len(build_id)} bytes; 1 to 32 are possible")


def _segment_files(directory):
    """[(number, path)] of a journal directory, in order."""
    names = [n for n in os.listdir(directory) if n.endswith(SUFFIX) and n[:-len(SUFFIX)].isdecimal()]
    files = []
    for number, name in sorted((int(n[:-len(SUFFIX)]), n) for n in names):
        files += _left_out(directory, files[-1][0] if files else 0, number)
        files.append((number, os.path.join(directory, name)))
    return files


def _left_out(directory, after, before):
    """[(number, path)] between two segments that a listing told of: it may leave out a file that was made while it was
    read, and tell of one that was made later. Asked for by its name it is there."""
    found = []
    for number in range(before - 1, after, -1):
        path = os.path.join(directory, f"{number:08d}{SUFFIX}")
        if not os.path.exists(path):
            break
        found.append((number, path))
    return reversed(found)


def _resume(directory, cut_torn):
    """(last sequence, last run epoch, last segment's number) of what is there; its tail is made clean."""
    used = [s for s in info(directory) if s.used]
    if not used:
        first = _segment_files(directory)
        if first:
            _finish(JournalReader(directory), cut_torn)
        return 0, 0, 0
    reader = JournalReader(directory, from_segment=_unsure_from(used))
    _finish(reader, cut_torn)
    left = [s.number for s in info(directory) if s.used] or [used[-1].number]
    return reader.expected_sequence - 1, used[-1].run_epoch, left[-1]


def _unsure_from(used):
    """The first segment that may have lost something: the last one, or in `group` durability one before it that its
    writer had filled and not synced when the machine died."""
    cdef uint64_t durable = _durable_in(used[-1].path)
    if durable & GROUP:
        for segment in reversed(used):
            if segment.first_sequence <= (durable & SEQUENCE) + 1:
                return segment.number
    return used[-1].number


cdef uint64_t _durable_in(path) except? 0:
    """The word of a segment whose header is good."""
    cdef bytes raw
    with open(path, "rb") as file:
        raw = file.read(sizeof(SegmentHeader))
    return (<const SegmentHeader*><const char*>raw).durable


def _finish(JournalReader reader, cut_torn):
    reader.skip_to_end()
    if reader.torn_at is not None and not cut_torn:
        raise JournalTorn(f"{reader.torn_at.path}: offset {reader.torn_at.offset}: the log ends in a half-written "
                          "record; open the journal with cut_torn=True (nothing that was acknowledged is lost)")
    reader._cut_here(True)


def _sync_segments(directory):
    """Puts every segment on the disk."""
    for _, path in _segment_files(directory):
        _truncate(path, os.path.getsize(path))


cdef class JournalReader:
    """Reads a journal's records in order. Iterating gives (sequence, body) and stops at the end or a torn tail."""

    def __init__(self, path, *, from_segment=None, bint follow=False):
        """Maps every segment of a directory (or one segment file).

        from_segment: leave out segments with a lower number. follow: an end is "nothing yet": call `refresh` and go
        on. FileNotFoundError; JournalGap when a segment file is missing.
        """
        self._path = os.fspath(path)
        self.follow = follow
        self._from_number = 0 if from_segment is None else from_segment
        if not os.path.exists(self._path):
            raise FileNotFoundError(2, "journal: no such directory or segment", self._path)
        self._map_new()

    cdef object _map_new(self):
        """Maps the segment files that are not mapped yet."""
        known = self._segments[self._count - 1].number if self._count else 0
        for number, path in _files_of(self._path):
            if number <= known or number < self._from_number:
                continue
            if known and number != known + 1:
                raise JournalGap(f"segment {known + 1} is missing", path, 0, self._expected, 0, 0)
            try:
                _map_segment(self, number, path)
            except FileNotFoundError:   # a writer that begins removes what one that died had prepared
                if not self.follow:
                    raise
                return
            known = number

    cdef void _drop_unbegun(self) noexcept:
        """Lets go of segments that nobody had begun: another writer may have put another file in their place."""
        cdef Mapped* last
        while self._count > self._index + (self._at != 0):
            last = &self._segments[self._count - 1]
            if last.size >= sizeof(SegmentHeader) and load_acquire(&(<SegmentHeader*>last.base).magic):
                return
            if last.base != NULL:
                munmap(last.base, last.size)
            self._count -= 1

    cdef void _unmap(self) noexcept:
        cdef int i
        for i in range(self._count):
            if self._segments[i].base != NULL:
                munmap(self._segments[i].base, self._segments[i].size)
        free(self._segments)
        self._segments = NULL
        self._count = 0

    def __dealloc__(self):
        self._unmap()

    # ---- without Python objects ----

    cdef int next(self, uint64_t* seq, char** body, uint32_t* length) noexcept nogil:
        cdef int rc = 2
        if self._fault != NULL:
            return -1
        while rc >= 2:
            if self._ended or self._index >= self._count:
                return 0
            rc = self._enter() if self._at == 0 else 1
            if rc == 1:
                rc = self._read(seq, body, length)
            if rc == 2:
                forget_pages(self._segments[self._index].base, self._segments[self._index].size)
                self._index += 1
                self._at = 0
        return rc

    cdef int _enter(self) noexcept nogil:
        """Checks the segment's header. 1: go on; else as `next`."""
        cdef Mapped* segment = &self._segments[self._index]
        cdef SegmentHeader* header = <SegmentHeader*>segment.base
        if self.follow and (segment.size < sizeof(SegmentHeader) or load_acquire(&header.magic) == 0):
            return 0
        if not _header_good(segment):
            if segment.size >= sizeof(SegmentHeader):
                self._crc_expected = header.crc
                self._crc_found = _header_crc(header)
            return self._stop_here()
        self._sequence_found = header.first_sequence
        if header.format != FORMAT:
            return self._fail("the segment has another format version: use the build that wrote it")
        if header.number != segment.number:
            return self._fail("the segment's file name is not its number: the file was renamed")
        if self._unsealed and self._unsealed == header.run_epoch:
            return self._fail("the segment before this one lacks its end record")
        if self._expected and header.first_sequence != self._expected:
            return self._fail("gap: the segment does not begin with the next sequence")
        self._expected = header.first_sequence
        if self._first == 0:
            self._first = self._expected
        self._at = sizeof(SegmentHeader)
        return 1

    cdef int _read(self, uint64_t* seq, char** body, uint32_t* length) noexcept nogil:
        """The record at `_at`. As `next`, and 2: the segment is done."""
        cdef Mapped* segment = &self._segments[self._index]
        cdef Record* record = <Record*>(segment.base + self._at)
        cdef size_t size = _record_size(segment, self._at)
        if size == 0 and self.follow:
            if self._zero_word() and not self._next_began():
                return 0
            size = _record_size(segment, self._at)    # again: it came meanwhile, or the end record before the next began
        if size == 0:
            self._crc_expected = self._crc_found = 0
            return self._stop_here()
        self._crc_expected = record.crc
        self._crc_found = _record_crc(record, size)
        if self._crc_expected != self._crc_found:
            return self._stop_here()
        if record.sequence != self._expected:
            self._sequence_found = record.sequence
            return self._fail("gap: the record does not have the next sequence")
        if record.length == END:
            self._at += size
            return self._leave()
        seq[0] = record.sequence
        body[0] = <char*>record + sizeof(Record)
        length[0] = record.length
        self._at += size
        self._expected += 1
        self._records += 1
        return 1

    cdef bint _zero_word(self) noexcept nogil:
        """Nothing at `_at` yet."""
        cdef Mapped* segment = &self._segments[self._index]
        return self._at + 8 > segment.size or load_acquire(<uint64_t*>(segment.base + self._at)) == 0

    cdef bint _next_began(self) noexcept nogil:
        """The segment after this one is in use."""
        return self._index + 1 < self._count and _header_good(&self._segments[self._index + 1])

    cdef int _leave(self) noexcept nogil:
        """After an end record only zeros may come. A follower doesn't look: they may be cut off meanwhile."""
        self._sealed_at = self._at
        if not self.follow and not self._zero_from(self._index, self._at):
            return self._fail("bytes after the segment's end record")
        self._unsealed = 0
        return 2

    cdef int _stop_here(self) noexcept nogil:
        """No whole record here: the end, the end of a run that died, a torn tail, or damage in the middle. 3: there is
        one by now."""
        cdef bint clean = self._zero_from(self._index, self._at)
        cdef int i
        if clean and self._at and self._next_began() and not self._lost_its_end():
            self._unsealed = (<SegmentHeader*>self._segments[self._index].base).run_epoch
            return 2
        if self._valid_later():
            if self._has_come():
                return 3
            if self.follow or not self._is_beyond_durable():
                return self._fail("a damaged record with whole ones after it" if self._at
                                  else "a damaged segment header with whole records after it")
        for i in range(self._index + 1, self._count):
            clean = clean and self._zero_from(i, 0)
        self._torn = not clean
        self._ended = True
        return 0

    cdef bint _has_come(self) noexcept nogil:
        """What was missing here is there now: the journal is being written, what came later was seen first."""
        cdef Mapped* segment = &self._segments[self._index]
        return _record_good(segment, self._at, self._expected) if self._at else _header_good(segment)

    cdef int _fail(self, const char* why) noexcept nogil:
        self._fault = why
        self._fault_index = self._index
        self._fault_at = self._at
        return -1

    cdef bint _zero_from(self, int index, size_t at) noexcept nogil:
        cdef Mapped* segment = &self._segments[index]
        return at >= segment.size or all_zero(segment.base + at, segment.size - at)

    cdef bint _valid_later(self) noexcept nogil:
        """Is there any whole record of the expected or a later sequence after this place? Every 8 bytes are tried."""
        cdef Mapped* segment
        cdef size_t at
        cdef int i
        for i in range(self._index, self._count):
            segment = &self._segments[i]
            if i > self._index and _header_good(segment):
                return True
            at = sizeof(SegmentHeader)
            if i == self._index and self._at:
                at = self._at + 8
            while at + sizeof(Record) <= segment.size:
                if _record_good(segment, at, self._expected):
                    return True
                at += 8
        return False

    cdef bint _lost_its_end(self) noexcept nogil:
        """The end record didn't come to the disk with the machine's death, and the next segment did."""
        return (not self.follow and self._is_beyond_durable() and (<SegmentHeader*>self._segments[self._index].base).run_epoch
                == (<SegmentHeader*>self._segments[self._index + 1].base).run_epoch)

    cdef bint _is_beyond_durable(self) noexcept nogil:
        """Whether no sync of the last run, one in `group` durability, ever covered this place."""
        cdef int here = self._index if self._at else self._index - 1
        cdef uint64_t durable = 0
        cdef SegmentHeader* header
        cdef int i
        if here < 0:
            return False
        for i in range(self._count):
            header = <SegmentHeader*>self._segments[i].base
            if _header_good(&self._segments[i]) and header.run_epoch > (<SegmentHeader*>self._segments[here].base).run_epoch:
                return False        # a later run went on after this one: what it found was whole
            if _header_good(&self._segments[i]) and header.run_epoch == (<SegmentHeader*>self._segments[here].base).run_epoch:
                if header.durable & SEQUENCE >= durable & SEQUENCE:
                    durable = header.durable
        return durable & GROUP and self._expected > durable & SEQUENCE

    cdef int check(self) except -1:
        """Raises what `next` found."""
        if self._fault == NULL:
            return 0
        reason = self._fault.decode()
        path = self._path_of(self._fault_index)
        kind = JournalCorrupt
        if reason.startswith("gap"):
            kind = JournalGap
            reason = f"{reason} (found {self._sequence_found})"
        raise kind(reason, path, self._fault_at, self._expected, self._crc_expected, self._crc_found)

    # ---- the Python face ----

    def __iter__(self):
        return self

    def __next__(self):
        cdef uint64_t seq
        cdef char* body
        cdef uint32_t length
        cdef int rc = self.next(&seq, &body, &length)
        if rc == 1:
            return seq, PyBytes_FromStringAndSize(body, length)
        self.check()
        raise StopIteration

    def skip_to_end(self):
        """Reads to the end, checking everything. How many records there were. JournalCorrupt."""
        cdef uint64_t seq
        cdef char* body
        cdef uint32_t length
        cdef uint64_t before = self._records
        with nogil:
            while self.next(&seq, &body, &length) == 1:
                pass
        self.check()
        return self._records - before

    def skip(self, uint64_t count):
        """Reads so many records on, checking them; how many there were. JournalCorrupt."""
        cdef uint64_t seq
        cdef char* body
        cdef uint32_t length
        cdef uint64_t before = self._records
        with nogil:
            while self._records - before < count and self.next(&seq, &body, &length) == 1:
                pass
        self.check()
        return self._records - before

    def picked(self, size_t at, uint64_t values):
        """As iterating, with those records alone whose u16 at offset `at` of the body is one of these: bit n is value n.
        All are checked."""
        while (found := _next_of(self, at, values)) is not None:
            yield found

    def refresh(self):
        """Maps segments that appeared since, of whatever writer. For `follow`."""
        self._drop_unbegun()
        self._map_new()

    def _path_of(self, int index):
        if os.path.isfile(self._path):
            return self._path
        return os.path.join(self._path, f"{self._segments[index].number:08d}{SUFFIX}")

    @property
    def torn_at(self):
        """Where the torn tail begins, or None. Known once the end was read."""
        return Place(self._path_of(self._index), self._at) if self._torn else None

    @property
    def records(self):
        """Records read so far."""
        return self._records

    @property
    def first_sequence(self):
        """The first sequence read; 0 before any."""
        return self._first

    @property
    def expected_sequence(self):
        """The sequence that the next record must have; 0 when nothing says so yet."""
        return self._expected

    def cut(self):
        """Cuts what follows the last whole record: a torn tail, allocated zeros, unused segments.

        Gives the Place of the cut, or None when there was nothing to cut. The reader is finished after it.
        JournalCorrupt: damage in the middle is never cut. BlockingIOError: a writer lives.
        """
        lock = HeldLock(os.path.join(self._path, "lock"))
        try:
            self.skip_to_end()
            return self._cut_here(False)
        finally:
            lock.release()

    cdef object _cut_here(self, bint seal):
        """seal: an end record takes the place of what is cut, before it is: who follows goes on to the next segment, and
        doesn't touch what isn't there any more."""
        cdef int i
        place = None
        if self._index < self._count:
            place = Place(self._path_of(self._index), self._at)
            for i in range(self._count - 1, self._index, -1):     # last first: a crash here leaves no hole
                os.unlink(self._path_of(i))
            if self._at:
                _truncate(place.path, _seal_file(place.path, self._at, self._expected) if seal else self._at)
            else:
                os.unlink(place.path)
        elif self._sealed_at:
            _truncate(self._path_of(self._count - 1), self._sealed_at)  # who sealed it died before it cut
        _sync_directory(<bytes>os.fsencode(self._path))
        self._ended = True
        self._unmap()
        return place


cdef bint _header_good(Mapped* segment) noexcept nogil:
    cdef SegmentHeader* header = <SegmentHeader*>segment.base
    return segment.size >= sizeof(SegmentHeader) and load_acquire(&header.magic) == MAGIC \
        and header.crc == _header_crc(header) and _durable_good(header)


cdef bint _durable_good(const SegmentHeader* header) noexcept nogil:
    cdef uint64_t durable = load_acquire(&header.durable)
    return durable == 0 or durable == _durable_word(durable)


cdef size_t _record_size(Mapped* segment, size_t at) noexcept nogil:
    """Bytes of the record that seems to be there; 0 when there cannot be one."""
    cdef size_t size
    if at + sizeof(Record) > segment.size:
        return 0
    cdef uint32_t length = <uint32_t>(load_acquire(<uint64_t*>(segment.base + at)) >> 32)
    if length == 0:
        return 0
    size = sizeof(Record) if length == END else _padded(length)
    return size if size <= segment.size - at else 0


cdef bint _record_good(Mapped* segment, size_t at, uint64_t expected) noexcept nogil:
    cdef Record* record = <Record*>(segment.base + at)
    cdef size_t size = _record_size(segment, at)
    return size != 0 and record.sequence >= (expected if expected else 1) and record.sequence - expected < <uint64_t>1 << 40 \
        and record.crc == _record_crc(record, size)


cdef int _map_segment(JournalReader reader, uint64_t number, str path) except -1:
    cdef int fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    cdef size_t size = os.fstat(fd).st_size
    cdef char* base = map_file(fd, size, False) if size else NULL
    close(fd)
    if size and base == NULL:
        raise OSError(errno, "journal: cannot map the segment", path)
    cdef Mapped* grown = <Mapped*>realloc(reader._segments, sizeof(Mapped) * (reader._count + 1))
    if grown == NULL:
        raise MemoryError("journal: the list of segments")
    reader._segments = grown
    grown[reader._count].base = base
    grown[reader._count].size = size
    grown[reader._count].number = number
    grown[reader._count].fd = -1
    reader._count += 1
    return 0


cdef object _next_of(JournalReader reader, size_t at, uint64_t values):
    """See `picked`. None: the end."""
    cdef uint64_t seq
    cdef char* body
    cdef uint32_t length
    cdef int rc
    with nogil:
        rc = reader.next(&seq, &body, &length)
        while rc == 1 and not _is_of(body, length, at, values):
            rc = reader.next(&seq, &body, &length)
    if rc == 1:
        return seq, PyBytes_FromStringAndSize(body, length)
    reader.check()
    return None


cdef inline bint _is_of(const char* body, uint32_t length, size_t at, uint64_t values) noexcept nogil:
    cdef uint16_t value
    if at + sizeof(value) > length:
        return False
    memcpy(&value, body + at, sizeof(value))
    return value < 64 and (values >> value) & 1


def _files_of(path):
    if os.path.isdir(path):
        return _segment_files(path)
    return [(int(os.path.basename(path).removesuffix(SUFFIX)), path)]


cdef size_t _seal_file(path, size_t at, uint64_t sequence) except 0:
    """Ends the segment of a writer that died; where it ends now."""
    cdef Record record
    memset(&record, 0, sizeof(Record))
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        record.sequence = sequence
        os.pwrite(fd, PyBytes_FromStringAndSize(<char*>&record.sequence, 8), at + 8)
        _seal_record(&record, sizeof(Record), END, sequence)
        os.pwrite(fd, PyBytes_FromStringAndSize(<char*>&record, 8), at)
    finally:
        os.close(fd)
    return at + sizeof(Record)


def _truncate(path, size):
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.ftruncate(fd, size)
        os.fsync(fd)
    finally:
        os.close(fd)


def _segment_info(path):
    cdef bytes raw
    with open(path, "rb") as file:
        raw = file.read(sizeof(SegmentHeader))
    cdef SegmentHeader header
    memset(&header, 0, sizeof(header))
    memcpy(&header, <const char*>raw, len(raw))
    good = header.magic == MAGIC and header.crc == _header_crc(&header) and _durable_good(&header)
    number = int(os.path.basename(path).removesuffix(SUFFIX))
    size = os.path.getsize(path)
    if not good:
        return SegmentInfo(path, number, size, False, 0, b"", 0, 0)
    return SegmentInfo(path, number, size, True, header.schema, header.build_id[:32].rstrip(b"\0"), header.run_epoch,
                       header.first_sequence)


def info(path):
    """The segment headers of a journal directory or segment file, in order: [SegmentInfo]. Reads no records."""
    return [_segment_info(file) for _, file in _files_of(os.fspath(path))]


def segment_of(path, uint64_t sequence):
    """The number of the segment that has the record of that sequence, or would get it; None: all begin after it.
    FileNotFoundError."""
    if not os.path.exists(path):
        raise FileNotFoundError(2, "journal: no such directory or segment", os.fspath(path))
    used = [each.number for each in info(path) if each.used and each.first_sequence <= sequence]
    return used[-1] if used else None


def verify(path):
    """Reads and checks everything: a Report. Raises only when there is nothing to read."""
    reader = JournalReader(path)
    error = None
    try:
        reader.skip_to_end()
    except JournalCorrupt as found:
        error = found
    files = _files_of(os.fspath(path))
    return Report(os.fspath(path), error is None and reader.torn_at is None, len(files), reader.records,
                  reader.first_sequence, reader.expected_sequence - 1 if reader.expected_sequence else 0,
                  sum(os.path.getsize(file) for _, file in files), reader.torn_at, error)
