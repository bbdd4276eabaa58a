# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A glance: see glance.pxd. Each test here is that of core.risk.checks, with whatever isn't known taken at its worst."""
from libc.string cimport memset

from core.market.view cimport SymbolMarket
from core.messages cimport (
    K_ORDER, NONE, NONE16, O_HAS_PRICE, OrderEvent, Page, R_CANCEL_RATE, R_CREDIT, R_DUPLICATE_CONTENT, R_GROSS_EXPOSURE, R_MARGIN,
    R_MARKET_DATA_AGE_S, R_MARKET_PROTECTION_BPS, R_MAX_DAILY_CANCELS, R_MAX_DAILY_NOTIONAL, R_MAX_DAILY_ORDERS,
    R_MAX_DAILY_QTY, R_MAX_ORDER_NOTIONAL, R_MAX_ORDER_QTY, R_MAX_POSITION, R_MAX_POSITION_NOTIONAL,
    R_MAX_WORKING_ORDERS, R_MIN_CASH, R_NET_EXPOSURE, R_ORDER_RATE, R_ORDER_TRADE_RATIO, R_PERMISSION,
    R_PRICE_COLLAR_BPS, R_PRICE_COLLAR_TICKS, R_RESTRICTED, R_SECTOR_EXPOSURE, R_SELF_TRADE, R_SHORT_SALE,
    R_SPREAD_BPS, SC_ACCOUNT, SIDE_BUY, T_MARKET, UNKNOWN,
)
from core.risk.checks cimport content_of, keys_asked, newcomer_of, place_of, spares
from core.risk.holdings cimport Purse
from core.risk.limits cimport CHAINS, bit_of, is_own_account
from core.risk.own cimport Ends
from core.risk.tallies cimport larger, worst
from core.risk.values cimport DRIFT_BITS
from core_ext.atomics cimport prefetch_read, prefetch_write
from core_ext.wide cimport i128_mul_overflow, pow10_i128

cdef enum:
    NO_MORE = 99                    # messages of the day up to which no ratio is tested
    GLANCED = 256                   # bytes of a group that every order meets: what it is on, the first bounds
    COUNTED_BYTES = 192             # of a tally, without the losses


