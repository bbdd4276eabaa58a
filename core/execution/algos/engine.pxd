"""The orders that algorithms work: one table, and one place where an order's algorithm is asked."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.engine cimport Emitter
from core.execution.algos.order cimport AlgoOrder
from core.market.view cimport MarketView
from core.messages cimport Page

cdef class Algos:
    cdef AlgoOrder* orders
    cdef int64_t* traded            # [symbol] what has traded of it
    cdef uint32_t* followers        # [symbol] orders that live and whose quantity depends on that
    cdef uint64_t* counts           # [0] orders' end
    cdef MarketView view
    cdef Emitter emitter
    cdef void begin(self, Page* page, uint32_t order, int64_t lot) noexcept nogil
    cdef void settle(self, uint32_t order, int64_t order_qty, bint over) noexcept nogil
    cdef void trade(self, Page* page) noexcept nogil
    cdef void next_slice(self, Page* page, uint32_t order) noexcept nogil
    cdef int64_t released(self, uint32_t order, int64_t done) noexcept nogil
    cdef int64_t shown(self, uint32_t order, int64_t display_qty, uint32_t n) noexcept nogil
    cdef bint done_sending(self, uint32_t order) noexcept nogil
    cdef int64_t _due_ns(self, const AlgoOrder* order) noexcept nogil
    cdef int64_t _volume(self, const AlgoOrder* order) noexcept nogil

cdef bint algo_unsupported(const Page* page) noexcept nogil
