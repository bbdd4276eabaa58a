# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""risk: see engine.pxd. The order of testing is that of `Reason`: what is always on, then the limits."""
from libc.string cimport memset

from core.alerts cimport alert_venue, halt_order
from core.engine cimport Emitter
from core.messages cimport (
    AL_CLOSE, CG_NONE, CG_OTO, D_CONFLICT, D_DUPLICATE_EXEC, D_DUPLICATE_ID, D_NO_REFERENCE, D_TABLE_FULL, H_DERIVED,
    H_JOURNAL_FULL, HaltEvent, is_request, K_ALGO, K_CANCEL, K_CANCEL_ALL, K_CHILD_CANCEL, K_CHILD_REPLACE,
    K_CONNECT, K_DEPTH, K_DISCONNECT, K_EXPIRE, K_HALT, K_KILL, K_LIST, K_MARK, K_ORDER, K_ORDER_END, K_PEG, K_QUOTE,
    K_REARM, K_REPLACE, K_REPORT, K_RIGHTS, K_SLICE, K_SWEEP, K_TRADE, K_TRIGGER, K_VENUE_STATE, KillEvent,
    MAX_VENUES, NONE, NONE16, O_HAS_PRICE, O_HAS_QTY, O_HAS_STOP, O_REDUCE_ONLY, OF_FILL_APPLIED, OF_OVERFILL,
    OrderEvent, Page, R_CHILD_BOUND, R_DUPLICATE_CL_ORD_ID, R_EXEC_ID_CONFLICT, R_HALTED, R_JOURNAL_FULL, R_KILL, R_KILLED,
    R_NO_MARKET, R_NONE, R_OVERFILL, R_REARM, R_TABLE_FULL, R_UNKNOWN_ACCOUNT, R_UNKNOWN_INSTRUMENT, R_UNKNOWN_ORDER,
    R_UNKNOWN_VENUE, R_UNSUPPORTED, R_VENUE_DOWN, R_VENUE_UNKNOWN, ReplaceEvent, RS_ACTIVE, RS_KILLED, SC_ALL,
    SC_VENUE, ScopeKeys, SIDE_BUY, SW_CANCEL, SW_CHILD_CANCEL, SW_CLOSE, SW_EXPIRE, SW_FLATTEN, SW_OWN, SW_STATUS,
    T_MARKET, T_TRAILING_STOP, TIF_CLS, TIF_OPG, UNKNOWN, UNKNOWN16, V_MATCH, VF_APPLIES, VF_HOLDS, VF_PROTECTED,
    VF_STATE, VF_UNKNOWN, VS_AUCTION, VS_CLOSED, VS_UP, X_TRADE, X_TRADE_CANCEL,
)
from core.orders.order cimport (
    B_ALGO, B_CLOSES, B_EXPIRING, B_PENDING_CANCEL, B_WAITS, B_WAITS_TRIGGER, Child, Order, order_ended,
)
from core.risk.changes cimport show_market
from core.risk.form cimport has_price, set_beside, unsupported
from core.risk.limits cimport keys_of
from core.risk.own cimport Newcomer
from core.risk.proposal cimport Proposal
from core.risk.sweeps cimport of_children
from core_ext.atomics cimport prefetch_read
from core_ext.spine cimport publish
from core_ext.tables cimport Arena


cdef enum:
    PREPARED = 32                   # orders of a batch


