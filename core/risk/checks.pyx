# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The limits' tests: see checks.pxd. What each check means: docs/scenarios.md, "Checks"."""
from libc.string cimport memset

from core.market.view cimport SymbolMarket
from core.messages cimport (
    I_EQUITY, K_ORDER, NONE, NONE16, Page, R_CANCEL_RATE, R_CREDIT, R_DAILY_LOSS, R_DRAWDOWN, R_DUPLICATE_CONTENT,
    R_GROSS_EXPOSURE, R_MARGIN, R_MARKET_DATA_AGE_S, R_MARKET_PROTECTION_BPS, R_MAX_DAILY_CANCELS,
    R_MAX_DAILY_NOTIONAL, R_MAX_DAILY_QTY, R_MAX_ORDER_NOTIONAL, R_MAX_ORDER_QTY, R_MAX_POSITION,
    R_MAX_POSITION_NOTIONAL, R_MAX_WORKING_ORDERS, R_MIN_CASH, R_NO_FX_RATE, R_NO_MARKET, R_NONE, R_ORDER_RATE,
    R_ORDER_TRADE_RATIO, R_PERMISSION, R_PRICE_COLLAR_BPS, R_PRICE_COLLAR_TICKS, R_RESTRICTED, R_SECTOR_EXPOSURE,
    R_SELF_TRADE, R_SHORT_SALE, R_SPREAD_BPS, R_TABLE_FULL, SIDE_BUY, T_MARKET, U_BPS, U_COUNT, U_MONEY, U_QTY12,
    U_RATIO, U_SECONDS, U_TEXT, U_WORD, VF_APPLIES, VF_DENIED, VF_SOFT, VS_AUCTION,
)
from core.orders.order cimport B_PENDING_CANCEL, B_PENDING_REPLACE
from core.risk.limits cimport CHAINS
from core.risk.own cimport ST_CANCEL_BOTH, ST_CANCEL_NEWEST, ST_DECREMENT, set_key
from core.risk.values cimport pays_value
from core_ext.wide cimport div_half_even, pow10_i128

cdef enum:
    SECOND = 1000                   # a nanosecond in 10^-12 s


