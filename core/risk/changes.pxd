"""What comes seldom: limits, overrides, days, groups of accounts, declarations, what happens to positions without an order."""
cimport cython
from libc.stdint cimport int64_t, uint16_t, uint32_t

from core.market.view cimport MarketView
from core.messages cimport Page
from core.risk.flatten cimport Flattens
from core.risk.holdings cimport Holdings
from core.risk.limits cimport Keys, Limits
from core.risk.measure cimport Measure
from core.risk.own cimport Own
from core.risk.rooms cimport Rooms
from core.risk.tallies cimport Tallies
from core.risk.values cimport Values
from core.risk.watch cimport Watch

@cython.final
cdef class Changes:
    cdef Limits limits
    cdef Values values
    cdef Tallies tallies
    cdef Holdings holdings
    cdef Own own
    cdef Measure measure
    cdef Watch watch
    cdef Rooms rooms
    cdef Flattens flattens
    cdef void on_event(self, Page* page) noexcept nogil
    cdef void _limit(self, Page* page) noexcept nogil
    cdef void _day(self, Page* page) noexcept nogil
    cdef void _open_position(self, Page* page) noexcept nogil
    cdef void _declare(self, Page* page) noexcept nogil
    cdef void _adjust(self, Page* page) noexcept nogil
    cdef void _book(self, Page* page) noexcept nogil
    cdef void _book_by_hand(self, Page* page) noexcept nogil
    cdef void _adjusted(self, Page* page) noexcept nogil
    cdef void _count_position(self, Page* page, const Keys* keys, uint32_t position, int64_t delta) noexcept nogil

cdef void show_market(MarketView view, Page* page, uint32_t symbol) noexcept nogil
