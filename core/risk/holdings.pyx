# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Holdings as risk counts them: see holdings.pxd. A checker compares them with positions, after every event."""
from libc.string cimport memset

from core.messages cimport (
    AdjustedEvent, K_ACCOUNT, NONE, O_REDUCE_ONLY, Page, R_NONE, R_NO_FX_RATE, R_NO_MARKET, R_OVERFLOW, SIDE_BUY,
)
from core.positions.ledger cimport Adjustment, Position
from core.positions.ledger cimport adjust as adjust_book
from core.positions.ledger cimport book as book_fill
from core.risk.limits cimport Limits
from core.risk.values cimport Values, pays_value


cdef class Holdings:
    """Moved by what fills and what works; asked how much may still be reduced, and what an account is worth."""

    def __cinit__(self, Arena arena, object capacity, Limits limits, Values values):
        self.values = values
        self.max_fills = capacity.fills
        self.positions = <uint32_t*>arena.table("risk.order_positions", sizeof(uint32_t), capacity.orders)
        self.holdings = <Holding*>arena.table("risk.holdings", sizeof(Holding), capacity.positions)
        self.books = <Position*>arena.table("risk.position_books", sizeof(Position), capacity.positions)
        self.purses = <Purse*>arena.table("risk.purses", sizeof(Purse), capacity.accounts)
        self.heads = <uint32_t*>arena.table("risk.holding_heads", sizeof(uint32_t), capacity.symbols)
        self.fees = <i128*>arena.table("risk.fill_fees", sizeof(i128), capacity.fills)
        self.counts = limits.counts_of(3)
        arena.used_by("risk.holdings", &self.counts[0])
        arena.used_by("risk.position_books", &self.counts[0])
        arena.used_by("risk.order_positions", &self.counts[1])
        arena.used_by("risk.fill_fees", &self.counts[2])
        memset(self.heads, 0xFF, capacity.symbols * sizeof(uint32_t))

    cdef void declare(self, Page* page) noexcept nogil:
        cdef Purse* purse
        if page.header.kind == K_ACCOUNT:
            purse = &self.purses[page.request.account.account]
            purse.declared = 1
            purse.currency = page.request.account.currency
            purse.cash = page.request.account.cash
            purse.first = NONE

    cdef Holding* _holding(self, uint32_t position, uint32_t account, uint32_t symbol) noexcept nogil:
        cdef Holding* holding = &self.holdings[position]
        if holding.known:
            return holding
        holding.known = 1
        holding.account = account
        holding.symbol = symbol
        holding.next = self.purses[account].first
        self.purses[account].first = position
        holding.next_of_symbol = self.heads[symbol]
        self.heads[symbol] = position
        self.books[position].last_fill = NONE
        if position >= self.counts[0]:
            self.counts[0] = position + 1
        return holding

    # ---- quantities -----------------------------------------------------------------------------------------------

    cdef void open(self, Page* page) noexcept nogil:
        """A position that the day begins with."""
        cdef uint32_t position = page.resolved.position
        cdef Position* own
        if position == NONE:
            return
        self._holding(position, page.request.open_position.account,
                      page.request.open_position.symbol).qty = page.request.open_position.qty
        own = &self.books[position]
        self._move_purse(position, -1)
        own.qty = page.request.open_position.qty
        own.cost = page.request.open_position.cost
        own.base_qty = own.qty
        own.base_cost = own.cost
        self._move_purse(position, 1)

    cdef void begin(self, uint32_t order, uint32_t position, uint32_t account, uint32_t symbol) noexcept nogil:
        """An order is accepted: it will move that position."""
        self.positions[order] = position
        if order >= self.counts[1]:
            self.counts[1] = order + 1
        self._holding(position, account, symbol)

    cdef void move(self, uint32_t index, const Order* order, int64_t working, int64_t filled) noexcept nogil:
        """An order has so much more working, and so much more filled."""
        cdef Holding* holding = &self.holdings[self.positions[index]]
        if order.side == SIDE_BUY:
            holding.qty += filled
            holding.buys += working
            if order.flags & O_REDUCE_ONLY:
                holding.reduce_buys += working
        else:
            holding.qty -= filled
            holding.sells += working
            if order.flags & O_REDUCE_ONLY:
                holding.reduce_sells += working

    cdef void adjust(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil:
        """Quantity that no order brought."""
        self._holding(position, account, symbol).qty += delta

    cdef int64_t free(self, uint32_t position, bint buys) noexcept nogil:
        """What a reduce-only order of that side may still reduce; below 0: others reduce too much already."""
        cdef Holding* holding = &self.holdings[position]
        return self.open_against(position, buys) - (holding.reduce_buys if buys else holding.reduce_sells)

    cdef int64_t open_against(self, uint32_t position, bint buys) noexcept nogil:
        """What is open that an order of that side would reduce; 0: nothing is."""
        cdef int64_t qty = self.holdings[position].qty
        qty = -qty if buys else qty
        return qty if qty > 0 else 0

    # ---- books ------------------------------------------------------------------------------------------------------

    cdef void keep_fee(self, uint32_t fill, i128 fee) noexcept nogil:
        if fill >= self.max_fills:
            return
        self.fees[fill] = fee
        if fill >= self.counts[2]:
            self.counts[2] = fill + 1

    cdef void book(self, uint32_t position, int64_t qty, int64_t px, i128 fee) noexcept nogil:
        """A fill, signed, into the position's book."""
        cdef Position* own = &self.books[position]
        self._move_purse(position, -1)
        book_fill(own, &self.values.contracts[self.holdings[position].symbol], qty, px)
        own.fees += fee
        self._move_purse(position, 1)

    cdef void correct(self, const AdjustedEvent* event) noexcept nogil:
        """A bust or correction was played again by positions: what that made of the book."""
        cdef Position* own = &self.books[event.position]
        self._move_purse(event.position, -1)
        own.qty += event.book_qty
        own.cost += event.cost
        own.realized += event.realized
        own.fees += event.fees
        own.paid += event.paid
        self._move_purse(event.position, 1)

    cdef void adjust_books(self, uint32_t symbol, const Adjustment* done) noexcept nogil:
        """What happens to the instrument happens to every book of it."""
        cdef uint32_t i = self.heads[symbol]
        while i != NONE:
            self._move_purse(i, -1)
            adjust_book(&self.books[i], &self.values.contracts[symbol], done)
            self._move_purse(i, 1)
            i = self.holdings[i].next_of_symbol

    # ---- cash and equity --------------------------------------------------------------------------------------------

    cdef uint8_t cash(self, uint32_t account, uint16_t currency, i128* out) noexcept nogil:
        """The account's cash of all currencies, in one. R_NONE, or R_NO_FX_RATE, R_OVERFLOW."""
        cdef uint32_t i = self.purses[account].first
        cdef i128 share = 0
        if not self.values.convert(self.purses[account].cash, self.purses[account].currency, currency, out):
            return R_NO_FX_RATE
        while i != NONE:
            if not self.values.cash(self.holdings[i].symbol, &self.books[i], &share):
                return R_OVERFLOW
            if share != <i128>0 and not self.values.convert(
                    share, self.values.instruments[self.holdings[i].symbol].settle_currency, currency, &share):
                return R_NO_FX_RATE
            out[0] += share
            i = self.holdings[i].next
        return R_NONE

    cdef uint8_t equity(self, uint32_t account, uint16_t currency, i128* out) noexcept nogil:
        """Money put in, realised, unrealised less fees, at the marks and rates of now. R_NONE, or why it can't be said."""
        cdef uint32_t i = self.purses[account].first
        cdef i128 share = 0
        if not self.values.convert(self.purses[account].cash, self.purses[account].currency, currency, out):
            return R_NO_FX_RATE
        while i != NONE:
            if not self._worth(i, &share):
                return R_NO_MARKET
            if share != <i128>0 and not self.values.convert(
                    share, self.values.instruments[self.holdings[i].symbol].settle_currency, currency, &share):
                return R_NO_FX_RATE
            out[0] += share
            i = self.holdings[i].next
        return R_NONE

    cdef bint _worth(self, uint32_t position, i128* out) noexcept nogil:
        """What a position adds to its account's equity, in its settle currency: its profit, and what was put in."""
        cdef i128 put_in = 0
        if (not self.values.profit(self.holdings[position].symbol, &self.books[position], out)
                or not self._put_in(position, &put_in)):
            return 0
        out[0] += put_in
        return 1

    # ---- the same at references, for a glance -------------------------------------------------------------------------

    cdef void _move_purse(self, uint32_t position, int sign) noexcept nogil:
        """Takes a position's share out of its account's cash and worth (sign -1), or puts it in (1)."""
        cdef Purse* purse = &self.purses[self.holdings[position].account]
        cdef i128 worth = 0
        cdef i128 moving = 0
        cdef i128 cash = 0
        purse.changes += 1
        if purse.epoch == 0 or purse.epoch != self.values.facts[0]:
            return
        if not self._share(position, purse.currency, &worth, &moving, &cash):
            purse.epoch = 0
            return
        purse.worth += worth * <i128>sign
        purse.moving += moving * <i128>sign
        purse.held += cash * <i128>sign

    cdef bint _share(self, uint32_t position, uint16_t currency, i128* worth, i128* moving, i128* cash) noexcept nogil:
        """A position's worth at its reference price, how much of it marks move, and what it moved of the cash."""
        cdef Position* own = &self.books[position]
        cdef uint32_t symbol = self.holdings[position].symbol
        cdef uint16_t settled = self.values.instruments[symbol].settle_currency
        cdef i128 put_in = 0
        if (not self.values.share(symbol, own, currency, worth, moving) or not self.values.cash(symbol, own, cash)
                or not self.values.convert(cash[0], settled, currency, cash) or not self._put_in(position, &put_in)
                or not self.values.convert(put_in, settled, currency, &put_in)):
            return 0
        worth[0] += put_in
        return 1

    cdef bint _put_in(self, uint32_t position, i128* out) noexcept nogil:
        """The cost of what the day began with, of what pays value: no cash was taken for it."""
        cdef Position* own = &self.books[position]
        cdef uint32_t symbol = self.holdings[position].symbol
        out[0] = 0
        if (own.base_qty == 0 or self.values.instruments[symbol].inverse
                or not pays_value(self.values.instruments[symbol].kind)):
            return 1
        if not self.values.booked(symbol, own.base_cost, out):
            return 0
        out[0] = out[0] if own.base_qty > 0 else -out[0]
        return 1

    cdef bint _refresh(self, uint32_t account) noexcept nogil:
        cdef Purse* purse = &self.purses[account]
        cdef uint32_t i = purse.first
        purse.epoch = <uint32_t>self.values.facts[0]
        purse.worth = purse.cash
        purse.held = purse.cash
        purse.moving = 0
        while i != NONE and purse.epoch:
            self._move_purse(i, 1)
            i = self.holdings[i].next
        return purse.epoch != 0
