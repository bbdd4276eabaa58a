"""The timed loop of `bench risk`: orders judged by the gate of a core that is full of others."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.fused cimport Fused
from core.messages cimport Page
from core_ext.histogram cimport Histogram

cdef class Judge:
    cdef readonly Fused core
    cdef bytes _pages
    cdef Page* pages
    cdef readonly uint64_t denied
    cdef void _fill(self, int count, const char* rows, size_t row_bytes, const uint32_t* positions, int64_t now_ns) noexcept nogil
