# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What the router holds: see held.pxd. Prices are compared twice as large, so that a mid is an integer."""
from libc.string cimport memset

from core.messages cimport (
    AL_CLOSE, AL_NONE, K_EXPIRE, K_ORDER, K_REPLACE, K_SLICE_DUE, K_TRIGGER, K_TRIGGERS, NONE, NONE16, O_HAS_FLOOR, O_HAS_STOP,
    OF_ENDED, OF_REPLACED, OF_WAITS, PEG_MARKET, PEG_MID, PEG_NONE, SIDE_BUY, T_LIMIT_IF_TOUCHED,
    T_MARKET_IF_TOUCHED, T_MARKET_TO_LIMIT, T_TRAILING_STOP, TIF_CLS, TIF_OPG, TR_BID_ASK, TR_LAST, TR_MID,
    TU_BPS, TU_TICKS, VS_AUCTION, VS_UP, X_EXPIRED, OrderEndEvent, TriggerEvent,
)
from core.execution.algos.peg cimport peg_price
from core.market.view cimport SymbolMarket, Top
from core.orders.order cimport is_stop
from core_ext.wide cimport i128

cdef enum:
    BPS = 1000000000000             # 100 % in 10^-8 bps

cdef extern from *:
    """
    #define NACRE_FAR INT64_MAX
    """
    const int64_t FAR "NACRE_FAR"


