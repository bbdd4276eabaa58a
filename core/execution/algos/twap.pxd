"""twap: the same every time."""
from libc.stdint cimport int64_t

from core.execution.algos.order cimport AlgoOrder

cdef int64_t twap_released(const AlgoOrder* order) noexcept nogil
