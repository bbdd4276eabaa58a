"""Each policy by its name: a pure function of an order, the books and the venues' facts, that gives legs."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.router.facts cimport Facts
from core.router.sweep cimport Ask, Leg

cdef int plan(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil
