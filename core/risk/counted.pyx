# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What is counted: see counted.pxd."""
from core.messages cimport (
    NONE16, R_CREDIT, R_MARGIN, R_MAX_DAILY_CANCELS, R_MAX_DAILY_NOTIONAL, R_MAX_DAILY_ORDERS, R_MAX_DAILY_QTY,
    R_MAX_POSITION, R_MAX_WORKING_ORDERS, R_MIN_CASH, R_NET_EXPOSURE, R_NO_FX_RATE, R_NO_MARKET, R_NONE,
    R_ORDER_TRADE_RATIO, R_OVERFLOW, R_SHORT_SALE, SC_ACCOUNT, U_COUNT, U_MONEY, U_QTY12, U_RATIO,
)
from core.risk.limits cimport is_own_account
from core.risk.tallies cimport BOUGHT, BUYING, Cell, Exposure, Tally, TURNED, worst
from core_ext.wide cimport div_half_even, i128_mul_overflow, pow10_i128

cdef enum:
    RATIO_FROM = 100                # messages of the day before their ratio to fills is tested


cdef class Counted:
    """Values of limits from what their tallies count, at the marks and rates of now."""

    def __cinit__(self, Values values, Limits limits, Tallies tallies, Holdings holdings):
        self.values = values
        self.limits = limits
        self.tallies = tallies
        self.holdings = holdings

    cdef void measure(self, uint32_t index, uint32_t tally, uint32_t cell, uint32_t key, uint32_t account,
                      uint32_t symbol, const Change* change, Finding* found) noexcept nogil:
        """What a limit's tally comes to with a change; `found.bound` is set already. cell: of the symbol that changes."""
        cdef const Limit* limit = &self.limits.limits[index]
        cdef Tally* counted = &self.tallies.tallies[tally]
        cdef Cell* held = &self.tallies.cells[cell]
        cdef i128 change_worst
        found.unit = U_COUNT
        if counted.currency == NONE16:
            counted.currency = self.holdings.purses[account].currency
        if limit.check == R_MAX_WORKING_ORDERS:
            found.value = <i128>counted.live + <i128>change.orders
        elif limit.check == R_MAX_DAILY_ORDERS:
            found.value = <i128>counted.day_orders + <i128>change.orders
        elif limit.check == R_MAX_DAILY_CANCELS:
            found.value = <i128>counted.day_cancels
        elif limit.check == R_ORDER_TRADE_RATIO:
            found.unit = U_RATIO
            if counted.messages + <uint32_t>change.messages >= RATIO_FROM:
                found.value = div_half_even((<i128>counted.messages + <i128>change.messages) * pow10_i128(12),
                                            <i128>(counted.day_fills if counted.day_fills else 1))
        elif limit.check == R_MAX_POSITION:
            found.unit = U_QTY12
            change_worst = (worst(held.qty, held.buys + change.buys, held.sells + change.sells)
                            - worst(held.qty, held.buys, held.sells))
            found.value = counted.worst + change_worst * <i128>held.scale
        elif limit.check == R_SHORT_SALE:
            found.unit = U_QTY12
            found.value = (<i128>held.sells + <i128>change.sells - <i128>held.qty) * <i128>held.scale
        elif limit.check == R_MAX_DAILY_QTY:
            found.unit = U_QTY12
            found.value = counted.day_qty + (<i128>change.buys + <i128>change.sells) * <i128>held.scale
        elif limit.check == R_MAX_DAILY_NOTIONAL or limit.check == R_CREDIT or limit.check == R_MIN_CASH:
            self._measure_turnover(limit, tally, key, symbol, change, found)
        else:
            self._measure_exposure(limit, tally, cell, key, account, change, found)

    cdef void _measure_turnover(self, const Limit* limit, uint32_t tally, uint32_t key, uint32_t symbol,
                                const Change* change, Finding* found) noexcept nogil:
        cdef uint16_t currency = self.tallies.tallies[tally].currency
        cdef uint8_t what = TURNED
        cdef i128 more = change.bought + (change.sold if limit.check == R_MAX_DAILY_NOTIONAL else <i128>0)
        cdef i128 cash = 0
        found.unit = U_MONEY
        if limit.check != R_MAX_DAILY_NOTIONAL:
            what = BOUGHT if limit.check == R_CREDIT else BUYING
        found.reason = self.tallies.turnover(tally, what, &found.value)
        if found.reason != R_NONE:
            return
        if not self.values.convert(more, self.values.instruments[symbol].settle_currency, currency, &more):
            found.reason = R_NO_FX_RATE
            return
        found.value += more
        if limit.check == R_MIN_CASH:
            found.below = 1
            found.reason = self.wealth(limit, key, 1, currency, &cash)
            found.value = cash - found.value

    cdef void _measure_exposure(self, const Limit* limit, uint32_t tally, uint32_t cell, uint32_t key, uint32_t account,
                                const Change* change, Finding* found) noexcept nogil:
        cdef Exposure now
        cdef i128 equity = 0
        cdef i128 share = 0
        found.unit = U_RATIO if limit.check == R_MARGIN else U_MONEY
        found.reason = self.tallies.exposures(tally, cell, change.buys, change.sells, &now)
        if found.reason == R_NO_MARKET:
            found.reason = R_NONE       # no mark: what it comes to isn't known
            found.unknown = 1
        if found.reason != R_NONE or found.unknown:
            return
        if limit.check == R_NET_EXPOSURE:
            now.up = -now.up if now.up < <i128>0 else now.up
            now.down = -now.down if now.down < <i128>0 else now.down
            found.value = now.up if now.up > now.down else now.down
        elif limit.check != R_MARGIN:
            found.value = now.gross
        elif now.margined != <i128>0:
            found.reason = self.wealth(limit, key, 0, self.tallies.tallies[tally].currency, &equity)
            if found.reason == R_NO_MARKET or (found.reason == R_NONE and equity <= <i128>0):
                found.reason = R_NONE
                found.unknown = 1
            elif found.reason == R_NONE:
                if i128_mul_overflow(now.margined, pow10_i128(14), &share):
                    found.reason = R_OVERFLOW
                else:
                    found.value = div_half_even(share, equity)

    cdef uint8_t wealth(self, const Limit* limit, uint32_t key, bint cash, uint16_t currency, i128* out) noexcept nogil:
        """The cash, or the equity, of the limit's account; of a limit on more than one: of all of them."""
        cdef uint32_t account = limit.scope.account
        cdef i128 share = 0
        cdef uint8_t reason
        cdef uint32_t i
        out[0] = 0
        if limit.each == SC_ACCOUNT:
            account = key
        if is_own_account(account):
            return (self.holdings.cash(account, currency, out) if cash
                    else self.holdings.equity(account, currency, out))
        for i in range(self.limits.max_accounts):
            if not self.holdings.purses[i].declared or not self.limits.of(i, account):
                continue
            reason = self.holdings.cash(i, currency, &share) if cash else self.holdings.equity(i, currency, &share)
            if reason != R_NONE:
                return reason
            out[0] += share
        return R_NONE
