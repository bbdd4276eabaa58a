"""The policy `optimal`: limit and market quantities over venues, after Cont and Kukanov."""
from libc.stdint cimport int64_t, uint32_t

from core.router.facts cimport Facts
from core.router.sweep cimport Ask, Leg
from core_ext.wide cimport i128

cdef int optimal(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil
cdef bint unfilled_cost(Facts facts, const Ask* ask, i128* out) noexcept nogil
cdef bint passive_price(Facts facts, const Ask* ask, uint32_t slot, int64_t* out) noexcept nogil
