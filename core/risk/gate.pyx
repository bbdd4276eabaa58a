# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The gate: see gate.pxd."""
from libc.string cimport memset

from core.market.view cimport MarketView, SymbolMarket
from core.messages cimport (
    ACCOUNT_GROUP, K_ORDER, NONE, NONE16, Page, RS_ACTIVE, RS_HALTED, RS_KILLED, RS_REDUCING, R_BAD_QTY, R_HALTED,
    R_KILLED, R_LOT, R_MIN_QTY, R_MISSING_PRICE, R_NO_FX_RATE, R_NO_LIMIT, R_NO_MARKET, R_OVERFLOW, R_PRECISION,
    R_REDUCE_ONLY, R_REDUCING, R_TICK, R_UNSUPPORTED, R_VENUE_CLOSED, R_VENUE_DOWN, R_VENUE_HALTED, SC_ACCOUNT,
    SC_GROUP, SC_SESSION, SC_STRATEGY, SC_SYMBOL, SC_VENUE, SIDE_BUY, ScopeKeys, T_MARKET, T_MARKET_TO_LIMIT, U_COUNT,
    U_PRICE, U_QTY, U_TEXT, VF_APPLIES, VF_DENIED, VS_AUCTION, VS_CLOSED, VS_DOWN, VS_UP, W_PX_OVERFLOW,
    W_QTY_OVERFLOW, W_UNSUPPORTED,
)
from core.risk.holdings cimport Holding, Holdings
from core.risk.limits cimport ACCOUNT_GROUPS, CHAINS, Limits
from core.risk.values cimport Instrument, Values
from core_ext.tables cimport Arena
from core_ext.wide cimport i128, i128_mul_overflow


