# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Matching: see matching.pxd."""
from core.messages cimport NONE
from core.venues.book cimport BY_ORDERS, ORDER_MARKETS, Order
from core.venues.levels cimport Level, better, find_level, least, within
from core.venues.pro_rata cimport Shares, add_capped, begin_shares, share_of


cdef class Matching:
    """Works on the books, and tells through the reports."""

    def __cinit__(self, Books books not None, Reports reports not None):
        self.books = books
        self.reports = reports

    cdef bint would_take(self, Book* book, int side, int64_t price) noexcept nogil:
        cdef uint32_t at = book.sides[1 - side].best
        return at != NONE and within(side, price, self.books.levels[at].px)

    cdef bint shows(self, Book* book, int side, int64_t price, int64_t qty) noexcept nogil:
        """Whether at least qty can be taken within the price."""
        cdef uint32_t at = book.sides[1 - side].best
        cdef Level* level
        while qty > 0 and at != NONE and within(side, price, self.books.levels[at].px):
            level = &self.books.levels[at]
            qty -= least(qty, add_capped(level.shown, level.open))
            at = level.worse
        return qty == 0

    # ---- an order of ours takes ------------------------------------------------------------------------------------

    cdef void take(self, uint32_t i, int64_t now_ns) noexcept nogil:
        """Best price first; at one price what the market shows, then our orders by time, or each by its size."""
        cdef Order* order = &self.books.orders[i]
        cdef Book* book = &self.books.books[order.book]
        cdef uint32_t at
        cdef Level* level
        while order.cum < order.qty:
            at = book.sides[1 - order.side].best
            if at == NONE or not within(order.side, order.price, self.books.levels[at].px):
                return
            level = &self.books.levels[at]
            if book.pro_rata and order.qty - order.cum < add_capped(level.shown, level.open):
                self._take_shares(i, at, now_ns)
            elif level.shown > 0 and book.known_by != BY_ORDERS:
                self.take_level(i, at, least(order.qty - order.cum, level.shown), now_ns)
            else:
                self.meet(i, level.first, order.qty - order.cum, now_ns)

    cdef void take_level(self, uint32_t i, uint32_t at, int64_t qty, int64_t now_ns) noexcept nogil:
        """What we take of a level was before our own orders behind it: they move up."""
        cdef Order* order = &self.books.orders[i]
        cdef int64_t px = self.books.levels[at].px
        self.books.take_shown(&self.books.books[order.book], 1 - order.side, at, qty)
        self.reports.fill(i, qty, px, 0, now_ns)

    cdef void meet(self, uint32_t i, uint32_t maker, int64_t qty, int64_t now_ns) noexcept nogil:
        """An order of ours and a resting one, for up to qty at the resting one's price; the taker's line first."""
        cdef Order* resting = &self.books.orders[maker]
        cdef int64_t px = resting.price
        qty = least(qty, resting.qty - resting.cum)
        self.reports.fill(i, qty, px, 0, now_ns)
        if resting.state == ORDER_MARKETS:
            self.books.fill(maker, qty)
        else:
            self.reports.fill(maker, qty, px, 1, now_ns)

    cdef void _take_shares(self, uint32_t i, uint32_t at, int64_t now_ns) noexcept nogil:
        """Less than the level has: everybody there gives a share."""
        cdef Order* order = &self.books.orders[i]
        cdef Book* book = &self.books.books[order.book]
        cdef Shares shares
        cdef uint32_t maker
        cdef uint32_t later
        cdef int64_t part
        begin_shares(self.books, book, at, order.qty - order.cum, &shares)
        maker = self.books.levels[at].first
        if book.known_by != BY_ORDERS:
            part = share_of(&shares, self.books.levels[at].shown)
            if part > 0:
                self.take_level(i, at, part, now_ns)
        while maker != NONE:
            later = self.books.orders[maker].later
            part = share_of(&shares, self.books.orders[maker].qty - self.books.orders[maker].cum)
            if part > 0:
                self.meet(i, maker, part, now_ns)
            maker = later

    # ---- the market reaches our orders -----------------------------------------------------------------------------

    cdef void cross(self, Book* book, int side, int64_t now_ns) noexcept nogil:
        """What the other side shows through our resting prices fills us at ours, up to its quantity."""
        cdef uint32_t at = book.sides[side].best
        cdef uint32_t i
        cdef int64_t qty
        while at != NONE and self._is_through(book, 1 - side, at):
            i = self.books.first_own(at)
            if i == NONE:
                at = self.books.levels[at].worse
                continue
            qty = least(self.books.orders[i].qty - self.books.orders[i].cum,
                        self.books.levels[book.sides[1 - side].top].shown)
            self.books.take_shown(book, 1 - side, book.sides[1 - side].top, qty)
            # a price that traded through has nothing before us any more
            self.books.orders[i].behind = self.books.levels[at].used
            self._fill_up_to(i, qty, now_ns)
            at = book.sides[side].best

    cdef bint _is_through(self, Book* book, int side, uint32_t at) noexcept nogil:
        """Whether what this side shows is through the price of a level of the other; an order of the market, where
        those are known, trades at the price itself too."""
        cdef uint32_t top = book.sides[side].top
        if top == NONE:
            return 0
        if book.known_by == BY_ORDERS:
            return within(1 - side, self.books.levels[at].px, self.books.levels[top].px)
        return better(side, self.books.levels[top].px, self.books.levels[at].px)

    cdef int64_t trade(self, Book* book, int side, int64_t px, int64_t qty, int64_t now_ns) noexcept nogil:
        """A trade in the market meets our orders at its price or better; what it has left."""
        cdef uint32_t at
        cdef Level* level
        qty = self._trade_through(book, side, px, qty, now_ns)
        at = find_level(&self.books.pool, &book.sides[side], side, px)
        if at == NONE:
            return qty
        level = &self.books.levels[at]
        level.seen -= least(level.seen, qty)
        if book.pro_rata and level.open > 0 and qty < add_capped(level.shown, level.open):
            return self._trade_shares(book, at, qty, now_ns)
        return self._trade_at(at, qty, now_ns)

    cdef int64_t _trade_through(self, Book* book, int side, int64_t px, int64_t qty, int64_t now_ns) noexcept nogil:
        """Better priced orders of ours trade first, with nothing before them any more."""
        cdef uint32_t at = book.sides[side].best
        cdef uint32_t worse
        while at != NONE and better(side, self.books.levels[at].px, px):
            worse = self.books.levels[at].worse
            self.books.clear_ahead(at)
            qty -= self._fill_until(at, NONE, qty, now_ns)
            at = worse
        return qty

    cdef int64_t _fill_until(self, uint32_t at, uint32_t end, int64_t qty, int64_t now_ns) noexcept nogil:
        """Fills our orders of a level by time, as far as the order `end`, up to qty; how much."""
        cdef uint32_t i = self.books.first_own(at) if end == NONE else self.books.levels[at].first
        cdef uint32_t later
        cdef int64_t rest = qty
        while i != NONE and i != end and rest > 0:
            later = self.books.orders[i].later
            if self.books.orders[i].state != ORDER_MARKETS:
                rest -= self._fill_up_to(i, rest, now_ns)
            i = later
        return qty - rest

    cdef int64_t _trade_at(self, uint32_t at, int64_t qty, int64_t now_ns) noexcept nogil:
        """At its own price a trade first uses up what is ahead; that is one queue, shared: what is used before one
        order isn't before the next either."""
        cdef uint32_t i = self.books.first_own(at)
        cdef uint32_t later
        cdef int64_t step
        cdef Level* level = &self.books.levels[at]
        while i != NONE and qty > 0:
            later = self.books.orders[i].later
            step = least(self.books.ahead(i), qty)
            level.used += step
            qty -= step
            if qty > 0:
                qty -= self._fill_up_to(i, qty, now_ns)
            i = later
        return qty

    cdef int64_t _trade_shares(self, Book* book, uint32_t at, int64_t qty, int64_t now_ns) noexcept nogil:
        """A trade for less than the level has: our orders get their shares, the market's the rest."""
        cdef Shares shares
        cdef uint32_t i = self.books.levels[at].first
        cdef uint32_t later
        cdef int64_t part
        begin_shares(self.books, book, at, qty, &shares)
        if book.known_by != BY_ORDERS:
            share_of(&shares, self.books.levels[at].shown)
        while i != NONE:
            later = self.books.orders[i].later
            part = share_of(&shares, self.books.orders[i].qty - self.books.orders[i].cum)
            if part > 0 and self.books.orders[i].state != ORDER_MARKETS:
                self._fill_up_to(i, part, now_ns)
            i = later
        return 0

    cdef int64_t _fill_up_to(self, uint32_t i, int64_t qty, int64_t now_ns) noexcept nogil:
        """Fills a resting order of ours at its price, for no more than it has; how much."""
        cdef Order* order = &self.books.orders[i]
        qty = least(qty, order.qty - order.cum)
        self.reports.fill(i, qty, order.price, 1, now_ns)
        return qty

    cdef void execute(self, Book* book, uint32_t market, int side, int64_t px, int64_t qty, int64_t now_ns) noexcept nogil:
        """An order of the market has traded. Ours with a better price or before it in the queue trade in its stead; the
        market's own history goes on as it was. market: NONE where it isn't in the book any more: we took it."""
        cdef int64_t rest = self._trade_through(book, side, px, qty, now_ns)
        cdef uint32_t at = find_level(&self.books.pool, &book.sides[side], side, px)
        if at != NONE and rest > 0:
            if book.pro_rata and rest < add_capped(self.books.levels[at].shown, self.books.levels[at].open):
                self._trade_shares(book, at, rest, now_ns)
            else:
                self._fill_until(at, self.books.first_markets(at) if market == NONE else market, rest, now_ns)
        if market != NONE:
            self.books.fill(market, qty)
