from libc.stdint cimport int64_t, uint16_t

from core.backtest.recorded cimport Recorded
from core.data.reader cimport Event
from core.sequencer.engine cimport Input

cdef class Player:
    cdef Recorded core
    cdef public int64_t[:, ::1] symbols
    cdef uint16_t venue
    cdef public int64_t shown_qty
    cdef readonly int64_t played
    cdef readonly int64_t unfit     # events whose numbers the instrument's precision can't hold
    cdef int64_t by_kind[32]
    cdef public int64_t due_ns      # before the first event of that time or later, `before` is called with its time
    cdef public object before
    cdef int _play(self, const Event* row, bint quietly) except -1