cdef class Risk(Engine):
    """Denies, or lets pass and counts. It runs the life of every order itself, so that what the state of an order
    forbids is denied here, and what is working is known without asking anybody."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity):
        self.arena = arena
        self.emitter = emitter
        self.max_accounts = capacity.accounts
        self.view = MarketView(arena, capacity.symbols, capacity.depths)
        self.life = Life(arena, capacity.orders, capacity.more_children, capacity.ids, capacity.lists)
        self.limits = Limits(arena, capacity)
        self.values = Values(arena, capacity, self.view, self.limits)
        self.tallies = Tallies(arena, capacity, self.limits, self.values)
        self.holdings = Holdings(arena, capacity, self.limits, self.values)
        self.contents = Contents(arena, capacity, self.limits)
        self.own = Own(arena, emitter, capacity, self.life, self.holdings, self.limits)
        self.gate = Gate(arena, capacity, self.view, self.values, self.holdings, self.limits)
        self.checks = Checks(emitter, self.view, self.values, self.limits, self.tallies, self.holdings, self.contents,
                             self.own)
        self.rooms = Rooms(arena, capacity, self.limits, self.values, self.tallies, self.holdings)
        self.glance = Glance(self.view, self.values, self.limits, self.tallies, self.holdings, self.contents, self.own,
                             self.rooms)
        self.watch = Watch(arena, emitter, capacity, self.limits, self.tallies, self.checks, self.glance, self.gate)
        self.measure = Measure(arena, capacity, self.view, self.life, self.values, self.limits, self.tallies,
                               self.holdings, self.checks)
        self.rights = Rights(arena, capacity)
        self.breaks = Breaks(arena, emitter, self.view)
        self.sweeps = Sweeps(emitter, self.view, self.life, self.rights)
        self.flattens = Flattens(arena, emitter, capacity, self.view, self.life, self.holdings)
        self.changes = Changes(self.limits, self.values, self.tallies, self.holdings, self.own, self.measure, self.watch,
                               self.rooms, self.flattens)
        self.sessions = <uint8_t*>arena.table("risk.sessions", 1, capacity.sessions)

    cdef void prepare(self, Page** todo, int count) noexcept nogil:
        """Lines that lead to others first: each turn asks for what the one before has brought."""
        cdef int i
        cdef int orders = 0
        cdef Page* some[PREPARED]
        for i in range(count):
            if not is_request(todo[i].header.kind):
                continue
            self.life.prefetch(todo[i].resolved.order, todo[i].resolved.child)
            if todo[i].resolved.position >= self.tallies.max_positions:
                continue
            self.holdings.prefetch(todo[i].resolved.position)
            if self.limits.counts[0] and todo[i].header.kind == K_ORDER and orders < PREPARED and (
                    todo[i].request.order.account < self.max_accounts
                    and todo[i].request.order.symbol < self.values.max_symbols):
                some[orders] = todo[i]
                orders += 1
        for i in range(orders):
            self.limits.prefetch(some[i].request.order.account)
            self.tallies.prefetch(some[i].resolved.position)
            prefetch_symbol(self.view, self.values, some[i].request.order.symbol)
            prefetch_read(&self.holdings.purses[some[i].request.order.account])
            if self.limits.counts[7]:
                prefetch_read(&self.own.ends[some[i].resolved.position])
        for i in range(orders):
            self.tallies.prefetch_cell(some[i].resolved.position)
            self.glance.prefetch(self.limits.chains[some[i].request.order.account].groups)
        for i in range(orders):
            self.glance.prefetch_order(some[i], self.limits.chains[some[i].request.order.account].groups)

    cdef void on_batch(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            self.on_event(todo[i])
            publish(<char*>&todo[i].verdict, todo[i].header.seq)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef uint16_t kind = page.header.kind
        self.watch.said.state = RS_ACTIVE
        page.verdict.flags = 0
        page.verdict.reason = R_NONE
        page.verdict.unit = 0
        page.verdict.state = 0
        page.verdict.venue_state = VS_UP
        page.verdict.scope_kind = 0
        page.verdict.target = NONE
        page.verdict.cursor = NONE
        if kind == K_ORDER:
            self._order(page)
        elif kind == K_REPORT:
            self._report(page)
        elif kind == K_VENUE_STATE:
            self._venue_state(page)
        elif self.view.on_event(page):
            self._moved(page)
        elif kind == K_REPLACE:
            self._replace(page)
        elif kind == K_CANCEL:
            self._cancel(page)
        elif kind == K_SLICE:
            self._slice(page)
        elif kind == K_CHILD_CANCEL or kind == K_CHILD_REPLACE:
            page.verdict.venue_state = self._child_venue_state(page.request.child.child)
            self._apply(page, page.request.child.order)
        elif kind == K_ORDER_END or kind == K_EXPIRE:
            self._apply(page, page.request.order_end.order)
        elif kind == K_TRIGGER:
            self._protect_trigger(page)
            self._apply(page, page.request.trigger.order)
        elif kind == K_PEG:
            self._peg(page)
        elif kind == K_LIST:
            page.verdict.venue_state = self._order_venue_state(page.request.list.order)
            self._apply(page, page.request.list.order)
        elif kind == K_ALGO:
            self._algo(page)
        elif kind == K_SWEEP:
            self._sweep(page)
        elif kind == K_CANCEL_ALL:
            self.sweeps.begin(page, SW_CANCEL, &page.request.filter.scope)
        elif kind == K_KILL:
            self._kill(page, RS_KILLED)
        elif kind == K_REARM:
            self._kill(page, RS_ACTIVE)
        elif kind == K_HALT:
            self._halt(page)
        elif kind == K_CONNECT:
            self.sessions[page.request.filter.scope.session] = not page.request.filter.cancel_on_disconnect
            self.rights.forget(page.request.filter.scope.session)
        elif kind == K_RIGHTS:
            self.rights.take(&page.request.rights)
        elif kind == K_DISCONNECT:
            if not self.sessions[page.request.filter.scope.session]:
                self.sweeps.begin(page, SW_CANCEL, &page.request.filter.scope)
        else:
            self.changes.on_event(page)

    def mark2_of(self, uint32_t symbol) -> int | None:
        """Twice the symbol's mark in price units, as it stands; None: there is none. Not for the path."""
        cdef int64_t mark = 0
        return mark if self.view.mark2(symbol, &mark) else None

    def match_venues(self) -> list[int]:
        """Indices of the simulated venues declared so far. Not for the path."""
        return [i for i in range(MAX_VENUES) if self.view.venues[i].declared and self.view.venues[i].mode == V_MATCH]

    # ---- what passes is applied, and what it changes is counted -----------------------------------------------

    cdef void _apply(self, Page* page, uint32_t order) noexcept nogil:
        """Moves the order's life, and all that is counted of it, by the difference."""
        cdef Order* moved = &self.life.orders[order]
        cdef int64_t working = 0
        cdef int64_t filled = 0
        cdef i128 value = 0
        cdef bint was_alive = 0
        page.verdict.flags |= VF_APPLIES
        if page.header.kind != K_ORDER:
            working = self.life.working(order)
            filled = moved.cum_qty
            was_alive = not order_ended(moved)
            if self.limits.counts[0]:
                value = self.measure.working_value(order)
        self.life.apply(page, &self.scratch)
        self._counted(page, order, working, filled, value, was_alive)
        if self.flattens.counts[0] and order_ended(moved):
            self.flattens.ended(page, order)
        if self.scratch.flags & OF_OVERFILL:
            self._halt_order(page, moved, R_OVERFILL, moved.order_qty, moved.cum_qty)
            self.breaks.found(page, R_OVERFILL)

    cdef void _counted(self, Page* page, uint32_t order, int64_t working, int64_t filled, i128 value,
                       bint was_alive) noexcept nogil:
        """The difference to what was before, in the books, the holdings, and what limits count."""
        cdef Order* moved = &self.life.orders[order]
        cdef uint16_t kind = page.header.kind
        cdef Move move
        memset(&move, 0, sizeof(Move))
        move.buys = moved.side == SIDE_BUY
        move.working = self.life.working(order) - working
        move.filled = moved.cum_qty - filled
        move.live = <int>(not order_ended(moved)) - <int>was_alive
        if kind == K_REPORT and self.scratch.flags & OF_FILL_APPLIED:
            move.unbooked = page.request.report.exec_type != X_TRADE
            self.measure.fill(page, moved, &move)
            self._booked(page, moved, &move)
        if move.working or move.filled:
            self.holdings.move(order, moved, move.working, move.filled)
        self.own.moved(page, order, was_alive)
        if not self.limits.counts[0]:
            return
        if not page.header.flags & H_DERIVED:
            move.orders = kind == K_ORDER
            move.cancels = kind == K_CANCEL
            move.messages = kind == K_ORDER or kind == K_REPLACE or kind == K_CANCEL
        move.working_value = self.measure.working_value(order) - value
        if move.working or move.filled or move.working_value or move.live or move.messages or move.books:
            self.watch.count(page, keys_of(moved), self.holdings.positions[order], &move)
            if move.books and self.limits.counts[6]:
                self.watch.filled(page, keys_of(moved))

    cdef void _booked(self, Page* page, const Order* order, Move* move) noexcept nogil:
        """A trade into the position's book; what busts and corrections make of it positions will say."""
        cdef uint32_t position = page.resolved.position
        if page.request.report.exec_type == X_TRADE:
            self.holdings.book(position, move.book_qty[0], move.book_px[0], move.book_fee[0])
        if page.request.report.exec_type != X_TRADE_CANCEL:
            self.values.filled(order.symbol, page.request.report.last_px)

    cdef void _moved(self, Page* page) noexcept nogil:
        """The market moved: so may marks have."""
        cdef uint16_t kind = page.header.kind
        if kind == K_QUOTE:
            self.values.moved(page.request.quote.symbol)
        elif kind == K_TRADE:
            self.values.moved(page.request.trade.symbol)
        elif kind == K_DEPTH:
            self.values.moved(page.request.depth.symbol)
        elif kind == K_MARK:
            self.values.moved(page.request.price.symbol)
            if self.limits.counts[6]:
                self.watch.marked(page, page.request.price.symbol)

    # ---- requests of clients ----------------------------------------------------------------------------------

    cdef void _order(self, Page* page) noexcept nogil:
        cdef OrderEvent* request = &page.request.order
        cdef Proposal asked
        if not self._known(page, request):
            return
        self.propose(page, &asked)
        if page.header.flags & H_DERIVED:
            self._close(page, request)
            return
        if unsupported(page, request) or (request.contingency == CG_OTO and self.life.lists.begun(request)):
            self.gate.deny(page, R_UNSUPPORTED)
        elif self.passes(page, &asked):
            self.watch.accepted(page, &asked, page.resolved.order)
            self._take(page, request, &asked)
            return
        self.life.lists.denied(page)

    cdef void propose(self, Page* page, Proposal* asked) noexcept nogil:
        """What a new order asks for; all that it names is known."""
        cdef OrderEvent* request = &page.request.order
        asked.account = request.account
        asked.symbol = request.symbol
        asked.strategy = request.strategy
        asked.session = page.header.session
        asked.venue = request.venue
        asked.side = request.side
        asked.ord_type = request.ord_type
        asked.has_price = (request.flags & O_HAS_PRICE) != 0
        asked.qty = request.qty
        asked.price = request.price
        asked.position = page.resolved.position
        asked.order = NONE
        asked.old_working = 0
        asked.new_working = request.qty
        asked.wrong = request.wrong
        asked.px_digits = request.px_digits
        asked.qty_digits = request.qty_digits
        set_beside(page, request, asked, self.life.lists.awaits_entry(request))

    cdef bint passes(self, Page* page, Proposal* asked) noexcept nogil:
        """Whether an order may go: what is always on, then the limits: most times by a glance at them."""
        asked.protects = 0
        asked.waits_limit = NONE
        if not self.gate.passes(page, asked) or not self._reduces(page, asked, asked.old_working):
            return 0
        if self.limits.counts[0] == 0:
            return 1
        self.measure.value(asked)
        return self.glance.passes(page, asked) or self.checks.passes(page, asked)

    cdef void _take(self, Page* page, OrderEvent* request, const Proposal* asked) noexcept nogil:
        """An order that passed, with what limits made of it."""
        cdef uint32_t order = page.resolved.order
        cdef Newcomer new
        cdef int count
        if asked.protects:
            page.verdict.flags |= VF_PROTECTED
            page.verdict.mark2 = asked.protected
        if asked.waits_limit != NONE:
            page.verdict.flags |= VF_HOLDS
        self.measure.keep_price(asked, order)
        self._accept(page, request)
        if asked.waits_limit == NONE:
            return
        self.own.wait(order, asked.waits_limit, asked.waits_key)
        self.own.newcomer(order, asked.waits_limit, asked.waits_key, &new)
        count = self.own.meet(&new)
        if asked.decrements:
            self.own.take(page, order, asked.qty, count)
        else:
            self.own.cancel(page, count)

    cdef void _protect_trigger(self, Page* page) noexcept nogil:
        """A stop that goes on as a market order is protected as one that comes then."""
        cdef Order* order = &self.life.orders[page.request.trigger.order]
        cdef Proposal asked
        if not self.limits.counts[0] or not order.bits & B_WAITS_TRIGGER or has_price(order.ord_type):
            return
        memset(&asked, 0, sizeof(Proposal))
        asked.account = order.account
        asked.symbol = order.symbol
        asked.strategy = order.strategy
        asked.session = order.session
        asked.venue = order.venue
        asked.side = order.side
        asked.ord_type = T_MARKET
        if self.checks.protects(page, &asked):
            page.verdict.flags |= VF_PROTECTED
            page.verdict.mark2 = asked.protected

    cdef bint _known(self, Page* page, OrderEvent* request) noexcept nogil:
        """Whether all that the order names is known; else it is denied here."""
        cdef uint8_t reason = R_NONE
        if page.resolved.flags & D_DUPLICATE_ID:
            reason = R_DUPLICATE_CL_ORD_ID
        elif page.header.flags & H_JOURNAL_FULL:
            reason = R_JOURNAL_FULL
        elif page.resolved.flags & D_TABLE_FULL:
            reason = R_TABLE_FULL
        elif request.contingency != CG_NONE and request.list_id >= self.life.lists.max_lists:
            reason = R_TABLE_FULL
        elif request.account >= UNKNOWN or not self.holdings.purses[request.account].declared:
            reason = R_UNKNOWN_ACCOUNT
        elif request.symbol >= UNKNOWN or not self.values.instruments[request.symbol].declared:
            reason = R_UNKNOWN_INSTRUMENT
        elif request.venue == UNKNOWN16:
            reason = R_UNKNOWN_VENUE
        elif request.venue != NONE16 and self.view.slot_of(request.symbol, request.venue) < 0:
            reason = R_UNKNOWN_VENUE
        if reason != R_NONE:
            self.gate.deny(page, reason)
            self.life.lists.denied(page)
        return reason == R_NONE

    cdef void _accept(self, Page* page, OrderEvent* request) noexcept nogil:
        self.holdings.begin(page.resolved.order, page.resolved.position, request.account, request.symbol)
        self._apply(page, page.resolved.order)

    cdef void _close(self, Page* page, OrderEvent* request) noexcept nogil:
        """An order that closes a position after a kill: no limit and no kill stands in its way."""
        if request.flags & O_HAS_PRICE:
            self._accept(page, request)
        else:
            self.gate.deny(page, R_NO_MARKET)

    cdef bint _reduces(self, Page* page, Proposal* asked, int64_t own) noexcept nogil:
        """A reduce-only order may not exceed what is open less what others reduce already. own: its old self."""
        cdef int64_t free
        if not asked.reduce_only:
            return 1
        free = self.holdings.free(page.resolved.position, asked.side == SIDE_BUY) + own
        if asked.qty <= free:
            return 1
        self.gate.deny_reduction(page, free if free > 0 else 0, asked.qty)
        return 0

    cdef void _algo(self, Page* page) noexcept nogil:
        """Of an order that has an algo and lives; else it changes nothing."""
        cdef Order* order
        if page.resolved.order == NONE:
            return
        order = &self.life.orders[page.resolved.order]
        if not order.bits & B_ALGO or order_ended(order) or order.bits & (B_PENDING_CANCEL | B_EXPIRING):
            return
        self._apply(page, page.resolved.order)

    cdef void _peg(self, Page* page) noexcept nogil:
        cdef uint32_t child = self.life.off_peg(page.request.trigger.order, page.request.trigger.price)
        if child != NONE:
            page.verdict.venue_state = self._child_venue_state(child)
            if self.breaks.stands(self.life.children[child].venue):
                page.verdict.reason = R_HALTED
        self._apply(page, page.request.trigger.order)

    cdef void _replace(self, Page* page) noexcept nogil:
        cdef ReplaceEvent* request = &page.request.replace
        cdef Proposal asked
        cdef Order* order
        cdef uint8_t reason
        if not self._request_known(page):
            return
        order = &self.life.orders[page.resolved.order]
        asked.account = order.account
        asked.symbol = order.symbol
        asked.strategy = order.strategy
        asked.session = order.session
        asked.venue = order.venue
        asked.side = order.side
        asked.ord_type = order.ord_type
        asked.has_price = has_price(order.ord_type)
        asked.needs_price = 0
        asked.missing = 0
        asked.auction = (order.time_in_force == TIF_OPG or order.time_in_force == TIF_CLS
                         or order.algo == AL_CLOSE)
        asked.has_stop = (request.flags & O_HAS_STOP) != 0
        asked.stop_px = request.stop_px
        asked.has_floor = 0
        asked.reduce_only = (order.flags & O_REDUCE_ONLY) != 0
        asked.position = self.holdings.positions[page.resolved.order]
        asked.order = page.resolved.order
        asked.leg = 0
        asked.held = (order.bits & B_WAITS) != 0
        asked.qty = request.qty if request.flags & O_HAS_QTY else order.order_qty
        asked.price = request.price if request.flags & O_HAS_PRICE else order.price
        asked.old_working = self.life.working(page.resolved.order)
        asked.new_working = asked.qty - order.cum_qty if asked.qty > order.cum_qty else 0
        asked.wrong = request.wrong
        asked.px_digits = request.px_digits
        asked.qty_digits = request.qty_digits
        if (request.flags & O_HAS_PRICE and not has_price(order.ord_type)) or (
                request.flags & O_HAS_STOP
                and (not order.bits & B_WAITS_TRIGGER or order.ord_type == T_TRAILING_STOP)):
            self.gate.deny(page, R_UNSUPPORTED)
            return
        if not self.passes(page, &asked):
            return
        self.watch.accepted(page, &asked, page.resolved.order)
        self._apply(page, page.resolved.order)

    cdef void _cancel(self, Page* page) noexcept nogil:
        if not self._request_known(page):
            return
        page.verdict.venue_state = self._order_venue_state(page.resolved.order)
        self._apply(page, page.resolved.order)

    cdef bint _request_known(self, Page* page) noexcept nogil:
        cdef uint8_t reason = R_NONE
        if page.resolved.flags & D_DUPLICATE_ID:
            reason = R_DUPLICATE_CL_ORD_ID
        elif page.header.flags & H_JOURNAL_FULL:
            reason = R_JOURNAL_FULL
        elif page.resolved.flags & D_TABLE_FULL and page.header.kind == K_REPLACE:
            reason = R_TABLE_FULL
        elif not self._may(page):
            reason = R_UNKNOWN_ORDER
        else:
            reason = self.life.refuses(page)
        if reason != R_NONE:
            self.gate.deny(page, reason)
        return reason == R_NONE

    cdef bint _may(self, Page* page) noexcept nogil:
        """Another account's order is an unknown one."""
        cdef uint32_t order = page.resolved.order
        return order == NONE or self.rights.may(page.header.session, self.life.orders[order].account)

    cdef uint8_t _order_venue_state(self, uint32_t order) noexcept nogil:
        cdef Order* found = &self.life.orders[order]
        return VS_UP if found.venue == NONE16 else self.view.state(found.symbol, found.venue)

    cdef uint8_t _child_venue_state(self, uint32_t index) noexcept nogil:
        cdef Child* child = &self.life.children[index]
        return self.view.state(self.life.orders[child.order].symbol, child.venue)

    # ---- what venues say, what the core derives ---------------------------------------------------------------

    cdef void _report(self, Page* page) noexcept nogil:
        cdef uint32_t order = page.resolved.order
        if not self.life.knows(page) or page.resolved.flags & D_NO_REFERENCE:
            page.verdict.flags |= VF_UNKNOWN
            alert_venue(self.emitter, page, R_VENUE_UNKNOWN, 1)
            self.breaks.found(page, R_VENUE_UNKNOWN)
            return
        if page.resolved.flags & D_DUPLICATE_EXEC:
            if page.resolved.flags & D_CONFLICT:
                alert_venue(self.emitter, page, R_EXEC_ID_CONFLICT, self.breaks.halts(page.request.report.venue))
                self.breaks.found(page, R_EXEC_ID_CONFLICT)
            return
        self._apply(page, order)
        show_market(self.view, page, self.life.orders[order].symbol)

    cdef void _slice(self, Page* page) noexcept nogil:
        """A child of a worked order, against its parent's reservation."""
        cdef uint32_t index = page.request.slice.order
        cdef Order* order = &self.life.orders[index]
        cdef uint8_t reason = self.life.slice_refused(page)
        cdef Proposal asked
        if reason == R_NONE and page.resolved.flags & D_TABLE_FULL:
            reason = R_TABLE_FULL
        if reason == R_NONE:
            memset(&asked, 0, sizeof(Proposal))
            asked.account = order.account
            asked.symbol = order.symbol
            asked.strategy = order.strategy
            asked.session = order.session
            asked.venue = page.request.slice.venue
            if self.gate.state_of(&asked) == RS_KILLED and not order.bits & B_CLOSES:
                reason = R_KILLED
            elif self.breaks.stands(asked.venue):
                reason = R_HALTED
            elif not self._open_for(order, asked.venue):
                reason = R_VENUE_DOWN
        page.verdict.reason = reason
        if reason == R_NONE:
            self._apply(page, index)
            return
        self.life.apply(page, &self.scratch)
        if reason == R_CHILD_BOUND:
            self._halt_order(page, order, R_CHILD_BOUND, order.order_qty - order.cum_qty - order.open_qty,
                             page.request.slice.qty)

    cdef bint _open_for(self, const Order* order, uint16_t venue) noexcept nogil:
        cdef uint8_t state = self.view.state(order.symbol, venue)
        if order.time_in_force == TIF_OPG or order.time_in_force == TIF_CLS:
            return state == VS_AUCTION
        return state == VS_UP or (state == VS_AUCTION and (order.venue != NONE16 or order.algo == AL_CLOSE))

    # ---- alerts -----------------------------------------------------------------------------------------------

    cdef void _halt_order(self, Page* page, const Order* order, uint8_t reason, int64_t limit,
                          int64_t value) noexcept nogil:
        halt_order(self.emitter, page, order.strategy, order.account, order.symbol, reason, limit, value)

    # ---- switches ---------------------------------------------------------------------------------------------

    cdef void _kill(self, Page* page, uint8_t state) noexcept nogil:
        cdef ScopeKeys* scope = &page.request.filter.scope
        cdef uint8_t kind = page.request.filter.kind
        self.gate.set_state(kind, scope, state)
        self._show_state(page, kind, scope, state, R_KILL if state == RS_KILLED else R_REARM)
        if state != RS_KILLED:
            self.flattens.stop(page, kind, scope)
            if kind == SC_VENUE:
                self.breaks.armed(scope.venue)
            if kind == SC_ALL:
                self.gate.arm_groups()
            return
        self.sweeps.begin(page, SW_CANCEL, scope)
        if kind == SC_VENUE:
            self.sweeps.begin(page, SW_CHILD_CANCEL, scope)
        if page.header.length >= sizeof(KillEvent) and page.request.kill.flatten:
            self.flattens.begin(page)

    cdef void _halt(self, Page* page) noexcept nogil:
        cdef HaltEvent* halt = &page.request.halt
        self.breaks.halted(halt)
        if self.gate.state(halt.kind, &halt.scope) >= halt.state:
            return                  # it is halted, or killed, already
        self.gate.set_state(halt.kind, &halt.scope, halt.state)
        self._show_state(page, halt.kind, &halt.scope, halt.state, halt.reason)

    cdef void _show_state(self, Page* page, uint8_t kind, ScopeKeys* scope, uint8_t state,
                          uint8_t reason) noexcept nogil:
        page.verdict.flags |= VF_STATE
        page.verdict.state = state
        page.verdict.reason = reason
        page.verdict.scope_kind = kind
        page.verdict.scope = scope[0]

    # ---- sweeps: many orders, a step an event -----------------------------------------------------------------

    cdef void _sweep(self, Page* page) noexcept nogil:
        if page.request.sweep.kind == SW_FLATTEN or page.request.sweep.kind == SW_CLOSE:
            self.flattens.step(page)
            return
        if page.request.sweep.kind == SW_OWN:
            if not cancels(&self.life.orders[page.request.sweep.cursor]):
                return
            page.verdict.target = page.request.sweep.cursor
        elif not self.sweeps.step(page):
            return
        if of_children(page.request.sweep.kind):
            page.verdict.venue_state = self._child_venue_state(page.verdict.target)
            self._apply(page, self.life.children[page.verdict.target].order)
        else:
            page.verdict.venue_state = self._order_venue_state(page.verdict.target)
            self._apply(page, page.verdict.target)

    cdef void _venue_state(self, Page* page) noexcept nogil:
        """A venue that is up again is asked about each live child; one that closes may end day orders."""
        cdef ScopeKeys scope
        self.view.on_event(page)
        memset(&scope, 0xFF, sizeof(ScopeKeys))
        scope.symbol = page.request.venue_state.symbol
        scope.venue = page.request.venue_state.venue
        if self.view.came_back:
            self.sweeps.begin(page, SW_STATUS, &scope)
        elif page.request.venue_state.state == VS_CLOSED:
            self.sweeps.begin(page, SW_EXPIRE, &scope)


cdef void prefetch_symbol(MarketView view, Values values, uint32_t symbol) noexcept nogil:
    prefetch_read(&view.symbols[symbol])
    prefetch_read(<char*>&view.symbols[symbol] + 64)
    prefetch_read(view.top(symbol, 0))
    prefetch_read(&values.instruments[symbol])
    prefetch_read(<char*>&values.instruments[symbol] + 64)


cdef bint cancels(const Order* order) noexcept nogil:
    """Whether a cancel would change anything."""
    return not order_ended(order) and not order.bits & (B_PENDING_CANCEL | B_EXPIRING)
