"""close: into the closing auction, or towards it."""
from libc.stdint cimport int64_t

from core.execution.algos.order cimport AlgoOrder

cdef int64_t close_released(const AlgoOrder* order) noexcept nogil
