"""What an order is worth to the limits, and what a group of limits counts that is set after orders came."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.market.view cimport MarketView
from core.messages cimport OpenPositionEvent, Page
from core.orders.life cimport Life
from core.orders.order cimport Order
from core.risk.checks cimport Checks
from core.risk.holdings cimport Holdings
from core.risk.limits cimport Keys, Limits
from core.risk.proposal cimport Proposal
from core.risk.tallies cimport Move, Tallies
from core.risk.values cimport Values
from core_ext.tables cimport Arena
from core_ext.wide cimport i128

cdef struct Opening:                # 16: what of a position no order brought: what the day began with, adjustments
    uint32_t account
    uint32_t symbol
    int64_t qty

@cython.final
cdef class Measure:
    cdef MarketView view
    cdef Life life
    cdef Values values
    cdef Limits limits
    cdef Tallies tallies
    cdef Holdings holdings
    cdef Checks checks
    cdef Opening* openings          # [position]
    cdef int64_t* prices            # [order] what one without a price is valued at
    cdef uint64_t* counts           # [0] openings' end, [1] the last fill's index, [2] the first of today
    cdef bint has_fills(self) noexcept nogil
    cdef void value(self, Proposal* asked) noexcept nogil
    cdef void keep_price(self, const Proposal* asked, uint32_t order) noexcept nogil
    cdef i128 working_value(self, uint32_t order) noexcept nogil
    cdef int64_t _price(self, const Order* order, uint32_t index) noexcept nogil
    cdef void keep(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil
    cdef void need(self, uint32_t limit) noexcept nogil
    cdef void _from_openings(self, uint32_t group) noexcept nogil
    cdef void _from_orders(self, uint32_t group, uint32_t more) noexcept nogil
    cdef void _from_books(self, uint32_t group) noexcept nogil
    cdef void open_book(self, Page* page) noexcept nogil
    cdef void _join_book(self, uint32_t group, const Keys* keys, int64_t qty, i128 cost, i128 realized, i128 fees,
          i128 paid) noexcept nogil
    cdef void fill(self, Page* page, const Order* order, Move* move) noexcept nogil
    cdef i128 _fee(self, Page* page, uint32_t symbol) noexcept nogil

cdef void keys_like(uint32_t account, uint32_t symbol, Keys* out) noexcept nogil
