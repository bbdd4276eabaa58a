"""pov: a part of what trades."""
from libc.stdint cimport int64_t

from core.execution.algos.order cimport AlgoOrder

cdef int64_t participation(const AlgoOrder* order, int64_t volume) noexcept nogil
cdef int64_t pov_released(const AlgoOrder* order, int64_t volume, int64_t done) noexcept nogil
