# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The client's end of `bench path` (see path_loop.pxd)."""
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from core.messages cimport Response
from core_ext.atomics cimport load_acquire
from core_ext.clock cimport mono_ns, ticks, ticks_to_ns
from core_ext.histogram cimport Histogram
from core_ext.spine cimport published

cdef enum:
    DIGITS = 9
    QUIET_NS = 3000                 # without an answer for so long, a request has had all of its own


cdef class Submitter:
    """rows: Inputs one after the other, whose cl_ord_id ends in nine digits: the row's number."""

    def __init__(self, Ring requests not None, Spine responses not None, const uint8_t[::1] rows, int64_t[::1] began,
                 int64_t[::1] taken):
        self.requests = requests
        self.responses = responses
        self.rows = rows
        self.count = rows.shape[0] // sizeof(Input)
        if <uint64_t>began.shape[0] < self.count or <uint64_t>taken.shape[0] < self.count:
            raise ValueError(f"bench path: {self.count} rows need as many times")
        self.began = began
        self.taken = taken

    cdef bint _push(self) noexcept nogil:
        """The next row; 0: the ring is full."""
        cdef Input* slot = <Input*>self.requests.claim()
        if slot == NULL:
            self.busy += 1
            return 0
        memcpy(slot, &self.ready, sizeof(Input))
        self.sent += 1
        slot.source_seq = self.sent
        self.requests.publish()
        return 1

    cdef void _make_ready(self) noexcept nogil:
        """The next row, as a client has it that has just made it: near, before the time begins."""
        if self.sent < self.count:
            memcpy(&self.ready, &self.rows[self.sent * sizeof(Input)], sizeof(Input))

    cdef bint _read(self) noexcept nogil:
        """One answer, where there is one: the first of its row ends the row's time."""
        cdef uint64_t seq = self.answers + 1
        cdef Response* told = <Response*>self.responses.slot(seq)
        cdef uint64_t row = 0
        cdef int64_t now
        cdef int end
        cdef int i
        if not published(<char*>told, seq):
            if self.responses.claimed() > self.answers + self.responses._capacity:
                self.lapped += self.responses.claimed() - self.answers - self.responses._capacity
                self.answers = self.responses.claimed() - self.responses._capacity
            return 0
        now = ticks()
        end = 1 + told.cl_ord_id[0]
        for i in range(end - DIGITS, end):
            row = row * 10 + <uint64_t>(told.cl_ord_id[i] - c'0')
        self.answers = seq
        if row < self.sent and self.taken[row] == 0:
            self.taken[row] = now - self.began[row]
            self.acked += 1
        return 1

    def closed(self, int64_t block_ns, Histogram histogram not None) -> int:
        """One request at a time: the next is sent once the one before has had all its answers. How many."""
        cdef uint64_t first = self.sent
        cdef int64_t end = mono_ns() + block_ns
        cdef int64_t quiet, lost
        with nogil:
            while self.sent < self.count and mono_ns() < end:
                self._make_ready()
                self.began[self.sent] = ticks()
                if not self._push():
                    continue
                lost = mono_ns() + 1000000000
                while self.taken[self.sent - 1] == 0 and mono_ns() < lost:
                    self._read()
                histogram.record(ticks_to_ns(self.taken[self.sent - 1]))
                quiet = mono_ns() + QUIET_NS
                while mono_ns() < quiet:
                    if self._read():
                        quiet = mono_ns() + QUIET_NS
        return self.sent - first

    def until_sent(self, int64_t block_ns, Histogram histogram not None, Ring sends not None) -> int:
        """The same, to the moment when execution has written the venue's ring. sends: that ring, only looked at."""
        cdef uint64_t first = self.sent
        cdef uint64_t tail
        cdef int64_t end = mono_ns() + block_ns
        cdef int64_t quiet, lost, began
        with nogil:
            while self.sent < self.count and mono_ns() < end:
                self._make_ready()
                tail = load_acquire(&sends._header.tail)
                began = self.began[self.sent] = ticks()
                if not self._push():
                    continue
                lost = mono_ns() + 100000000
                while load_acquire(&sends._header.tail) == tail and mono_ns() < lost:
                    pass
                if load_acquire(&sends._header.tail) != tail:
                    histogram.record(ticks_to_ns(ticks() - began))
                quiet = mono_ns() + QUIET_NS
                while mono_ns() < quiet:
                    if self._read():
                        quiet = mono_ns() + QUIET_NS
        return self.sent - first

    def open(self, int64_t block_ns, double per_second, Histogram histogram not None, Histogram hiccup not None) -> int:
        """Requests at planned times, each measured from its plan, whether it could be sent then or not. How many.

        hiccup: gaps between two looks at the clock, those over a microsecond: what the machine did to this thread.
        """
        cdef uint64_t first = self.sent
        cdef uint64_t row
        cdef int64_t start = mono_ns()
        cdef int64_t base = ticks()
        cdef int64_t now = start
        cdef int64_t last = start
        cdef double gap = 1e9 / per_second
        cdef double tick = (1 << 20) / <double>ticks_to_ns(1 << 20)
        cdef int64_t planned = 0
        with nogil:
            self._make_ready()
            while self.sent < self.count and planned < block_ns:
                now = mono_ns()
                if now - last > 1000:
                    hiccup.record(now - last)
                last = now
                if now - start >= planned:
                    self.began[self.sent] = base + <int64_t>(planned * tick)
                    if self._push():
                        planned = <int64_t>((self.sent - first) * gap)
                        self._make_ready()
                self._read()
            self._settle()
        for row in range(first, self.sent):
            if self.taken[row]:
                histogram.record(ticks_to_ns(self.taken[row]))
        return self.sent - first

    cdef void _settle(self) noexcept nogil:
        """Until every row has its answer and nothing more comes; two seconds at most."""
        cdef int64_t end = mono_ns() + 2000000000
        cdef int64_t quiet = mono_ns() + 100 * QUIET_NS
        while mono_ns() < end and (self.acked < self.sent or mono_ns() < quiet):
            if self._read():
                quiet = mono_ns() + 100 * QUIET_NS

    def settle(self) -> None:
        """Until every row has its answer and nothing more comes; two seconds at most."""
        with nogil:
            self._settle()
