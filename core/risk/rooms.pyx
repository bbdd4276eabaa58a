# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rooms: see rooms.pxd. Whatever isn't simple has no room, and is looked at by others."""
from libc.string cimport memset

from core.messages cimport (
    I_EQUITY, R_CANCEL_RATE, R_CREDIT, R_GROSS_EXPOSURE, R_MARGIN, R_MAX_DAILY_CANCELS, R_MAX_DAILY_NOTIONAL,
    R_MAX_DAILY_ORDERS, R_MAX_DAILY_QTY, R_MAX_POSITION, R_MAX_POSITION_NOTIONAL, R_MAX_WORKING_ORDERS, R_MIN_CASH,
    R_NET_EXPOSURE, R_ORDER_RATE, R_ORDER_TRADE_RATIO, R_SECTOR_EXPOSURE, R_SHORT_SALE, SC_ACCOUNT, SIDE_BUY,
)
from core.risk.checks cimport place_of
from core.risk.limits cimport bit_of, is_own_account
from core.risk.tallies cimport larger
from core.risk.values cimport DRIFT_BITS
from core_ext.wide cimport i128_mul_overflow, pow10_i128

cdef enum:
    MANY = 0x40000000               # orders: no limit of that unit is set
    WHOLE_MARGIN = 100000000        # 100 %: beyond it an order takes more money than it is worth
    FREE_MESSAGES = 99              # of a day, before their ratio to fills is tested