cdef class Glance:
    """Whether an order surely passes; whether a tally is surely below every warning."""

    def __cinit__(self, MarketView view, Values values, Limits limits, Tallies tallies, Holdings holdings,
                  Contents contents, Own own, Rooms rooms):
        self.rooms = rooms
        self.contents = contents
        self.own = own
        self.view = view
        self.values = values
        self.limits = limits
        self.tallies = tallies
        self.holdings = holdings

    cdef void prefetch(self, uint32_t index) noexcept nogil:
        """Asks for a group's lines, and for those of the tally of a group without `each`."""
        cdef uint32_t tally
        cdef int i
        if index == NONE:
            return
        for i in range(0, GLANCED, 64):
            prefetch_read(<char*>&self.limits.groups[index] + i)
        tally = self.limits.groups[index].tally
        if tally < self.tallies.counts[0]:
            self.rooms.prefetch(tally)
            for i in range(0, COUNTED_BYTES, 64):
                prefetch_write(<char*>&self.tallies.tallies[tally] + i)

    cdef void prefetch_order(self, const Page* page, uint32_t index) noexcept nogil:
        """Asks for where an order like this one would be remembered, once the group's lines are there."""
        cdef const OrderEvent* request = &page.request.order
        cdef Content content
        if index == NONE:
            return
        if self.limits.groups[index].orders != NONE:
            prefetch_write(&self.limits.counters[self.limits.groups[index].orders])
        if self.limits.groups[index].content == NONE:
            return
        memset(&content, 0, sizeof(Content))
        content.counter = self.limits.groups[index].content
        content.account = request.account
        content.symbol = request.symbol
        content.side = request.side
        content.ord_type = request.ord_type
        content.qty = request.qty
        content.price = request.price if request.flags & O_HAS_PRICE else 0
        self.contents.prefetch(&content)

    cdef bint passes(self, const Page* page, const Proposal* asked) noexcept nogil:
        cdef uint32_t chains[CHAINS]
        cdef int count = self.limits.chains_of(asked.account, chains)
        cdef uint32_t index
        cdef const Group* group
        cdef int i
        for i in range(count):
            index = self.limits.chains[chains[i]].groups
            while index != NONE:
                group = &self.limits.groups[index]
                if group.checks and self.limits.applies(group, keys_asked(asked)) and not self._group(
                        page, asked, group, index):
                    return 0
                index = group.next
        return 1

    cdef bint _group(self, const Page* page, const Proposal* asked, const Group* group, uint32_t index) noexcept nogil:
        cdef uint32_t key
        cdef uint32_t tally
        cdef uint32_t cell
        if group.checks & SLOW or (group.checks & bit_of(R_MARKET_PROTECTION_BPS) and asked.ord_type == T_MARKET):
            return 0
        key = self.limits.key(group.each, keys_asked(asked))
        if group.checks & ALONE and not self._order(page, asked, group, key):
            return 0
        if not group.checks & (COUNTED | RATES):
            return 1
        tally = self.tallies.tally(index, key)
        if tally == NONE:
            return 0
        if self.rooms.fits(asked, group, tally, page.header.time_ns):
            return 1
        if group.checks & RATES and not self._rates(page, group, key):
            return 0
        if not group.checks & COUNTED:
            return 1
        cell = self.tallies.cell_at(group, tally, asked.symbol, asked.position)
        if cell == NONE:
            return 0
        if not self._counts(page, asked, group, &self.tallies.tallies[tally], &self.tallies.cells[cell]):
            return 0
        return not group.checks & SUMMED or self._sums(asked, group, tally, key)

    # ---- of the order alone, and the market -----------------------------------------------------------------------

    cdef bint _order(self, const Page* page, const Proposal* asked, const Group* group, uint32_t key) noexcept nogil:
        cdef uint32_t checks = group.checks
        cdef i128 value = 0
        if checks & bit_of(R_PERMISSION) and <i128>(asked.side != SIDE_BUY) != group.bounds[place_of(R_PERMISSION)]:
            return 0
        if checks & bit_of(R_MAX_ORDER_QTY) and (<i128>asked.qty * <i128>self.values.instruments[asked.symbol].scale
                                                 > group.bounds[place_of(R_MAX_ORDER_QTY)]):
            return 0
        if checks & bit_of(R_MAX_ORDER_NOTIONAL) and (
                not asked.has_value or not self.values.convert(
                    asked.value, self.values.instruments[asked.symbol].settle_currency,
                    self.holdings.purses[asked.account].currency if group.currency == NONE16 else group.currency, &value)
                or value > group.bounds[place_of(R_MAX_ORDER_NOTIONAL)]):
            return 0
        if checks & COLLARS and asked.has_price and not self._collar(asked, group):
            return 0
        if checks & MARKET and not self._market(page, asked, group):
            return 0
        return not checks & LATELY or self._lately(page, asked, group, key)

    cdef bint _rates(self, const Page* page, const Group* group, uint32_t key) noexcept nogil:
        if group.checks & bit_of(R_ORDER_RATE) and not self._rate(page, group, R_ORDER_RATE, key, 1):
            return 0
        return not group.checks & bit_of(R_CANCEL_RATE) or self._rate(page, group, R_CANCEL_RATE, key, 0)

    cdef bint _rate(self, const Page* page, const Group* group, uint16_t check, uint32_t key, int more) noexcept nogil:
        cdef uint32_t limit = group.limits[place_of(check)]
        cdef uint32_t counter = self.limits.counter(limit, key)
        return counter != NONE and self.limits.rate(
            counter, page.header.time_ns, self.limits.limits[limit].window_ns) + <i128>more <= (
            group.bounds[place_of(check)])

    cdef bint _lately(self, const Page* page, const Proposal* asked, const Group* group, uint32_t key) noexcept nogil:
        """Nothing like it passed lately, and no own order would meet it."""
        cdef Content content
        cdef Newcomer new
        cdef int64_t since = 0
        if group.checks & bit_of(R_DUPLICATE_CONTENT):
            content_of(asked, self.limits.content_counter(group, key), &content)
            if self.contents.since(&content, asked.order, page.header.time_ns, &since) and (
                    <i128>since * <i128>1000 < group.bounds[place_of(R_DUPLICATE_CONTENT)]):
                return 0
        if not group.checks & bit_of(R_SELF_TRADE) or asked.held or asked.leg:
            return 1
        if group.own and empty(&self.own.ends[asked.position], asked.side == SIDE_BUY):
            return 1
        newcomer_of(asked, &self.limits.limits[group.limits[place_of(R_SELF_TRADE)]], key, &new)
        return self.own.meet(&new) == 0

    cdef bint _collar(self, const Proposal* asked, const Group* group) noexcept nogil:
        """Against the reference or the touch, in continuous trading: there an auction may allow more, never less."""
        cdef const SymbolMarket* market = &self.view.symbols[asked.symbol]
        cdef bint buys = asked.side == SIDE_BUY
        cdef int64_t reference
        cdef int64_t far
        if market.has_reference:
            reference = market.reference
        elif (market.ask_qty if buys else market.bid_qty) > 0:
            reference = market.ask_px if buys else market.bid_px
        else:
            return 0
        if reference <= 0 or asked.price >> 31 or reference >> 31:
            return 0
        far = asked.price - reference if buys else reference - asked.price
        if far <= 0:
            return 1
        if group.checks & bit_of(R_PRICE_COLLAR_BPS) and (
                <i128>(far * 10000) * pow10_i128(12) > group.bounds[place_of(R_PRICE_COLLAR_BPS)] * <i128>reference):
            return 0
        return not group.checks & bit_of(R_PRICE_COLLAR_TICKS) or <i128>far * pow10_i128(12) <= (
            group.bounds[place_of(R_PRICE_COLLAR_TICKS)] * <i128>self.values.instruments[asked.symbol].tick)

    cdef bint _market(self, const Page* page, const Proposal* asked, const Group* group) noexcept nogil:
        cdef const SymbolMarket* market = &self.view.symbols[asked.symbol]
        cdef int64_t twice_mid = market.ask_px + market.bid_px
        if group.checks & bit_of(R_SPREAD_BPS):
            if market.ask_qty <= 0 or market.bid_qty <= 0 or twice_mid <= 0 or (market.ask_px - market.bid_px) >> 31:
                return 0
            if (<i128>((market.ask_px - market.bid_px) * 20000) * pow10_i128(12)
                    > group.bounds[place_of(R_SPREAD_BPS)] * <i128>twice_mid):
                return 0
        return not group.checks & bit_of(R_MARKET_DATA_AGE_S) or (
            market.quoted and <i128>(page.header.time_ns - market.quoted_ns) * <i128>1000
            <= group.bounds[place_of(R_MARKET_DATA_AGE_S)])

    # ---- what is counted --------------------------------------------------------------------------------------------

    cdef bint _counts(self, const Page* page, const Proposal* asked, const Group* group, const Tally* tally,
                      const Cell* cell) noexcept nogil:
        """Counts and quantities: exact."""
        cdef uint32_t checks = group.checks
        cdef bint new = page.header.kind == K_ORDER
        cdef int64_t more = asked.new_working - asked.old_working
        cdef i128 value
        if checks & bit_of(R_MAX_WORKING_ORDERS) and (
                <i128>(tally.live + new) > group.bounds[place_of(R_MAX_WORKING_ORDERS)]):
            return 0
        if checks & bit_of(R_MAX_DAILY_ORDERS) and (
                <i128>(tally.day_orders + new) > group.bounds[place_of(R_MAX_DAILY_ORDERS)]):
            return 0
        if checks & bit_of(R_MAX_DAILY_CANCELS) and <i128>tally.day_cancels > group.bounds[place_of(R_MAX_DAILY_CANCELS)]:
            return 0
        if checks & bit_of(R_ORDER_TRADE_RATIO) and tally.messages >= NO_MORE and (
                <i128>(tally.messages + 1) * pow10_i128(12)
                > group.bounds[place_of(R_ORDER_TRADE_RATIO)] * <i128>(tally.day_fills if tally.day_fills else 1)):
            return 0
        if checks & bit_of(R_MAX_POSITION):
            value = worst(cell.qty, cell.buys + (more if asked.side == SIDE_BUY else 0),
                          cell.sells + (0 if asked.side == SIDE_BUY else more)) - worst(cell.qty, cell.buys, cell.sells)
            if tally.worst + value * <i128>cell.scale > group.bounds[place_of(R_MAX_POSITION)]:
                return 0
        if checks & bit_of(R_SHORT_SALE) and (
                not spares(R_SHORT_SALE, asked, self.values.instruments[asked.symbol].kind)
                and (<i128>cell.sells + <i128>more - <i128>cell.qty) * <i128>cell.scale
                > group.bounds[place_of(R_SHORT_SALE)]):
            return 0
        return not checks & bit_of(R_MAX_DAILY_QTY) or (
            tally.day_qty + <i128>more * <i128>cell.scale <= group.bounds[place_of(R_MAX_DAILY_QTY)])

    cdef i128 drifted(self, i128 value) noexcept nogil:
        """The most that marks may have made of a sum at references, a digit's rounding included."""
        value = -value if value < <i128>0 else value
        return value + value / <i128>(1 << DRIFT_BITS) * <i128>self.values.facts[1] + <i128>self.values.facts[1] + <i128>1000000

    cdef bint _sums(self, const Proposal* asked, const Group* group, uint32_t index, uint32_t key) noexcept nogil:
        """What marks and rates move: at references, and how far they may have moved since."""
        cdef const Tally* tally = &self.tallies.tallies[index]
        cdef uint32_t checks = group.checks
        cdef uint16_t settled = self.values.instruments[asked.symbol].settle_currency
        cdef int64_t more = asked.new_working - asked.old_working
        cdef int64_t reference = self.values.instruments[asked.symbol].reference2
        cdef i128 share = 0
        cdef i128 gross
        cdef i128 moved
        if not self.values.ready() or not self.tallies.fresh(index) or (checks & EXPOSED and reference == 0):
            return 0
        if checks & EXPOSED:
            if more > 0 and (not self.values.money2(asked.symbol, <i128>more, reference, &share)
                             or not self.values.convert(share, settled, tally.currency, &share)):
                return 0
            gross = self.drifted(tally.gross + share)
            if checks & bit_of(R_MAX_POSITION_NOTIONAL) and gross > group.bounds[place_of(R_MAX_POSITION_NOTIONAL)]:
                return 0
            if checks & bit_of(R_GROSS_EXPOSURE) and gross > group.bounds[place_of(R_GROSS_EXPOSURE)]:
                return 0
            if checks & bit_of(R_SECTOR_EXPOSURE) and gross > group.bounds[place_of(R_SECTOR_EXPOSURE)]:
                return 0
            if checks & bit_of(R_NET_EXPOSURE):
                moved = gross - (tally.gross + share) + share
                if (larger(tally.up, tally.down) + moved) > group.bounds[place_of(R_NET_EXPOSURE)]:
                    return 0
        if checks & TURNOVER and not self._turnover(asked, group, tally):
            return 0
        return not checks & PURSE or self._purse(asked, group, tally, key, (
            tally.margined + share * <i128>self.values.instruments[asked.symbol].margin) / <i128>100000000 + <i128>1, tally.buying)

    cdef bint _turnover(self, const Proposal* asked, const Group* group, const Tally* tally) noexcept nogil:
        cdef i128 more = 0
        if not asked.has_value or not self.values.convert(
                asked.new_value - asked.old_value, self.values.instruments[asked.symbol].settle_currency, tally.currency,
                &more):
            return 0
        if group.checks & bit_of(R_MAX_DAILY_NOTIONAL) and (
                tally.day_value + more + <i128>1000000 > group.bounds[place_of(R_MAX_DAILY_NOTIONAL)]):
            return 0
        return not group.checks & bit_of(R_CREDIT) or asked.side != SIDE_BUY or (
            tally.day_buys + more + <i128>1000000 <= group.bounds[place_of(R_CREDIT)])

    cdef bint _purse(self, const Proposal* asked, const Group* group, const Tally* tally, uint32_t key, i128 margined,
                     i128 buying) noexcept nogil:
        """Margin and cash, of one account in its own currency."""
        cdef uint32_t account = key if group.each == SC_ACCOUNT else group.scope.account
        cdef const Purse* purse
        cdef i128 equity
        cdef i128 share = 0
        if not is_own_account(account) or not self.holdings.fresh(account):
            return 0
        purse = &self.holdings.purses[account]
        if purse.currency != tally.currency:
            return 0
        if group.checks & bit_of(R_MARGIN):
            equity = purse.worth - (self.drifted(purse.moving) - purse.moving)
            if equity <= <i128>0 or i128_mul_overflow(self.drifted(margined), pow10_i128(14), &share) or (
                    exceeds(share, group.bounds[place_of(R_MARGIN)], equity)):
                return 0
        if not group.checks & bit_of(R_MIN_CASH) or spares(
                R_MIN_CASH, asked, self.values.instruments[asked.symbol].kind):
            return 1
        if not asked.has_value or not self.values.convert(
                asked.new_value - asked.old_value, self.values.instruments[asked.symbol].settle_currency, tally.currency,
                &share):
            return 0
        return purse.held - buying - share - <i128>1000000 >= group.bounds[place_of(R_MIN_CASH)]

    # ---- after an event ---------------------------------------------------------------------------------------------

    cdef bint calm(self, const Group* group, uint32_t index) noexcept nogil:
        """Whether every limit of the tally that warns is surely below its first warning, and none stands."""
        cdef const Tally* tally = &self.tallies.tallies[index]
        cdef uint32_t checks = group.checks
        if tally.warned:
            return 0
        if self.rooms.calm(group, index):
            return 1
        if checks & bit_of(R_MAX_DAILY_ORDERS) and not below_70(
                <i128>tally.day_orders, group.bounds[place_of(R_MAX_DAILY_ORDERS)]):
            return 0
        if checks & bit_of(R_MAX_POSITION) and not below_70(tally.worst, group.bounds[place_of(R_MAX_POSITION)]):
            return 0
        if checks & bit_of(R_MAX_DAILY_QTY) and not below_70(tally.day_qty, group.bounds[place_of(R_MAX_DAILY_QTY)]):
            return 0
        return not checks & SUMMED or self._calm_money(group, index)

    cdef bint _calm_money(self, const Group* group, uint32_t index) noexcept nogil:
        cdef const Tally* tally = &self.tallies.tallies[index]
        cdef const Purse* purse
        cdef uint32_t checks = group.checks
        cdef i128 gross
        cdef i128 share = 0
        cdef i128 part = 0
        if not self.values.ready() or not self.tallies.fresh(index):
            return 0
        gross = self.drifted(tally.gross)
        if checks & bit_of(R_MAX_POSITION_NOTIONAL) and not below_70(
                gross, group.bounds[place_of(R_MAX_POSITION_NOTIONAL)]):
            return 0
        if checks & bit_of(R_GROSS_EXPOSURE) and not below_70(gross, group.bounds[place_of(R_GROSS_EXPOSURE)]):
            return 0
        if checks & bit_of(R_SECTOR_EXPOSURE) and not below_70(gross, group.bounds[place_of(R_SECTOR_EXPOSURE)]):
            return 0
        if checks & bit_of(R_NET_EXPOSURE) and not below_70(
                larger(tally.up, tally.down) + gross - tally.gross, group.bounds[place_of(R_NET_EXPOSURE)]):
            return 0
        if checks & bit_of(R_MAX_DAILY_NOTIONAL) and not below_70(
                tally.day_value + <i128>1000000, group.bounds[place_of(R_MAX_DAILY_NOTIONAL)]):
            return 0
        if checks & bit_of(R_CREDIT) and not below_70(
                tally.day_buys + <i128>1000000, group.bounds[place_of(R_CREDIT)]):
            return 0
        if not checks & bit_of(R_MARGIN):
            return 1
        if group.scope.account >= UNKNOWN and group.each != SC_ACCOUNT:
            return 0
        purse = &self.holdings.purses[tally.key if group.each == SC_ACCOUNT else group.scope.account]
        if not is_own_account(tally.key if group.each == SC_ACCOUNT else group.scope.account) or (
                purse.currency != tally.currency
                or not self.holdings.fresh(tally.key if group.each == SC_ACCOUNT else group.scope.account)):
            return 0
        part = purse.worth - (self.drifted(purse.moving) - purse.moving)
        return part > <i128>0 and not i128_mul_overflow(self.drifted(tally.margined / <i128>100000000 + <i128>1), pow10_i128(15), &share) and not (
            exceeds(share / <i128>7 + <i128>1, group.bounds[place_of(R_MARGIN)], part))


