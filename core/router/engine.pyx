# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""router: see engine.pxd. The policy is a pure function beside this file (sweep.pyx)."""
from libc.string cimport memset

from core.engine cimport Emitter
from core.market.view cimport MarketView, Top
from core.messages cimport (
    K_DEPTH, K_KILL, K_ORDER, K_ORDER_END, K_QUOTE, K_REARM, K_REROUTE, K_SLICE, K_VENUE, MAX_SYMBOL_VENUES, NONE,
    OF_CHILD_ENDED, OF_CHILD_REJECTED, OF_ENDED, OF_HAS_PRICE, OF_POST_ONLY, OF_REFUSED, OF_REPLACED, OF_ROUTABLE,
    OF_WORKED, R_NO_LIQUIDITY, R_VENUE_REJECTS, SC_VENUE, SIDE_BUY, T_LIMIT, T_MARKET, TIF_FOK, TIF_IOC, VF_APPLIES,
    X_CANCELED, X_REJECTED, OrderEndEvent, Outcome, Page, SliceEvent, SweepEvent, is_order,
)
from core.router.sweep cimport Leg, cheapest_to_post, one_venue, sweep
from core_ext.spine cimport publish
from core_ext.tables cimport Arena

cdef enum:
    ORDERS_A_QUOTE = 8              # waiting orders that one event routes; the rest follow as events of their own


