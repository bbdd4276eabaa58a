"""Stages that follow each other on one thread, as one: an event is looked for once and handed from each to the next."""
from libc.stdint cimport int16_t, uint64_t

from core.messages cimport Page
from core.stage cimport Stage

cdef class Lane(Stage):
    cdef readonly Stage head        # of its members, chained
    cdef int16_t awaits[64]         # [kind] the paragraph of somebody before the lane that a member waits for
    cdef bint patient               # a member may wait for room
    cdef readonly bint in_step               # all members are done with the same event
    cdef int _find(self, uint64_t budget, Page** todo, uint64_t* end) noexcept nogil
