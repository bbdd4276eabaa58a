# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""router: see engine.pxd. The policies are pure functions beside this file (policies.pyx)."""
from libc.string cimport memset

from core.alerts cimport is_break
from core.engine cimport Emitter
from core.execution.algos.engine cimport Algos
from core.execution.algos.sniper cimport sniper_takes
from core.market.view cimport MarketView
from core.messages cimport (
    A_REPLACE, AL_SNIPER, is_order, K_ALGO, K_DEPTH, K_FACTS, K_HALT, K_INSTRUMENT, K_KILL, K_MARK, K_ORDER,
    K_ORDER_END, K_PEG, K_QUOTE, K_REARM, K_REPORT, K_REROUTE, K_SILENCE, K_SLICE, K_SLICE_DUE, K_TRADE, K_TRIGGER,
    K_TRIGGERS, K_VENUE_STATE, MAX_SYMBOL_VENUES, NONE, NONE16, OF_CHILD_BOUND, OF_CHILD_ENDED, OF_CHILD_OVER,
    OF_CHILD_REJECTED, OF_ENDED, OF_HAS_PRICE, OF_HOLDS, OF_POST_ONLY, OF_REFUSED, OF_REPLACED, OF_ROUTABLE, OF_WORKED,
    OrderEndEvent, Outcome, Page, R_NO_LIQUIDITY, R_VENUE_REJECTS, SC_VENUE, SIDE_BUY, SliceEvent, SweepEvent, T_LIMIT,
    T_LIMIT_IF_TOUCHED, T_MARKET, T_MARKET_TO_LIMIT, T_PEGGED, T_STOP_LIMIT, TIF_DAY, TIF_FOK, TIF_IOC, TriggerEvent,
    TriggersEvent, VS_AUCTION, VS_UP, X_CANCEL_REJECTED, X_CANCELED, X_REJECTED, X_REPLACED, X_RESTATED,
)
from core.router.facts cimport Facts
from core.router.held cimport (
    LOOKS, SEEN_BEGIN, SEEN_PEGS, SP_ALGO, SP_AUCTION, SP_BOUND, SP_CLOSE, SP_FLOOR, SP_LIFTS, SP_PEG, SP_STOP, HeldOrder,
)
from core.router.kills cimport Kills
from core.router.policies cimport plan
from core.router.sweep cimport LEGS_MAX, Ask, Leg, cheapest_to_post, one_venue
from core_ext.spine cimport publish
from core_ext.tables cimport Arena

cdef enum:
    ORDERS_A_QUOTE = 8              # waiting orders that one event routes; the rest follow as events of their own
    LEGS_A_QUOTE = 64               # ... and legs, beyond which it routes no order more


