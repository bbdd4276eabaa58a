"""risk: no order that should not go. The first engine that knows orders; its verdict is what the others follow."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Engine
from core.market.view cimport MarketView
from core.messages cimport OrderEvent, Outcome, Page, ScopeKeys
from core.orders.life cimport Life
from core.orders.order cimport Order
from core.risk.breaks cimport Breaks
from core.risk.changes cimport Changes
from core.risk.checks cimport Checks
from core.risk.contents cimport Contents
from core.risk.flatten cimport Flattens
from core.risk.gate cimport Gate
from core.risk.glance cimport Glance
from core.risk.holdings cimport Holdings
from core.risk.limits cimport Limits
from core.risk.measure cimport Measure
from core.risk.own cimport Own
from core.risk.proposal cimport Proposal
from core.risk.rights cimport Rights
from core.risk.rooms cimport Rooms
from core.risk.sweeps cimport Sweeps
from core.risk.tallies cimport Move, Tallies
from core.risk.values cimport Values
from core.risk.watch cimport Watch
from core_ext.wide cimport i128

@cython.final
cdef class Risk(Engine):
    cdef readonly MarketView view
    cdef readonly Life life
    cdef readonly Limits limits
    cdef Values values
    cdef Gate gate
    cdef Tallies tallies
    cdef Contents contents
    cdef Own own
    cdef Checks checks
    cdef Rooms rooms
    cdef Glance glance
    cdef Watch watch
    cdef Measure measure
    cdef Sweeps sweeps
    cdef Rights rights
    cdef Holdings holdings
    cdef Flattens flattens
    cdef Changes changes
    cdef uint8_t* sessions          # [session] 1: its orders stay when it disconnects
    cdef Outcome scratch            # what its own life of the orders says happened: of the event alone, so no state
    cdef uint32_t max_accounts
    cdef Breaks breaks

    cdef void _apply(self, Page* page, uint32_t order) noexcept nogil
    cdef void _counted(self, Page* page, uint32_t order, int64_t working, int64_t filled, i128 value,
          bint was_alive) noexcept nogil
    cdef void _booked(self, Page* page, const Order* order, Move* move) noexcept nogil
    cdef void propose(self, Page* page, Proposal* asked) noexcept nogil
    cdef bint passes(self, Page* page, Proposal* asked) noexcept nogil
    cdef void _order(self, Page* page) noexcept nogil
    cdef bint _known(self, Page* page, OrderEvent* request) noexcept nogil
    cdef void _accept(self, Page* page, OrderEvent* request) noexcept nogil
    cdef void _close(self, Page* page, OrderEvent* request) noexcept nogil
    cdef bint _reduces(self, Page* page, Proposal* asked, int64_t own) noexcept nogil
    cdef void _algo(self, Page* page) noexcept nogil
    cdef void _peg(self, Page* page) noexcept nogil
    cdef bint _open_for(self, const Order* order, uint16_t venue) noexcept nogil
    cdef void _replace(self, Page* page) noexcept nogil
    cdef void _cancel(self, Page* page) noexcept nogil
    cdef bint _request_known(self, Page* page) noexcept nogil
    cdef bint _may(self, Page* page) noexcept nogil
    cdef uint8_t _order_venue_state(self, uint32_t order) noexcept nogil
    cdef uint8_t _child_venue_state(self, uint32_t index) noexcept nogil
    cdef void _report(self, Page* page) noexcept nogil
    cdef void _moved(self, Page* page) noexcept nogil
    cdef void _take(self, Page* page, OrderEvent* request, const Proposal* asked) noexcept nogil
    cdef void _protect_trigger(self, Page* page) noexcept nogil
    cdef void _slice(self, Page* page) noexcept nogil
    cdef void _halt_order(self, Page* page, const Order* order, uint8_t reason, int64_t limit,
          int64_t value) noexcept nogil
    cdef void _kill(self, Page* page, uint8_t state) noexcept nogil
    cdef void _halt(self, Page* page) noexcept nogil
    cdef void _show_state(self, Page* page, uint8_t kind, ScopeKeys* scope, uint8_t state,
          uint8_t reason) noexcept nogil
    cdef void _sweep(self, Page* page) noexcept nogil
    cdef void _venue_state(self, Page* page) noexcept nogil
