"""Own orders that would meet each other: self-trade prevention.

While a limit asks for it, risk keeps the working orders of each position and side in a list. A new order that has to
wait until others are gone is held in the core; it goes on when the last of them has ended.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Emitter
from core.messages cimport Page, ScopeKeys
from core.orders.life cimport Life
from core.orders.order cimport Order
from core.risk.holdings cimport Holdings
from core.risk.limits cimport Limits
from core_ext.tables cimport Arena

cdef enum SelfTrade:
    ST_CANCEL_NEWEST = 0
    ST_CANCEL_OLDEST = 1
    ST_CANCEL_BOTH = 2
    ST_DECREMENT = 3

cdef enum:
    WAITERS = 256                   # orders that may wait at once
    MEETINGS = 128                  # own orders that one new order may meet; more, and it is denied

cdef struct Ends:                   # 16: the working orders of one position
    uint32_t buys
    uint32_t sells
    uint64_t pad

cdef struct Links:                  # 16: an order's place among them
    uint32_t next
    uint32_t previous
    uint8_t listed
    uint8_t pad[7]

cdef struct Waiter:                 # 32
    uint32_t order                  # the new one
    uint8_t used
    uint8_t pad[3]
    uint32_t limit
    uint32_t key
    uint64_t pad2[2]

cdef struct Newcomer:               # what of a new order decides whom it would meet
    uint32_t account
    uint32_t symbol
    uint32_t position
    uint32_t order                  # itself, where it is there already; else NONE
    uint16_t venue
    bint buys
    bint takes_any                  # no price bounds it
    int64_t price
    ScopeKeys scope                 # of the limit,
    uint32_t key                    # and which of its counters: only orders that count there are met
    uint8_t each

@cython.final
cdef class Own:
    cdef Emitter emitter
    cdef Life life
    cdef Holdings holdings
    cdef Limits limits
    cdef Ends* ends                 # [position]
    cdef Links* links               # [order]
    cdef Waiter* waiters
    cdef uint64_t* counts           # [0] 1: lists are kept, [1] waiters
    cdef uint32_t met[128]          # by the last question, in the order of trading: of the event alone, so no state
    cdef void keep(self) noexcept nogil
    cdef void moved(self, Page* page, uint32_t order, bint was_alive) noexcept nogil
    cdef void _link(self, uint32_t order) noexcept nogil
    cdef void _unlink(self, uint32_t order) noexcept nogil
    cdef int meet(self, const Newcomer* new) noexcept nogil
    cdef int _meet_at(self, const Newcomer* new, uint32_t position, int count) noexcept nogil
    cdef void _insert(self, uint32_t order, bint buys, int count) noexcept nogil
    cdef bint _meets(self, const Newcomer* new, uint32_t order) noexcept nogil
    cdef bint _price(self, uint32_t order, int64_t* out) noexcept nogil
    cdef bint wait(self, uint32_t order, uint32_t limit, uint32_t key) noexcept nogil
    cdef bint has_room(self) noexcept nogil
    cdef void cancel(self, Page* page, int count) noexcept nogil
    cdef int64_t shares(self, int64_t qty, int count) noexcept nogil
    cdef void take(self, Page* page, uint32_t order, int64_t qty, int count) noexcept nogil
    cdef void _take(self, Page* page, uint32_t order, int64_t qty) noexcept nogil
    cdef void _look(self, Page* page, uint32_t moved) noexcept nogil
    cdef void newcomer(self, uint32_t order, uint32_t limit, uint32_t key, Newcomer* out) noexcept nogil

cdef void set_key(ScopeKeys* scope, uint8_t each, uint32_t key) noexcept nogil
