# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The gate: see gate.pxd."""
from libc.string cimport memset

from core.market.view cimport MarketView, SymbolMarket, Top
from core.messages cimport (
    K_ACCOUNT, K_FX, K_INSTRUMENT, K_ORDER, NONE, NONE16, Page, RS_ACTIVE, RS_HALTED, RS_KILLED, RS_REDUCING,
    R_BAD_QTY, R_HALTED, R_KILLED, R_LOT, R_MAX_ORDER_NOTIONAL, R_MAX_ORDER_QTY, R_MAX_POSITION, R_MIN_QTY,
    R_MISSING_PRICE, R_NONE, R_NO_FX_RATE, R_NO_MARKET, R_ORDER_RATE, R_OVERFLOW, R_PRECISION, R_REDUCE_ONLY,
    R_PRICE_COLLAR_BPS, R_PRICE_COLLAR_TICKS, R_REDUCING, R_TABLE_FULL, R_TICK, R_UNSUPPORTED,
    R_VENUE_CLOSED, R_VENUE_DOWN, R_VENUE_HALTED, SC_ACCOUNT, SC_ALL, SC_SESSION, SC_STRATEGY, SC_SYMBOL, SC_VENUE,
    SIDE_BUY, T_LIMIT, T_MARKET, T_MARKET_TO_LIMIT, U_BPS, U_COUNT, U_MONEY, U_PRICE, U_QTY, U_QTY12, U_TEXT, VF_APPLIES,
    VF_DENIED, VS_AUCTION, VS_CLOSED, VS_DOWN, VS_UP, W_PX_OVERFLOW, W_QTY_OVERFLOW, W_UNSUPPORTED,
)
from core.risk.limits cimport Limit, Limits
from core_ext.tables cimport Arena
from core_ext.wide cimport div_half_even, i128_mul_overflow, mul_scale_half_even, pow10_i128


