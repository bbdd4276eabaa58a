# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""sequencer: see engine.pxd."""
from libc.string cimport memcpy, memset

from core.messages cimport (
    H_DERIVED, H_JOURNAL_FULL, H_TIMER, K_ORDER, K_REPLACE, REQUEST_SIZE, Header, Page,
)
from core_ext.spine cimport publish


cdef class Sequencer:
    """Copies an input, checks the copy, stamps it (sequence, session, time = max(last stamp, its own)), appends it."""

    def __cinit__(self, Spine spine, JournalWriter journal):
        self.spine = spine
        self.journal = journal
        memset(self.source_seqs, 0, sizeof(self.source_seqs))

    cdef void fail(self, int fault, int source, uint64_t expected, uint64_t found) noexcept nogil:
        """Remembers the first thing that went wrong; whoever drives the core stops on it."""
        if self.fault:
            return
        self.fault = fault
        self.fault_source = source
        self.fault_expected = expected
        self.fault_found = found

    cdef Page* _claim(self, uint16_t kind, const char* request, uint16_t length, int64_t time_ns) noexcept nogil:
        cdef uint64_t seq = self.seq + 1
        cdef Page* page = <Page*>self.spine.slot(seq)
        self.spine.claim(seq)
        # the header last: a follower spins on its line, and would take it away between two stores
        memcpy(page.request.bytes, request, length)
        memset(page.request.bytes + length, 0, REQUEST_SIZE - length)
        memset(<char*>&page.header + 8, 0, sizeof(Header) - 8)
        if time_ns > self.time_ns:
            self.time_ns = time_ns
        page.header.time_ns = self.time_ns
        page.header.kind = kind
        page.header.length = length
        page.header.cause = seq
        page.header.root = seq
        page.header.kill = self.kill
        return page

    cdef void _publish(self, Page* page) noexcept nogil:
        self.seq += 1
        publish(<char*>page, self.seq)

    cdef Page* input(self, const Input* item) noexcept nogil:
        """An event from outside; NULL when its source lost one before it, or it is malformed."""
        cdef Page* page
        if item.source_seq != self.source_seqs[item.source] + 1:
            self.fail(FAULT_SOURCE_GAP, item.source, self.source_seqs[item.source] + 1, item.source_seq)
            return NULL
        if item.length > REQUEST_SIZE:
            self.fail(FAULT_SOURCE_GAP, item.source, REQUEST_SIZE, item.length)
            return NULL
        self.source_seqs[item.source] += 1
        page = self._claim(item.kind, item.request, item.length, item.time_ns)
        page.header.source_seq = item.source_seq
        page.header.session = item.session
        page.header.source = item.source
        page.header.flags = item.flags
        if (self.journal is not None and (item.kind == K_ORDER or item.kind == K_REPLACE)
                and not self.journal.room(sizeof(Header) + item.length)):
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

    cdef bint record(self, const Page* page) noexcept nogil:
        """The event's input into the journal: header and the bytes of the request that are used."""
        cdef int done
        if self.journal is None:
            return 1
        if page.header.kind == K_ORDER and not page.header.flags & H_JOURNAL_FULL:
            done = self.journal.append(page.header.seq, &page.header, sizeof(Header), page.request.bytes,
                                       page.header.length)
        else:
            done = self.journal.append_reserved(page.header.seq, &page.header, sizeof(Header), page.request.bytes,
                                                page.header.length)
        if done != 0:
            self.fail(FAULT_JOURNAL, 0, page.header.seq, 0)
        return done == 0
