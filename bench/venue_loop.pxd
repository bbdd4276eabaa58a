# The timed loop of `bench venue`: the match venue alone, one symbol, our own orders only.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.messages cimport Send
from core.sequencer.schedule cimport Schedule
from core.venues.simulated cimport Simulated

cdef enum Op:
    OP_ADD = 0
    OP_CANCEL = 1
    OP_MATCH = 2
    OPS = 3

cdef class Desk:
    cdef readonly Simulated venue
    cdef Schedule schedule
    cdef Send send
    cdef int64_t spent[3]            # ticks, by op
    cdef int64_t counts[3]
    cdef void _order(self, uint32_t child, uint8_t side, int64_t price, int64_t qty) noexcept nogil
    cdef void _cancel(self, uint32_t child) noexcept nogil
    cdef void _drain(self) noexcept nogil
