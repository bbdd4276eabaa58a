# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""risk: see engine.pxd. The order of testing is that of `Reason`: what is always on, then the limits."""
from libc.string cimport memset

from core.engine cimport Emitter
from core.messages cimport (
    D_CONFLICT, D_DUPLICATE_EXEC, D_DUPLICATE_ID, D_NO_REFERENCE, D_TABLE_FULL, H_JOURNAL_FULL, I_EQUITY, K_ACCOUNT, K_ALERT,
    K_CANCEL, K_CANCEL_ALL, K_CHILD_CANCEL, K_CHILD_REPLACE, K_CONNECT, K_DISCONNECT, K_EXPIRE, K_FX, K_HALT,
    K_INSTRUMENT, K_KILL, K_LIMIT, K_OPEN_POSITION, K_ORDER, K_ORDER_END, K_REARM, K_REPLACE, K_REPORT, K_SLICE,
    K_SWEEP, K_VENUE_STATE, NONE, NONE16, O_HAS_PRICE, O_HAS_QTY, O_POST_ONLY, R_BAD_QTY, R_CHILD_BOUND,
    R_DUPLICATE_CL_ORD_ID, R_EXEC_ID_CONFLICT, R_HALTED, R_KILL, R_KILLED, R_LIMIT_70, R_LIMIT_90, R_LOT,
    R_MAX_ORDER_NOTIONAL, R_MAX_ORDER_QTY, R_MAX_POSITION, R_MIN_QTY, R_MISSING_PRICE, R_NO_FX_RATE, R_NO_MARKET,
    R_JOURNAL_FULL, R_NONE, R_ORDER_RATE, R_OVERFILL, R_OVERFLOW, R_PRECISION, R_PRICE_COLLAR_BPS, R_PRICE_COLLAR_TICKS, R_REARM,
    R_REDUCING, R_TABLE_FULL, R_TICK, R_UNKNOWN_ACCOUNT, R_UNKNOWN_INSTRUMENT, R_UNKNOWN_ORDER, R_UNKNOWN_VENUE,
    R_UNSUPPORTED, R_VENUE_CLOSED, R_VENUE_DOWN, R_VENUE_HALTED, R_VENUE_UNKNOWN, RS_ACTIVE, RS_HALTED, RS_KILLED,
    RS_REDUCING, SC_ACCOUNT, SC_ALL, SC_SECTOR, SC_SESSION, SC_STRATEGY, SC_SYMBOL, SC_VENUE, SIDE_BUY, SW_CANCEL,
    SW_CHILD_CANCEL, SW_EXPIRE, SW_STATUS, T_LIMIT, T_MARKET, TIF_CLS, TIF_DAY, TIF_FOK, TIF_GTD, TIF_IOC, TIF_OPG,
    U_BPS, U_COUNT, U_MONEY, U_PRICE, U_QTY, U_QTY12, U_TEXT, UNKNOWN, UNKNOWN16, VF_APPLIES, VF_DENIED,
    VF_HAS_MARK, VF_STATE, VF_UNKNOWN, VS_AUCTION, VS_CLOSED, VS_DOWN, VS_HALTED, VS_UP, W_ID_TOO_LONG,
    W_PX_OVERFLOW, W_QTY_OVERFLOW, W_UNSUPPORTED, AlertEvent, HaltEvent, OrderEvent, Outcome, Page, ReplaceEvent,
    SweepEvent, Verdict, OF_OVERFILL, O_HAS_EXPIRE,
)
from core.market.view cimport WD_BACK, SymbolMarket, Top
from core.orders.life cimport (
    B_DONE_FOR_DAY, B_ENDED, B_EXISTS, B_HELD, B_PENDING_CANCEL, B_PENDING_REPLACE, B_WORKED, B_EXPIRING, Child, Order,
    child_live, order_ended,
)
from core.risk.limits cimport Counter, Limit
from core_ext.tables cimport Arena
from core_ext.wide cimport div_half_even, i128_mul_overflow, mul_scale_half_even, pow10_i128

cdef enum:
    SCAN = 1024                     # orders or children that one step of a sweep looks at