cdef class Checks:
    """Tests an order against each limit that it is in, by check, then by declaration; the first that fails denies."""

    def __cinit__(self, Emitter emitter, MarketView view, Values values, Limits limits, Tallies tallies,
                  Holdings holdings, Contents contents, Own own):
        self.emitter = emitter
        self.view = view
        self.values = values
        self.limits = limits
        self.tallies = tallies
        self.holdings = holdings
        self.contents = contents
        self.own = own
        self.counted = Counted(values, limits, tallies, holdings)

    # ---- in the order of testing ----------------------------------------------------------------------------------

    cdef int begin_merge(self, uint32_t account, uint32_t* cursors) noexcept nogil:
        """The first limit of each chain that the account is in. How many chains."""
        cdef int count = self.limits.chains_of(account, cursors)
        cdef int i
        for i in range(count):
            cursors[i] = self.limits.chains[cursors[i]].first
        return count

    cdef bint merge(self, uint32_t* cursors, int count, uint32_t* out) noexcept nogil:
        """The next limit of all chains, by check, then by declaration; 0: there is none."""
        cdef const Limit* limits = self.limits.limits
        cdef int best = -1
        cdef int i
        for i in range(count):
            if cursors[i] != NONE and (best < 0 or is_before(&limits[cursors[i]], &limits[cursors[best]])):
                best = i
        if best < 0:
            return 0
        out[0] = cursors[best]
        cursors[best] = limits[out[0]].next
        return 1

    cdef bint passes(self, Page* page, Proposal* asked) noexcept nogil:
        cdef uint32_t cursors[CHAINS]
        cdef int count = self.begin_merge(asked.account, cursors)
        cdef uint32_t index
        cdef Limit* limit
        cdef Finding found
        while self.merge(cursors, count, &index):
            limit = &self.limits.limits[index]
            if not limit.active or limit.group == NONE or not self.limits.applies(
                    &self.limits.groups[limit.group], keys_asked(asked)):
                continue
            if not self.test(page, asked, index, &found):
                self.deny(page, index, self.limits.key(limit.each, keys_asked(asked)), &found)
                return 0
        return 1

    cdef void deny(self, Page* page, uint32_t index, uint32_t key, const Finding* found) noexcept nogil:
        """The verdict of a limit. What can't be tested for want of a rate, or doesn't fit, is no limit's."""
        cdef const Limit* limit = &self.limits.limits[index]
        page.verdict.flags = (page.verdict.flags & ~VF_APPLIES) | VF_DENIED
        page.verdict.unit = U_TEXT
        page.verdict.limit = 0
        page.verdict.value = 0
        page.verdict.limit_index = 0
        memset(&page.verdict.scope, 0xFF, sizeof(page.verdict.scope))
        page.verdict.reason = found.reason
        if found.reason != R_NONE:
            return
        page.verdict.reason = <uint8_t>limit.check
        page.verdict.unit = found.unit
        page.verdict.limit = found.bound
        page.verdict.value = found.value
        page.verdict.limit_index = NONE if found.unknown else index
        page.verdict.scope = limit.scope
        set_key(&page.verdict.scope, limit.each, key)
        if limit.soft:
            page.verdict.flags |= VF_SOFT

    cdef bint test(self, Page* page, Proposal* asked, uint32_t index, Finding* found) noexcept nogil:
        """Whether the order is within the limit; else `found` says what there is to tell."""
        cdef const Limit* limit = &self.limits.limits[index]
        cdef uint32_t key = self.limits.key(limit.each, keys_asked(asked))
        cdef uint32_t tally
        cdef uint32_t cell
        cdef Change change
        memset(found, 0, sizeof(Finding))
        found.bound = self.limits.bound(limit, page.header.time_ns)
        found.unit = U_COUNT
        if spares(limit.check, asked, self.values.instruments[asked.symbol].kind):
            return 1
        if not self._test_order(page, asked, index, key, found):
            tally = self.tallies.tally(limit.group, key)
            cell = self.tallies.cell_at(&self.limits.groups[limit.group], tally, asked.symbol, asked.position)
            if cell == NONE:
                found.reason = R_TABLE_FULL
                return 0
            memset(&change, 0, sizeof(Change))
            change.messages = 1
            change.orders = page.header.kind == K_ORDER
            if asked.side == SIDE_BUY:
                change.buys = asked.new_working - asked.old_working
                change.bought = asked.new_value - asked.old_value
            else:
                change.sells = asked.new_working - asked.old_working
                change.sold = asked.new_value - asked.old_value
            if not asked.has_value and (limit.check == R_MIN_CASH or limit.check == R_MAX_DAILY_NOTIONAL
                                        or limit.check == R_CREDIT):
                found.reason = asked.no_value
                return 0
            self.counted.measure(index, tally, cell, key, asked.account, asked.symbol, &change, found)
        if found.reason != R_NONE or found.unknown:
            return 0
        if found.decided:
            return found.decided == HOLDS
        return found.value >= found.bound if found.below else found.value <= found.bound

    cdef bint _test_order(self, Page* page, Proposal* asked, uint32_t index, uint32_t key,
                          Finding* found) noexcept nogil:
        """Those that ask nothing of what is counted; 0: it is one of the others."""
        cdef const Limit* limit = &self.limits.limits[index]
        cdef uint32_t counter
        if limit.check == R_RESTRICTED:
            found.value = found.bound
            found.decided = HOLDS if found.bound == <i128>0 else FAILS
        elif limit.check == R_PERMISSION:
            found.unit = U_WORD
            found.value = <i128>(0 if asked.side == SIDE_BUY else 1)
            found.decided = HOLDS if found.value == found.bound else FAILS
        elif limit.check == R_MAX_ORDER_QTY:
            found.unit = U_QTY12
            found.value = <i128>asked.qty * <i128>self.values.instruments[asked.symbol].scale
        elif limit.check == R_MAX_ORDER_NOTIONAL:
            self._notional(asked, limit, found)
        elif limit.check == R_PRICE_COLLAR_BPS or limit.check == R_PRICE_COLLAR_TICKS:
            self._collar(asked, limit, found)
        elif limit.check == R_MARKET_PROTECTION_BPS:
            self._protect(asked, limit, found)
        elif limit.check == R_SPREAD_BPS:
            self._spread(asked, found)
        elif limit.check == R_MARKET_DATA_AGE_S:
            self._age(page, asked, found)
        elif limit.check == R_DUPLICATE_CONTENT:
            self._content(page, asked, index, key, found)
        elif limit.check == R_SELF_TRADE:
            self._self_trade(page, asked, index, key, found)
        elif R_CANCEL_RATE <= limit.check <= R_MAX_DAILY_CANCELS and not limit.denies:
            found.decided = HOLDS           # it alerts, when a cancel comes
        elif limit.check == R_ORDER_RATE or limit.check == R_CANCEL_RATE:
            counter = self.limits.counter(index, key)
            if counter == NONE:
                found.reason = R_TABLE_FULL
                return 1
            found.value = self.limits.rate(counter, page.header.time_ns, limit.window_ns)
            found.value += <i128>(limit.check == R_ORDER_RATE)
        elif not is_measured(limit.check):
            found.decided = HOLDS           # it looks at nothing before an order goes
        else:
            return 0
        return 1

    # ---- of the order alone, and the market -----------------------------------------------------------------------

    cdef bint value_price(self, const Proposal* asked, int64_t* out) noexcept nogil:
        """The price an order is valued at: its own; a market order's: the opposite touch, else last trade, else mark."""
        cdef SymbolMarket* market = &self.view.symbols[asked.symbol]
        if asked.has_price:
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

    cdef void _notional(self, Proposal* asked, const Limit* limit, Finding* found) noexcept nogil:
        cdef uint16_t currency = limit.currency
        found.unit = U_MONEY
        if currency == NONE16:
            currency = self.holdings.purses[asked.account].currency
        if not asked.has_value:
            found.reason = asked.no_value
        elif not self.values.convert(asked.value, self.values.instruments[asked.symbol].settle_currency, currency,
                                     &found.value):
            found.reason = R_NO_FX_RATE

    cdef void _collar(self, const Proposal* asked, const Limit* limit, Finding* found) noexcept nogil:
        """How far the price is beyond the reference, on the paying side; twice as far is allowed in an auction."""
        cdef SymbolMarket* market = &self.view.symbols[asked.symbol]
        cdef bint buys = asked.side == SIDE_BUY
        cdef bint in_ticks = limit.check == R_PRICE_COLLAR_TICKS
        cdef int64_t reference
        cdef i128 far
        cdef i128 step
        found.unit = U_QTY12 if in_ticks else U_BPS
        if not asked.has_price:
            found.decided = HOLDS
            return
        if market.has_reference:
            reference = market.reference
        elif (market.ask_qty if buys else market.bid_qty) > 0:
            reference = market.ask_px if buys else market.bid_px
        elif market.has_trade:
            reference = market.last_px
        else:
            found.unknown = 1
            return
        if asked.venue != NONE16 and self.view.state(asked.symbol, asked.venue) == VS_AUCTION:
            found.bound *= <i128>2
        far = <i128>asked.price - <i128>reference if buys else <i128>reference - <i128>asked.price
        if far <= <i128>0:
            found.decided = HOLDS
            return
        far *= pow10_i128(12) if in_ticks else pow10_i128(16)
        step = <i128>(self.values.instruments[asked.symbol].tick if in_ticks else (reference if reference > 0 else 1))
        found.value = div_half_even(far, step)
        if far > found.bound * step and found.value <= found.bound:
            found.value = found.bound + <i128>1     # rounded it would seem to be within

    cdef void _protect(self, Proposal* asked, const Limit* limit, Finding* found) noexcept nogil:
        """A market order goes out no further than so much beyond the touch, to the tick towards it. It denies nothing
        but what has no touch."""
        cdef SymbolMarket* market = &self.view.symbols[asked.symbol]
        cdef bint buys = asked.side == SIDE_BUY
        cdef int64_t price = 0
        if asked.ord_type != T_MARKET or asked.held:
            found.decided = HOLDS
            return
        if (market.ask_qty if buys else market.bid_qty) <= 0:
            found.reason = R_NO_MARKET
            return
        price = beyond(market.ask_px if buys else market.bid_px, found.bound,
                       self.values.instruments[asked.symbol].tick, buys)
        if not asked.protects or (price < asked.protected if buys else price > asked.protected):
            asked.protected = price
        asked.protects = 1
        found.decided = HOLDS

    cdef bint protects(self, Page* page, Proposal* asked) noexcept nogil:
        """The tightest protection of a market order that goes now; 0: there is none, or no touch."""
        cdef uint32_t cursors[CHAINS]
        cdef int count = self.begin_merge(asked.account, cursors)
        cdef uint32_t index
        cdef const Limit* limit
        cdef Finding found
        while self.merge(cursors, count, &index):
            limit = &self.limits.limits[index]
            if limit.check == R_MARKET_PROTECTION_BPS and limit.active and self.limits.applies(
                    &self.limits.groups[limit.group], keys_asked(asked)):
                memset(&found, 0, sizeof(Finding))
                found.bound = self.limits.bound(limit, page.header.time_ns)
                self._protect(asked, limit, &found)
        return asked.protects

    cdef void _spread(self, const Proposal* asked, Finding* found) noexcept nogil:
        """(ask - bid) / mid of the consolidated best."""
        cdef SymbolMarket* market = &self.view.symbols[asked.symbol]
        cdef i128 twice_mid = <i128>market.ask_px + <i128>market.bid_px
        cdef i128 spread = (<i128>market.ask_px - <i128>market.bid_px) * <i128>2 * pow10_i128(16)
        found.unit = U_BPS
        if market.ask_qty <= 0 or market.bid_qty <= 0 or twice_mid <= <i128>0:
            found.unknown = 1
            return
        found.value = div_half_even(spread, twice_mid)
        if spread > found.bound * twice_mid and found.value <= found.bound:
            found.value = found.bound + <i128>1

    cdef void _age(self, const Page* page, const Proposal* asked, Finding* found) noexcept nogil:
        cdef SymbolMarket* market = &self.view.symbols[asked.symbol]
        found.unit = U_SECONDS
        found.unknown = not market.quoted
        found.value = <i128>(page.header.time_ns - market.quoted_ns) * <i128>SECOND

    cdef void _content(self, const Page* page, const Proposal* asked, uint32_t index, uint32_t key,
                       Finding* found) noexcept nogil:
        """Exceeded where the same passed less than so long ago."""
        cdef Content content
        cdef int64_t since = 0
        found.unit = U_SECONDS
        found.below = 1
        found.value = found.bound
        content_of(asked, self.limits.counter(index, key), &content)
        if content.counter == NONE:
            found.reason = R_TABLE_FULL
        elif self.contents.since(&content, asked.order, page.header.time_ns, &since):
            found.value = <i128>since * <i128>SECOND

    cdef void _self_trade(self, Page* page, Proposal* asked, uint32_t index, uint32_t key,
                          Finding* found) noexcept nogil:
        """Denied, or what it would meet is canceled, and it waits until that is gone."""
        cdef const Limit* limit = &self.limits.limits[index]
        cdef Newcomer new
        cdef int count
        cdef int i
        cdef uint8_t how = <uint8_t>found.bound
        found.unit = U_WORD
        found.value = -1
        if asked.held or asked.leg:
            found.decided = HOLDS
            return
        newcomer_of(asked, limit, key, &new)
        count = self.own.meet(&new)
        if count == 0:
            found.decided = HOLDS
            return
        if how == ST_CANCEL_BOTH and count > 0:
            self.own.cancel(page, count)
        if count < 0 or how == ST_CANCEL_NEWEST or how == ST_CANCEL_BOTH or page.header.kind != K_ORDER or (
                asked.waits_limit != NONE or not self.own.has_room()):
            found.decided = FAILS
            return
        for i in range(count):
            if how == ST_DECREMENT and self.own.life.orders[self.own.met[i]].bits & (
                    B_PENDING_CANCEL | B_PENDING_REPLACE):
                found.decided = FAILS
                return
        asked.waits_limit = index
        asked.waits_key = key
        asked.meets = count
        asked.decrements = how == ST_DECREMENT
        found.decided = HOLDS


