# The client's end of `bench path`: requests lie ready, a row each; answers are matched by the number in their id.
from libc.stdint cimport int64_t, uint8_t, uint64_t

from core.sequencer.engine cimport Input
from core_ext.ring cimport Ring
from core_ext.spine cimport Spine

cdef class Submitter:
    cdef Ring requests
    cdef Spine responses
    cdef const uint8_t[::1] rows
    cdef uint64_t count             # rows
    cdef int64_t[::1] began         # [row] ticks: when it was sent, or planned to be
    cdef int64_t[::1] taken         # [row] ticks from there to its first answer; 0: none yet
    cdef readonly uint64_t sent     # rows
    cdef readonly uint64_t answers  # responses read
    cdef readonly uint64_t acked    # rows with an answer
    cdef readonly uint64_t busy     # pushes that found the ring full, and were tried again
    cdef readonly uint64_t lapped   # responses overwritten before they were read
    cdef Input ready                # the next one to send
    cdef bint _push(self) noexcept nogil
    cdef void _make_ready(self) noexcept nogil
    cdef bint _read(self) noexcept nogil
    cdef void _settle(self) noexcept nogil