cdef bint empty(const Ends* ends, bint buys) noexcept nogil:
    """Whether nothing works on the other side."""
    return (ends.sells if buys else ends.buys) == NONE


cdef bint exceeds(i128 value, i128 bound, i128 of) noexcept nogil:
    """Whether a value is above bound x of; of > 0. A product that doesn't fit is larger than anything that does."""
    cdef i128 part = 0
    if i128_mul_overflow(bound, of, &part):
        return bound < <i128>0
    return value > part


cdef bint below_70(i128 value, i128 bound) noexcept nogil:
    return value * <i128>10 < bound * <i128>7


cdef uint32_t SLOW = bit_of(R_RESTRICTED)
cdef uint32_t COLLARS = bit_of(R_PRICE_COLLAR_BPS) | bit_of(R_PRICE_COLLAR_TICKS)
cdef uint32_t MARKET = bit_of(R_SPREAD_BPS) | bit_of(R_MARKET_DATA_AGE_S)
cdef uint32_t LATELY = bit_of(R_DUPLICATE_CONTENT) | bit_of(R_SELF_TRADE)
cdef uint32_t ALONE = (bit_of(R_PERMISSION) | bit_of(R_MAX_ORDER_QTY) | bit_of(R_MAX_ORDER_NOTIONAL) | COLLARS | MARKET
                       | LATELY)
cdef uint32_t RATES = bit_of(R_ORDER_RATE) | bit_of(R_CANCEL_RATE)
cdef uint32_t EXPOSED = (bit_of(R_MAX_POSITION_NOTIONAL) | bit_of(R_GROSS_EXPOSURE) | bit_of(R_NET_EXPOSURE)
                         | bit_of(R_SECTOR_EXPOSURE) | bit_of(R_MARGIN))
cdef uint32_t TURNOVER = bit_of(R_MAX_DAILY_NOTIONAL) | bit_of(R_CREDIT)
cdef uint32_t PURSE = bit_of(R_MARGIN) | bit_of(R_MIN_CASH)
cdef uint32_t SUMMED = EXPOSED | TURNOVER | PURSE
cdef uint32_t COUNTED = (bit_of(R_MAX_WORKING_ORDERS) | bit_of(R_MAX_DAILY_ORDERS) | bit_of(R_ORDER_TRADE_RATIO)
                         | bit_of(R_MAX_DAILY_CANCELS) | bit_of(R_MAX_POSITION) | bit_of(R_SHORT_SALE) | bit_of(R_MAX_DAILY_QTY) | SUMMED)