cdef class Held:
    """The lists of what waits, by symbol, and each order's own numbers."""

    def __cinit__(self, Arena arena, Emitter emitter, MarketView view, object capacity):
        cdef uint32_t i
        self.emitter = emitter
        self.view = view
        self.max_symbols = capacity.symbols
        self.orders = <HeldOrder*>arena.table("router.held", sizeof(HeldOrder), capacity.orders)
        self.watches = <Watch*>arena.table("router.watches", sizeof(Watch), capacity.symbols)
        self.counts = <uint64_t*>arena.table("router.held_counts", sizeof(uint64_t), 8)
        arena.used_by("router.held", &self.counts[0])
        for i in range(self.max_symbols):
            self.watches[i].head = NONE
            self.watches[i].tail = NONE
            self.watches[i].peg_head = NONE
            self.watches[i].peg_tail = NONE
            clear(&self.watches[i].nearest)
            clear(&self.watches[i].found)

    cdef void instrument(self, Page* page) noexcept nogil:
        self.watches[page.request.instrument.symbol].tick = page.request.instrument.tick
        self.watches[page.request.instrument.symbol].lot = page.request.instrument.lot

    cdef uint8_t begin(self, Page* page, uint32_t order) noexcept nogil:
        """A new worked order; what is special about it, 0: nothing."""
        cdef OrderEvent* request = &page.request.order
        cdef HeldOrder* held
        cdef uint8_t special = special_of(request)
        if not special:
            return 0
        held = &self.orders[order]
        memset(held, 0, sizeof(HeldOrder))
        if order >= self.counts[0]:
            self.counts[0] = order + 1
        held.special = special
        held.next = NONE
        held.previous = NONE
        held.symbol = request.symbol
        held.venue = request.venue
        held.ord_type = request.ord_type
        held.side_buy = request.side == SIDE_BUY
        held.stop_px = request.stop_px
        held.trail = request.trail
        held.trail_unit = request.trail_unit
        held.trigger = request.trigger
        held.peg = request.peg
        held.peg_offset = request.peg_offset
        held.max_floor = request.max_floor
        if special & SP_PEG:
            self.link_peg(order)
        return special

    cdef void settle(self, Page* page, uint32_t order) noexcept nogil:
        """After each event of the order: what it waits for now."""
        cdef HeldOrder* held = &self.orders[order]
        cdef Outcome* outcome = &page.outcome
        cdef TriggersEvent now
        held.order_qty = outcome.order_qty
        held.live = outcome.live_children
        held.over = (outcome.flags & OF_ENDED) != 0
        held.waits = (outcome.flags & OF_WAITS) != 0
        if page.header.kind == K_TRIGGER:
            held.told = 0
        if page.header.kind == K_REPLACE and outcome.flags & OF_REPLACED and page.request.replace.flags & O_HAS_STOP:
            held.stop_px = page.request.replace.stop_px
            self._narrow(&self.watches[held.symbol].nearest, held)
            self._narrow(&self.watches[held.symbol].found, held)
        if held.special & SP_PEG:
            if held.over:
                self.unlink_peg(order)
            elif not held.watched:
                self.link_peg(order)    # a fill was busted: it works again
        if not held.special & (SP_STOP | SP_AUCTION | SP_CLOSE):
            return
        if (held.waits or held.special & (SP_AUCTION | SP_CLOSE)) and not held.over:
            if not held.watched:
                self._watch(order)
            if (held.waits and not held.told) or (held.special & SP_CLOSE and page.header.kind == K_ORDER):
                self.market(held.symbol, &now)
                self.look(page, order, &now)
        elif held.watched:
            self._unwatch(order)

    # ---- the market moved -------------------------------------------------------------------------------------

    cdef void market(self, uint32_t symbol, TriggersEvent* now) noexcept nogil:
        """The symbol's market as it is."""
        cdef SymbolMarket* market = &self.view.symbols[symbol]
        memset(now, 0, sizeof(TriggersEvent))
        now.symbol = symbol
        now.venue = NONE16
        if market.has_trade:
            now.last_px = market.last_px
            now.seen |= SEEN_LAST
        if market.bid_qty > 0:
            now.bid_px = market.bid_px
            now.seen |= SEEN_BID
        if market.ask_qty > 0:
            now.ask_px = market.ask_px
            now.seen |= SEEN_ASK
        if self.view.mark2(symbol, &now.mark2):
            now.seen |= SEEN_MARK

    cdef void moved(self, Page* page, uint32_t symbol, uint16_t venue) noexcept nogil:
        """Looks at what is held of the symbol, where something of it may trigger. venue: whose state changed."""
        cdef Watch* watch = &self.watches[symbol]
        cdef TriggersEvent now
        if watch.head == NONE:
            return
        self.market(symbol, &now)
        if not watch.follow and not self._near(watch, &now):
            return
        now.begun = page.header.seq
        now.venue = venue
        now.cursor = watch.head
        watch.begun = page.header.seq
        clear(&watch.found)
        self.go_on(page, &now)

    cdef void go_on(self, Page* page, TriggersEvent* now) noexcept nogil:
        """A bounded part of the symbol's list from the cursor on; the rest follows."""
        cdef Watch* watch = &self.watches[now.symbol]
        cdef uint32_t i = now.cursor
        cdef uint32_t next
        cdef uint32_t looked = 0
        cdef int let_go = 0
        cdef TriggersEvent rest
        if i != NONE and not (self.orders[i].watched and self.orders[i].symbol == now.symbol):
            i = watch.head          # it left the list meanwhile: from the start, none is told twice
        while i != NONE and looked < LOOKS and let_go < TRIGGERS:
            next = self.orders[i].next
            let_go += self.look(page, i, now)
            if self.orders[i].waits:
                self._narrow(&watch.found, &self.orders[i])
            looked += 1
            i = next
        if i != NONE:
            rest = now[0]
            rest.cursor = i
            self.emitter.emit(page, K_TRIGGERS, &rest, sizeof(TriggersEvent), 0)
        elif watch.begun == now.begun:
            watch.nearest = watch.found

    cdef bint _near(self, const Watch* watch, const TriggersEvent* now) noexcept nogil:
        """Whether the market is at or beyond the nearest stop of any kind."""
        cdef int64_t px2 = 0
        cdef int i
        cdef int side
        for i in range(SOURCES):
            for side in range(2):   # what a buy looks at, and what a sell
                if price2(now, <uint8_t>i, side, &px2) and (
                        px2 >= watch.nearest.up[i] or px2 <= watch.nearest.down[i]):
                    return 1
        return 0

    cdef int look(self, Page* page, uint32_t order, const TriggersEvent* now) noexcept nogil:
        """Lets one order go where its time has come; how many were let go."""
        cdef HeldOrder* held = &self.orders[order]
        if held.special & SP_AUCTION:
            return self._auction(page, order, now)
        if held.special & SP_CLOSE:
            return self._closing(page, order, now)
        if held.told or not held.waits or not self._triggers(held, now):
            return 0
        self._trigger(page, order)
        return 1

    cdef void _trigger(self, Page* page, uint32_t order) noexcept nogil:
        cdef TriggerEvent trigger
        self.orders[order].told = 1
        memset(&trigger, 0, sizeof(TriggerEvent))
        trigger.order = order
        self.emitter.emit(page, K_TRIGGER, &trigger, sizeof(TriggerEvent), 0)

    cdef bint _triggers(self, HeldOrder* held, const TriggersEvent* now) noexcept nogil:
        cdef bint up = rises(held)
        cdef int64_t px2 = 0
        cdef i128 level2
        if not price2(now, held.trigger, held.side_buy, &px2):
            return 0
        if held.ord_type != T_TRAILING_STOP:
            return px2 >= 2 * held.stop_px if up else px2 <= 2 * held.stop_px
        if not held.has_best or (px2 < held.best2 if held.side_buy else px2 > held.best2):
            held.best2 = px2
            held.has_best = 1
        if held.trail_unit == TU_BPS:
            level2 = <i128>held.best2 * (<i128>BPS + <i128>held.trail if up else <i128>BPS - <i128>held.trail)
            return <i128>px2 * <i128>BPS >= level2 if up else <i128>px2 * <i128>BPS <= level2
        level2 = <i128>2 * <i128>held.trail
        if held.trail_unit == TU_TICKS:
            level2 = level2 * <i128>self.watches[held.symbol].tick
        return <i128>px2 >= <i128>held.best2 + level2 if up else <i128>px2 <= <i128>held.best2 - level2

    cdef bint _collects(self, const HeldOrder* held, uint32_t slot) noexcept nogil:
        """Whether the venue is in an auction that the order may go to."""
        cdef Top* top = self.view.top(held.symbol, <int>slot)
        return top.state == VS_AUCTION and (not held.special & SP_BOUND or top.venue == held.venue)

    cdef int _auction(self, Page* page, uint32_t order, const TriggersEvent* now) noexcept nogil:
        """Goes out while a venue of it collects; what is left when that is over expires."""
        cdef HeldOrder* held = &self.orders[order]
        cdef uint32_t slot
        if held.waits and not held.told:
            for slot in range(self.view.symbols[held.symbol].listings):
                if self._collects(held, slot):
                    self._trigger(page, order)
                    return 1
            return 0
        if (held.waits or not held.live or now.venue != held.venue
                or self.view.state(held.symbol, held.venue) != VS_UP):
            return 0
        self._expire(page, order)
        return 1

    cdef int _closing(self, Page* page, uint32_t order, const TriggersEvent* now) noexcept nogil:
        """What is left when a venue begins to collect may go there, and what is left after that expires."""
        cdef HeldOrder* held = &self.orders[order]
        cdef TriggerEvent due
        cdef uint32_t slot
        if held.closing:
            if now.venue != held.venue or self.view.state(held.symbol, held.venue) != VS_UP:
                return 0
            self._expire(page, order)
            return 1
        for slot in range(self.view.symbols[held.symbol].listings):
            if self._collects(held, slot):
                held.closing = 1
                held.venue = self.view.top(held.symbol, <int>slot).venue
                memset(&due, 0, sizeof(TriggerEvent))
                due.order = order
                due.closing = 1
                self.emitter.emit(page, K_SLICE_DUE, &due, sizeof(TriggerEvent), 0)
                return 1
        return 0

    cdef void _expire(self, Page* page, uint32_t order) noexcept nogil:
        cdef OrderEndEvent end
        memset(&end, 0, sizeof(OrderEndEvent))
        end.order = order
        end.exec_type = X_EXPIRED
        self.emitter.emit(page, K_EXPIRE, &end, sizeof(OrderEndEvent), 0)

    cdef uint32_t next_symbol(self, uint32_t symbol, uint16_t venue) noexcept nogil:
        """The first symbol from `symbol` on that the venue lists and of which something is held; NONE: none."""
        while symbol < self.max_symbols:
            if (self.watches[symbol].head != NONE or self.watches[symbol].peg_head != NONE) and (
                    self.view.slot_of(symbol, venue) >= 0):
                return symbol
            symbol += 1
        return NONE

    # ---- the lists --------------------------------------------------------------------------------------------

    cdef void _watch(self, uint32_t order) noexcept nogil:
        """At the end of its symbol's list: that is in the order of acceptance, but for legs, which come when they are live."""
        cdef HeldOrder* held = &self.orders[order]
        cdef Watch* watch = &self.watches[held.symbol]
        cdef uint32_t before = watch.tail
        while before != NONE and before > order:
            before = self.orders[before].previous
        held.previous = before
        held.next = watch.head if before == NONE else self.orders[before].next
        if before == NONE:
            watch.head = order
        else:
            self.orders[before].next = order
        if held.next == NONE:
            watch.tail = order
        else:
            self.orders[held.next].previous = order
        held.watched = 1
        if follows(held):
            watch.follow += 1
        self._narrow(&watch.nearest, held)
        self._narrow(&watch.found, held)

    cdef void _unwatch(self, uint32_t order) noexcept nogil:
        cdef HeldOrder* held = &self.orders[order]
        cdef Watch* watch = &self.watches[held.symbol]
        if held.previous == NONE:
            watch.head = held.next
        else:
            self.orders[held.previous].next = held.next
        if held.next == NONE:
            watch.tail = held.previous
        else:
            self.orders[held.next].previous = held.previous
        held.next = NONE
        held.previous = NONE
        held.watched = 0
        if follows(held):
            watch.follow -= 1

    cdef void link_peg(self, uint32_t order) noexcept nogil:
        cdef HeldOrder* held = &self.orders[order]
        cdef Watch* watch = &self.watches[held.symbol]
        cdef uint32_t before = watch.peg_tail
        while before != NONE and before > order:
            before = self.orders[before].previous
        held.previous = before
        held.next = watch.peg_head if before == NONE else self.orders[before].next
        if before == NONE:
            watch.peg_head = order
        else:
            self.orders[before].next = order
        if held.next == NONE:
            watch.peg_tail = order
        else:
            self.orders[held.next].previous = order
        held.watched = 1

    cdef void unlink_peg(self, uint32_t order) noexcept nogil:
        cdef HeldOrder* held = &self.orders[order]
        cdef Watch* watch = &self.watches[held.symbol]
        if not held.watched:
            return
        if held.previous == NONE:
            watch.peg_head = held.next
        else:
            self.orders[held.previous].next = held.next
        if held.next == NONE:
            watch.peg_tail = held.previous
        else:
            self.orders[held.next].previous = held.previous
        held.next = NONE
        held.previous = NONE
        held.watched = 0

    cdef void _narrow(self, Bounds* bounds, const HeldOrder* held) noexcept nogil:
        """Takes a stop into the bounds."""
        cdef int64_t level2 = 2 * held.stop_px
        if not held.special & SP_STOP or held.ord_type == T_TRAILING_STOP:
            return
        if rises(held):
            if level2 < bounds.up[held.trigger]:
                bounds.up[held.trigger] = level2
        elif level2 > bounds.down[held.trigger]:
            bounds.down[held.trigger] = level2

    # ---- pegs -------------------------------------------------------------------------------------------------

    cdef bint peg_price(self, uint32_t order, bint limited, int64_t limit, int64_t* out) noexcept nogil:
        """Its side, the other side, or mid, + offset, to the tick away from the market, within the limit; 0: no price."""
        cdef HeldOrder* held = &self.orders[order]
        cdef TriggersEvent now
        cdef bint buys = held.side_buy
        cdef int64_t px2 = 0
        cdef int64_t px
        self.market(held.symbol, &now)
        if held.peg == PEG_MID:
            if not price2(&now, TR_MID, buys, &px2):
                return 0
        elif not price2(&now, TR_BID_ASK, buys if held.peg == PEG_MARKET else not buys, &px2):
            return 0
        px = peg_price(px2, held.peg_offset, self.watches[held.symbol].tick, buys)
        if limited and (px > limit if buys else px < limit):
            px = limit
        out[0] = px
        return 1


