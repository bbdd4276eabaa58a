# cython: language_level=3, boundscheck=False, cdivision=True, initializedcheck=False
"""The writer: appends records, and makes segments ahead of itself."""
import os
import threading
import weakref

from core_ext.held_lock import HeldLock
from core_ext.journal.files import info, segment_files, sync_segments
from core_ext.journal.resume import resume

from libc.errno cimport ENOSPC, errno
from libc.string cimport memcpy, memset
from posix.fcntl cimport O_CLOEXEC, O_CREAT, O_EXCL, O_RDWR
from posix.unistd cimport close, ftruncate, unlink

from core_ext.atomics cimport compare_and_swap, cpu_relax, load_relaxed
from core_ext.fault_points cimport JOURNAL_SEGMENT, fault_after, fault_before
from core_ext.journal.format cimport END, FORMAT, MAGIC, durable_word, header_crc, padded, seal_record
from core_ext.journal.mapped cimport (
    c_open, fdatasync, map_file, munmap, posix_fallocate, sched_yield, segment_path, sync_directory, touch_pages,
)

DEFAULT_SEGMENT_BYTES = 64 << 20


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
        last, epoch, number = resume(path, cut_torn)
        self._last = self._synced = last if number else first_sequence - 1
        self._group = durability == "group"
        if self._group:
            sync_segments(path)     # a writer that died may not have come to it
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._reserve = reserve_bytes
        self._total_bytes = sum(os.path.getsize(p) for _, p in segment_files(path))
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
        cdef size_t need = padded(length)
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
        seal_record(<Record*>(self._current.base + self._at), sizeof(Record), END, self._last + 1)
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
        stamp.durable = durable_word(self._synced) if self._group else 0
        stamp.crc = header_crc(&stamp)
        memcpy(<char*>header + 8, <char*>&stamp + 8, sizeof(SegmentHeader) - 8)
        fault_before(JOURNAL_SEGMENT)
        store_release(&header.magic, MAGIC)
        fault_after(JOURNAL_SEGMENT)
        self._at = sizeof(SegmentHeader)
        self._end = self._current.size - sizeof(Record)
        store_release(&self._current_fd, self._current.fd)

    cdef bint room(self, uint32_t n) noexcept nogil:
        return self._at + padded(n) + self._reserve <= self._end or load_acquire(&self._next_ready) \
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
            error = sync_directory(self._path)
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
            store_release(&(<SegmentHeader*>self._current.base).durable, durable_word(self._synced))

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
            seal_record(<Record*>(self._current.base + self._at), sizeof(Record), END, self._last + 1)
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
