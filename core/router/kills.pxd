"""What is killed, as the router sees it: nothing is sent for what is in such a scope."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.messages cimport Page
from core_ext.tables cimport Arena

cdef struct RoutedKeys:             # 16: whose an order is
    uint32_t account
    uint32_t strategy
    uint32_t session
    uint32_t closes                 # the core's own: it closes a position after a kill

cdef class Kills:
    cdef uint8_t* killed            # [scope x keys]
    cdef uint64_t* counts           # [0] scopes that are killed, [1] orders' end
    cdef RoutedKeys* keys           # [order]
    cdef uint32_t max_keys
    cdef void begin(self, Page* page, uint32_t order) noexcept nogil
    cdef void on_event(self, Page* page) noexcept nogil
    cdef bint _stands(self, uint32_t order, uint32_t symbol) noexcept nogil

    # Whether a kill stands over the order.
    cdef inline bint stands(self, uint32_t order, uint32_t symbol) noexcept nogil:
        return self.counts[0] != 0 and self._stands(order, symbol)
