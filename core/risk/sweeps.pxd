"""Sweeps: what is done to many orders or children (kill, cancel all, a venue's return) is done one an event.

A step scans at most a bounded number of indices, names one target in the verdict, and derives the next step. So no
event does an unbounded amount, and each target's change is an event of its own. What came after the event that
began it, while its steps are on their way, is not swept: a session may cancel all and send at once anew.
"""
cimport cython
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Emitter
from core.market.view cimport MarketView
from core.messages cimport Page, ScopeKeys, SweepEvent
from core.orders.life cimport Life
from core.orders.order cimport Child, Order
from core.risk.rights cimport Rights

@cython.final
cdef class Sweeps:
    cdef Emitter emitter
    cdef MarketView view
    cdef Life life
    cdef Rights rights
    cdef void begin(self, Page* page, uint8_t kind, ScopeKeys* scope) noexcept nogil
    cdef bint step(self, Page* page) noexcept nogil
    cdef uint32_t _next(self, const SweepEvent* sweep, uint32_t index) noexcept nogil
    cdef bint _is_target(self, Page* page, uint32_t index) noexcept nogil
    cdef bint _is_owed(self, const Child* child) noexcept nogil
    cdef bint _came_back(self, uint32_t symbol, uint16_t venue, uint64_t event) noexcept nogil
    cdef bint _day_is_over(self, Order* order, uint32_t venue) noexcept nogil

cdef bint of_children(uint8_t kind) noexcept nogil
cdef bint in_scope(const ScopeKeys* scope, const Order* order) noexcept nogil