cdef class Router(Engine):
    """Keeps what of each worked order is still to be sent, and which venues it has learnt to leave out."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity):
        self.arena = arena
        self.emitter = emitter
        self.view = MarketView(arena, capacity.symbols, capacity.depths)
        self.held = Held(arena, emitter, self.view, capacity)
        self.facts = Facts(arena, emitter, self.view, capacity)
        self.algos = Algos(arena, emitter, self.view, capacity)
        self.kills = Kills(arena, capacity)
        self.routed = <Routed*>arena.table("router.routed", sizeof(Routed), capacity.orders)
        self.quoted_at = <uint64_t*>arena.table("router.quoted_at", sizeof(uint64_t), capacity.symbols * MAX_SYMBOL_VENUES)
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
            self.facts.spoken(page)
            if outcome.order != NONE and outcome.flags & OF_WORKED:
                self._moved(page)
        elif self.view.on_event(page):
            if kind == K_QUOTE:
                self._quoted(page, page.request.quote.symbol, page.request.quote.venue)
                self._market(page, page.request.quote.symbol, NONE16)
            elif kind == K_DEPTH:
                self._quoted(page, page.request.depth.symbol, page.request.depth.venue)
                self._market(page, page.request.depth.symbol, NONE16)
            elif kind == K_TRADE:
                self._traded(page)
            elif kind == K_MARK:
                self._market(page, page.request.price.symbol, NONE16)
            elif kind == K_VENUE_STATE:
                if page.request.venue_state.symbol == NONE:
                    self._venue_moved(page, 0, page.request.venue_state.venue, 1)
                else:
                    self._venue_moved(page, page.request.venue_state.symbol, page.request.venue_state.venue, 0)
        elif kind == K_REROUTE:
            self._route_waiting(page, page.request.sweep.scope.symbol, page.request.sweep.cursor,
                                page.request.sweep.kind)
        elif kind == K_TRIGGERS:
            self._go_on(page)
        elif kind == K_SLICE_DUE:
            self._slice_due(page)
        elif kind == K_INSTRUMENT:
            self.held.instrument(page)
        elif kind == K_FACTS:
            self.facts.on_event(page)
        elif kind == K_SILENCE:
            self.facts.silence_due(page)
        elif (kind == K_KILL or kind == K_REARM) and page.request.filter.kind == SC_VENUE:
            self._kill(page.request.filter.scope.venue, kind == K_KILL)
        elif kind == K_KILL or kind == K_REARM:
            self.kills.on_event(page)
        elif kind == K_HALT and is_break(&page.request.halt):
            self._kill(page.request.halt.scope.venue, 1)

    cdef void _kill(self, uint32_t venue, bint killed) noexcept nogil:
        """killed: also halted on a break with it. Who arms it lifts both."""
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
                if not overtaken(routed, page):
                    self._leave_out(page, routed, page.request.slice.venue)
                route = 1
        elif outcome.flags & OF_CHILD_ENDED:
            self._leave_out(page, routed, outcome.venue)
        if outcome.flags & OF_CHILD_REJECTED:
            routed.rejected += 1
        routed.price = outcome.price
        if routed.special & SP_PEG and outcome.flags & OF_HAS_PRICE:
            routed.limited = 1      # a replace gave it its limit
        routed.unsent = outcome.unsent_qty
        routed.live = outcome.live_children
        routed.cum = outcome.cum_qty
        routed.routable = (outcome.flags & OF_ROUTABLE) != 0
        if routed.special:
            route |= self._special_moved(page, order)
        if route and not (once(routed) and routed.next_n > 1):
            self._route(page, order)
        self._settle(page, order, (outcome.flags & (OF_ENDED | OF_HOLDS)) != 0)

    cdef void _begin(self, Page* page, uint32_t order) noexcept nogil:
        cdef Routed* routed = &self.routed[order]
        memset(routed, 0, sizeof(Routed))
        routed.symbol = page.outcome.symbol
        routed.side = page.outcome.side
        routed.ord_type = page.outcome.ord_type
        routed.time_in_force = page.outcome.time_in_force
        routed.policy = page.request.order.policy
        routed.has_price = (page.outcome.flags & OF_HAS_PRICE) != 0
        routed.post_only = (page.outcome.flags & OF_POST_ONLY) != 0
        routed.next_n = 1
        routed.next = NONE
        routed.previous = NONE
        routed.limited = routed.has_price
        routed.special = self.held.begin(page, order)
        if routed.special & SP_ALGO:
            routed.hides = page.request.order.algo == AL_SNIPER
            self.algos.begin(page, order, self.held.watches[routed.symbol].lot)
        if routed.ord_type != T_LIMIT:
            routed.has_price = page.outcome.protects
        self.kills.begin(page, order)
        if order >= self.counts[0]:
            self.counts[0] = order + 1

    cdef void _leave_out(self, Page* page, Routed* routed, uint16_t venue) noexcept nogil:
        """The order doesn't use the venue until its next quote."""
        cdef int slot = self.view.slot_of(routed.symbol, venue)
        if slot >= 0:
            self._admit(routed)
            routed.left_out |= <uint64_t>1 << slot
            routed.left_at = page.header.seq

    cdef void _admit(self, Routed* routed) noexcept nogil:
        """Venues that have quoted since they were left out may be used again."""
        cdef uint64_t* quoted_at = &self.quoted_at[routed.symbol * MAX_SYMBOL_VENUES]
        cdef uint32_t slot
        if not routed.left_out:
            return
        for slot in range(self.view.symbols[routed.symbol].listings):
            if quoted_at[slot] > routed.left_at:
                routed.left_out &= ~(<uint64_t>1 << slot)

    cdef uint64_t _left_out(self, Routed* routed, int64_t now_ns) noexcept nogil:
        """What the order leaves out; venues that are killed, silent or throttled; what they showed too long ago."""
        cdef uint64_t out
        cdef uint32_t slot
        self._admit(routed)
        out = routed.left_out
        if self.killed[0] or self.facts.counts[0] or self.facts.counts[3]:
            for slot in range(self.view.symbols[routed.symbol].listings):
                if self._unusable(routed.symbol, <int>slot, now_ns):
                    out |= <uint64_t>1 << slot
        return out

    cdef bint _unusable(self, uint32_t symbol, int slot, int64_t now_ns) noexcept nogil:
        cdef uint16_t venue = self.view.top(symbol, slot).venue
        return ((self.killed[0] | self.facts.counts[2]) >> venue) & 1 or (
            self.facts.stale(symbol, slot, now_ns) or self.facts.throttled(venue, now_ns))

    cdef void _ask(self, Routed* routed, int64_t qty, uint64_t left_out, Ask* ask) noexcept nogil:
        """What the order asks its policy. A lot is 1 where odd fills left a part of one."""
        ask.symbol = routed.symbol
        ask.policy = routed.policy
        ask.buys = routed.side == SIDE_BUY
        ask.limited = routed.has_price
        ask.rests = rests(routed) and not routed.hides
        ask.limit = routed.price
        ask.qty = qty
        ask.tick = self.held.watches[routed.symbol].tick
        ask.lot = self.held.watches[routed.symbol].lot
        if ask.lot <= 0 or qty % ask.lot:
            ask.lot = 1
        ask.left_out = left_out

    cdef void _route(self, Page* page, uint32_t order) noexcept nogil:
        """Slices for what is unsent: the legs of the order's policy."""
        cdef Routed* routed = &self.routed[order]
        cdef Leg legs[LEGS_MAX]
        cdef Ask ask
        cdef uint64_t left_out = self._left_out(routed, page.header.time_ns)
        cdef int64_t rest = routed.unsent - routed.in_flight
        cdef int count = 0
        cdef int i
        if not routed.routable or self.kills.stands(order, routed.symbol):
            return
        if routed.hides and routed.special & SP_BOUND:
            left_out |= ~(<uint64_t>1 << self.view.slot_of(routed.symbol, self.held.orders[order].venue))
        if routed.special:
            rest = self._may_send(page, order, rest, left_out)
        if rest <= 0:
            return
        self._ask(routed, rest, left_out, &ask)
        if routed.time_in_force == TIF_FOK:
            if one_venue(self.facts, &ask, legs):
                self._slice(page, order, legs[0].slot, rest, legs[0].price, T_LIMIT, TIF_FOK, 0)
        elif routed.post_only:
            i = cheapest_to_post(self.facts, routed.symbol, left_out, VS_UP)
            if i >= 0:
                self._slice(page, order, <uint32_t>i, rest, routed.price, T_LIMIT, routed.time_in_force, 0)
        else:
            count = plan(self.facts, &ask, legs, &rest)
        for i in range(count):
            self._slice(page, order, legs[i].slot, legs[i].qty, legs[i].price, T_LIMIT,
                        routed.time_in_force if legs[i].rests else TIF_IOC, legs[i].delay_ns)

    cdef void _slice(self, Page* page, uint32_t order, uint32_t slot, int64_t qty, int64_t price,
                     uint8_t ord_type, uint8_t time_in_force, int64_t delay_ns) noexcept nogil:
        """A child: now, or when its delay is over and the venue's throttle lets it go."""
        cdef Routed* routed = &self.routed[order]
        cdef SliceEvent slice
        cdef int64_t now = page.header.time_ns
        cdef int64_t due
        memset(&slice, 0, sizeof(SliceEvent))
        slice.order = order
        slice.n = routed.next_n
        slice.qty = qty
        slice.price = price
        slice.venue = self.view.top(routed.symbol, <int>slot).venue
        slice.ord_type = ord_type
        slice.time_in_force = time_in_force
        due = self.facts.due(slice.venue, now + delay_ns)
        routed.next_n += 1
        routed.in_flight += qty
        page.routing.order = order
        page.routing.legs += 1
        page.routing.routed_qty += qty
        self.emitter.emit(page, K_SLICE, &slice, sizeof(SliceEvent), due if due > now else 0)

    # ---- what is special ------------------------------------------------------------------------------------

    cdef bint _special_moved(self, Page* page, uint32_t order) noexcept nogil:
        """What is held waits or goes on; whether something may be sent that no other order would send now."""
        cdef Routed* routed = &self.routed[order]
        cdef Outcome* outcome = &page.outcome
        cdef bint alone = routed.live == 0 and routed.in_flight == 0
        self.held.settle(page, order)
        if routed.special & SP_ALGO:
            self.algos.settle(order, outcome.order_qty, (outcome.flags & OF_ENDED) != 0)
            self.algos.orders[order].closing = self.held.orders[order].closing
        if page.header.kind == K_TRIGGER and routed.special & SP_STOP:
            routed.ord_type = T_LIMIT if has_limit(routed.ord_type) else T_MARKET
            routed.has_price = routed.ord_type == T_LIMIT or outcome.protects
        if (routed.special & SP_LIFTS and alone and routed.routable and outcome.flags & OF_HAS_PRICE
                and not once(routed)):
            routed.special &= ~SP_LIFTS     # what is left rests at the price of the last fill
            routed.ord_type = T_LIMIT
            routed.has_price = 1
            routed.post_only = 1
            return 1
        if routed.special & SP_PEG:
            self._peg_moved(page, order)
        return routed.special & (SP_FLOOR | SP_PEG) and alone

    cdef int64_t _may_send(self, Page* page, uint32_t order, int64_t rest, uint64_t left_out) noexcept nogil:
        """What of the rest is to be swept now; a single child of it is sent here."""
        cdef Routed* routed = &self.routed[order]
        cdef Ask ask
        cdef HeldOrder* held = &self.held.orders[order]
        cdef int64_t price = routed.price
        if routed.special & SP_ALGO:
            rest = self.algos.released(order, held.order_qty - routed.unsent) - (
                held.order_qty - routed.unsent) - routed.in_flight
        if routed.special & (SP_PEG | SP_FLOOR) and (routed.live or routed.in_flight):
            return 0
        if routed.special & SP_FLOOR:
            rest = min(rest, self.algos.shown(order, held.max_floor, routed.next_n) if routed.special & SP_ALGO
                       else held.max_floor)
        if routed.hides:
            self._ask(routed, rest, left_out, &ask)
            return sniper_takes(&self.algos.orders[order], self.facts, &ask)
        if rest <= 0 or not (routed.special & (SP_PEG | SP_FLOOR | SP_BOUND) or self._in_auction(order)):
            return rest
        if routed.special & SP_PEG:
            if not self.held.peg_price(order, routed.limited, routed.price, &price):
                return 0
            held.moving = 0
        self._post(page, order, rest, price, left_out)
        return 0

    cdef void _post(self, Page* page, uint32_t order, int64_t qty, int64_t price, uint64_t left_out) noexcept nogil:
        """One child: at the order's venue, else where posting costs least."""
        cdef Routed* routed = &self.routed[order]
        cdef HeldOrder* held = &self.held.orders[order]
        cdef bint auction = self._in_auction(order)
        cdef int slot
        if routed.special & SP_BOUND:
            slot = self.view.slot_of(routed.symbol, held.venue)
            if slot < 0 or (left_out >> slot) & 1 or not self._open(routed, slot, auction):
                return
        else:
            slot = cheapest_to_post(self.facts, routed.symbol, left_out, VS_AUCTION if auction else VS_UP)
            if slot < 0:
                return
            held.venue = self.view.top(routed.symbol, slot).venue
        held.child_px = price
        held.newest_over = 0
        if takes_any(routed.ord_type) and routed.has_price:
            self._slice(page, order, <uint32_t>slot, qty, price, T_LIMIT, TIF_IOC, 0)
            return
        self._slice(page, order, <uint32_t>slot, qty, price, T_MARKET if takes_any(routed.ord_type) else T_LIMIT,
                    TIF_DAY if auction else routed.time_in_force, 0)

    cdef bint _open(self, const Routed* routed, int slot, bint auction) noexcept nogil:
        cdef uint8_t state = self.view.top(routed.symbol, slot).state
        return state == VS_AUCTION or (state == VS_UP and not auction)

    cdef bint _in_auction(self, uint32_t order) noexcept nogil:
        """Whether it goes to venues that collect, and to no others."""
        cdef Routed* routed = &self.routed[order]
        return routed.special & SP_AUCTION or (routed.special & SP_CLOSE and self.algos.orders[order].closing)

    cdef void _slice_due(self, Page* page) noexcept nogil:
        """Its time has come, or its venue collects."""
        cdef uint32_t order = page.request.trigger.order
        if self.held.orders[order].over:
            return
        if page.request.trigger.closing:
            self.algos.orders[order].closing = 1
        else:
            self.algos.next_slice(page, order)
        self._route(page, order)
        self._settle(page, order, not self.routed[order].routable and self.routed[order].unsent <= 0)

    # ---- pegs -----------------------------------------------------------------------------------------------

    cdef void _peg_moved(self, Page* page, uint32_t order) noexcept nogil:
        """What a peg's child answered, and where it should be now."""
        cdef HeldOrder* held = &self.held.orders[order]
        cdef Outcome* outcome = &page.outcome
        cdef uint8_t said = outcome.child_exec_type
        cdef bint newest
        if page.header.kind == K_PEG:
            held.moving = outcome.action == A_REPLACE
            if held.moving and self._several(order):
                self._follow_peg(page, order)   # the next one
        elif page.header.kind == K_ALGO:
            self._follow_peg(page, order)
        elif page.header.kind == K_REPORT:
            newest = outcome.n + 1 == self.routed[order].next_n     # one before it may still owe an answer
            if newest:
                held.newest_over = (outcome.flags & OF_CHILD_OVER != 0
                                    or outcome.child_cum_qty >= outcome.child_order_qty)
            if newest and outcome.flags & OF_CHILD_OVER:
                held.moving = 0
            elif newest:
                held.child_px = outcome.child_price
            if newest and held.moving and (said == X_REPLACED or said == X_CANCEL_REJECTED):
                held.moving = 0
            if outcome.flags & OF_REFUSED:
                held.refused_px = outcome.send_price
                held.has_refused = 1
            held.unsure = 1
            if said == X_REPLACED or said == X_RESTATED or said == X_CANCEL_REJECTED:
                self._follow_peg(page, order)

    cdef bint _follow_peg(self, Page* page, uint32_t order) noexcept nogil:
        """Moves the child where the peg has moved, or sends one; whether anything was derived."""
        cdef Routed* routed = &self.routed[order]
        cdef HeldOrder* held = &self.held.orders[order]
        cdef TriggerEvent move
        cdef int64_t px = 0
        if held.over or not self.held.peg_price(order, routed.limited, routed.price, &px):
            return 0
        if px != held.refused_px:
            held.has_refused = 0
        if routed.live == 0 and routed.in_flight == 0:
            self._route(page, order)
            return routed.in_flight > 0
        if routed.live == 0 or held.has_refused:
            return 0
        if self._several(order):
            if px == held.asked_px and not held.unsure and page.header.kind != K_PEG:
                return 0
        elif held.moving or px == held.child_px:
            return 0
        held.moving = 1
        held.unsure = 0
        held.asked_px = px
        memset(&move, 0, sizeof(TriggerEvent))
        move.order = order
        move.price = px
        self.emitter.emit(page, K_PEG, &move, sizeof(TriggerEvent), 0)
        return 1

    cdef bint _several(self, uint32_t order) noexcept nogil:
        """Whether a busted fill made an older child of the peg live again: orders looks which one is to move."""
        return self.routed[order].live > 1 or self.held.orders[order].newest_over

    cdef void _pegs(self, Page* page, uint32_t symbol, uint32_t order) noexcept nogil:
        """The symbol's pegs from one on: some an event, the rest follows."""
        cdef TriggersEvent rest
        cdef uint32_t done = 0
        if order != NONE and not (self.held.orders[order].watched and self.held.orders[order].symbol == symbol):
            order = self.held.watches[symbol].peg_head
        while order != NONE and done < ORDERS_A_QUOTE:
            done += self._follow_peg(page, order)
            order = self.held.orders[order].next
        if order == NONE:
            return
        memset(&rest, 0, sizeof(TriggersEvent))
        rest.symbol = symbol
        rest.cursor = order
        rest.seen = SEEN_PEGS
        self.emitter.emit(page, K_TRIGGERS, &rest, sizeof(TriggersEvent), 0)

    # ---- the market moved -----------------------------------------------------------------------------------

    cdef void _market(self, Page* page, uint32_t symbol, uint16_t venue) noexcept nogil:
        """What is held of the symbol. venue: whose state changed, NONE16: none did."""
        self.held.moved(page, symbol, venue)
        if self.held.watches[symbol].peg_head != NONE:
            self._pegs(page, symbol, self.held.watches[symbol].peg_head)

    cdef void _venue_moved(self, Page* page, uint32_t symbol, uint16_t venue, bint all) noexcept nogil:
        """A venue's state: of one symbol, or of all from one on, one an event."""
        cdef TriggersEvent rest
        if all:
            symbol = self.held.next_symbol(symbol, venue)
        if symbol == NONE:
            return
        self._market(page, symbol, venue)
        if not all or self.held.next_symbol(symbol + 1, venue) == NONE:
            return
        memset(&rest, 0, sizeof(TriggersEvent))
        rest.symbol = symbol + 1
        rest.venue = venue
        rest.seen = SEEN_BEGIN
        self.emitter.emit(page, K_TRIGGERS, &rest, sizeof(TriggersEvent), 0)

    cdef void _go_on(self, Page* page) noexcept nogil:
        cdef TriggersEvent* rest = &page.request.triggers
        if rest.seen & SEEN_BEGIN:
            self._venue_moved(page, rest.symbol, rest.venue, 1)
        elif rest.seen & SEEN_PEGS:
            self._pegs(page, rest.symbol, rest.cursor)
        else:
            self.held.go_on(page, rest)

    # ---- what couldn't be sent --------------------------------------------------------------------------------

    cdef void _settle(self, Page* page, uint32_t order, bint ended) noexcept nogil:
        """Waits for a quote, or gives the order up."""
        cdef Routed* routed = &self.routed[order]
        cdef bint waits = not ended and not once(routed) and routed.unsent > routed.in_flight
        if waits and not routed.listed:
            self._list(order)
        elif not waits and routed.listed:
            self._unlist(order)
        if (routed.routable and routed.live == 0 and routed.in_flight == 0 and routed.unsent > 0
                and not rests(routed) and not (routed.special & SP_ALGO and not self.algos.done_sending(order))):
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
        cdef int slot = self.view.slot_of(symbol, venue)
        if slot >= 0:
            self.quoted_at[symbol * MAX_SYMBOL_VENUES + <uint32_t>slot] = page.header.seq
        if order != NONE and slot >= 0:
            self._route_waiting(page, symbol, order, 0)

    cdef void _traded(self, Page* page) noexcept nogil:
        """What has traded moves stops, and lets go more of the orders that follow the volume."""
        cdef uint32_t symbol = page.request.trade.symbol
        self.algos.trade(page)
        self._market(page, symbol, NONE16)
        if self.algos.followers[symbol] and self.heads[symbol] != NONE:
            self._route_waiting(page, symbol, self.heads[symbol], 1)

    cdef void _route_waiting(self, Page* page, uint32_t symbol, uint32_t order, bint followers) noexcept nogil:
        """Some of those that wait, from one on; the rest follows. followers: of those that follow the volume."""
        cdef SweepEvent rest
        cdef uint32_t done = 0
        cdef uint32_t looked = 0
        cdef uint32_t next
        if order != NONE and not (self.routed[order].listed and self.routed[order].symbol == symbol):
            order = self.heads[symbol]  # it left the list meanwhile: from the start, nothing is sent twice
        while (order != NONE and done < ORDERS_A_QUOTE and looked < LOOKS
               and page.routing.legs < LEGS_A_QUOTE):
            next = self.routed[order].next
            looked += 1
            if followers and not (self.routed[order].special & SP_ALGO and self.algos.orders[order].follows):
                order = next
                continue
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
        rest.kind = followers
        page.routing.waiting = 1
        self.emitter.emit(page, K_REROUTE, &rest, sizeof(SweepEvent), 0)


