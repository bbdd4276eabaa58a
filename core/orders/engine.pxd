"""orders: order management. Says what happened to which order, and asks the children of worked orders one by one."""
cimport cython
from libc.stdint cimport uint32_t, uint64_t

from core.engine cimport Engine
from core.messages cimport Outcome, Page
from core.orders.life cimport Life

@cython.final
cdef class Orders(Engine):
    cdef readonly Life life
    cdef uint64_t children          # sent so far, and the one that a test makes too large (0: none)
    cdef uint64_t planted
    cdef void _follow(self, Page* page) noexcept nogil
    cdef void _expire_later(self, Page* page) noexcept nogil
    cdef void _plant(self, Outcome* outcome) noexcept nogil
