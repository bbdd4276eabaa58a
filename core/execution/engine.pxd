"""execution: the last guard before a venue. Turns what orders decided into sends on the venues' order ring."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.engine cimport Engine
from core.messages cimport Outcome, Page
from core_ext.ring cimport Ring

cdef struct Reserved:               # 64: what an order's children may come to, counted here once more
    int64_t committed               # sum over children of what is filled and what may still fill
    int64_t first_child             # the part of it of child 1: most orders have one child
    int64_t expire_ns
    char first_id[40]

@cython.final
cdef class Execution(Engine):
    cdef Ring ring                  # of Send, to the gateways
    cdef Reserved* reserved         # [order]
    cdef int64_t* more              # [child beyond the first ones] its part of `committed`
    cdef uint32_t max_orders
    cdef uint64_t* counts           # [0] orders' end, [1] more children's end, [2] sends refused: the ring was full
    cdef uint64_t told_seq          # up to this event all sends are on the ring already
    cdef readonly bint guarded      # False only in the test that disables this guard
    cdef int64_t* _part(self, uint32_t child) noexcept nogil
    cdef void _begin(self, Page* page) noexcept nogil
    cdef void _commit(self, uint32_t order, uint32_t child, int64_t qty) noexcept nogil
    cdef void _settle(self, Outcome* outcome) noexcept nogil
    cdef void _send(self, Page* page) noexcept nogil
    cdef bint _bounded(self, Page* page) noexcept nogil
    cdef void _refuse(self, Page* page, int64_t qty) noexcept nogil