cdef class Gate:
    """What an order, or a replace taken as the whole order that it asks for, must pass whatever the limits are."""

    def __cinit__(self, Arena arena, object capacity, MarketView view, Values values, Holdings holdings, Limits limits):
        self.view = view
        self.values = values
        self.holdings = holdings
        self.limits = limits
        self.max_keys = max(capacity.accounts, capacity.strategies, capacity.symbols, capacity.venues,
                            capacity.sessions, ACCOUNT_GROUPS)
        self.states = <uint8_t*>arena.table("risk.states", 1, 8 * self.max_keys)
        self.switched = <uint32_t*>arena.table("risk.switched", sizeof(uint32_t), 2)

    cdef bint passes(self, Page* page, Proposal* asked) noexcept nogil:
        """Whether it may go as far as no limit says; where it may not, the verdict on the page says why."""
        return self._form(page, asked) and self._gate(page, asked)

    # ---- states of the desk's switches ------------------------------------------------------------------------

    cdef void set_state(self, uint8_t kind, const ScopeKeys* scope, uint8_t state) noexcept nogil:
        cdef uint8_t* held = &self.states[kind * self.max_keys + scope_key(kind, scope)]
        self.switched[0] += <uint32_t>(state != RS_ACTIVE) - <uint32_t>(held[0] != RS_ACTIVE)
        held[0] = state

    cdef void arm_groups(self) noexcept nogil:
        """Groups of accounts have no switch of their own: who arms all, arms them."""
        cdef uint32_t group
        cdef uint8_t* held
        for group in range(ACCOUNT_GROUPS):
            held = &self.states[SC_GROUP * self.max_keys + group]
            self.switched[0] -= held[0] != RS_ACTIVE
            held[0] = RS_ACTIVE

    cdef uint8_t state(self, uint8_t kind, const ScopeKeys* scope) noexcept nogil:
        return self.states[kind * self.max_keys + scope_key(kind, scope)]

    # ---- always on --------------------------------------------------------------------------------------------

    cdef bint _form(self, Page* page, Proposal* asked) noexcept nogil:
        """The numbers themselves: present, positive, on the grid of the instrument."""
        cdef Instrument* instrument = &self.values.instruments[asked.symbol]
        cdef i128 product
        if asked.wrong & W_UNSUPPORTED:
            self.deny(page, R_UNSUPPORTED)
        elif (asked.needs_price and not asked.has_price) or asked.missing:
            self.deny(page, R_MISSING_PRICE)
        elif (asked.qty <= 0 or (asked.has_floor and asked.floor <= 0)) and not asked.wrong & W_QTY_OVERFLOW and (
                not asked.qty_digits):
            self.deny(page, R_BAD_QTY)
        elif asked.px_digits:
            self._deny_units(page, R_PRECISION, U_COUNT, instrument.price_precision, asked.px_digits)
            page.verdict.limit_index = NONE
        elif asked.qty_digits:
            self._deny_units(page, R_PRECISION, U_COUNT, instrument.qty_precision, asked.qty_digits)
            page.verdict.limit_index = NONE
        elif not asked.wrong & W_PX_OVERFLOW and self._off_tick(instrument, asked):
            self._deny_units(page, R_TICK, U_PRICE, instrument.tick, self._off_tick(instrument, asked))
        elif not asked.wrong & W_QTY_OVERFLOW and self._off_lot(instrument, asked):
            self._deny_units(page, R_LOT, U_QTY, instrument.lot, self._off_lot(instrument, asked))
        elif not asked.wrong & W_QTY_OVERFLOW and asked.qty < instrument.min_qty:
            self._deny_units(page, R_MIN_QTY, U_QTY, instrument.min_qty, asked.qty)
        elif not asked.wrong & W_QTY_OVERFLOW and asked.has_floor and asked.floor < instrument.min_qty:
            self._deny_units(page, R_MIN_QTY, U_QTY, instrument.min_qty, asked.floor)
        elif asked.wrong & (W_QTY_OVERFLOW | W_PX_OVERFLOW):
            self.deny(page, R_OVERFLOW)
        elif (not is_small(asked, instrument)
              and (i128_mul_overflow(<i128>asked.qty * <i128>asked.price, <i128>instrument.multiplier, &product)
                   or i128_mul_overflow(product, <i128>1000000, &product))):
            self.deny(page, R_OVERFLOW)
        else:
            return 1
        return 0

    cdef int64_t _off_tick(self, const Instrument* instrument, const Proposal* asked) noexcept nogil:
        """The price that isn't on the tick; 0: all are."""
        if asked.has_price and asked.price % instrument.tick:
            return asked.price
        return asked.stop_px if asked.has_stop and asked.stop_px % instrument.tick else 0

    cdef int64_t _off_lot(self, const Instrument* instrument, const Proposal* asked) noexcept nogil:
        if asked.qty % instrument.lot:
            return asked.qty
        return asked.floor if asked.has_floor and asked.floor % instrument.lot else 0

    cdef bint _gate(self, Page* page, Proposal* asked) noexcept nogil:
        """States: of the desk's own switches, of the venues, of the market."""
        cdef uint8_t state = self.state_of(asked)
        cdef uint16_t own = self.holdings.purses[asked.account].currency
        cdef i128 ignored
        if self.limits.counts[5] and not self.limits.has_any(asked.account):
            self.deny(page, R_NO_LIMIT)
        elif state == RS_KILLED:
            self.deny(page, R_KILLED)
        elif state == RS_HALTED:
            self.deny(page, R_HALTED)
        elif state == RS_REDUCING and not self._reduces(asked):
            self.deny(page, R_REDUCING)
        elif not self._venue_open(page, asked):
            return 0
        elif page.header.kind == K_ORDER and (asked.ord_type == T_MARKET or asked.ord_type == T_MARKET_TO_LIMIT) and (
                asked.venue == NONE16 and not asked.leg and not asked.auction) and not self._opposite_shown(asked):
            self.deny(page, R_NO_MARKET)
        elif (self.values.instruments[asked.symbol].settle_currency != own
              and not self.values.convert(0, self.values.instruments[asked.symbol].settle_currency, own, &ignored)):
            self.deny(page, R_NO_FX_RATE)
        else:
            return 1
        return 0

    cdef bint _reduces(self, const Proposal* asked) noexcept nogil:
        """Whether it only takes off what is open, whatever else works on that side."""
        cdef bint buys = asked.side == SIDE_BUY
        cdef Holding* holding
        if asked.position == NONE:
            return 0
        holding = &self.holdings.holdings[asked.position]
        return asked.new_working + (holding.buys if buys else holding.sells) - asked.old_working <= (
            self.holdings.open_against(asked.position, buys))

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
                state = self.view.top(asked.symbol, i).state
                if state == VS_UP or (asked.auction and state == VS_AUCTION):
                    return 1
            state = VS_DOWN
            if self.view.symbols[asked.symbol].listings:
                state = self.view.top(asked.symbol, 0).state
        if state == VS_DOWN:
            self.deny(page, R_VENUE_DOWN)
        else:
            self.deny(page, R_VENUE_CLOSED if state == VS_CLOSED else R_VENUE_HALTED)
        return 0

    cdef uint8_t state_of(self, Proposal* asked) noexcept nogil:
        """The worst state of any scope that the order is in."""
        cdef uint8_t* states = self.states
        cdef uint32_t keys = self.max_keys
        cdef uint8_t worst = states[0]
        cdef uint32_t chains[CHAINS]
        cdef int i
        if self.switched[0] == 0:
            return RS_ACTIVE
        for i in range(2, self.limits.chains_of(asked.account, chains)):
            worst = larger(worst, states[SC_GROUP * keys + chains[i] - self.limits.max_accounts - 1])
        worst = larger(worst, states[SC_ACCOUNT * keys + asked.account])
        worst = larger(worst, states[SC_SYMBOL * keys + asked.symbol])
        worst = larger(worst, states[SC_SESSION * keys + asked.session])
        if asked.strategy != NONE:
            worst = larger(worst, states[SC_STRATEGY * keys + asked.strategy])
        if asked.venue != NONE16:
            worst = larger(worst, states[SC_VENUE * keys + asked.venue])
        return worst

    cdef void deny(self, Page* page, uint8_t reason) noexcept nogil:
        page.verdict.flags = (page.verdict.flags & ~VF_APPLIES) | VF_DENIED
        page.verdict.reason = reason
        page.verdict.unit = U_TEXT
        page.verdict.limit = 0
        page.verdict.value = 0
        page.verdict.limit_index = 0
        memset(&page.verdict.scope, 0xFF, sizeof(page.verdict.scope))

    cdef void deny_reduction(self, Page* page, int64_t free, int64_t qty) noexcept nogil:
        """More than is free to be reduced."""
        self._deny_units(page, R_REDUCE_ONLY, U_QTY, free, qty)

    cdef void _deny_units(self, Page* page, uint8_t reason, uint8_t unit, int64_t limit,
                          int64_t value) noexcept nogil:
        self.deny(page, reason)
        page.verdict.unit = unit
        page.verdict.limit = limit
        page.verdict.value = value


cdef bint fits_30(int64_t value) noexcept nogil:
    """0 to 2^30: a product of two fits 60 bits."""
    return <uint64_t>value <= <uint64_t>1 << 30


cdef bint is_small(const Proposal* asked, const Instrument* instrument) noexcept nogil:
    """Far from an overflow: qty x price x multiplier x 10^6 is below 2^127."""
    return fits_30(asked.qty) and fits_30(asked.price) and <uint64_t>instrument.multiplier <= <uint64_t>1 << 46


cdef uint8_t larger(uint8_t a, uint8_t b) noexcept nogil:
    return a if a > b else b


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
    if kind == SC_GROUP:
        return scope.account - ACCOUNT_GROUP
    return 0
