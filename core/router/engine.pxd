"""router: decides where the quantity of worked orders goes, as slices that come back to risk like any input."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Engine
from core.execution.algos.engine cimport Algos
from core.market.view cimport MarketView
from core.messages cimport Page
from core.router.facts cimport Facts
from core.router.held cimport Held
from core.router.kills cimport Kills
from core.router.sweep cimport Ask

cdef struct Routed:                 # 80: a worked order, as far as routing goes
    int64_t price
    int64_t unsent                  # neither filled nor working
    int64_t in_flight               # slices derived that haven't come back yet
    uint64_t left_out               # bit a slot: venues not to be used until their next quote
    uint64_t left_at                # the event that last left one out
    uint32_t symbol
    uint32_t next_n                 # number of the next child
    uint32_t rejected               # children that venues rejected
    uint32_t live                   # children
    uint32_t next                   # orders of the symbol that wait, by index
    uint32_t previous
    int64_t cum
    uint8_t side
    uint8_t ord_type
    uint8_t time_in_force
    uint8_t post_only
    uint8_t routable
    uint8_t listed
    uint8_t has_price
    uint8_t special                 # a Special
    uint8_t limited                 # it has a price: a peg's limit
    uint8_t policy                  # a Policy
    uint8_t hides                   # a sniper: takes, and never posts
    uint8_t pad[5]

@cython.final
cdef class Router(Engine):
    cdef readonly MarketView view
    cdef Held held
    cdef Facts facts
    cdef Algos algos
    cdef Kills kills
    cdef Routed* routed
    cdef uint64_t* quoted_at        # [symbol x MAX_SYMBOL_VENUES + slot] the event of its last quote
    cdef uint32_t* heads            # [symbol] orders that wait for a quote
    cdef uint32_t* tails
    cdef uint64_t* counts           # [0] orders' end
    cdef uint64_t* killed           # [0] bit a venue
    cdef void _kill(self, uint32_t venue, bint killed) noexcept nogil
    cdef void _moved(self, Page* page) noexcept nogil
    cdef void _begin(self, Page* page, uint32_t order) noexcept nogil
    cdef void _leave_out(self, Page* page, Routed* routed, uint16_t venue) noexcept nogil
    cdef void _admit(self, Routed* routed) noexcept nogil
    cdef uint64_t _left_out(self, Routed* routed, int64_t now_ns) noexcept nogil
    cdef bint _unusable(self, uint32_t symbol, int slot, int64_t now_ns) noexcept nogil
    cdef void _ask(self, Routed* routed, int64_t qty, uint64_t left_out, Ask* ask) noexcept nogil
    cdef void _route(self, Page* page, uint32_t order) noexcept nogil
    cdef void _slice(self, Page* page, uint32_t order, uint32_t slot, int64_t qty, int64_t price,
          uint8_t ord_type, uint8_t time_in_force, int64_t delay_ns) noexcept nogil
    cdef bint _special_moved(self, Page* page, uint32_t order) noexcept nogil
    cdef int64_t _may_send(self, Page* page, uint32_t order, int64_t rest, uint64_t left_out) noexcept nogil
    cdef void _post(self, Page* page, uint32_t order, int64_t qty, int64_t price, uint64_t left_out) noexcept nogil
    cdef bint _open(self, const Routed* routed, int slot, bint auction) noexcept nogil
    cdef bint _in_auction(self, uint32_t order) noexcept nogil
    cdef void _slice_due(self, Page* page) noexcept nogil
    cdef void _peg_moved(self, Page* page, uint32_t order) noexcept nogil
    cdef bint _several(self, uint32_t order) noexcept nogil
    cdef bint _follow_peg(self, Page* page, uint32_t order) noexcept nogil
    cdef void _pegs(self, Page* page, uint32_t symbol, uint32_t order) noexcept nogil
    cdef void _market(self, Page* page, uint32_t symbol, uint16_t venue) noexcept nogil
    cdef void _venue_moved(self, Page* page, uint32_t symbol, uint16_t venue, bint all) noexcept nogil
    cdef void _go_on(self, Page* page) noexcept nogil
    cdef void _settle(self, Page* page, uint32_t order, bint ended) noexcept nogil
    cdef void _give_up(self, Page* page, uint32_t order) noexcept nogil
    cdef void _list(self, uint32_t order) noexcept nogil
    cdef void _unlist(self, uint32_t order) noexcept nogil
    cdef void _quoted(self, Page* page, uint32_t symbol, uint16_t venue) noexcept nogil
    cdef void _traded(self, Page* page) noexcept nogil
    cdef void _route_waiting(self, Page* page, uint32_t symbol, uint32_t order, bint followers) noexcept nogil
