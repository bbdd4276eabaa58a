# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Sweeps: see sweeps.pxd."""
from libc.string cimport memset

from core.engine cimport Emitter
from core.market.view cimport MarketView
from core.messages cimport (
    K_CANCEL_ALL, K_SWEEP, NONE, NONE16, Page, SW_ASK, SW_CHILD_CANCEL, SW_EXPIRE, SW_STATUS, SweepEvent, TIF_CLS, TIF_DAY,
    TIF_OPG, VS_CLOSED,
)
from core.orders.life cimport Life
from core.orders.order cimport (
    B_ACKED, B_EXISTS, B_EXPIRING, B_FRESH, B_HELD, B_PENDING_CANCEL, B_PENDING_REPLACE, B_WORKED, Child, Order,
    child_live, order_ended,
)

cdef enum:
    SCAN = 1024                     # orders or children that one step looks at


cdef class Sweeps:
    """Finds the targets of a sweep, one a step; the rest follows as an event of its own."""

    def __cinit__(self, Emitter emitter, MarketView view, Life life, Rights rights):
        self.emitter = emitter
        self.view = view
        self.life = life
        self.rights = rights

    cdef void begin(self, Page* page, uint8_t kind, ScopeKeys* scope) noexcept nogil:
        cdef SweepEvent sweep
        memset(&sweep, 0, sizeof(SweepEvent))
        sweep.scope = scope[0]
        sweep.kind = kind
        sweep.by_rights = page.header.kind == K_CANCEL_ALL and page.request.filter.by_rights
        if not of_children(kind):
            sweep.n = self.life.count()     # an order that is sequenced after the event is none of its
        self.emitter.emit(page, K_SWEEP, &sweep, sizeof(SweepEvent), 0)

    cdef bint step(self, Page* page) noexcept nogil:
        """Puts the next target from the cursor on into the verdict, and asks for the rest. 0: there was none here."""
        cdef SweepEvent* sweep = &page.request.sweep
        cdef SweepEvent rest
        cdef uint32_t i = self._next(sweep, sweep.cursor)
        cdef uint32_t looked = 0
        while i != NONE and looked < SCAN and page.verdict.target == NONE:
            if self._is_target(page, i):
                page.verdict.target = i
            i = self._next(sweep, i + 1)
            looked += 1
        if i != NONE:
            rest = sweep[0]
            rest.cursor = i
            page.verdict.cursor = i
            self.emitter.emit(page, K_SWEEP, &rest, sizeof(SweepEvent), 0)
        return page.verdict.target != NONE

    cdef uint32_t _next(self, const SweepEvent* sweep, uint32_t index) noexcept nogil:
        if of_children(sweep.kind):
            return self.life.next_child(index)
        return index if index < sweep.n else NONE

    cdef bint _is_target(self, Page* page, uint32_t index) noexcept nogil:
        cdef SweepEvent* sweep = &page.request.sweep
        cdef Child* child
        cdef Order* order
        if of_children(sweep.kind):
            child = &self.life.children[index]
            if child.venue != sweep.scope.venue:
                return 0
            if sweep.kind == SW_ASK:
                return (child_live(child) and unanswered(child)) or self._is_owed(child)
            if not child_live(child) and not (sweep.kind == SW_STATUS and (child.bits & B_HELD or self._is_owed(child))):
                return 0
            order = &self.life.orders[child.order]
            if sweep.scope.symbol != NONE and order.symbol != sweep.scope.symbol:
                return 0
            if sweep.kind == SW_STATUS:
                return (self._came_back(order.symbol, child.venue, page.header.root)
                        and not (child.bits & B_FRESH and child.pend_price == <long long>page.header.root))
            return (order.bits & B_WORKED) != 0 and not child.bits & B_PENDING_CANCEL
        order = &self.life.orders[index]
        if not order.bits & B_EXISTS or order_ended(order) or order.bits & (B_PENDING_CANCEL | B_EXPIRING):
            return 0
        if sweep.kind == SW_EXPIRE:
            return self._day_is_over(order, sweep.scope.venue)
        if sweep.by_rights and not self.rights.may(page.header.session, order.account):
            return 0
        return in_scope(&sweep.scope, order)

    cdef bint _is_owed(self, const Child* child) noexcept nogil:
        """Whether the child has ended, and its venue, which is asked about such, owes an answer to its cancel or replace."""
        return (self.view.venues[child.venue].asks_ended and child.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE) != 0
                and not child_live(child))

    cdef bint _came_back(self, uint32_t symbol, uint16_t venue, uint64_t event) noexcept nogil:
        """Whether the symbol was down there until that event."""
        cdef int slot = self.view.slot_of(symbol, venue)
        return slot >= 0 and self.view.top(symbol, slot).back_at == event

    cdef bint _day_is_over(self, Order* order, uint32_t venue) noexcept nogil:
        """A worked day order ends when all venues of its symbol are closed, or its own."""
        cdef uint32_t i
        if not order.bits & B_WORKED or order.time_in_force not in (TIF_DAY, TIF_OPG, TIF_CLS):
            return 0
        if self.view.slot_of(order.symbol, <uint16_t>venue) < 0:
            return 0
        if order.venue != NONE16:   # it goes to that venue alone
            return order.venue == venue and self.view.state(order.symbol, order.venue) == VS_CLOSED
        for i in range(self.view.symbols[order.symbol].listings):
            if self.view.top(order.symbol, i).state != VS_CLOSED:
                return 0
        return 1


cdef bint in_scope(const ScopeKeys* scope, const Order* order) noexcept nogil:
    return (
        (scope.account == NONE or scope.account == order.account)
        and (scope.symbol == NONE or scope.symbol == order.symbol)
        and (scope.strategy == NONE or scope.strategy == order.strategy)
        and (scope.venue == NONE or (order.venue != NONE16 and scope.venue == order.venue))
        and (scope.session == NONE or scope.session == order.session)
    )


cdef bint of_children(uint8_t kind) noexcept nogil:
    """Whether the targets are children, not orders."""
    return kind == SW_STATUS or kind == SW_CHILD_CANCEL or kind == SW_ASK


cdef bint unanswered(const Child* child) noexcept nogil:
    """Whether its venue owes a word: nothing was heard of it, or a request is pending."""
    return ((child.bits & B_ACKED) == 0 and child.cum_qty == 0) or (
        child.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE)) != 0
