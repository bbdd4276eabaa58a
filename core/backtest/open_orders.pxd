"""The last answer of each open order, dense: an order that ends gives its slot to the last one."""
from libc.stdint cimport uint32_t

from core.messages cimport Response

cdef class OpenOrders:
    cdef Response* answers
    cdef uint32_t* slots            # by the core's index of the order: its slot + 1; 0: it isn't open
    cdef uint32_t room
    cdef uint32_t most              # orders that the core has
    cdef readonly uint32_t count
    cdef int put(self, const Response* told) except -1
    cdef void remove(self, uint32_t order) noexcept nogil