cdef bint is_before(const Limit* a, const Limit* b) noexcept nogil:
    """In the order of testing: by check, then by declaration."""
    return a.check < b.check or (a.check == b.check and a.index < b.index)


cdef bint is_measured(uint16_t check) noexcept nogil:
    """Whether it is tested before an order goes, against what is counted."""
    return R_MAX_WORKING_ORDERS <= check <= R_CREDIT or check == R_MAX_DAILY_CANCELS


cdef bint spares(uint16_t check, const Proposal* asked, uint8_t kind) noexcept nogil:
    """Whether a check isn't about that side, or that kind of instrument."""
    if check == R_SHORT_SALE:
        return asked.side == SIDE_BUY or kind != I_EQUITY
    if check == R_MIN_CASH:
        return asked.side != SIDE_BUY or not pays_value(kind)
    return check == R_CREDIT and asked.side != SIDE_BUY


cdef int64_t beyond(int64_t touch, i128 bps, int64_t tick, bint buys) noexcept nogil:
    """So many bps (10^-12) beyond the touch, to the tick towards it."""
    cdef i128 whole = pow10_i128(16)
    cdef i128 top = <i128>touch * (whole + bps if buys else whole - bps)
    cdef i128 step = <i128>tick * whole
    cdef i128 ticks = top / step
    if buys:
        if top < <i128>0 and ticks * step != top:
            ticks -= <i128>1
    elif top > <i128>0 and ticks * step != top:
        ticks += <i128>1
    return <int64_t>(ticks * <i128>tick)


