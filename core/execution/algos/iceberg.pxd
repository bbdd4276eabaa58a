"""iceberg: only so much at once is seen."""
from libc.stdint cimport int64_t, uint32_t

from core.execution.algos.order cimport AlgoOrder

cdef int64_t iceberg_shown(const AlgoOrder* order, int64_t display_qty, uint32_t n) noexcept nogil
