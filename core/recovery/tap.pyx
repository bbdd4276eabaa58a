# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The tap: see tap.pxd and tap.pyi. A page of a topic of whole pages is as all engines of the core left it."""
from libc.string cimport memcpy, memset

from core.messages cimport BF_BOOKED, K_REPORT, PAGE_SIZE, REQUEST_SIZE, Header
from core.faults cimport FAULT_SOURCE_GAP
from core_ext.clock cimport mono_ns

cdef extern from "sched.h" nogil:
    int sched_yield()

cdef extern from "time.h" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int nanosleep(const timespec* asked, timespec* left)


cdef class Tap(Replay):
    def __init__(self, capacity, topic_of, int booked, row_bytes, uint32_t most):
        Replay.__init__(self, capacity)
        if len(row_bytes) > TOPICS_MAX or len(topic_of) != KINDS or max(topic_of) >= len(row_bytes):
            raise ValueError(f"tap: {len(row_bytes)} topics: give 1 to {TOPICS_MAX}, and one of them for each kind")
        self.topics = <int>len(row_bytes)
        self.booked = <uint8_t>booked
        self.most = most
        for kind in range(KINDS):
            self.topic_of[kind] = topic_of[kind]
        self._kept = [bytearray(most * size) for size in row_bytes]
        for i in range(self.topics):
            self.buffers[i].base = self._kept[i]
            self.buffers[i].row = row_bytes[i]
            self.buffers[i].count = 0

    cpdef int64_t poll(self, JournalReader reader, uint64_t until=0xFFFFFFFFFFFFFFFF, bint rows=True) except -1:
        cdef uint64_t before = self.events
        self._check_taken()
        self.reader = reader
        with nogil:
            self._some(until, rows)
        if self.core.faults.code():
            self.core.raise_fault()
        reader.check()
        return self.events - before

    cdef void _some(self, uint64_t until, bint rows) noexcept nogil:
        cdef uint64_t seq = 0
        cdef char* body = NULL
        cdef uint32_t length = 0
        cdef uint32_t count = 0
        while count < self.most and self.events < until and self.reader.next(&seq, &body, &length) > 0:
            self._record(seq, body, length)
            if self.core.faults.code():
                return
            self.events += 1
            count += 1
            self.last = <const Page*>self.core.spine.slot(seq)
            if rows:
                self._settle()
                self._take(self.last)
        self._settle()
        if count:
            self.through = self.last.header.seq
            self.time_ns = self.last.header.time_ns

    cdef void _take(self, const Page* page) noexcept nogil:
        """Its row. What of a request isn't used is zero."""
        cdef uint8_t topic = self.topic_of[page.header.kind & (KINDS - 1)]
        cdef Buffer* buffer
        cdef char* row
        cdef size_t used = sizeof(Header) + page.header.length
        if page.header.kind == K_REPORT and page.booking.seq == page.header.seq and page.booking.flags & BF_BOOKED:
            topic = self.booked
        buffer = &self.buffers[topic]
        row = buffer.base + <size_t>buffer.count * buffer.row
        buffer.count += 1
        if buffer.row == PAGE_SIZE:
            memcpy(row, page, PAGE_SIZE)
            return
        used = used if used < buffer.row else buffer.row
        memcpy(row, page, used)
        memset(row + used, 0, buffer.row - used)

    def skim(self, JournalReader reader not None, uint64_t until) -> int:
        cdef uint64_t seq = 0
        cdef char* body = NULL
        cdef uint32_t length = 0
        cdef uint32_t count = 0
        cdef Page* page = <Page*>self.core.spine.slot(0)    # a place for it: nothing is lived through here
        self._check_taken()
        while count < self.most and self.through < until and reader.next(&seq, &body, &length) > 0:
            if length < sizeof(Header) or length > sizeof(Header) + REQUEST_SIZE:
                self.core.faults.fail(FAULT_SOURCE_GAP, 0, seq, length)
                self.core.raise_fault()
            memset(page, 0, sizeof(Header) + REQUEST_SIZE)
            memcpy(page, body, length)
            self.through = seq
            self.last = page
            count += 1
            if self.buffers[self.topic_of[page.header.kind & (KINDS - 1)]].row != PAGE_SIZE:
                self._take(page)
        reader.check()
        return count

    cpdef bint wait(self, JournalReader reader, int64_t for_ns, int64_t spin_ns, int64_t nap_ns) except -1:
        cdef int64_t began = mono_ns()
        cdef int64_t now = began
        cdef timespec nap
        cdef bint found
        nap.tv_sec = 0
        nap.tv_nsec = nap_ns
        with nogil:
            found = reader.has_more()
            while not found and now - began < for_ns:
                if now - began < spin_ns:
                    sched_yield()
                else:
                    nanosleep(&nap, NULL)
                found = reader.has_more()
                now = mono_ns()
        return found

    cdef int _check_taken(self) except -1:
        for i in range(self.topics):
            if self.buffers[i].count:
                raise ValueError("tap: rows wait: take them first")
        return 0

    def take(self) -> dict[int, bytes]:
        cdef dict found = {}
        cdef Buffer* buffer
        for i in range(self.topics):
            buffer = &self.buffers[i]
            if buffer.count:
                found[i] = buffer.base[:<size_t>buffer.count * buffer.row]
                buffer.count = 0
        return found

    cpdef bytes record(self):
        if self.last == NULL:
            return b""
        return (<const char*>self.last)[:sizeof(Header) + self.last.header.length]
