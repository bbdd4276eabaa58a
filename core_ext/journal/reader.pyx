# cython: language_level=3, boundscheck=False, cdivision=True, initializedcheck=False
"""The reader: every record in order, checked; an end, a torn tail and damage told apart."""
import os

from core_ext.held_lock import HeldLock
from core_ext.journal.errors import JournalCorrupt, JournalGap, Place
from core_ext.journal.files import end_segment, files_of, path_of, truncate

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.errno cimport errno
from libc.stdint cimport uint16_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy
from posix.unistd cimport close

from core_ext.atomics cimport load_acquire
from core_ext.journal.format cimport END, FORMAT, GROUP, SEQUENCE, Record, SegmentHeader, header_crc, record_crc
from core_ext.journal.mapped cimport (
    all_zero, forget_pages, header_good, map_file, munmap, record_good, record_size, sync_directory,
)


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
        for number, path in files_of(self._path):
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
        if not header_good(segment):
            if segment.size >= sizeof(SegmentHeader):
                self._crc_expected = header.crc
                self._crc_found = header_crc(header)
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
        cdef size_t size = record_size(segment, self._at)
        if size == 0 and self.follow:
            if self._zero_word() and not self._next_began():
                return 0
            size = record_size(segment, self._at)    # again: it came meanwhile, or the end record before the next began
        if size == 0:
            self._crc_expected = self._crc_found = 0
            return self._stop_here()
        self._crc_expected = record.crc
        self._crc_found = record_crc(record, size)
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
        return self._index + 1 < self._count and header_good(&self._segments[self._index + 1])

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
        return record_good(segment, self._at, self._expected) if self._at else header_good(segment)

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
            if i > self._index and header_good(segment):
                return True
            at = sizeof(SegmentHeader)
            if i == self._index and self._at:
                at = self._at + 8
            while at + sizeof(Record) <= segment.size:
                if record_good(segment, at, self._expected):
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
            if header_good(&self._segments[i]) and header.run_epoch > (<SegmentHeader*>self._segments[here].base).run_epoch:
                return False        # a later run went on after this one: what it found was whole
            if header_good(&self._segments[i]) and header.run_epoch == (<SegmentHeader*>self._segments[here].base).run_epoch:
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

    cdef bint has_more(self) noexcept nogil:
        if self._index >= self._count:
            return False
        if self._at == 0:
            return (self._segments[self._index].size >= sizeof(SegmentHeader)
                    and load_acquire(&(<SegmentHeader*>self._segments[self._index].base).magic) != 0)
        return not self._zero_word() or self._next_began()

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
        return path_of(self._path, self._segments[index].number)

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
            return self.cut_here(seal=False)
        finally:
            lock.release()

    def cut_here(self, *, bint seal):
        """Cuts what follows the last record that was read, as `cut`: for who has the lock and read to the end.

        seal: an end record takes the place of what is cut, before it is: who follows goes on to the next segment, and
        doesn't touch what isn't there any more.
        """
        cdef int i
        place = None
        if self._index < self._count:
            place = Place(self._path_of(self._index), self._at)
            for i in range(self._count - 1, self._index, -1):     # last first: a crash here leaves no hole
                os.unlink(self._path_of(i))
            if self._at:
                truncate(place.path, end_segment(place.path, self._at, self._expected) if seal else self._at)
            else:
                os.unlink(place.path)
        elif self._sealed_at:
            truncate(self._path_of(self._count - 1), self._sealed_at)  # who sealed it died before it cut
        sync_directory(<bytes>os.fsencode(self._path))
        self._ended = True
        self._unmap()
        return place


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