cdef uint8_t special_of(const OrderEvent* request) noexcept nogil:
    """What of a worked order is not simply routed."""
    cdef uint8_t special = 0
    if request.venue != NONE16:
        special |= SP_BOUND
    if is_stop(request.ord_type):
        special |= SP_STOP
    if request.peg != PEG_NONE:
        special |= SP_PEG
    if request.ord_type == T_MARKET_TO_LIMIT:
        special |= SP_LIFTS
    if request.time_in_force == TIF_OPG or request.time_in_force == TIF_CLS:
        special |= SP_AUCTION
    if request.flags & O_HAS_FLOOR:
        special |= SP_FLOOR
    if request.algo != AL_NONE:
        special |= SP_ALGO
    if request.algo == AL_CLOSE:
        special |= SP_CLOSE
    return special


cdef bint rises(const HeldOrder* held) noexcept nogil:
    """Whether it triggers at or above its level: a bought stop, a sold if-touched."""
    if held.ord_type == T_MARKET_IF_TOUCHED or held.ord_type == T_LIMIT_IF_TOUCHED:
        return not held.side_buy
    return held.side_buy


cdef bint follows(const HeldOrder* held) noexcept nogil:
    return held.ord_type == T_TRAILING_STOP or (held.special & (SP_AUCTION | SP_CLOSE)) != 0


cdef bint price2(const TriggersEvent* now, uint8_t source, bint buys, int64_t* out) noexcept nogil:
    """Twice what a stop of that source looks at; 0: there is none."""
    if source == TR_LAST:
        out[0] = 2 * now.last_px
        return (now.seen & SEEN_LAST) != 0
    if source == TR_BID_ASK:
        out[0] = 2 * (now.ask_px if buys else now.bid_px)
        return (now.seen & (SEEN_ASK if buys else SEEN_BID)) != 0
    if source == TR_MID:
        out[0] = now.bid_px + now.ask_px
        return now.seen & SEEN_BID and now.seen & SEEN_ASK
    out[0] = now.mark2
    return (now.seen & SEEN_MARK) != 0


cdef void clear(Bounds* bounds) noexcept nogil:
    cdef int i
    for i in range(SOURCES):
        bounds.up[i] = FAR
        bounds.down[i] = -FAR
