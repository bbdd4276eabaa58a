"""The stage that records: each event's input goes into the journal, before anybody is told of it."""
cimport cython
from libc.stdint cimport int64_t, uint64_t

from core.messages cimport Page
from core.board cimport Board
from core.stage cimport Stage
from core_ext.histogram cimport Histogram
from core_ext.journal.writer cimport JournalWriter

@cython.final
cdef class Recorder(Stage):
    cdef readonly JournalWriter journal     # or None: nothing is recorded
    cdef uint64_t* short_of_space   # 1: only the reserve is left: the sequencer marks new orders
    cdef uint64_t* durable          # the last event that is known to be on the disk
    cdef uint64_t own_words[2]
    cdef Board board                # whose word it is, or None
    cdef bint group                 # its cursor says what is on the disk
    cdef public Histogram service_ns
    cdef bint _done(self, uint64_t end, int64_t began) noexcept nogil
    cdef bint _append(self, const Page* page) noexcept nogil
    cdef int _append_slowly(self, const Page* page) noexcept nogil
    cdef void _measure(self) noexcept nogil
