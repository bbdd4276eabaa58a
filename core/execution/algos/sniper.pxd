"""sniper: unseen until what it wants is there."""
from libc.stdint cimport int64_t

from core.execution.algos.order cimport AlgoOrder
from core.router.facts cimport Facts
from core.router.sweep cimport Ask

cdef int64_t sniper_takes(const AlgoOrder* order, Facts facts, const Ask* ask) noexcept nogil