cdef bint once(const Routed* routed) noexcept nogil:
    """ioc and fok have one round."""
    return routed.time_in_force == TIF_IOC or routed.time_in_force == TIF_FOK


cdef bint overtaken(const Routed* routed, const Page* page) noexcept nogil:
    """Whether a slice was refused since the order changed while it was on its way: the venue is none the worse."""
    cdef const SliceEvent* slice = &page.request.slice
    cdef uint16_t flags = page.outcome.flags
    if not flags & OF_ROUTABLE or (slice.qty > page.outcome.unsent_qty and not flags & OF_CHILD_BOUND):
        return 1
    return routed.has_price and slice.ord_type == T_LIMIT and (
        slice.price > routed.price if routed.side == SIDE_BUY else slice.price < routed.price)


cdef bint rests(const Routed* routed) noexcept nogil:
    """A limit order that may stay in a book, and waits where there is none."""
    return (routed.ord_type == T_LIMIT or routed.ord_type == T_PEGGED) and not once(routed)


cdef bint has_limit(uint8_t ord_type) noexcept nogil:
    """A held order that goes on as a limit order."""
    return ord_type == T_STOP_LIMIT or ord_type == T_LIMIT_IF_TOUCHED


cdef bint takes_any(uint8_t ord_type) noexcept nogil:
    return ord_type == T_MARKET or ord_type == T_MARKET_TO_LIMIT
