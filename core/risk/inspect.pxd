"""Questions about risk, off the path: what an order would be denied for, what is used of each limit, which scopes stand.

They are asked of an engine that follows (a shadow). Testing an order makes counters where there were none: afterwards
those are taken back, so that the tables are what they would be.
"""
from libc.stdint cimport uint32_t, uint64_t

from core.risk.counted cimport Change, Finding
from core.risk.engine cimport Risk
from core.risk.tallies cimport Tally
from core_ext.wide cimport i128

cdef bint counts(int check)
cdef void measured(Risk risk, uint32_t index, uint32_t tally, const Tally* counted, const Change* none,
      Finding* found) noexcept nogil
cdef void loss_of(Risk risk, uint32_t index, uint32_t tally, Finding* found) noexcept nogil
cdef void forget(Risk risk, uint64_t tallies, uint64_t cells, uint64_t counters)
cdef object wide(i128 value)
