"""vwap: as the market's volume is spread over the day."""
from libc.stdint cimport int64_t

from core.execution.algos.order cimport AlgoOrder

cdef int64_t curve_released(const AlgoOrder* order, int64_t qty) noexcept nogil
cdef int64_t vwap_released(const AlgoOrder* order) noexcept nogil
