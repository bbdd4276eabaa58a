# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Flatten: see flatten.pxd."""
from libc.string cimport memcmp, memcpy, memset

from core.market.view cimport SymbolMarket
from core.messages cimport (
    CG_NONE, K_ACCOUNT, K_INSTRUMENT, K_ORDER, K_SWEEP, NONE, NONE16, O_HAS_PRICE, O_HAS_QTY, SC_ACCOUNT, SC_ALL,
    SC_SYMBOL, SIDE_BUY, SIDE_SELL, SW_CLOSE, SW_FLATTEN, SweepEvent, T_LIMIT, TIF_IOC,
)
from core.orders.order cimport B_EXISTS, Order, order_ended
from core.risk.sweeps cimport in_scope
from core_ext.wide cimport i128

cdef enum:
    SCAN = 1024                     # orders that one step looks at
    BPS = 1000000000000             # 100 % in 10^-8 bps


cdef class Flattens:
    """Each kill that flattens waits for one order at a time; when that has ended it looks for the next. One after the
    other closes positions, the oldest first: what one has sent is a live order to the next."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity, MarketView view, Life life, Holdings holdings):
        self.emitter = emitter
        self.view = view
        self.life = life
        self.holdings = holdings
        self.flattens = <Flatten*>arena.table("risk.flattens", sizeof(Flatten), FLATTENS)
        self.counts = <uint64_t*>arena.table("risk.flatten_counts", sizeof(uint64_t), 8)
        self.touched = <uint64_t*>arena.table("risk.flatten_touched", sizeof(uint64_t), capacity.positions)
        self.account_names = <char*>arena.table("risk.account_names", 40, capacity.accounts)
        self.symbol_names = <char*>arena.table("risk.symbol_names", 40, capacity.symbols)
        self.ticks = <int64_t*>arena.table("risk.flatten_ticks", sizeof(int64_t), capacity.symbols)

    cdef void declare(self, Page* page) noexcept nogil:
        if page.header.kind == K_ACCOUNT:
            memcpy(self.account_names + 40 * page.request.account.account, page.request.account.text, 40)
        elif page.header.kind == K_INSTRUMENT:
            memcpy(self.symbol_names + 40 * page.request.instrument.symbol, page.request.instrument.text, 40)
            self.ticks[page.request.instrument.symbol] = page.request.instrument.tick

    cdef void begin(self, Page* page) noexcept nogil:
        cdef uint32_t i
        cdef uint32_t position
        cdef Flatten* flatten
        for i in range(FLATTENS):
            flatten = &self.flattens[i]
            if flatten.state:
                continue
            memset(flatten, 0, sizeof(Flatten))
            flatten.scope = page.request.filter.scope
            flatten.kind = page.request.filter.kind
            flatten.bps = page.request.kill.flatten_bps
            flatten.line = page.request.kill.line
            flatten.state = FS_LOOKS
            flatten.begun = page.header.seq
            flatten.waits_for = NONE
            self.counts[0] += 1
            for position in range(<uint32_t>self.holdings.counts[0]):
                self.touched[position] &= ~(<uint64_t>1 << i)
            self._look(page, i, SW_FLATTEN, 0, 0)
            return
        self.counts[1] += 1         # 64 wait already: the kill stands, nothing is closed, and the count is shown

    cdef void stop(self, Page* page, uint8_t kind, const ScopeKeys* scope) noexcept nogil:
        """The scope is armed again: what wasn't closed stays."""
        cdef uint32_t i
        for i in range(FLATTENS):
            if self.flattens[i].state and self.flattens[i].kind == kind and (
                    memcmp(&self.flattens[i].scope, scope, sizeof(ScopeKeys)) == 0):
                self._free(page, &self.flattens[i])

    cdef void _free(self, Page* page, Flatten* flatten) noexcept nogil:
        flatten.state = FS_FREE
        self.counts[0] -= 1
        self._next_look(page)

    cdef void _next_look(self, Page* page) noexcept nogil:
        """Who stood by looks again, from the first order on."""
        cdef uint32_t i
        for i in range(FLATTENS):
            if self.flattens[i].state == FS_STANDS_BY:
                self.flattens[i].state = FS_LOOKS
                self._look(page, i, SW_FLATTEN, 0, 0)

    cdef bint _is_first(self, const Flatten* flatten) noexcept nogil:
        """Whether no other one closes, and no older one is about to."""
        cdef const Flatten* other
        cdef uint32_t i
        for i in range(FLATTENS):
            other = &self.flattens[i]
            if other.state == FS_CLOSES or (
                    other.state == FS_LOOKS and other.waits_for == NONE and other.begun < flatten.begun):
                return 0
        return 1

    cdef void ended(self, Page* page, uint32_t order) noexcept nogil:
        """An order has ended: who waited for it goes on looking from it."""
        cdef uint32_t i
        for i in range(FLATTENS):
            if self.flattens[i].state and self.flattens[i].waits_for == order:
                self.flattens[i].waits_for = NONE
                self._look(page, i, SW_FLATTEN, order, 0)

    cdef void _look(self, Page* page, uint32_t index, uint8_t kind, uint32_t cursor, uint32_t n) noexcept nogil:
        cdef SweepEvent sweep
        memset(&sweep, 0, sizeof(SweepEvent))
        sweep.scope = self.flattens[index].scope
        sweep.kind = kind
        sweep.cursor = cursor
        sweep.index = index
        sweep.n = n
        self.emitter.emit(page, K_SWEEP, &sweep, sizeof(SweepEvent), 0)

    cdef void step(self, Page* page) noexcept nogil:
        cdef Flatten* flatten = &self.flattens[page.request.sweep.index]
        if page.request.sweep.kind == SW_FLATTEN and flatten.state == FS_LOOKS:
            self._search(page, flatten)
        elif page.request.sweep.kind == SW_CLOSE and flatten.state == FS_CLOSES:
            self._close_next(page, flatten)     # else it was armed again meanwhile

    cdef void _search(self, Page* page, Flatten* flatten) noexcept nogil:
        """Looks for an order of the scope that lives; none is left: the positions are closed."""
        cdef uint32_t index = page.request.sweep.index
        cdef uint32_t i = page.request.sweep.cursor
        cdef uint32_t looked = 0
        cdef Order* order
        while i < self.life.count() and looked < SCAN:
            order = &self.life.orders[i]
            if order.bits & B_EXISTS and in_scope(&flatten.scope, order):
                if not order_ended(order):
                    flatten.waits_for = i
                    self._next_look(page)
                    return
                self.touched[self.holdings.positions[i]] |= <uint64_t>1 << index
            i += 1
            looked += 1
        if i < self.life.count():
            self._look(page, index, SW_FLATTEN, i, 0)
        elif self._is_first(flatten):
            flatten.state = FS_CLOSES
            self._look(page, index, SW_CLOSE, NONE, 0)
        else:
            flatten.state = FS_STANDS_BY

    # ---- one order a position ---------------------------------------------------------------------------------

    cdef void _close_next(self, Page* page, Flatten* flatten) noexcept nogil:
        """The next position in the order of the names. cursor: the last one that was closed."""
        cdef uint32_t last = page.request.sweep.cursor
        cdef uint32_t found = NONE
        cdef uint32_t i
        cdef Holding* holding
        for i in range(<uint32_t>self.holdings.counts[0]):
            holding = &self.holdings.holdings[i]
            if not holding.qty or not self._concerned(page.request.sweep.index, i):
                continue
            if last != NONE and self._compare(holding, &self.holdings.holdings[last]) <= 0:
                continue
            if found == NONE or self._compare(holding, &self.holdings.holdings[found]) < 0:
                found = i
        if found == NONE:
            self._free(page, flatten)
            return
        self._close(page, flatten, &self.holdings.holdings[found], page.request.sweep.n + 1)
        self._look(page, page.request.sweep.index, SW_CLOSE, found, page.request.sweep.n + 1)

    cdef bint _concerned(self, uint32_t index, uint32_t position) noexcept nogil:
        """Whether the position is in the scope: an account's or a symbol's, else where its orders were."""
        cdef Flatten* flatten = &self.flattens[index]
        cdef Holding* holding = &self.holdings.holdings[position]
        if flatten.kind == SC_ALL:
            return 1
        if flatten.kind == SC_ACCOUNT:
            return holding.account == flatten.scope.account
        if flatten.kind == SC_SYMBOL:
            return holding.symbol == flatten.scope.symbol
        return (self.touched[position] >> index) & 1

    cdef int _compare(self, const Holding* a, const Holding* b) noexcept nogil:
        """By the names of account, then symbol."""
        cdef int by_account = compare_names(self.account_names + 40 * a.account, self.account_names + 40 * b.account)
        if by_account:
            return by_account
        return compare_names(self.symbol_names + 40 * a.symbol, self.symbol_names + 40 * b.symbol)

    cdef void _close(self, Page* page, const Flatten* flatten, const Holding* holding, uint32_t n) noexcept nogil:
        cdef OrderEvent order
        memset(&order, 0, sizeof(OrderEvent))
        name_order(order.cl_ord_id, flatten.line, n)
        order.account = holding.account
        order.symbol = holding.symbol
        order.strategy = NONE
        order.venue = NONE16
        order.side = SIDE_BUY if holding.qty < 0 else SIDE_SELL
        order.ord_type = T_LIMIT
        order.time_in_force = TIF_IOC
        order.contingency = CG_NONE
        order.flags = O_HAS_QTY
        order.qty = -holding.qty if holding.qty < 0 else holding.qty
        if self._price(flatten, holding, &order.price):
            order.flags |= O_HAS_PRICE
        self.emitter.emit(page, K_ORDER, &order, sizeof(OrderEvent), 0)

    cdef bint _price(self, const Flatten* flatten, const Holding* holding, int64_t* out) noexcept nogil:
        """The opposite touch and so much beyond it, rounded away from the touch to the tick; 0: there is none."""
        cdef SymbolMarket* market = &self.view.symbols[holding.symbol]
        cdef bint buys = holding.qty < 0
        cdef int64_t touch = market.ask_px if buys else market.bid_px
        cdef i128 scale = <i128>self.ticks[holding.symbol] * <i128>BPS
        cdef i128 beyond
        if (market.ask_qty if buys else market.bid_qty) <= 0:
            return 0
        beyond = <i128>touch * (<i128>BPS + <i128>flatten.bps if buys else <i128>BPS - <i128>flatten.bps)
        if buys:
            out[0] = <int64_t>((beyond + scale - <i128>1) / scale) * self.ticks[holding.symbol]
        else:
            out[0] = <int64_t>(beyond / scale) * self.ticks[holding.symbol]
        return 1


cdef int compare_names(const char* a, const char* b) noexcept nogil:
    """Two `{length}text` fields, as text."""
    cdef int shorter = a[0] if a[0] < b[0] else b[0]
    cdef int found = memcmp(a + 1, b + 1, shorter)
    return found if found else a[0] - b[0]


cdef void name_order(char* out, uint32_t line, uint32_t n) noexcept nogil:
    """`flatten-<line>-<n>` as a name field."""
    cdef int length = 8
    cdef uint64_t word = 0x2D6E657474616C66     # "flatten-", its first letter lowest
    memcpy(out + 1, &word, 8)
    length = write_number(out, length, line)
    length += 1
    out[length] = c"-"
    out[0] = <char>write_number(out, length, n)


cdef int write_number(char* out, int length, uint32_t value) noexcept nogil:
    """Appends the digits; the new length."""
    cdef char digits[10]
    cdef int count = 0
    while value or not count:
        digits[count] = <char>(c"0" + value % 10)
        value /= 10
        count += 1
    while count:
        count -= 1
        length += 1
        out[length] = digits[count]
    return length