cdef class Gate:
    """What an order, or a replace taken as the whole order that it asks for, must pass, in the order of `Reason`."""

    def __cinit__(self, Arena arena, object capacity, MarketView view, Limits limits):
        self.view = view
        self.limits = limits
        self.max_accounts = capacity.accounts
        self.max_currencies = capacity.currencies
        self.max_keys = max(capacity.accounts, capacity.strategies, capacity.symbols, capacity.venues,
                            capacity.sessions, 1)
        self.instruments = <Instrument*>arena.table("risk.instruments", sizeof(Instrument), capacity.symbols)
        self.accounts = <Account*>arena.table("risk.accounts", sizeof(Account), capacity.accounts)
        self.states = <uint8_t*>arena.table("risk.states", 1, 6 * self.max_keys)
        self.switched = <uint32_t*>arena.table("risk.switched", sizeof(uint32_t), 2)
        self.rates = <Rate*>arena.table("risk.rates", sizeof(Rate), capacity.currencies * capacity.currencies)

    cdef bint passes(self, Page* page, Proposal* asked) noexcept nogil:
        """Whether it may go; where it may not, the verdict on the page says why."""
        return self._form(page, asked) and self._gate(page, asked) and self._limits(page, asked)

    # ---- declarations -----------------------------------------------------------------------------------------

    cdef void declare(self, Page* page) noexcept nogil:
        cdef uint16_t kind = page.header.kind
        cdef Rate* rate
        if kind == K_INSTRUMENT:
            self._instrument(page)
        elif kind == K_ACCOUNT:
            self.accounts[page.request.account.account].declared = 1
            self.accounts[page.request.account.account].currency = page.request.account.currency
        elif kind == K_FX:
            rate = &self.rates[page.request.fx.base * self.max_currencies + page.request.fx.quote]
            rate.rate = page.request.fx.rate
            rate.digits = page.request.fx.digits

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
        instrument.notional_scale = notional_scale(instrument)
        self.limits.sectors[symbol] = NONE if instrument.sector == NONE16 else instrument.sector
        self.limits.scales[symbol] = <uint64_t>pow10_i128(12 - instrument.qty_precision)

    # ---- states of the desk's switches ------------------------------------------------------------------------

    cdef void set_state(self, uint8_t kind, const ScopeKeys* scope, uint8_t state) noexcept nogil:
        cdef uint8_t* held = &self.states[kind * self.max_keys + scope_key(kind, scope)]
        self.switched[0] += <uint32_t>(state != RS_ACTIVE) - <uint32_t>(held[0] != RS_ACTIVE)
        held[0] = state

    cdef uint8_t state(self, uint8_t kind, const ScopeKeys* scope) noexcept nogil:
        return self.states[kind * self.max_keys + scope_key(kind, scope)]

    # ---- always on --------------------------------------------------------------------------------------------

    cdef bint _form(self, Page* page, Proposal* asked) noexcept nogil:
        """The numbers themselves: present, positive, on the grid of the instrument."""
        cdef Instrument* instrument = &self.instruments[asked.symbol]
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
        cdef uint16_t own = self.accounts[asked.account].currency
        cdef i128 ignored
        if state == RS_KILLED:
            self.deny(page, R_KILLED)
        elif state == RS_HALTED:
            self.deny(page, R_HALTED)
        elif state == RS_REDUCING:
            self.deny(page, R_REDUCING)
        elif not self._venue_open(page, asked):
            return 0
        elif page.header.kind == K_ORDER and (asked.ord_type == T_MARKET or asked.ord_type == T_MARKET_TO_LIMIT) and (
                asked.venue == NONE16 and not asked.leg and not asked.auction) and not self._opposite_shown(asked):
            self.deny(page, R_NO_MARKET)
        elif (self.instruments[asked.symbol].settle_currency != own
              and not self._convert(0, self.instruments[asked.symbol].settle_currency, own, &ignored)):
            self.deny(page, R_NO_FX_RATE)
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
        if self.switched[0] == 0:
            return RS_ACTIVE
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

    # ---- limits -----------------------------------------------------------------------------------------------

    cdef bint _limits(self, Page* page, Proposal* asked) noexcept nogil:
        """Each limit that the order is in, by check, then by declaration: the first that fails denies."""
        cdef Limit* limits = self.limits.limits
        cdef uint32_t own = self.limits.chains[asked.account].first
        cdef uint32_t all = self.limits.chains[self.max_accounts].first
        cdef uint32_t i
        if self._within(page, asked, own) and self._within(page, asked, all):
            return 1
        while own != NONE or all != NONE:
            if all == NONE or (own != NONE and is_before(&limits[own], &limits[all])):
                i = own
                own = limits[i].next
            else:
                i = all
                all = limits[i].next
            if self.limits.applies(&limits[i], keys_asked(asked)) and not self._passes(page, i, asked):
                return 0
        return 1

    cdef bint _within(self, const Page* page, const Proposal* asked, uint32_t i) noexcept nogil:
        """Whether a chain's limits, from i on, surely let the order pass, as most do: by tests that make nothing and
        tell nothing. 0: test it limit by limit."""
        cdef const Limit* limit
        while i != NONE:
            limit = &self.limits.limits[i]
            if self.limits.applies(limit, keys_asked(asked)) and not self._within_one(page, asked, limit):
                return 0
            i = limit.next
        return 1

    cdef bint _within_one(self, const Page* page, const Proposal* asked, const Limit* limit) noexcept nogil:
        cdef const Instrument* instrument = &self.instruments[asked.symbol]
        cdef uint32_t cell
        cdef int64_t more
        if limit.check == R_MAX_ORDER_QTY:
            return <i128>asked.qty * <i128>self.limits.scales[asked.symbol] <= limit.value
        if limit.check == R_MAX_ORDER_NOTIONAL:
            return (asked.ord_type == T_LIMIT and instrument.notional_scale and fits_30(asked.qty) and fits_30(asked.price)
                    and instrument.settle_currency == (self.accounts[asked.account].currency if limit.currency == NONE16
                                                       else limit.currency)
                    and <i128>(asked.qty * asked.price) * <i128>instrument.notional_scale <= limit.value)
        if limit.check == R_PRICE_COLLAR_BPS:
            return self._within_collar(asked, limit)
        if limit.each != SC_ALL or limit.counter == NONE:
            return 0
        if limit.check == R_ORDER_RATE:
            return self.limits.rate(limit.counter, page.header.time_ns, limit.window_ns) < limit.value
        if limit.check == R_MAX_POSITION:
            cell = self.limits.recent_cell(page.resolved.position, limit.counter, asked.symbol)
            if cell == NONE:
                return 0
            more = asked.new_working - asked.old_working
            if asked.side == SIDE_BUY:
                return self.limits.with_change(cell, more, 0) <= limit.value
            return self.limits.with_change(cell, 0, more) <= limit.value
        return 0

    cdef bint _within_collar(self, const Proposal* asked, const Limit* limit) noexcept nogil:
        """Against the reference or the touch, in continuous trading: there an auction may allow more, never less."""
        cdef const SymbolMarket* market = &self.view.symbols[asked.symbol]
        cdef bint buys = asked.side == SIDE_BUY
        cdef int64_t reference
        cdef int64_t far
        if not asked.has_price:
            return 1
        if market.has_reference:
            reference = market.reference
        elif (market.ask_qty if buys else market.bid_qty) > 0:
            reference = market.ask_px if buys else market.bid_px
        else:
            return 0
        if reference <= 0 or not fits_30(asked.price) or not fits_30(reference):
            return 0
        far = asked.price - reference if buys else reference - asked.price
        return far <= 0 or <i128>(far * 10000) * <i128>1000000000000 <= limit.value * <i128>reference

    cdef bint _passes(self, Page* page, uint32_t index, Proposal* asked) noexcept nogil:
        cdef Limit* limit = &self.limits.limits[index]
        cdef uint32_t key = self.limits.key(limit, keys_asked(asked))
        cdef uint32_t counter
        cdef uint32_t cell
        cdef i128 value
        cdef int64_t more
        cdef uint8_t reason = R_NONE
        if limit.check == R_MAX_ORDER_QTY:
            value = <i128>asked.qty * <i128>self.limits.scales[asked.symbol]
            return value <= limit.value or not self._fails(page, index, U_QTY12, limit.value, value, key)
        if limit.check == R_MAX_ORDER_NOTIONAL:
            if not self._notional(asked, self.accounts[asked.account].currency if limit.currency == NONE16
                                  else limit.currency, &value, &reason):
                self.deny(page, reason)
                return 0
            return value <= limit.value or not self._fails(page, index, U_MONEY, limit.value, value, key)
        if limit.check == R_PRICE_COLLAR_BPS or limit.check == R_PRICE_COLLAR_TICKS:
            return self._collar(page, index, asked, key)
        counter = self.limits.counter(index, key)
        if counter == NONE:
            self.deny(page, R_TABLE_FULL)
            return 0
        if limit.check == R_ORDER_RATE:
            value = self.limits.rate(counter, page.header.time_ns, limit.window_ns) + <i128>1
            return value <= limit.value or not self._fails(page, index, U_COUNT, limit.value, value, key)
        if limit.check == R_MAX_POSITION:
            cell = self.limits.cell_at(page.resolved.position, counter, asked.symbol)
            if cell == NONE:
                self.deny(page, R_TABLE_FULL)
                return 0
            more = asked.new_working - asked.old_working
            value = self.limits.with_change(cell, more if asked.side == SIDE_BUY else 0,
                                            0 if asked.side == SIDE_BUY else more)
            return value <= limit.value or not self._fails(page, index, U_QTY12, limit.value, value, key)
        return 1

    cdef bint _fails(self, Page* page, uint32_t index, uint8_t unit, i128 bound, i128 value,
                     uint32_t key) noexcept nogil:
        cdef Limit* limit = &self.limits.limits[index]
        if value <= bound:
            return 0
        self.deny(page, <uint8_t>limit.check)
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
        if far <= 0:
            return 1
        far *= pow10_i128(12) if in_ticks else pow10_i128(16)
        step = <i128>(self.instruments[asked.symbol].tick if in_ticks else (reference if reference > 0 else 1))
        if far <= bound * step:
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
        if instrument.notional_scale and fits_30(asked.qty) and fits_30(price):
            value = <i128>(asked.qty * price) * <i128>instrument.notional_scale
        elif instrument.inverse:
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

    cdef void count_rate(self, Page* page, Proposal* asked) noexcept nogil:
        """Orders and replaces that pass count against the rate limits that they are in."""
        if self.limits.chains[asked.account].rates != NONE:
            self._count_chain(page, asked, self.limits.chains[asked.account].rates)
        if self.limits.chains[self.max_accounts].rates != NONE:
            self._count_chain(page, asked, self.limits.chains[self.max_accounts].rates)

    cdef void _count_chain(self, Page* page, Proposal* asked, uint32_t i) noexcept nogil:
        cdef Limit* limit
        while i != NONE and self.limits.limits[i].check == R_ORDER_RATE:
            limit = &self.limits.limits[i]
            if self.limits.applies(limit, keys_asked(asked)):
                self.limits.count_message(self.limits.counter(i, self.limits.key(limit, keys_asked(asked))),
                                          page.header.time_ns)
            i = limit.next