cdef class Risk(Engine):
    """Denies, or lets pass and counts. It runs the life of every order itself, so that what the state of an order
    forbids is denied here, and what is working is known without asking anybody."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity):
        self.arena = arena
        self.emitter = emitter
        self.max_symbols = capacity.symbols
        self.max_accounts = capacity.accounts
        self.max_currencies = capacity.currencies
        self.max_keys = max(capacity.accounts, capacity.strategies, capacity.symbols, capacity.venues,
                            capacity.sessions, 1)
        self.view = MarketView(arena, capacity.symbols, capacity.depths)
        self.life = Life(arena, capacity.orders, capacity.more_children, capacity.ids)
        self.limits = Limits(arena, capacity)
        self.instruments = <Instrument*>arena.table("risk.instruments", sizeof(Instrument), capacity.symbols)
        self.accounts = <Account*>arena.table("risk.accounts", sizeof(Account), capacity.accounts)
        self.states = <uint8_t*>arena.table("risk.states", 1, 6 * self.max_keys)
        self.sessions = <uint8_t*>arena.table("risk.sessions", 1, capacity.sessions)
        self.rates = <Rate*>arena.table("risk.rates", sizeof(Rate), capacity.currencies * capacity.currencies)
        self.scratch = <Outcome*>arena.table("risk.scratch", sizeof(Outcome), 1)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef uint16_t kind = page.header.kind
        memset(<char*>&page.verdict + 8, 0, sizeof(Verdict) - 8)
        page.verdict.target = NONE
        page.verdict.cursor = NONE
        if kind == K_VENUE_STATE:
            self._venue_state(page)
        elif self.view.on_event(page):
            return
        elif kind == K_ORDER:
            self._order(page)
        elif kind == K_REPORT:
            self._report(page)
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
        elif kind == K_SWEEP:
            self._sweep(page)
        elif kind == K_CANCEL_ALL:
            self._begin_sweep(page, SW_CANCEL, &page.request.filter.scope)
        elif kind == K_KILL:
            self._kill(page, RS_KILLED)
        elif kind == K_REARM:
            self._kill(page, RS_ACTIVE)
        elif kind == K_HALT:
            self._halt(page)
        elif kind == K_CONNECT:
            self.sessions[page.request.filter.scope.session] = not page.request.filter.cancel_on_disconnect
        elif kind == K_DISCONNECT:
            if not self.sessions[page.request.filter.scope.session]:
                self._begin_sweep(page, SW_CANCEL, &page.request.filter.scope)
        else:
            self._declare(page)

    def mark2_of(self, uint32_t symbol) -> int | None:
        """Twice the symbol's mark in price units, as it stands; None: there is none. Not for the path."""
        cdef int64_t mark = 0
        return mark if self.view.mark2(symbol, &mark) else None

    # ---- declarations -----------------------------------------------------------------------------------------

    cdef void _declare(self, Page* page) noexcept nogil:
        cdef uint16_t kind = page.header.kind
        if kind == K_INSTRUMENT:
            self._instrument(page)
        elif kind == K_ACCOUNT:
            self.accounts[page.request.account.account].declared = 1
            self.accounts[page.request.account.account].currency = page.request.account.currency
        elif kind == K_FX:
            self.rates[page.request.fx.base * self.max_currencies + page.request.fx.quote].rate = page.request.fx.rate
            self.rates[page.request.fx.base * self.max_currencies + page.request.fx.quote].digits = (
                page.request.fx.digits)
        elif kind == K_LIMIT:
            self.limits.set(&page.request.limit, self.life, self.life.count())
        elif kind == K_OPEN_POSITION:
            self.limits.open(page.resolved.position, page.request.open_position.account,
                             page.request.open_position.symbol, page.request.open_position.qty)

    cdef void _instrument(self, Page* page) noexcept nogil:
        cdef uint32_t symbol = page.request.instrument.symbol
        cdef Instrument* instrument = &self.instruments[symbol]
        instrument.declared = 1
        instrument.kind = page.request.instrument.kind
        instrument.inverse = page.request.instrument.inverse
        instrument.price_precision = page.request.instrument.price_precision
        instrument.qty_precision = page.request.instrument.qty_precision
        instrument.multiplier_precision = page.request.instrument.multiplier_precision
        instrument.currency = page.request.instrument.currency
        instrument.settle_currency = page.request.instrument.settle_currency
        instrument.sector = page.request.instrument.sector
        instrument.tick = page.request.instrument.tick
        instrument.lot = page.request.instrument.lot
        instrument.min_qty = page.request.instrument.min_qty
        instrument.multiplier = page.request.instrument.multiplier
        self.limits.sectors[symbol] = NONE if instrument.sector == NONE16 else instrument.sector
        self.limits.scales[symbol] = <uint64_t>pow10_i128(12 - instrument.qty_precision)

    # ---- what passes is applied, and what it changes is counted -----------------------------------------------

    cdef void _apply(self, Page* page, uint32_t order) noexcept nogil:
        """Moves the order's life, and every counter that it is in, by the difference."""
        cdef Order* moved = &self.life.orders[order]
        cdef int64_t working = 0
        cdef int64_t filled = 0
        page.verdict.flags |= VF_APPLIES
        if page.header.kind != K_ORDER:
            working = self.life.working(order)
            filled = moved.cum_qty
        self.life.apply(page, self.scratch)
        page.verdict.working_before = working
        working = self.life.working(order) - working
        page.verdict.working_after = page.verdict.working_before + working
        filled = moved.cum_qty - filled
        if working or filled:
            self._count(page, moved, working, filled)
        if self.scratch.flags & OF_OVERFILL:
            self._alert_order(page, order, R_OVERFILL, moved.order_qty, moved.cum_qty)

    cdef void _count(self, Page* page, Order* order, int64_t working, int64_t filled) noexcept nogil:
        cdef uint32_t chain
        cdef uint32_t i
        cdef uint32_t counter
        cdef Limit* limit
        for chain in range(2):
            i = self.limits.first(order.account if chain == 0 else self.max_accounts)
            while i != NONE:
                limit = &self.limits.limits[i]
                if limit.active and limit.check == R_MAX_POSITION and self.limits.matches(limit, order):
                    counter = self.limits.counter(i, self.limits.key(limit, order))
                    if order.side == SIDE_BUY:
                        self.limits.move(self.limits.cell(counter, order.symbol), filled, working, 0)
                    else:
                        self.limits.move(self.limits.cell(counter, order.symbol), -filled, 0, working)
                    self._warn(page, i, counter, order.symbol)
                i = limit.next

    cdef void _warn(self, Page* page, uint32_t index, uint32_t counter, uint32_t symbol) noexcept nogil:
        """An alert at 70 % and one at 90 %, each once until the value falls below again."""
        cdef Limit* limit = &self.limits.limits[index]
        cdef Counter* counted
        cdef i128 value
        cdef int step
        cdef bint over
        cdef uint8_t bit
        if counter == NONE:
            return
        counted = &self.limits.counters[counter]
        value = counted.sum
        for step in range(2):
            bit = <uint8_t>(1 << step)
            over = value * <i128>100 >= limit.value * <i128>(90 if step else 70) and value > 0
            if over and not counted.warned & bit:
                counted.warned |= bit
                self._alert_limit(page, index, counter, R_LIMIT_90 if step else R_LIMIT_70, value, symbol)
            elif not over:
                counted.warned &= ~bit

    # ---- requests of clients ----------------------------------------------------------------------------------

    cdef void _order(self, Page* page) noexcept nogil:
        cdef OrderEvent* request = &page.request.order
        cdef Proposal asked
        if not self._known(page, request):
            return
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
        asked.old_working = 0
        asked.new_working = request.qty
        asked.wrong = request.wrong
        asked.px_digits = request.px_digits
        asked.qty_digits = request.qty_digits
        if unsupported(request):
            self._deny(page, R_UNSUPPORTED)
            return
        if not self._form(page, &asked) or not self._gate(page, &asked) or not self._limits(page, &asked):
            return
        self._count_rate(page, &asked)
        self._apply(page, page.resolved.order)

    cdef bint _known(self, Page* page, OrderEvent* request) noexcept nogil:
        """Whether all that the order names is known; else it is denied here."""
        cdef uint8_t reason = R_NONE
        if page.resolved.flags & D_DUPLICATE_ID:
            reason = R_DUPLICATE_CL_ORD_ID
        elif page.header.flags & H_JOURNAL_FULL:
            reason = R_JOURNAL_FULL
        elif page.resolved.flags & D_TABLE_FULL:
            reason = R_TABLE_FULL
        elif request.account >= UNKNOWN or not self.accounts[request.account].declared:
            reason = R_UNKNOWN_ACCOUNT
        elif request.symbol >= UNKNOWN or not self.instruments[request.symbol].declared:
            reason = R_UNKNOWN_INSTRUMENT
        elif request.venue == UNKNOWN16:
            reason = R_UNKNOWN_VENUE
        elif request.venue != NONE16 and self.view.slot_of(request.symbol, request.venue) < 0:
            reason = R_UNKNOWN_VENUE
        if reason != R_NONE:
            self._deny(page, reason)
        return reason == R_NONE

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
        asked.has_price = order.ord_type == T_LIMIT
        asked.qty = request.qty if request.flags & O_HAS_QTY else order.order_qty
        asked.price = request.price if request.flags & O_HAS_PRICE else order.price
        asked.old_working = self.life.working(page.resolved.order)
        asked.new_working = asked.qty - order.cum_qty if asked.qty > order.cum_qty else 0
        asked.wrong = request.wrong
        asked.px_digits = request.px_digits
        asked.qty_digits = request.qty_digits
        if request.flags & O_HAS_PRICE and order.ord_type != T_LIMIT:
            self._deny(page, R_UNSUPPORTED)
            return
        if not self._form(page, &asked) or not self._gate(page, &asked) or not self._limits(page, &asked):
            return
        self._count_rate(page, &asked)
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
        else:
            reason = self.life.refuses(page)
        if reason != R_NONE:
            self._deny(page, reason)
        return reason == R_NONE

    cdef uint8_t _order_venue_state(self, uint32_t order) noexcept nogil:
        cdef Order* found = &self.life.orders[order]
        return VS_UP if found.venue == NONE16 else self.view.state(found.symbol, found.venue)

    cdef uint8_t _child_venue_state(self, uint32_t index) noexcept nogil:
        cdef Child* child = &self.life.children[index]
        return self.view.state(self.life.orders[child.order].symbol, child.venue)

    # ---- always on --------------------------------------------------------------------------------------------

    cdef bint _form(self, Page* page, Proposal* asked) noexcept nogil:
        """The numbers themselves: present, positive, on the grid of the instrument."""
        cdef Instrument* instrument = &self.instruments[asked.symbol]
        cdef i128 product
        if asked.wrong & W_UNSUPPORTED:
            self._deny(page, R_UNSUPPORTED)
        elif asked.ord_type == T_LIMIT and not asked.has_price:
            self._deny(page, R_MISSING_PRICE)
        elif asked.qty <= 0 and not asked.wrong & W_QTY_OVERFLOW and not asked.qty_digits:
            self._deny(page, R_BAD_QTY)
        elif asked.px_digits:
            self._deny_units(page, R_PRECISION, U_COUNT, instrument.price_precision, asked.px_digits)
            page.verdict.limit_index = NONE
        elif asked.qty_digits:
            self._deny_units(page, R_PRECISION, U_COUNT, instrument.qty_precision, asked.qty_digits)
            page.verdict.limit_index = NONE
        elif asked.has_price and not asked.wrong & W_PX_OVERFLOW and asked.price % instrument.tick:
            self._deny_units(page, R_TICK, U_PRICE, instrument.tick, asked.price)
        elif not asked.wrong & W_QTY_OVERFLOW and asked.qty % instrument.lot:
            self._deny_units(page, R_LOT, U_QTY, instrument.lot, asked.qty)
        elif not asked.wrong & W_QTY_OVERFLOW and asked.qty < instrument.min_qty:
            self._deny_units(page, R_MIN_QTY, U_QTY, instrument.min_qty, asked.qty)
        elif asked.wrong & (W_QTY_OVERFLOW | W_PX_OVERFLOW):
            self._deny(page, R_OVERFLOW)
        elif (i128_mul_overflow(<i128>asked.qty * <i128>asked.price, <i128>instrument.multiplier, &product)
              or i128_mul_overflow(product, <i128>1000000, &product)):
            self._deny(page, R_OVERFLOW)
        else:
            return 1
        return 0

    cdef bint _gate(self, Page* page, Proposal* asked) noexcept nogil:
        """States: of the desk's own switches, of the venues, of the market."""
        cdef uint8_t state = self._state_of(asked)
        cdef uint16_t own = self.accounts[asked.account].currency
        cdef i128 ignored
        if state == RS_KILLED:
            self._deny(page, R_KILLED)
        elif state == RS_HALTED:
            self._deny(page, R_HALTED)
        elif state == RS_REDUCING:
            self._deny(page, R_REDUCING)
        elif not self._venue_open(page, asked):
            return 0
        elif page.header.kind == K_ORDER and asked.ord_type == T_MARKET and asked.venue == NONE16 and not (
                self._opposite_shown(asked)):
            self._deny(page, R_NO_MARKET)
        elif not self._convert(0, self.instruments[asked.symbol].settle_currency, own, &ignored):
            self._deny(page, R_NO_FX_RATE)
        else:
            return 1
        return 0

    cdef bint _opposite_shown(self, Proposal* asked) noexcept nogil:
        cdef SymbolMarket* market = &self.view.symbols[asked.symbol]
        return market.ask_qty > 0 if asked.side == SIDE_BUY else market.bid_qty > 0

    cdef bint _venue_open(self, Page* page, Proposal* asked) noexcept nogil:
        """A direct order's venue, or any that lists the symbol: else the state of the first declared is the reason."""
        cdef uint8_t state = VS_DOWN
        cdef uint32_t i
        if asked.venue != NONE16:
            state = self.view.state(asked.symbol, asked.venue)
            if state == VS_UP or state == VS_AUCTION:
                return 1
        else:
            for i in range(self.view.symbols[asked.symbol].listings):
                if self.view.top(asked.symbol, i).state == VS_UP:
                    return 1
            if self.view.symbols[asked.symbol].listings:
                state = self.view.top(asked.symbol, 0).state
        if state == VS_DOWN:
            self._deny(page, R_VENUE_DOWN)
        else:
            self._deny(page, R_VENUE_CLOSED if state == VS_CLOSED else R_VENUE_HALTED)
        return 0

    cdef uint8_t _state_of(self, Proposal* asked) noexcept nogil:
        """The worst state of any scope that the order is in."""
        cdef uint8_t* states = self.states
        cdef uint32_t keys = self.max_keys
        cdef uint8_t worst = states[0]
        worst = larger(worst, states[SC_ACCOUNT * keys + asked.account])
        worst = larger(worst, states[SC_SYMBOL * keys + asked.symbol])
        worst = larger(worst, states[SC_SESSION * keys + asked.session])
        if asked.strategy != NONE:
            worst = larger(worst, states[SC_STRATEGY * keys + asked.strategy])
        if asked.venue != NONE16:
            worst = larger(worst, states[SC_VENUE * keys + asked.venue])
        return worst

    cdef void _deny(self, Page* page, uint8_t reason) noexcept nogil:
        page.verdict.flags = (page.verdict.flags & ~VF_APPLIES) | VF_DENIED
        page.verdict.reason = reason
        page.verdict.unit = U_TEXT
        memset(&page.verdict.scope, 0xFF, sizeof(page.verdict.scope))

    cdef void _deny_units(self, Page* page, uint8_t reason, uint8_t unit, int64_t limit,
                          int64_t value) noexcept nogil:
        self._deny(page, reason)
        page.verdict.unit = unit
        page.verdict.limit = limit
        page.verdict.value = value

    # ---- limits -----------------------------------------------------------------------------------------------

    cdef bint _limits(self, Page* page, Proposal* asked) noexcept nogil:
        """Each limit that the order is in, by check, then by declaration: the first that fails denies."""
        cdef uint32_t own = self.limits.first(asked.account)
        cdef uint32_t all = self.limits.first(self.max_accounts)
        cdef uint32_t i
        cdef Limit* a
        cdef Limit* b
        while own != NONE or all != NONE:
            if all == NONE:
                i = own
            elif own == NONE:
                i = all
            else:
                a = &self.limits.limits[own]
                b = &self.limits.limits[all]
                i = own if a.check < b.check or (a.check == b.check and a.index < b.index) else all
            if i == own:
                own = self.limits.limits[i].next
            else:
                all = self.limits.limits[i].next
            if not self._passes(page, i, asked):
                return 0
        return 1

    cdef bint _passes(self, Page* page, uint32_t index, Proposal* asked) noexcept nogil:
        cdef Limit* limit = &self.limits.limits[index]
        cdef Order like
        cdef uint32_t key
        cdef uint32_t counter
        cdef uint32_t cell
        cdef i128 value
        cdef int64_t more = asked.new_working - asked.old_working
        cdef uint8_t reason = R_NONE
        if not limit.active:
            return 1
        as_order(asked, &like)
        if not self.limits.matches(limit, &like):
            return 1
        key = self.limits.key(limit, &like)
        if limit.check == R_MAX_ORDER_QTY:
            value = <i128>asked.qty * <i128>self.limits.scales[asked.symbol]
            return not self._fails(page, index, U_QTY12, limit.value, value, key)
        if limit.check == R_MAX_ORDER_NOTIONAL:
            if not self._notional(asked, self.accounts[asked.account].currency if limit.currency == NONE16
                                  else limit.currency, &value, &reason):
                self._deny(page, reason)
                return 0
            return not self._fails(page, index, U_MONEY, limit.value, value, key)
        if limit.check == R_PRICE_COLLAR_BPS or limit.check == R_PRICE_COLLAR_TICKS:
            return self._collar(page, index, asked, key)
        counter = self.limits.counter(index, key)
        if counter == NONE:
            self._deny(page, R_TABLE_FULL)
            return 0
        if limit.check == R_ORDER_RATE:
            value = self.limits.rate(counter, page.header.time_ns, limit.window_ns) + <i128>1
            return not self._fails(page, index, U_COUNT, limit.value, value, key)
        if limit.check == R_MAX_POSITION:
            cell = self.limits.cell(counter, asked.symbol)
            if cell == NONE:
                self._deny(page, R_TABLE_FULL)
                return 0
            value = self.limits.with_change(cell, more if asked.side == SIDE_BUY else 0,
                                            0 if asked.side == SIDE_BUY else more)
            return not self._fails(page, index, U_QTY12, limit.value, value, key)
        return 1

    cdef bint _fails(self, Page* page, uint32_t index, uint8_t unit, i128 bound, i128 value,
                     uint32_t key) noexcept nogil:
        cdef Limit* limit = &self.limits.limits[index]
        if value <= bound:
            return 0
        self._deny(page, <uint8_t>limit.check)
        page.verdict.unit = unit
        page.verdict.limit = bound
        page.verdict.value = value
        page.verdict.limit_index = index
        page.verdict.scope = limit.scope
        set_key(&page.verdict.scope, limit.each, key)
        return 1

    cdef void _deny_collar(self, Page* page, uint32_t index, uint8_t unit, i128 bound, i128 value,
                           uint32_t key) noexcept nogil:
        self._fails(page, index, unit, value - <i128>1, value, key)
        page.verdict.limit = bound

    cdef bint _collar(self, Page* page, uint32_t index, Proposal* asked, uint32_t key) noexcept nogil:
        """How far the price is beyond the reference, on the paying side; twice as far is allowed in an auction."""
        cdef Limit* limit = &self.limits.limits[index]
        cdef SymbolMarket* market = &self.view.symbols[asked.symbol]
        cdef bint buys = asked.side == SIDE_BUY
        cdef bint in_ticks = limit.check == R_PRICE_COLLAR_TICKS
        cdef int64_t reference
        cdef i128 bound = limit.value
        cdef i128 far
        cdef i128 step
        if not asked.has_price:
            return 1
        if market.has_reference:
            reference = market.reference
        elif (market.ask_qty if buys else market.bid_qty) > 0:
            reference = market.ask_px if buys else market.bid_px
        elif market.has_trade:
            reference = market.last_px
        else:
            self._deny_collar(page, index, U_BPS, bound, 0, key)
            page.verdict.limit_index = NONE     # there is no value to tell
            return 0
        if asked.venue != NONE16 and self.view.state(asked.symbol, asked.venue) == VS_AUCTION:
            bound *= <i128>2
        far = <i128>asked.price - <i128>reference if buys else <i128>reference - <i128>asked.price
        far *= pow10_i128(12) if in_ticks else pow10_i128(16)
        step = <i128>(self.instruments[asked.symbol].tick if in_ticks else (reference if reference > 0 else 1))
        if far <= 0 or far <= bound * step:
            return 1
        self._deny_collar(page, index, U_QTY12 if in_ticks else U_BPS, bound, div_half_even(far, step), key)
        return 0

    cdef bint _value_price(self, Proposal* asked, int64_t* out) noexcept nogil:
        """The price an order is valued at: its own; a market order's: the opposite touch, else last trade, else mark."""
        cdef SymbolMarket* market = &self.view.symbols[asked.symbol]
        if asked.ord_type == T_LIMIT:
            out[0] = asked.price
        elif (market.ask_qty if asked.side == SIDE_BUY else market.bid_qty) > 0:
            out[0] = market.ask_px if asked.side == SIDE_BUY else market.bid_px
        elif market.has_trade:
            out[0] = market.last_px
        elif market.has_mark:
            out[0] = market.mark
        else:
            return 0
        return 1

    cdef bint _notional(self, Proposal* asked, uint16_t currency, i128* out, uint8_t* reason) noexcept nogil:
        """|qty x price x multiplier| (inverse: qty x multiplier / price) in `currency`, 10^-12; 0 and why not."""
        cdef Instrument* instrument = &self.instruments[asked.symbol]
        cdef int64_t price = 0
        cdef int digits
        cdef i128 value
        reason[0] = R_NO_MARKET
        if not self._value_price(asked, &price) or (instrument.inverse and price <= 0):
            return 0
        reason[0] = R_OVERFLOW
        if instrument.inverse:
            digits = 12 + instrument.price_precision - instrument.qty_precision - instrument.multiplier_precision
            value = <i128>asked.qty * <i128>instrument.multiplier
            if digits >= 0:
                if i128_mul_overflow(value, pow10_i128(digits), &value):
                    return 0
                value = div_half_even(value, <i128>price)
            else:
                value = div_half_even(value, <i128>price * pow10_i128(-digits))
        else:
            digits = 12 - instrument.price_precision - instrument.qty_precision - instrument.multiplier_precision
            value = <i128>asked.qty * <i128>(price if price >= 0 else -price) * <i128>instrument.multiplier
            if digits < 0:
                value = div_half_even(value, pow10_i128(-digits))
            elif i128_mul_overflow(value, pow10_i128(digits), &value):
                return 0
        reason[0] = R_NO_FX_RATE
        return self._convert(value, instrument.settle_currency, currency, out)

    cdef bint _convert(self, i128 money, uint16_t base, uint16_t quote, i128* out) noexcept nogil:
        """Money of `base` in `quote`, by the pair's rate, else the reverse pair's; no crosses. 0: no rate."""
        cdef Rate* found = &self.rates[base * self.max_currencies + quote]
        out[0] = money
        if base == quote:
            return 1
        if found.rate:
            mul_scale_half_even(money, found.rate, <int>found.digits, out)
            return 1
        found = &self.rates[quote * self.max_currencies + base]
        if found.rate:
            out[0] = div_half_even(money * pow10_i128(<int>found.digits), <i128>found.rate)
            return 1
        return 0

    cdef void _count_rate(self, Page* page, Proposal* asked) noexcept nogil:
        """Orders and replaces that pass count against the rate limits that they are in."""
        cdef Order like
        cdef Limit* limit
        cdef uint32_t chain
        cdef uint32_t i
        as_order(asked, &like)
        for chain in range(2):
            i = self.limits.first(asked.account if chain == 0 else self.max_accounts)
            while i != NONE:
                limit = &self.limits.limits[i]
                if limit.active and limit.check == R_ORDER_RATE and self.limits.matches(limit, &like):
                    self.limits.count_message(self.limits.counter(i, self.limits.key(limit, &like)),
                                              page.header.time_ns)
                i = limit.next

    # ---- what venues say, what the core derives ---------------------------------------------------------------

    cdef void _report(self, Page* page) noexcept nogil:
        cdef uint32_t order = page.resolved.order
        if not self.life.knows(page) or page.resolved.flags & D_NO_REFERENCE:
            page.verdict.flags |= VF_UNKNOWN
            self._alert_venue(page, R_VENUE_UNKNOWN, 1)
            return
        if page.resolved.flags & D_DUPLICATE_EXEC:
            if page.resolved.flags & D_CONFLICT:
                self._alert_venue(page, R_EXEC_ID_CONFLICT, 0)
            return
        self._apply(page, order)
        self._facts(page, self.life.orders[order].symbol)

    cdef void _facts(self, Page* page, uint32_t symbol) noexcept nogil:
        cdef SymbolMarket* market = &self.view.symbols[symbol]
        page.verdict.bid_px = market.bid_px
        page.verdict.bid_qty = market.bid_qty
        page.verdict.ask_px = market.ask_px
        page.verdict.ask_qty = market.ask_qty
        if self.view.mark2(symbol, &page.verdict.mark2):
            page.verdict.flags |= VF_HAS_MARK

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
            if self._state_of(&asked) == RS_KILLED:
                reason = R_KILLED
            elif self.view.state(order.symbol, asked.venue) != VS_UP:
                reason = R_VENUE_DOWN
        page.verdict.reason = reason
        if reason == R_NONE:
            self._apply(page, index)
            return
        self.life.apply(page, self.scratch)
        if reason == R_CHILD_BOUND:
            self._alert_order(page, index, R_CHILD_BOUND, order.order_qty - order.cum_qty - order.open_qty,
                              page.request.slice.qty)

    # ---- alerts -----------------------------------------------------------------------------------------------

    cdef void _alert_limit(self, Page* page, uint32_t index, uint32_t counter, uint8_t reason, i128 value,
                           uint32_t symbol) noexcept nogil:
        cdef AlertEvent alert
        cdef Limit* limit = &self.limits.limits[index]
        memset(&alert, 0, sizeof(AlertEvent))
        alert.scope = limit.scope
        set_key(&alert.scope, limit.each, self.limits.counters[counter].key)
        alert.check = limit.check
        alert.reason = reason
        alert.unit = U_QTY12
        alert.limit = limit.value
        alert.value = value
        alert.symbol = symbol
        self.emitter.emit(page, K_ALERT, &alert, sizeof(AlertEvent), 0)

    cdef void _alert_order(self, Page* page, uint32_t index, uint8_t reason, int64_t limit,
                           int64_t value) noexcept nogil:
        """An alert about one order, and the halt of its strategy, else its account."""
        cdef AlertEvent alert
        cdef HaltEvent halt
        cdef Order* order = &self.life.orders[index]
        memset(&alert, 0, sizeof(AlertEvent))
        memset(&alert.scope, 0xFF, sizeof(alert.scope))
        memset(&halt, 0, sizeof(HaltEvent))
        memset(&halt.scope, 0xFF, sizeof(halt.scope))
        if order.strategy != NONE:
            halt.kind = SC_STRATEGY
            halt.scope.strategy = order.strategy
        else:
            halt.kind = SC_ACCOUNT
            halt.scope.account = order.account
        alert.scope = halt.scope
        alert.reason = reason
        alert.level = 1
        alert.unit = U_QTY
        alert.limit = limit
        alert.value = value
        alert.symbol = order.symbol
        halt.state = RS_HALTED
        halt.reason = reason
        self.emitter.emit(page, K_ALERT, &alert, sizeof(AlertEvent), 0)
        self.emitter.emit(page, K_HALT, &halt, sizeof(HaltEvent), 0)

    cdef void _alert_venue(self, Page* page, uint8_t reason, uint8_t level) noexcept nogil:
        cdef AlertEvent alert
        memset(&alert, 0, sizeof(AlertEvent))
        memset(&alert.scope, 0xFF, sizeof(alert.scope))
        alert.scope.venue = page.request.report.venue
        alert.reason = reason
        alert.level = level
        self.emitter.emit(page, K_ALERT, &alert, sizeof(AlertEvent), 0)

    # ---- switches ---------------------------------------------------------------------------------------------

    cdef void _kill(self, Page* page, uint8_t state) noexcept nogil:
        cdef ScopeKeys* scope = &page.request.filter.scope
        cdef uint8_t kind = page.request.filter.kind
        self._set_state(kind, scope, state)
        self._show_state(page, kind, scope, state, R_KILL if state == RS_KILLED else R_REARM)
        if state != RS_KILLED:
            return
        self._begin_sweep(page, SW_CANCEL, scope)
        if kind == SC_VENUE:
            self._begin_sweep(page, SW_CHILD_CANCEL, scope)

    cdef void _halt(self, Page* page) noexcept nogil:
        cdef HaltEvent* halt = &page.request.halt
        cdef uint32_t key = scope_key(halt.kind, &halt.scope)
        if self.states[halt.kind * self.max_keys + key] >= halt.state:
            return                  # it is halted, or killed, already
        self._set_state(halt.kind, &halt.scope, halt.state)
        self._show_state(page, halt.kind, &halt.scope, halt.state, halt.reason)

    cdef void _set_state(self, uint8_t kind, const ScopeKeys* scope, uint8_t state) noexcept nogil:
        self.states[kind * self.max_keys + scope_key(kind, scope)] = state

    cdef void _show_state(self, Page* page, uint8_t kind, ScopeKeys* scope, uint8_t state,
                          uint8_t reason) noexcept nogil:
        page.verdict.flags |= VF_STATE
        page.verdict.state = state
        page.verdict.reason = reason
        page.verdict.scope_kind = kind
        page.verdict.scope = scope[0]

    # ---- sweeps: many orders, a step an event -----------------------------------------------------------------

    cdef void _venue_state(self, Page* page) noexcept nogil:
        """A venue that is up again is asked about each live child; one that closes may end day orders."""
        cdef ScopeKeys scope
        self.view.on_event(page)
        memset(&scope, 0xFF, sizeof(ScopeKeys))
        scope.symbol = page.request.venue_state.symbol
        scope.venue = page.request.venue_state.venue
        if self.view.came_back:
            self._begin_sweep(page, SW_STATUS, &scope)
        elif page.request.venue_state.state == VS_CLOSED:
            self._begin_sweep(page, SW_EXPIRE, &scope)

    cdef void _begin_sweep(self, Page* page, uint8_t kind, ScopeKeys* scope) noexcept nogil:
        cdef SweepEvent sweep
        memset(&sweep, 0, sizeof(SweepEvent))
        sweep.scope = scope[0]
        sweep.kind = kind
        self.emitter.emit(page, K_SWEEP, &sweep, sizeof(SweepEvent), 0)

    cdef void _sweep(self, Page* page) noexcept nogil:
        """Looks for the next target from the cursor on; the rest follows as an event of its own."""
        cdef SweepEvent* sweep = &page.request.sweep
        cdef SweepEvent rest
        cdef bint children = sweep.kind == SW_STATUS or sweep.kind == SW_CHILD_CANCEL
        cdef uint32_t i = self._next(children, sweep.cursor)
        cdef uint32_t looked = 0
        while i != NONE and looked < SCAN and page.verdict.target == NONE:
            if self._is_target(page, i):
                page.verdict.target = i
            i = self._next(children, i + 1)
            looked += 1
        if i != NONE:
            rest = sweep[0]
            rest.cursor = i
            page.verdict.cursor = i
            self.emitter.emit(page, K_SWEEP, &rest, sizeof(SweepEvent), 0)
        if page.verdict.target == NONE:
            return
        if children:
            page.verdict.venue_state = self._child_venue_state(page.verdict.target)
            self._apply(page, self.life.children[page.verdict.target].order)
        else:
            page.verdict.venue_state = self._order_venue_state(page.verdict.target)
            self._apply(page, page.verdict.target)

    cdef bint _came_back(self, uint32_t symbol, uint16_t venue) noexcept nogil:
        """Whether this symbol, and not only others of the venue, was down until now."""
        cdef int slot = self.view.slot_of(symbol, venue)
        return slot >= 0 and self.view.top(symbol, slot).was_down == WD_BACK

    cdef uint32_t _next(self, bint children, uint32_t index) noexcept nogil:
        if children:
            return self.life.next_child(index)
        return index if index < self.life.count() else NONE

    cdef bint _is_target(self, Page* page, uint32_t index) noexcept nogil:
        cdef SweepEvent* sweep = &page.request.sweep
        cdef Child* child
        cdef Order* order
        if sweep.kind == SW_STATUS or sweep.kind == SW_CHILD_CANCEL:
            child = &self.life.children[index]
            if child.venue != sweep.scope.venue:
                return 0
            if not child_live(child) and not (sweep.kind == SW_STATUS and child.bits & B_HELD):
                return 0
            order = &self.life.orders[child.order]
            if sweep.scope.symbol != NONE and order.symbol != sweep.scope.symbol:
                return 0
            if sweep.kind == SW_STATUS and not self._came_back(order.symbol, child.venue):
                return 0
            return sweep.kind == SW_STATUS or (
                (order.bits & B_WORKED) != 0 and not child.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE))
        order = &self.life.orders[index]
        if not order.bits & B_EXISTS or order_ended(order) or order.bits & (B_PENDING_CANCEL | B_EXPIRING):
            return 0
        if sweep.kind == SW_EXPIRE:
            return self._day_is_over(order, sweep.scope.venue)
        return in_scope(&sweep.scope, order)

    cdef bint _day_is_over(self, Order* order, uint32_t venue) noexcept nogil:
        """A worked day order ends when all venues of its symbol are closed."""
        cdef uint32_t i
        if not order.bits & B_WORKED or order.time_in_force not in (TIF_DAY, TIF_OPG, TIF_CLS):
            return 0
        if self.view.slot_of(order.symbol, <uint16_t>venue) < 0:
            return 0
        for i in range(self.view.symbols[order.symbol].listings):
            if self.view.top(order.symbol, i).state != VS_CLOSED:
                return 0
        return 1


