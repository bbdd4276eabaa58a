"""is: early enough for the risk, slow enough for the impact."""
from libc.stdint cimport int64_t

from core.execution.algos.order cimport AlgoOrder

cdef int64_t shortfall_released(const AlgoOrder* order) noexcept nogil
