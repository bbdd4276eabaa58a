# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""sequencer: see engine.pxd."""
from libc.string cimport memcpy, memset

from core.messages cimport (
    H_DERIVED, H_JOURNAL_FULL, H_TIMER, K_ORDER, K_REPLACE, KINDS, REQUEST_SIZE, Page,
)
from core.faults cimport FAULT_SOURCE_GAP
from core_ext.atomics cimport load_relaxed
from core_ext.spine cimport publish


from core.messages import REQUESTS

cdef uint64_t never_short = 0       # where nothing is recorded


cdef class Sequencer:
    """Copies an input, checks the copy, stamps it (sequence, session, time = max(last stamp, its own)), appends it."""

    def __cinit__(self, Spine spine, Faults faults):
        self.spine = spine
        self.faults = faults
        self.short_of_space = &never_short
        memset(self.source_seqs, 0, sizeof(self.source_seqs))
        for kind in range(KINDS):
            self.sizes[kind] = REQUEST_SIZE
        for kind, dtype in REQUESTS.items():
            self.sizes[<int>kind] = dtype.itemsize

    def counts(self) -> dict[int, int]:
        """Inputs by source."""
        return {i: self.source_seqs[i] for i in range(256) if self.source_seqs[i]}

    cdef void take_over(self, Sequencer other) noexcept:
        """Goes on where another one, of the same stream, is."""
        self.seq = other.seq
        self.time_ns = other.time_ns
        self.kill = other.kill
        memcpy(self.source_seqs, other.source_seqs, sizeof(self.source_seqs))

    cdef Page* _claim(self, uint16_t kind, const char* request, uint16_t length, int64_t time_ns) noexcept nogil:
        cdef uint64_t seq = self.seq + 1
        cdef Page* page = <Page*>self.spine.slot(seq)
        cdef uint16_t whole = self.sizes[kind] if kind < KINDS else REQUEST_SIZE
        self.spine.claim(seq)
        # the header last: a follower spins on its line, and would take it away between two stores
        memcpy(page.request.bytes, request, length)
        if length < whole:
            memset(page.request.bytes + length, 0, whole - length)
        if time_ns > self.time_ns:
            self.time_ns = time_ns
        page.header.time_ns = self.time_ns
        page.header.kind = kind
        page.header.length = length
        page.header.cause = seq
        page.header.root = seq
        page.header.source = 0
        page.header.engine = 0
        page.header.pad = 0
        page.header.pad2 = 0
        page.header.kill = self.kill
        return page

    cdef void _publish(self, Page* page) noexcept nogil:
        self.seq += 1
        publish(<char*>page, self.seq)

    cdef Page* input(self, const Input* item) noexcept nogil:
        """An event from outside; NULL when its source lost one before it, or it is malformed."""
        cdef Page* page
        if item.source_seq != self.source_seqs[item.source] + 1:
            self.faults.fail(FAULT_SOURCE_GAP, item.source, self.source_seqs[item.source] + 1, item.source_seq)
            return NULL
        if item.length > REQUEST_SIZE:
            self.faults.fail(FAULT_SOURCE_GAP, item.source, REQUEST_SIZE, item.length)
            return NULL
        self.source_seqs[item.source] += 1
        page = self._claim(item.kind, item.request, item.length, item.time_ns)
        page.header.source_seq = item.source_seq
        page.header.session = item.session
        page.header.source = item.source
        page.header.flags = item.flags
        if (item.kind == K_ORDER or item.kind == K_REPLACE) and load_relaxed(self.short_of_space):
            page.header.flags |= H_JOURNAL_FULL
        self._publish(page)
        return page

    cdef Page* derived(self, const Derived* item, uint8_t engine, bint timer) noexcept nogil:
        """An event that an engine derived; a timer's is the beginning of a group of its own."""
        cdef Page* page = self._claim(item.kind, item.request, item.length, item.due_ns if timer else self.time_ns)
        page.header.source_seq = item.n
        page.header.session = item.session
        page.header.engine = engine
        page.header.flags = H_DERIVED
        page.header.cause = item.cause
        if timer:
            page.header.flags |= H_TIMER
        else:
            page.header.root = item.root
        self._publish(page)
        return page
