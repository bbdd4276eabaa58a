# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Own orders that would meet each other: see own.pxd."""
from libc.string cimport memset

from core.messages cimport (
    K_LIST, K_ORDER_END, K_REPORT, K_SWEEP, K_TRIGGER, LA_TAKE, ListEvent, NONE, NONE16, OrderEndEvent, Page,
    R_SELF_TRADE, SC_ACCOUNT, SC_SESSION, SC_STRATEGY, SC_SYMBOL, SC_VENUE, SIDE_BUY, SW_OWN, ScopeKeys, SweepEvent,
    T_PEGGED, TriggerEvent, X_CANCELED, X_CANCEL_REJECTED,
)
from core.orders.life cimport Life
from core.orders.order cimport (
    B_EXISTS, B_EXPIRING, B_HAS_PRICE, B_PENDING_CANCEL, B_WAITS, Order, order_ended, order_leaves,
)
from core.risk.limits cimport keys_of


cdef class Own:
    """Who of our own orders would meet, and what follows from it as derived events."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity, Life life, Holdings holdings, Limits limits):
        self.emitter = emitter
        self.life = life
        self.holdings = holdings
        self.limits = limits
        self.ends = <Ends*>arena.table("risk.own_ends", sizeof(Ends), capacity.positions)
        self.links = <Links*>arena.table("risk.own_links", sizeof(Links), capacity.orders)
        self.waiters = <Waiter*>arena.table("risk.own_waiters", sizeof(Waiter), WAITERS)
        self.counts = limits.counts_of(4)
        arena.used_by("risk.own_links", &self.life.counts[0])
        memset(self.ends, 0xFF, capacity.positions * sizeof(Ends))

    # ---- the lists ------------------------------------------------------------------------------------------------

    cdef void keep(self) noexcept nogil:
        """From now on lists are kept: of what works already, too."""
        cdef uint32_t i
        if self.counts[0]:
            return
        self.counts[0] = 1
        for i in range(self.life.count()):
            if self.life.orders[i].bits & B_EXISTS and not order_ended(&self.life.orders[i]):
                self._link(i)

    cdef void moved(self, Page* page, uint32_t order, bint was_alive) noexcept nogil:
        """An order began, ended, or something of it changed."""
        cdef bint alive
        if not self.counts[0]:
            return
        alive = not order_ended(&self.life.orders[order])
        if alive and not self.links[order].listed:
            self._link(order)
        elif not alive and self.links[order].listed:
            self._unlink(order)
        if self.counts[1]:
            self._look(page, order)

    cdef void _link(self, uint32_t order) noexcept nogil:
        cdef Ends* ends = &self.ends[self.holdings.positions[order]]
        cdef uint32_t* head = &ends.buys if self.life.orders[order].side == SIDE_BUY else &ends.sells
        cdef Links* own = &self.links[order]
        own.next = head[0]
        own.previous = NONE
        own.listed = 1
        if head[0] != NONE:
            self.links[head[0]].previous = order
        head[0] = order

    cdef void _unlink(self, uint32_t order) noexcept nogil:
        cdef Ends* ends = &self.ends[self.holdings.positions[order]]
        cdef uint32_t* head = &ends.buys if self.life.orders[order].side == SIDE_BUY else &ends.sells
        cdef Links* own = &self.links[order]
        own.listed = 0
        if own.next != NONE:
            self.links[own.next].previous = own.previous
        if own.previous != NONE:
            self.links[own.previous].next = own.next
        else:
            head[0] = own.next

    # ---- who would meet ---------------------------------------------------------------------------------------------

    cdef int meet(self, const Newcomer* new) noexcept nogil:
        """How many own orders of the scope it would meet; they are in `met`, in the order of trading. -1: too many."""
        cdef uint32_t i
        cdef int count = 0
        if new.scope.account == new.account or new.each == SC_ACCOUNT:
            return self._meet_at(new, new.position, 0)
        i = self.holdings.heads[new.symbol]
        while i != NONE and count >= 0:
            count = self._meet_at(new, i, count)
            i = self.holdings.holdings[i].next_of_symbol
        return count

    cdef int _meet_at(self, const Newcomer* new, uint32_t position, int count) noexcept nogil:
        cdef uint32_t i = self.ends[position].sells if new.buys else self.ends[position].buys
        while i != NONE:
            if self._meets(new, i):
                if count >= MEETINGS:
                    return -1
                self._insert(i, new.buys, count)
                count += 1
            i = self.links[i].next
        return count

    cdef void _insert(self, uint32_t order, bint buys, int count) noexcept nogil:
        """Into `met`: the best price for the new one first, then the oldest."""
        cdef int64_t price = 0
        cdef int64_t other = 0
        cdef bint priced = self._price(order, &price)
        cdef int at = count
        while at > 0:
            if self._price(self.met[at - 1], &other) == priced:
                if (other < price if buys else other > price) or (other == price and self.met[at - 1] < order):
                    break
            elif priced:
                break               # who takes any price trades first
            self.met[at] = self.met[at - 1]
            at -= 1
        self.met[at] = order

    cdef bint _meets(self, const Newcomer* new, uint32_t index) noexcept nogil:
        cdef Order* order = &self.life.orders[index]
        cdef int64_t price = 0
        if index == new.order or order.bits & B_WAITS or not self.limits.matches(&new.scope, keys_of(order)) or (
                self.limits.key(new.each, keys_of(order)) != new.key):
            return 0
        if new.venue != NONE16 and order.venue != NONE16 and new.venue != order.venue:
            return 0
        if new.takes_any or not self._price(index, &price):
            return 1
        return new.price >= price if new.buys else new.price <= price

    cdef bint _price(self, uint32_t index, int64_t* out) noexcept nogil:
        """The price that the order works at; 0: it takes any."""
        cdef Order* order = &self.life.orders[index]
        cdef uint32_t child
        if order.ord_type == T_PEGGED:
            child = self.life.live_child(index)
            if child != NONE:
                out[0] = self.life.children[child].price
                return 1
        out[0] = order.price
        return (order.bits & B_HAS_PRICE) != 0

    # ---- what follows -----------------------------------------------------------------------------------------------

    cdef void cancel(self, Page* page, int count) noexcept nogil:
        """Those that were met are canceled."""
        cdef SweepEvent sweep
        cdef int i
        for i in range(count):
            if self.life.orders[self.met[i]].bits & (B_PENDING_CANCEL | B_EXPIRING):
                continue
            memset(&sweep, 0, sizeof(SweepEvent))
            memset(&sweep.scope, 0xFF, sizeof(ScopeKeys))
            sweep.kind = SW_OWN
            sweep.cursor = self.met[i]
            self.emitter.emit(page, K_SWEEP, &sweep, sizeof(SweepEvent), 0)

    cdef int64_t shares(self, int64_t qty, int count) noexcept nogil:
        """How much of a new order those that it would meet take off it."""
        cdef int64_t all = 0
        cdef int i
        for i in range(count):
            all += order_leaves(&self.life.orders[self.met[i]])
            if all >= qty:
                return qty
        return all

    cdef void take(self, Page* page, uint32_t order, int64_t qty, int count) noexcept nogil:
        """Both sides lose the smaller: those that were met, in the order of trading, and the new one."""
        cdef int64_t rest = self.shares(qty, count)
        cdef int64_t part
        cdef int i
        self._take(page, order, rest)
        for i in range(count):
            part = order_leaves(&self.life.orders[self.met[i]])
            part = part if part < rest else rest
            rest -= part
            if part:
                self._take(page, self.met[i], part)

    cdef void _take(self, Page* page, uint32_t order, int64_t qty) noexcept nogil:
        cdef ListEvent event
        memset(&event, 0, sizeof(ListEvent))
        event.order = order
        event.skip = NONE
        event.action = LA_TAKE
        event.change = -qty
        event.alone = 1
        self.emitter.emit(page, K_LIST, &event, sizeof(ListEvent), 0)

    # ---- who waits --------------------------------------------------------------------------------------------------

    cdef bint has_room(self) noexcept nogil:
        return self.counts[1] < WAITERS

    cdef bint wait(self, uint32_t order, uint32_t limit, uint32_t key) noexcept nogil:
        """The new order goes on when nobody is left whom it would meet."""
        cdef int i
        for i in range(WAITERS):
            if not self.waiters[i].used:
                self.waiters[i].used = 1
                self.waiters[i].order = order
                self.waiters[i].limit = limit
                self.waiters[i].key = key
                self.counts[1] += 1
                return 1
        return 0

    cdef void newcomer(self, uint32_t index, uint32_t limit, uint32_t key, Newcomer* out) noexcept nogil:
        cdef Order* order = &self.life.orders[index]
        out.account = order.account
        out.symbol = order.symbol
        out.position = self.holdings.positions[index]
        out.order = index
        out.venue = order.venue
        out.buys = order.side == SIDE_BUY
        out.takes_any = not order.bits & B_HAS_PRICE
        out.price = order.price
        out.scope = self.limits.limits[limit].scope
        out.each = self.limits.limits[limit].each
        out.key = key

    cdef void _look(self, Page* page, uint32_t moved) noexcept nogil:
        """Whether somebody who waits may go on; where a venue keeps what he would meet, he is canceled."""
        cdef int i
        cdef Waiter* waiter
        cdef Newcomer new
        cdef TriggerEvent go
        cdef OrderEndEvent end
        for i in range(WAITERS):
            waiter = &self.waiters[i]
            if not waiter.used or self.life.orders[waiter.order].symbol != self.life.orders[moved].symbol:
                continue
            self.newcomer(waiter.order, waiter.limit, waiter.key, &new)
            if order_ended(&self.life.orders[waiter.order]):
                pass
            elif self.meet(&new) == 0:
                memset(&go, 0, sizeof(TriggerEvent))
                go.order = waiter.order
                self.emitter.emit(page, K_TRIGGER, &go, sizeof(TriggerEvent), 0)
            elif (page.header.kind == K_REPORT and page.request.report.exec_type == X_CANCEL_REJECTED
                    and self._meets(&new, moved) and not order_ended(&self.life.orders[moved])):
                memset(&end, 0, sizeof(OrderEndEvent))
                end.order = waiter.order
                end.exec_type = X_CANCELED
                end.reason = R_SELF_TRADE
                self.emitter.emit(page, K_ORDER_END, &end, sizeof(OrderEndEvent), 0)
            else:
                continue
            waiter.used = 0
            self.counts[1] -= 1


cdef void set_key(ScopeKeys* scope, uint8_t each, uint32_t key) noexcept nogil:
    """The value of a limit's `each` key, beside its own keys."""
    if each == SC_ACCOUNT:
        scope.account = key
    elif each == SC_STRATEGY:
        scope.strategy = key
    elif each == SC_SYMBOL:
        scope.symbol = key
    elif each == SC_VENUE:
        scope.venue = key if key != NONE16 else NONE
    elif each == SC_SESSION:
        scope.session = key
