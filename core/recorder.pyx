# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The recorder: see recorder.pxd. In `group` durability one sync covers all that a poll found."""
from core.board cimport Board
from core.faults cimport FAULT_JOURNAL, Faults
from core.messages cimport H_JOURNAL_FULL, K_ORDER, Header, OrderEvent, Page
from core_ext.atomics cimport store_relaxed
from core_ext.clock cimport ticks, ticks_to_ns
from core_ext.spine cimport Spine, published
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcpy

from core.topology import CURSORS

cdef enum:
    NEAR = 8                        # events before a timed one: a turn that begins there asks the clock


cdef class Recorder(Stage):
    """Follows the sequencer; egress and the gateways wait for its cursor."""

    def __init__(self, Spine spine not None, Faults faults not None, JournalWriter journal=None):
        self.name = "journal"
        self.spine = spine
        self.faults = faults
        self.cursor = CURSORS.index("journal")
        self.can_join = True
        self.short_of_space, self.durable = &self.own_words[0], &self.own_words[1]
        self.use(journal)

    def share(self, Board board not None) -> None:
        """Tells the sequencer there that space is short."""
        self.board = board
        self.short_of_space, self.durable = &board.words.journal.short_of_space, &board.words.journal.durable

    def use(self, JournalWriter journal) -> None:
        """Records there from now on; what it holds already is done."""
        self.journal = journal
        if journal is None:
            return
        self.group = journal._group
        if journal.last():
            self.next = journal.last() + 1
            if self.spine.cursor(self.cursor) < journal.last():
                self.spine.set_cursor(self.cursor, journal.last())
        self._measure()

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        cdef uint64_t first = self.next
        cdef uint64_t seq = first
        cdef int64_t began = ticks() if self.service_ns is not None or self.timed - first < NEAR else 0
        if self.faults.code():
            return 0
        while seq < first + budget and published(self.spine.slot(seq), seq):
            if self.journal is not None and not self._append(<const Page*>self.spine.slot(seq)):
                break
            seq += 1
        if seq == first or not self._done(seq, began):
            return 0
        if self.service_ns is not None:
            self.service_ns.record(ticks_to_ns(ticks() - began))
        return seq - first

    cdef bint can_take(self, uint64_t first, int count) noexcept nogil:
        if self.next != first or self.service_ns is not None or self.faults.code():
            return 0
        return self.follower is None or self.follower.can_take(first, count)

    cdef bint take(self, Page** todo, int count, uint64_t end) noexcept nogil:
        cdef int64_t began = ticks() if end > self.timed else 0
        cdef int i
        if self.journal is not None:
            for i in range(count):
                if not self._append(todo[i]):
                    return 0
        return self._done(end, began) and (self.follower is None or self.follower.take(todo, count, end))

    cdef bint _done(self, uint64_t end, int64_t began) noexcept nogil:
        """What was appended before `end` counts as recorded; 0: it could not be brought to the disk."""
        if self.group and self.journal.sync_now() != 0:
            self.faults.fail(FAULT_JOURNAL, 0, self.next, 0)
            return 0
        if self.journal is not None:
            self._measure()
        if end > self.timed:
            self._time(began, self.next, end)
        self.next = end
        self.spine.set_cursor(self.cursor, end - 1)
        return 1

    cdef bint _append(self, const Page* page) noexcept nogil:
        """Header and the bytes of the request that are used. The reserve takes what was sequenced before it was seen
        that space is short."""
        cdef uint32_t length = sizeof(Header) + page.header.length
        cdef char* body = self.journal.begin(page.header.seq, length, self.journal._reserve)
        cdef int done
        if body != NULL:
            memcpy(body, &page.header, sizeof(Header))
            memcpy(body + sizeof(Header), page.request.bytes, page.header.length)
            self.journal.end(page.header.seq, length)
            return 1
        done = self._append_slowly(page)
        if done != 0:
            self.faults.fail(FAULT_JOURNAL, 0, page.header.seq, 0)
        return done == 0

    cdef int _append_slowly(self, const Page* page) noexcept nogil:
        """At the end of a segment, or of all space."""
        cdef int done = -1
        if page.header.kind == K_ORDER and not page.header.flags & H_JOURNAL_FULL:
            done = self.journal.append(page.header.seq, &page.header, sizeof(Header), page.request.bytes,
                                       page.header.length)
        if done == -1:
            done = self.journal.append_reserved(page.header.seq, &page.header, sizeof(Header), page.request.bytes,
                                                page.header.length)
        return done

    cdef void _measure(self) noexcept nogil:
        store_relaxed(self.short_of_space, not self.journal.room(sizeof(Header) + sizeof(OrderEvent)))
        store_relaxed(self.durable, self.journal.durable())
