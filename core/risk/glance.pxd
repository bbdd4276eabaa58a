"""Most orders are far from every limit: a group's sums and bounds say so without touching a limit.

A glance that answers 1 is sure. One that answers 0 says nothing: then the limits are tested one by one.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.market.view cimport MarketView
from core.messages cimport Page
from core.risk.contents cimport Content, Contents
from core.risk.holdings cimport Holdings
from core.risk.limits cimport Group, Limits
from core.risk.own cimport Newcomer, Own
from core.risk.proposal cimport Proposal
from core.risk.rooms cimport Rooms
from core.risk.tallies cimport Cell, Tallies, Tally
from core.risk.values cimport Values
from core_ext.wide cimport i128

@cython.final
cdef class Glance:
    cdef MarketView view
    cdef Values values
    cdef Limits limits
    cdef Tallies tallies
    cdef Holdings holdings
    cdef Contents contents
    cdef Own own
    cdef Rooms rooms
    cdef void prefetch(self, uint32_t group) noexcept nogil
    cdef void prefetch_order(self, const Page* page, uint32_t group) noexcept nogil
    cdef bint passes(self, const Page* page, const Proposal* asked) noexcept nogil
    cdef bint _group(self, const Page* page, const Proposal* asked, const Group* group, uint32_t index) noexcept nogil
    cdef bint _order(self, const Page* page, const Proposal* asked, const Group* group, uint32_t key) noexcept nogil
    cdef bint _rates(self, const Page* page, const Group* group, uint32_t key) noexcept nogil
    cdef bint _rate(self, const Page* page, const Group* group, uint16_t check, uint32_t key, int more) noexcept nogil
    cdef bint _lately(self, const Page* page, const Proposal* asked, const Group* group, uint32_t key) noexcept nogil
    cdef bint _market(self, const Page* page, const Proposal* asked, const Group* group) noexcept nogil
    cdef bint _collar(self, const Proposal* asked, const Group* group) noexcept nogil
    cdef bint _counts(self, const Page* page, const Proposal* asked, const Group* group, const Tally* tally,
          const Cell* cell) noexcept nogil
    cdef bint _sums(self, const Proposal* asked, const Group* group, uint32_t tally, uint32_t key) noexcept nogil
    cdef bint _turnover(self, const Proposal* asked, const Group* group, const Tally* tally) noexcept nogil
    cdef bint _purse(self, const Proposal* asked, const Group* group, const Tally* tally, uint32_t key, i128 margined,
          i128 buying) noexcept nogil
    cdef bint calm(self, const Group* group, uint32_t tally) noexcept nogil
    cdef bint _calm_money(self, const Group* group, uint32_t tally) noexcept nogil
    cdef i128 drifted(self, i128 value) noexcept nogil
