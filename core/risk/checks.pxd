"""The limits' tests: what fails, by which limit, with what value.

One limit at a time, exactly, in the order of testing. Most orders are far from every limit: core.risk.glance sees that
before anybody comes here.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Emitter
from core.market.view cimport MarketView
from core.messages cimport R_RESTRICTED, Page
from core.risk.contents cimport Content, Contents
from core.risk.counted cimport Change, Counted, Finding
from core.risk.holdings cimport Holdings
from core.risk.limits cimport Group, Keys, Limit, Limits
from core.risk.own cimport Newcomer, Own
from core.risk.proposal cimport Proposal
from core.risk.tallies cimport Tallies
from core.risk.values cimport Values
from core_ext.wide cimport i128

cdef enum Decided:
    HOLDS = 1
    FAILS = 2

@cython.final
cdef class Checks:
    cdef Emitter emitter
    cdef MarketView view
    cdef Values values
    cdef Limits limits
    cdef Tallies tallies
    cdef Holdings holdings
    cdef Contents contents
    cdef Own own
    cdef Counted counted
    cdef bint passes(self, Page* page, Proposal* asked) noexcept nogil
    cdef bint test(self, Page* page, Proposal* asked, uint32_t index, Finding* found) noexcept nogil
    cdef bint _test_order(self, Page* page, Proposal* asked, uint32_t index, uint32_t key, Finding* found) noexcept nogil
    cdef void _notional(self, Proposal* asked, const Limit* limit, Finding* found) noexcept nogil
    cdef void _collar(self, const Proposal* asked, const Limit* limit, Finding* found) noexcept nogil
    cdef void _protect(self, Proposal* asked, const Limit* limit, Finding* found) noexcept nogil
    cdef bint protects(self, Page* page, Proposal* asked) noexcept nogil
    cdef void _spread(self, const Proposal* asked, Finding* found) noexcept nogil
    cdef void _age(self, const Page* page, const Proposal* asked, Finding* found) noexcept nogil
    cdef void _content(self, const Page* page, const Proposal* asked, uint32_t index, uint32_t key,
          Finding* found) noexcept nogil
    cdef void _self_trade(self, Page* page, Proposal* asked, uint32_t index, uint32_t key, Finding* found) noexcept nogil
    cdef void deny(self, Page* page, uint32_t index, uint32_t key, const Finding* found) noexcept nogil
    cdef bint value_price(self, const Proposal* asked, int64_t* out) noexcept nogil
    cdef bint merge(self, uint32_t* cursors, int count, uint32_t* out) noexcept nogil
    cdef int begin_merge(self, uint32_t account, uint32_t* cursors) noexcept nogil

cdef inline const Keys* keys_asked(const Proposal* asked) noexcept nogil:
    return <const Keys*>&asked.account

# The part of a reason's number that is a place in a group's tables.
cdef inline int place_of(uint16_t check) noexcept nogil:
    return check - R_RESTRICTED

cdef bint spares(uint16_t check, const Proposal* asked, uint8_t kind) noexcept nogil
cdef void content_of(const Proposal* asked, uint32_t counter, Content* out) noexcept nogil
cdef void newcomer_of(const Proposal* asked, const Limit* limit, uint32_t key, Newcomer* out) noexcept nogil
cdef uint8_t unit_of(uint16_t check) noexcept nogil