cdef class Router(Engine):
    """Keeps what of each worked order is still to be sent, and which venues it has learnt to leave out."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity):
        self.arena = arena
        self.emitter = emitter
        self.view = MarketView(arena, capacity.symbols, capacity.depths)
        self.routed = <Routed*>arena.table("router.routed", sizeof(Routed), capacity.orders)
        self.heads = <uint32_t*>arena.table("router.heads", sizeof(uint32_t), capacity.symbols)
        self.tails = <uint32_t*>arena.table("router.tails", sizeof(uint32_t), capacity.symbols)
        self.counts = <uint64_t*>arena.table("router.counts", sizeof(uint64_t), 8)
        self.killed = <uint64_t*>arena.table("router.killed", sizeof(uint64_t), 8)
        arena.used_by("router.routed", &self.counts[0])
        memset(self.heads, 0xFF, capacity.symbols * sizeof(uint32_t))
        memset(self.tails, 0xFF, capacity.symbols * sizeof(uint32_t))

    cdef void on_batch(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            self.on_event(todo[i])
            publish(<char*>&todo[i].routing, todo[i].header.seq)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef Outcome* outcome = &page.outcome
        cdef uint16_t kind = page.header.kind
        page.routing.order = NONE
        page.routing.legs = 0
        page.routing.waiting = 0
        page.routing.routed_qty = 0
        page.routing.rest_qty = 0
        if is_order(kind):
            if outcome.order != NONE and outcome.flags & OF_WORKED:
                self._moved(page)
        elif self.view.on_event(page):
            if kind == K_QUOTE:
                self._quoted(page, page.request.quote.symbol, page.request.quote.venue)
            elif kind == K_DEPTH:
                self._quoted(page, page.request.depth.symbol, page.request.depth.venue)
        elif kind == K_REROUTE:
            self._route_waiting(page, page.request.sweep.scope.symbol, page.request.sweep.cursor)
        elif (kind == K_KILL or kind == K_REARM) and page.request.filter.kind == SC_VENUE:
            self._kill(page.request.filter.scope.venue, kind == K_KILL)

    cdef void _kill(self, uint32_t venue, bint killed) noexcept nogil:
        if killed:
            self.killed[0] |= <uint64_t>1 << venue
        else:
            self.killed[0] &= ~(<uint64_t>1 << venue)

    # ---- an order moved ---------------------------------------------------------------------------------------

    cdef void _moved(self, Page* page) noexcept nogil:
        """Takes over what orders decided, then routes where something came back or is new."""
        cdef Outcome* outcome = &page.outcome
        cdef uint32_t order = outcome.order
        cdef Routed* routed = &self.routed[order]
        cdef bint route = page.header.kind == K_ORDER or outcome.flags & (OF_CHILD_ENDED | OF_REPLACED) != 0
        if page.header.kind == K_ORDER:
            self._begin(page, order)
        elif page.header.kind == K_SLICE:
            routed.in_flight -= page.request.slice.qty
            if outcome.flags & OF_REFUSED:
                self._leave_out(routed, page.request.slice.venue)
                route = 1
        elif outcome.flags & OF_CHILD_ENDED:
            self._leave_out(routed, outcome.venue)
        if outcome.flags & OF_CHILD_REJECTED:
            routed.rejected += 1
        routed.price = outcome.price
        routed.unsent = outcome.unsent_qty
        routed.live = outcome.live_children
        routed.cum = outcome.cum_qty
        routed.routable = (outcome.flags & OF_ROUTABLE) != 0
        if route and not (once(routed) and page.header.kind != K_ORDER):
            self._route(page, order)
        self._settle(page, order, (outcome.flags & OF_ENDED) != 0)

    cdef void _begin(self, Page* page, uint32_t order) noexcept nogil:
        cdef Routed* routed = &self.routed[order]
        memset(routed, 0, sizeof(Routed))
        routed.symbol = page.outcome.symbol
        routed.side = page.outcome.side
        routed.ord_type = page.outcome.ord_type
        routed.time_in_force = page.outcome.time_in_force
        routed.has_price = (page.outcome.flags & OF_HAS_PRICE) != 0
        routed.post_only = (page.outcome.flags & OF_POST_ONLY) != 0
        routed.next_n = 1
        routed.next = NONE
        routed.previous = NONE
        if order >= self.counts[0]:
            self.counts[0] = order + 1

    cdef void _leave_out(self, Routed* routed, uint16_t venue) noexcept nogil:
        cdef int slot = self.view.slot_of(routed.symbol, venue)
        if slot >= 0:
            routed.left_out |= <uint64_t>1 << slot

    cdef uint64_t _left_out(self, const Routed* routed) noexcept nogil:
        """What the order leaves out, and the venues that are killed."""
        cdef uint64_t out = routed.left_out
        cdef uint32_t slot
        if self.killed[0]:
            for slot in range(self.view.symbols[routed.symbol].listings):
                if (self.killed[0] >> self.view.top(routed.symbol, <int>slot).venue) & 1:
                    out |= <uint64_t>1 << slot
        return out

    cdef void _route(self, Page* page, uint32_t order) noexcept nogil:
        """Slices for what is unsent: legs at what is shown, then the rest of a resting order where posting costs least."""
        cdef Routed* routed = &self.routed[order]
        cdef Leg legs[MAX_SYMBOL_VENUES]
        cdef uint64_t left_out = self._left_out(routed)
        cdef int64_t rest = routed.unsent - routed.in_flight
        cdef bint buys = routed.side == SIDE_BUY
        cdef int count = 0
        cdef int slot
        cdef int i
        if not routed.routable or rest <= 0:
            return
        if routed.time_in_force == TIF_FOK:
            if one_venue(self.view, routed.symbol, buys, routed.has_price, routed.price, rest, left_out, legs):
                self._slice(page, order, legs[0].slot, rest, legs[0].price, TIF_FOK)
            return
        if not routed.post_only:
            count = sweep(self.view, routed.symbol, buys, routed.has_price, routed.price, rest, left_out, legs, &rest)
        for i in range(count):
            self._slice(page, order, legs[i].slot, legs[i].qty, legs[i].price, TIF_IOC)
        if rest > 0 and rests(routed):
            slot = cheapest_to_post(self.view, routed.symbol, left_out)
            if slot >= 0:
                self._slice(page, order, <uint32_t>slot, rest, routed.price, routed.time_in_force)

    cdef void _slice(self, Page* page, uint32_t order, uint32_t slot, int64_t qty, int64_t price,
                     uint8_t time_in_force) noexcept nogil:
        cdef Routed* routed = &self.routed[order]
        cdef SliceEvent slice
        memset(&slice, 0, sizeof(SliceEvent))
        slice.order = order
        slice.n = routed.next_n
        slice.qty = qty
        slice.price = price
        slice.venue = self.view.top(routed.symbol, <int>slot).venue
        slice.ord_type = T_LIMIT
        slice.time_in_force = time_in_force
        routed.next_n += 1
        routed.in_flight += qty
        page.routing.order = order
        page.routing.legs += 1
        page.routing.routed_qty += qty
        self.emitter.emit(page, K_SLICE, &slice, sizeof(SliceEvent), 0)

    # ---- what couldn't be sent --------------------------------------------------------------------------------

    cdef void _settle(self, Page* page, uint32_t order, bint ended) noexcept nogil:
        """Waits for a quote, or gives the order up."""
        cdef Routed* routed = &self.routed[order]
        cdef bint waits = (not ended and not once(routed)
                           and (routed.left_out != 0 or routed.unsent > routed.in_flight))
        if waits and not routed.listed:
            self._list(order)
        elif not waits and routed.listed:
            self._unlist(order)
        if (routed.routable and routed.live == 0 and routed.in_flight == 0 and routed.unsent > 0
                and not rests(routed)):
            self._give_up(page, order)

    cdef void _give_up(self, Page* page, uint32_t order) noexcept nogil:
        cdef Routed* routed = &self.routed[order]
        cdef OrderEndEvent end
        memset(&end, 0, sizeof(OrderEndEvent))
        end.order = order
        if routed.cum == 0 and routed.rejected > 0 and routed.rejected == routed.next_n - 1:
            end.exec_type = X_REJECTED
            end.reason = R_VENUE_REJECTS
        else:
            end.exec_type = X_CANCELED
            end.reason = R_NO_LIQUIDITY
        routed.routable = 0
        self.emitter.emit(page, K_ORDER_END, &end, sizeof(OrderEndEvent), 0)

    cdef void _list(self, uint32_t order) noexcept nogil:
        """Into its symbol's list, which is in the order of acceptance."""
        cdef Routed* routed = &self.routed[order]
        cdef uint32_t before = self.tails[routed.symbol]
        while before != NONE and before > order:
            before = self.routed[before].previous
        routed.previous = before
        routed.next = self.heads[routed.symbol] if before == NONE else self.routed[before].next
        if before == NONE:
            self.heads[routed.symbol] = order
        else:
            self.routed[before].next = order
        if routed.next == NONE:
            self.tails[routed.symbol] = order
        else:
            self.routed[routed.next].previous = order
        routed.listed = 1

    cdef void _unlist(self, uint32_t order) noexcept nogil:
        cdef Routed* routed = &self.routed[order]
        if routed.previous == NONE:
            self.heads[routed.symbol] = routed.next
        else:
            self.routed[routed.previous].next = routed.next
        if routed.next == NONE:
            self.tails[routed.symbol] = routed.previous
        else:
            self.routed[routed.next].previous = routed.previous
        routed.next = NONE
        routed.previous = NONE
        routed.listed = 0

    # ---- a quote came -----------------------------------------------------------------------------------------

    cdef void _quoted(self, Page* page, uint32_t symbol, uint16_t venue) noexcept nogil:
        """The venue may be used again by all that wait; then they are tried, oldest first."""
        cdef uint32_t order = self.heads[symbol]
        cdef int slot
        if order == NONE:
            return
        slot = self.view.slot_of(symbol, venue)
        if slot < 0:
            return
        while order != NONE:
            self.routed[order].left_out &= ~(<uint64_t>1 << slot)
            order = self.routed[order].next
        self._route_waiting(page, symbol, self.heads[symbol])

    cdef void _route_waiting(self, Page* page, uint32_t symbol, uint32_t order) noexcept nogil:
        cdef SweepEvent rest
        cdef uint32_t done = 0
        cdef uint32_t next
        if order != NONE and not (self.routed[order].listed and self.routed[order].symbol == symbol):
            order = self.heads[symbol]  # it left the list meanwhile: from the start, nothing is sent twice
        while order != NONE and done < ORDERS_A_QUOTE:
            next = self.routed[order].next
            if self.routed[order].unsent > self.routed[order].in_flight:
                self._route(page, order)
                done += 1
            self._settle(page, order, not self.routed[order].routable and self.routed[order].unsent <= 0)
            order = next
        if order == NONE:
            return
        memset(&rest, 0, sizeof(SweepEvent))
        memset(&rest.scope, 0xFF, sizeof(rest.scope))
        rest.scope.symbol = symbol
        rest.cursor = order
        page.routing.waiting = 1
        self.emitter.emit(page, K_REROUTE, &rest, sizeof(SweepEvent), 0)


cdef bint once(const Routed* routed) noexcept nogil:
    """ioc and fok have one round."""
    return routed.time_in_force == TIF_IOC or routed.time_in_force == TIF_FOK


cdef bint rests(const Routed* routed) noexcept nogil:
    """A limit order that may stay in a book, and waits where there is none."""
    return routed.ord_type == T_LIMIT and not once(routed)
