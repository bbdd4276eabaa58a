# The timed loop of `bench throughput`: inputs lie ready in a buffer, a row after the other.
#
# A row holds one Input or several, at fixed offsets. An Input is its 48 bytes and as much of its request as its kind
# uses: the sequencer reads no further than `length`.
from libc.stdint cimport int64_t, uint64_t

from core.fused cimport Fused
from core.sequencer.engine cimport Input

cdef class Feed:
    cdef readonly Fused core
    cdef readonly uint64_t inputs       # handed to the core
    cdef readonly uint64_t derived      # events that the engines derived meanwhile
    cdef readonly uint64_t sends        # what execution told the venues
    cdef uint64_t waiting               # inputs that are sequenced and not run yet
    cdef void _feed(self, const Input* item) noexcept nogil
    cdef void _settle(self) noexcept nogil
    cdef bint _derive(self) noexcept nogil