cdef void content_of(const Proposal* asked, uint32_t counter, Content* out) noexcept nogil:
    memset(out, 0, sizeof(Content))
    out.counter = counter
    out.account = asked.account
    out.symbol = asked.symbol
    out.side = asked.side
    out.ord_type = asked.ord_type
    out.qty = asked.qty
    out.price = asked.price if asked.has_price else 0


cdef void newcomer_of(const Proposal* asked, const Limit* limit, uint32_t key, Newcomer* out) noexcept nogil:
    out.account = asked.account
    out.symbol = asked.symbol
    out.position = asked.position
    out.order = asked.order
    out.venue = asked.venue
    out.buys = asked.side == SIDE_BUY
    out.takes_any = not asked.has_price
    out.price = asked.price
    out.scope = limit.scope
    out.each = limit.each
    out.key = key


cdef uint8_t unit_of(uint16_t check) noexcept nogil:
    """In which unit a check's limit is told."""
    if check == R_PERMISSION or check == R_SELF_TRADE:
        return U_WORD
    if check == R_PRICE_COLLAR_BPS or check == R_MARKET_PROTECTION_BPS or check == R_SPREAD_BPS:
        return U_BPS
    if check == R_MARKET_DATA_AGE_S or check == R_DUPLICATE_CONTENT:
        return U_SECONDS
    if check == R_ORDER_TRADE_RATIO or check == R_MARGIN:
        return U_RATIO
    if (check == R_MAX_ORDER_NOTIONAL or check == R_MAX_POSITION_NOTIONAL or check == R_MIN_CASH
            or R_GROSS_EXPOSURE <= check <= R_SECTOR_EXPOSURE or check == R_MAX_DAILY_NOTIONAL or check == R_CREDIT
            or check == R_DAILY_LOSS or check == R_DRAWDOWN):
        return U_MONEY
    if (check == R_MAX_ORDER_QTY or check == R_PRICE_COLLAR_TICKS or check == R_MAX_POSITION or check == R_SHORT_SALE
            or check == R_MAX_DAILY_QTY):
        return U_QTY12
    return U_COUNT