# ---- pure functions ------------------------------------------------------------------------------------------

cdef uint8_t larger(uint8_t a, uint8_t b) noexcept nogil:
    return a if a > b else b


cdef bint unsupported(OrderEvent* request) noexcept nogil:
    """Combinations that mean nothing: they are denied rather than guessed at."""
    if request.ord_type != T_LIMIT and (request.flags & (O_POST_ONLY | O_HAS_PRICE)):
        return 1
    if request.flags & O_POST_ONLY and request.time_in_force in (TIF_IOC, TIF_FOK):
        return 1
    return (request.time_in_force == TIF_GTD) != ((request.flags & O_HAS_EXPIRE) != 0)


cdef void as_order(Proposal* asked, Order* out) noexcept nogil:
    """The keys of a proposal, for the questions that limits ask of orders."""
    out.account = asked.account
    out.symbol = asked.symbol
    out.strategy = asked.strategy
    out.session = asked.session
    out.venue = asked.venue
    out.side = asked.side


cdef void set_key(ScopeKeys* scope, uint8_t each, uint32_t key) noexcept nogil:
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


cdef uint32_t scope_key(uint8_t kind, const ScopeKeys* scope) noexcept nogil:
    if kind == SC_ACCOUNT:
        return scope.account
    if kind == SC_STRATEGY:
        return scope.strategy
    if kind == SC_SYMBOL:
        return scope.symbol
    if kind == SC_VENUE:
        return scope.venue
    if kind == SC_SESSION:
        return scope.session
    return 0


cdef bint in_scope(const ScopeKeys* scope, const Order* order) noexcept nogil:
    return (
        (scope.account == NONE or scope.account == order.account)
        and (scope.symbol == NONE or scope.symbol == order.symbol)
        and (scope.strategy == NONE or scope.strategy == order.strategy)
        and (scope.venue == NONE or (order.venue != NONE16 and scope.venue == order.venue))
        and (scope.session == NONE or scope.session == order.session)
    )