cdef bint is_before(const Limit* a, const Limit* b) noexcept nogil:
    """In the order of testing: by check, then by declaration."""
    return a.check < b.check or (a.check == b.check and a.index < b.index)


cdef bint fits_30(int64_t value) noexcept nogil:
    """0 to 2^30: a product of two fits 60 bits."""
    return <uint64_t>value <= <uint64_t>1 << 30


cdef bint is_small(const Proposal* asked, const Instrument* instrument) noexcept nogil:
    """Far from an overflow: qty x price x multiplier x 10^6 is below 2^127."""
    return fits_30(asked.qty) and fits_30(asked.price) and <uint64_t>instrument.multiplier <= <uint64_t>1 << 46


cdef int64_t notional_scale(const Instrument* instrument) noexcept nogil:
    """The multiplier x 10^(12 - digits) of a product, where it is whole and fits; else 0."""
    cdef int digits = 12 - instrument.price_precision - instrument.qty_precision - instrument.multiplier_precision
    cdef i128 scale
    if instrument.inverse or digits < 0:
        return 0
    scale = <i128>instrument.multiplier * pow10_i128(digits)
    return <int64_t>scale if 0 < scale <= <i128>1 << 62 else 0


cdef uint8_t larger(uint8_t a, uint8_t b) noexcept nogil:
    return a if a > b else b


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