cdef class Rooms:
    """Rooms of tallies: measured when asked for, then only spent."""

    def __cinit__(self, Arena arena, object capacity, Limits limits, Values values, Tallies tallies, Holdings holdings):
        self.limits = limits
        self.values = values
        self.tallies = tallies
        self.holdings = holdings
        self.rooms = <Room*>arena.table("risk.rooms", sizeof(Room), capacity.counters)
        arena.used_by("risk.rooms", &tallies.counts[0])

    # ---- asking -----------------------------------------------------------------------------------------------------

    cdef bint fits(self, const Proposal* asked, const Group* group, uint32_t tally, int64_t now_ns) noexcept nogil:
        """Whether the order surely passes what the group counts, and its rates. 0 says nothing."""
        cdef Room* room = &self.rooms[tally]
        cdef bint measured = 0
        if room.version != <uint32_t>self.values.facts[3] or not self._same_purse(
                group, &self.tallies.tallies[tally], room):
            self._measure(group, tally)
            measured = 1
        if now_ns < room.orders_from_ns or now_ns < room.cancels_from_ns:
            return 0
        if self._asks(asked, group, room, tally):
            return 1
        if measured:
            return 0
        self._measure(group, tally)
        return self._asks(asked, group, room, tally)

    cdef bint _asks(self, const Proposal* asked, const Group* group, const Room* room, uint32_t tally) noexcept nogil:
        cdef int64_t more = asked.new_working - asked.old_working
        cdef i128 money = 0
        if room.orders < 1 or room.cancels < 0 or room.qty < <i128>0 or room.money < <i128>0:
            return 0
        if group.checks & QUANTITIES and <i128>more * <i128>self.values.instruments[asked.symbol].scale > room.qty:
            return 0
        if group.checks & bit_of(R_SHORT_SALE) and asked.side != SIDE_BUY and (
                self.values.instruments[asked.symbol].kind == I_EQUITY):
            return 0
        if not group.checks & MONEY:
            return 1
        return asked.has_value and self._money(
            asked.symbol, self.tallies.tallies[tally].currency, more, asked.new_value - asked.old_value, &money
        ) and money <= room.money

    cdef bint calm(self, const Group* group, uint32_t tally) noexcept nogil:
        """Whether no limit of the tally surely warns, and none has."""
        cdef const Room* room = &self.rooms[tally]
        cdef const Tally* counted = &self.tallies.tallies[tally]
        return (room.version == <uint32_t>self.values.facts[3] and room.orders >= 0 and room.qty >= <i128>0
                and room.money >= <i128>0 and not counted.warned and self._same_purse(group, counted, room))

    cdef bint _same_purse(self, const Group* group, const Tally* counted, const Room* room) noexcept nogil:
        cdef uint32_t account
        if not group.checks & PURSE:
            return 1
        account = counted.key if group.each == SC_ACCOUNT else group.scope.account
        return not is_own_account(account) or self.holdings.purses[account].changes == room.purse

    cdef bint _money(self, uint32_t symbol, uint16_t currency, int64_t more, i128 value, i128* out) noexcept nogil:
        """What so much more takes at most of a room, whatever the unit of money is counted by. 0: it isn't simple."""
        cdef i128 unit = self.values.unit_at_reference(symbol, currency)
        if unit <= <i128>0 or self.values.instruments[symbol].margin > WHOLE_MARGIN:
            return 0
        out[0] = self._drifted(<i128>more * unit) if more > 0 else <i128>0
        if value > out[0]:
            out[0] = value
        return 1

    cdef i128 _drifted(self, i128 value) noexcept nogil:
        """The most that marks may make of a sum at references before rooms are measured anew. value >= 0."""
        return value + ((value >> DRIFT_BITS) + <i128>1) * <i128>self.values.facts[4] + <i128>1000000

    # ---- spending -----------------------------------------------------------------------------------------------------

    cdef void spend(self, uint32_t tally, uint32_t symbol, const Move* move) noexcept nogil:
        """Takes off what one event brought. Fills bring nothing: what they fill had its room as it worked."""
        cdef Room* room = &self.rooms[tally]
        cdef int64_t more = move.working + move.filled
        cdef i128 money = 0
        if room.version != <uint32_t>self.values.facts[3]:
            return
        room.orders -= move.messages if move.messages > move.live else move.live
        room.cancels -= move.cancels
        if move.filled < 0:
            room.version = 0        # a bust may turn a position round
            return
        if more <= 0 and move.working_value + move.day_value <= <i128>0:
            return
        if self.limits.groups[self.tallies.tallies[tally].group].checks & MONEY:
            if not self._money(symbol, self.tallies.tallies[tally].currency, more, move.working_value + move.day_value,
                               &money):
                room.version = 0
                return
            room.money -= money
        if more > 0:
            room.qty -= <i128>more * <i128>self.values.instruments[symbol].scale

    cdef void rated(self, uint32_t tally, uint32_t counter) noexcept nogil:
        """The rate of orders has counted one more."""
        if self.rooms[tally].version == <uint32_t>self.values.facts[3]:
            self.rooms[tally].orders_from_ns = self.limits.passes_from(counter)

    cdef void canceled(self, uint32_t tally, uint32_t counter) noexcept nogil:
        """So has the rate of cancels."""
        if self.rooms[tally].version == <uint32_t>self.values.facts[3]:
            self.rooms[tally].cancels_from_ns = self.limits.passes_from(counter)

    # ---- measuring ----------------------------------------------------------------------------------------------------

    cdef void _measure(self, const Group* group, uint32_t tally) noexcept nogil:
        cdef Room* room = &self.rooms[tally]
        cdef const Tally* counted = &self.tallies.tallies[tally]
        memset(room, 0, sizeof(Room))
        room.qty = pow10_i128(37)
        room.money = pow10_i128(37)
        self._measure_counts(group, counted, room)
        if group.checks & bit_of(R_MAX_POSITION):
            shrink(&room.qty, unwarned(group.bounds[place_of(R_MAX_POSITION)]) - counted.worst)
        if group.checks & bit_of(R_MAX_DAILY_QTY):
            shrink(&room.qty, unwarned(group.bounds[place_of(R_MAX_DAILY_QTY)]) - counted.day_qty)
        if group.checks & MONEY:
            self._measure_money(group, tally, room)
        if group.checks & bit_of(R_ORDER_RATE):
            room.orders_from_ns = self.limits.passes_from(self.limits.orders_counter(group, counted.key))
        if group.checks & bit_of(R_CANCEL_RATE):
            room.cancels_from_ns = self.limits.passes_from(self.limits.cancels_counter(group, counted.key))
        room.version = <uint32_t>self.values.facts[3]

    cdef void _measure_counts(self, const Group* group, const Tally* counted, Room* room) noexcept nogil:
        cdef i128 left = MANY
        cdef i128 messages
        if group.checks & bit_of(R_MAX_WORKING_ORDERS):
            shrink(&left, group.bounds[place_of(R_MAX_WORKING_ORDERS)] - <i128>counted.live)
        if group.checks & bit_of(R_MAX_DAILY_ORDERS):
            shrink(&left, unwarned(group.bounds[place_of(R_MAX_DAILY_ORDERS)]) - <i128>counted.day_orders)
        if group.checks & bit_of(R_ORDER_TRADE_RATIO):
            messages = MANY         # a bound that is so large lets more pass than a day can have
            if group.bounds[place_of(R_ORDER_TRADE_RATIO)] < pow10_i128(24):
                messages = group.bounds[place_of(R_ORDER_TRADE_RATIO)] * <i128>(
                    counted.day_fills if counted.day_fills else 1) / pow10_i128(12)
            shrink(&left, (messages if messages > <i128>FREE_MESSAGES else <i128>FREE_MESSAGES) - <i128>counted.messages)
        room.orders = <int32_t>left if left > <i128>-1 else -1
        left = MANY
        if group.checks & bit_of(R_MAX_DAILY_CANCELS):
            shrink(&left, group.bounds[place_of(R_MAX_DAILY_CANCELS)] - <i128>counted.day_cancels)
        room.cancels = <int32_t>left if left > <i128>-1 else -1

    cdef void _measure_money(self, const Group* group, uint32_t tally, Room* room) noexcept nogil:
        cdef const Tally* counted = &self.tallies.tallies[tally]
        cdef uint32_t checks = group.checks
        cdef i128 gross
        if not self.values.ready() or not self.tallies.fresh(tally):
            room.money = -1
            return
        gross = self._drifted(counted.gross)
        if checks & bit_of(R_MAX_POSITION_NOTIONAL):
            shrink(&room.money, unwarned(group.bounds[place_of(R_MAX_POSITION_NOTIONAL)]) - gross)
        if checks & bit_of(R_GROSS_EXPOSURE):
            shrink(&room.money, unwarned(group.bounds[place_of(R_GROSS_EXPOSURE)]) - gross)
        if checks & bit_of(R_SECTOR_EXPOSURE):
            shrink(&room.money, unwarned(group.bounds[place_of(R_SECTOR_EXPOSURE)]) - gross)
        if checks & bit_of(R_NET_EXPOSURE):
            shrink(&room.money, unwarned(group.bounds[place_of(R_NET_EXPOSURE)]) - (
                larger(counted.up, counted.down) + gross - counted.gross))
        if checks & bit_of(R_MAX_DAILY_NOTIONAL):
            shrink(&room.money, unwarned(group.bounds[place_of(R_MAX_DAILY_NOTIONAL)]) - counted.day_value - <i128>1000000)
        if checks & bit_of(R_CREDIT):
            shrink(&room.money, unwarned(group.bounds[place_of(R_CREDIT)]) - counted.day_buys - <i128>1000000)
        if checks & PURSE:
            self._measure_purse(group, counted, room)

    cdef void _measure_purse(self, const Group* group, const Tally* counted, Room* room) noexcept nogil:
        """Margin and cash, of one account in its own currency; of others there is no room."""
        cdef uint32_t account = counted.key if group.each == SC_ACCOUNT else group.scope.account
        cdef const Purse* purse
        cdef i128 equity
        cdef i128 allowed = 0
        if not is_own_account(account) or not self.holdings.fresh(account) or (
                self.holdings.purses[account].currency != counted.currency):
            room.money = -1
            return
        purse = &self.holdings.purses[account]
        room.purse = purse.changes
        if group.checks & bit_of(R_MARGIN):
            equity = purse.worth - (self._drifted(purse.moving) - purse.moving)
            if equity <= <i128>0:
                room.money = -1
                return
            if i128_mul_overflow(equity, unwarned(group.bounds[place_of(R_MARGIN)]), &allowed):
                allowed = pow10_i128(37) if group.bounds[place_of(R_MARGIN)] > <i128>0 else -pow10_i128(37)
            else:
                allowed = allowed / pow10_i128(14) - <i128>1
            shrink(&room.money, allowed - self._drifted(counted.margined / <i128>WHOLE_MARGIN + <i128>1))
        if group.checks & bit_of(R_MIN_CASH):
            shrink(&room.money, purse.held - counted.buying - <i128>1000000 - group.bounds[place_of(R_MIN_CASH)])


cdef void shrink(i128* room, i128 left) noexcept nogil:
    if left < room[0]:
        room[0] = left


cdef i128 unwarned(i128 bound) noexcept nogil:
    """The most that is surely below 70 % of a limit; of a limit of 0 or less: nothing is."""
    if bound > pow10_i128(36):
        return pow10_i128(36) / <i128>10 * <i128>7
    return (bound * <i128>7 - <i128>1) / <i128>10 if bound > <i128>0 else <i128>-1


cdef uint32_t QUANTITIES = bit_of(R_MAX_POSITION) | bit_of(R_MAX_DAILY_QTY)
cdef uint32_t PURSE = bit_of(R_MARGIN) | bit_of(R_MIN_CASH)
cdef uint32_t MONEY = (bit_of(R_MAX_POSITION_NOTIONAL) | bit_of(R_GROSS_EXPOSURE) | bit_of(R_NET_EXPOSURE)
                       | bit_of(R_SECTOR_EXPOSURE) | bit_of(R_MAX_DAILY_NOTIONAL) | bit_of(R_CREDIT) | PURSE)
