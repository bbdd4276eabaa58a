# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The books of the match venues: see book.pxd."""
from libc.string cimport memset

from core.messages cimport MAX_SYMBOL_VENUES, NONE
from core.venues.levels cimport better, find_level, least, link_level, unlink_level
from core.venues.queue_model cimport Q_RISK_AVERSE, moved_up


cdef class Books:
    """Tables in the arena; a book changes here and nowhere else."""

    def __cinit__(self, Arena arena not None, object capacity):
        cdef uint64_t levels
        self.max_symbols = capacity.symbols
        self.max_deep = capacity.depths
        self.max_own = capacity.orders + capacity.more_children
        self.max_orders = self.max_own + capacity.book_orders
        levels = self.max_orders + 2 * (SHOWN_LEVELS * self.max_deep + MAX_SYMBOL_VENUES * self.max_symbols)
        self.symbols = <Listed*>arena.table("venues.symbols", sizeof(Listed), self.max_symbols)
        self.books = <Book*>arena.table("venues.books", sizeof(Book), self.max_symbols * MAX_SYMBOL_VENUES)
        self.levels = <Level*>arena.table("venues.levels", sizeof(Level), levels)
        self.pool.levels = self.levels
        self.pool.branches = <Branch*>arena.table("venues.branches", sizeof(Branch), levels)
        self.orders = <Order*>arena.table("venues.orders", sizeof(Order), self.max_orders)
        self.counts = <BookCounts*>arena.table("venues.counts", sizeof(BookCounts), 1)
        self.ids = Map64(arena, "venues.ids", capacity.book_orders)
        self.counts.free_level = self.counts.free_order = NONE
        arena.used_by("venues.levels", &self.counts.levels)
        arena.used_by("venues.branches", &self.counts.levels)

    # ---- listings ------------------------------------------------------------------------------------------------

    cdef void instrument(self, uint32_t symbol, int64_t tick, int64_t lot) noexcept nogil:
        """Its tick and lot, also where it is listed already."""
        cdef uint32_t i
        if symbol >= self.max_symbols:
            return
        self.symbols[symbol].tick = tick if tick > 0 else 1
        self.symbols[symbol].lot = lot if lot > 0 else 1
        for i in range(self.symbols[symbol].listings):
            self.books[symbol * MAX_SYMBOL_VENUES + i].tick = self.symbols[symbol].tick
            self.books[symbol * MAX_SYMBOL_VENUES + i].lot = self.symbols[symbol].lot

    cdef Book* list_symbol(self, uint32_t symbol, uint16_t venue) noexcept nogil:
        """A new, empty book; NULL: beyond a bound."""
        cdef Book* book
        cdef Listed* listed
        if symbol >= self.max_symbols:
            return NULL
        listed = &self.symbols[symbol]
        if listed.listings >= MAX_SYMBOL_VENUES:
            self.counts.unlisted += 1
            return NULL
        book = &self.books[symbol * MAX_SYMBOL_VENUES + listed.listings]
        listed.listings += 1
        memset(book.sides, 0xFF, sizeof(book.sides))
        book.symbol = symbol
        book.venue = venue
        book.tick = listed.tick if listed.tick > 0 else 1
        book.lot = listed.lot if listed.lot > 0 else 1
        return book

    cdef Book* find(self, uint32_t symbol, uint16_t venue) noexcept nogil:
        """NULL for manual venues and for symbols that the venue doesn't list."""
        cdef Book* books
        cdef uint32_t i
        if symbol >= self.max_symbols:
            return NULL
        books = &self.books[symbol * MAX_SYMBOL_VENUES]
        for i in range(self.symbols[symbol].listings):
            if books[i].venue == venue:
                return &books[i]
        return NULL

    cdef bint deepen(self, Book* book, uint8_t known_by) noexcept nogil:
        """From now on the book is known better: what it showed is gone. What our orders have ahead stays until a
        level says less. 0: it is known as well or better, or there is no room."""
        cdef int side
        if book.known_by >= known_by:
            return book.known_by == known_by
        if book.known_by == BY_QUOTES:
            if self.counts.deep >= self.max_deep:
                self.counts.without_depth += 1
                return 0
            self.counts.deep += 1
        book.known_by = known_by
        for side in range(2):
            while book.sides[side].top != NONE:
                self._hide(book, side, book.sides[side].top)
        return 1

    # ---- levels --------------------------------------------------------------------------------------------------

    cdef uint32_t _level(self, Book* book, int side, int64_t px) noexcept nogil:
        """The level at px, made where there is none."""
        cdef uint32_t at = find_level(&self.pool, &book.sides[side], side, px)
        if at != NONE:
            return at
        if self.counts.free_level != NONE:
            at = self.counts.free_level
            self.counts.free_level = self.levels[at].worse
        else:
            at = <uint32_t>self.counts.levels
            self.counts.levels += 1
        memset(&self.levels[at], 0, sizeof(Level))
        self.levels[at].px = px
        self.levels[at].first = self.levels[at].last = NONE
        link_level(&self.pool, &book.sides[side], side, at)
        return at

    cdef void _close(self, Book* book, int side, uint32_t at) noexcept nogil:
        """Takes a level out where nothing is left on it."""
        cdef Level* level = &self.levels[at]
        if level.shown > 0 or level.first != NONE:
            return
        unlink_level(&self.pool, &book.sides[side], side, at)
        memset(level, 0, sizeof(Level))
        level.worse = self.counts.free_level
        self.counts.free_level = at

    cdef void show(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil:
        """The market shows qty at px, 0: nothing. Where our orders stand is another matter: see cap_ahead."""
        cdef uint32_t at = find_level(&self.pool, &book.sides[side], side, px)
        if qty <= 0:
            if at != NONE and self.levels[at].shown > 0:
                self._hide(book, side, at)
            return
        if (at == NONE or self.levels[at].shown == 0) and not self._has_room(book, side, px):
            return
        at = self._level(book, side, px)
        self._shows(book, side, at, qty)

    cdef void _shows(self, Book* book, int side, uint32_t at, int64_t qty) noexcept nogil:
        """The level shows qty, more than 0."""
        cdef Side* of = &book.sides[side]
        book.shown[side] += self.levels[at].shown == 0
        self.levels[at].shown = qty
        if of.top == NONE or better(side, self.levels[at].px, self.levels[of.top].px):
            of.top = at

    cdef void _hide(self, Book* book, int side, uint32_t at) noexcept nogil:
        """The level shows nothing any more."""
        cdef Side* of = &book.sides[side]
        self.levels[at].shown = 0
        book.shown[side] -= 1
        if of.top == at:
            while of.top != NONE and self.levels[of.top].shown == 0:
                of.top = self.levels[of.top].worse
        self._close(book, side, at)

    cdef bint _has_room(self, Book* book, int side, int64_t px) noexcept nogil:
        """Whether another level may be shown at px: the worst one gives way to a better one."""
        cdef uint32_t worst = book.sides[side].worst
        if book.known_by == BY_QUOTES or book.shown[side] < SHOWN_LEVELS:
            return 1
        self.counts.dropped += 1
        while self.levels[worst].shown == 0:
            worst = self.levels[worst].better
        if better(side, self.levels[worst].px, px):
            return 0
        self.levels[worst].seen = 0
        self._hide(book, side, worst)
        return 1

    cdef void update(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil:
        """The market's update of a level: it shows qty, and our orders there move up where that is less."""
        cdef uint32_t at = find_level(&self.pool, &book.sides[side], side, px)
        if at != NONE:
            self.cap_ahead(book, at, qty)
        self.show(book, side, px, qty)
        at = find_level(&self.pool, &book.sides[side], side, px)
        if at != NONE:
            self.levels[at].seen = qty

    cdef bint show_only(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil:
        """The side's best level is this: nothing of the market is left before it; what is behind it stays unseen.
        0: nobody of ours stands on this side."""
        cdef uint32_t at = book.sides[side].top
        if self._move_only(&book.sides[side], px, qty):
            return 0
        if at != NONE and (qty <= 0 or self.levels[at].px != px):
            self.levels[at].seen = 0
            self._hide(book, side, at)
        at = book.sides[side].best
        while at != NONE and (qty <= 0 or better(side, self.levels[at].px, px)):
            self.clear_ahead(at)
            at = self.levels[at].worse
        if qty > 0:
            self.show(book, side, px, qty)
            self.cap_ahead(book, book.sides[side].top, qty)
        return 1

    cdef bint _move_only(self, const Side* of, int64_t px, int64_t qty) noexcept nogil:
        """A side of one level where nobody of ours stands, as most are: the level is another."""
        cdef uint32_t at = of.top
        if at == NONE or at != of.best or at != of.worst or qty <= 0 or self.levels[at].first != NONE:
            return 0
        self.levels[at].px = self.pool.branches[at].px = px
        self.levels[at].shown = self.levels[at].seen = qty
        self.levels[at].used = self.levels[at].most = 0
        return 1

    cdef void take_shown(self, Book* book, int side, uint32_t at, int64_t qty) noexcept nogil:
        """We take from what a level shows; it stays taken until its next update. Our orders there move up."""
        self.levels[at].used += qty
        if book.known_by == BY_ORDERS:
            self._take_by_orders(at, qty)
            return
        if qty < self.levels[at].shown:
            self.levels[at].shown -= qty
        else:
            self._hide(book, side, at)

    cdef void _take_by_orders(self, uint32_t at, int64_t qty) noexcept nogil:
        """From the market's orders of a level, oldest first; qty is no more than they have."""
        cdef uint32_t i = self.levels[at].first
        cdef uint32_t later
        cdef int64_t step
        while qty > 0:
            later = self.orders[i].later
            if self.orders[i].state == ORDER_MARKETS:
                step = least(qty, self.orders[i].qty - self.orders[i].cum)
                qty -= step
                self.fill(i, step)
            i = later

    # ---- queues --------------------------------------------------------------------------------------------------

    cdef void queue(self, uint32_t i) noexcept nogil:
        """To the back of its price."""
        cdef Order* order = &self.orders[i]
        cdef Book* book = &self.books[order.book]
        cdef uint32_t at = self._level(book, order.side, order.price)
        cdef Level* level = &self.levels[at]
        order.level = at
        order.sooner = level.last
        order.later = NONE
        if level.last == NONE:
            level.first = i
        else:
            self.orders[level.last].later = i
        level.last = i
        if order.state == ORDER_MARKETS:
            self._shows(book, order.side, at, level.shown + order.qty - order.cum)
            return
        order.behind = level.used + level.shown
        level.open += order.qty - order.cum
        if order.behind > level.most:
            level.most = order.behind

    cdef void unqueue(self, uint32_t i) noexcept nogil:
        """Out of its queue, if it is in one."""
        cdef Order* order = &self.orders[i]
        cdef uint32_t at = order.level
        cdef Level* level = &self.levels[at]
        if at == NONE:
            return
        if order.sooner == NONE:
            level.first = order.later
        else:
            self.orders[order.sooner].later = order.later
        if order.later == NONE:
            level.last = order.sooner
        else:
            self.orders[order.later].sooner = order.sooner
        order.level = NONE
        self._left(i, at, order.qty - order.cum)

    cdef void _left(self, uint32_t i, uint32_t at, int64_t qty) noexcept nogil:
        """An order has left a level with qty: the level has less, and may be empty."""
        cdef Order* order = &self.orders[i]
        cdef Book* book = &self.books[order.book]
        cdef Level* level = &self.levels[at]
        if order.state != ORDER_MARKETS:
            level.open -= qty
            self._close(book, order.side, at)
        elif level.shown > qty:
            level.shown -= qty
        elif level.shown > 0:
            self._hide(book, order.side, at)

    cdef void fill(self, uint32_t i, int64_t qty) noexcept nogil:
        """An order in or out of the book has traded; it isn't taken out where it is filled, but for the market's."""
        cdef Order* order = &self.orders[i]
        if order.state == ORDER_MARKETS:
            if qty >= order.qty - order.cum:
                self.remove_market_order(i)
                return
            self.levels[order.level].shown -= qty
        elif order.level != NONE:
            self.levels[order.level].open -= qty
        order.cum += qty

    cdef void resize(self, uint32_t i, int64_t qty) noexcept nogil:
        """An order of ours has another quantity, where it stands."""
        cdef Order* order = &self.orders[i]
        if order.level != NONE:
            self.levels[order.level].open += qty - order.qty
        order.qty = qty

    cdef int64_t ahead(self, uint32_t i) noexcept nogil:
        """What of the market stands before an order of ours at its price."""
        cdef Order* order = &self.orders[i]
        cdef int64_t sum = 0
        if self.books[order.book].known_by != BY_ORDERS:
            sum = order.behind - self.levels[order.level].used
            return sum if sum > 0 else 0
        i = order.sooner
        while i != NONE:
            if self.orders[i].state == ORDER_MARKETS:
                sum += self.orders[i].qty - self.orders[i].cum
            i = self.orders[i].sooner
        return sum

    cdef void clear_ahead(self, uint32_t at) noexcept nogil:
        """Nothing of the market stands before our orders of a level."""
        if self.levels[at].used < self.levels[at].most:
            self.levels[at].used = self.levels[at].most

    cdef void cap_ahead(self, Book* book, uint32_t at, int64_t qty) noexcept nogil:
        """The level shows qty now: no more than that can be ahead of us; how much less is for the queue model."""
        cdef Level* level = &self.levels[at]
        cdef int64_t cap = level.used + qty
        cdef int64_t gone = level.seen - qty
        cdef uint32_t i = level.first
        cdef int64_t ahead
        if book.queue_model == Q_RISK_AVERSE or gone < 0:
            gone = 0
        if level.most > cap or gone > 0:
            while i != NONE:
                ahead = self.ahead(i)
                if gone > 0 and ahead > 0:
                    ahead = moved_up(book.queue_model, book.queue_power, book.lot, ahead,
                                     level.seen - ahead if level.seen > ahead else 0, gone)
                self.orders[i].behind = level.used + least(ahead, qty)
                i = self.orders[i].later
            level.most = least(level.most, cap)
        level.seen = qty

    cdef uint32_t first_own(self, uint32_t at) noexcept nogil:
        """The first order of ours in a level's queue, or NONE."""
        cdef uint32_t i = self.levels[at].first
        while i != NONE and self.orders[i].state == ORDER_MARKETS:
            i = self.orders[i].later
        return i

    cdef uint32_t first_markets(self, uint32_t at) noexcept nogil:
        """The first order of the market in a level's queue, or NONE."""
        cdef uint32_t i = self.levels[at].first
        while i != NONE and self.orders[i].state != ORDER_MARKETS:
            i = self.orders[i].later
        return i

    # ---- the market's orders, where they are known -----------------------------------------------------------------

    cdef uint32_t market_order(self, Book* book, uint64_t id) noexcept nogil:
        """The order's index, or NONE."""
        return self.ids.find(id | <uint64_t>book.venue << ORDER_IDS)

    cdef uint32_t add_market_order(self, Book* book, uint64_t id, int side, int64_t px, int64_t qty) noexcept nogil:
        """A new one at the back of its price; NONE where the table is full, the id is too long or there already."""
        cdef uint32_t i
        cdef Order* order
        if id >> ORDER_IDS or self.market_order(book, id) != NONE:
            self.counts.dropped += 1
            return NONE
        if self.counts.free_order != NONE:
            i = self.counts.free_order
            self.counts.free_order = self.orders[i].later
        elif self.max_own + self.counts.market_orders < self.max_orders:
            i = self.max_own + <uint32_t>self.counts.market_orders
            self.counts.market_orders += 1
        else:
            self.counts.dropped += 1
            return NONE
        order = &self.orders[i]
        memset(order, 0, sizeof(Order))
        order.id = id | <uint64_t>book.venue << ORDER_IDS
        order.book = <uint32_t>(book - self.books)
        order.side = <uint8_t>side
        order.price = px
        order.qty = qty
        order.state = ORDER_MARKETS
        self.ids.put(order.id, i)
        self.queue(i)
        return i

    cdef void remove_market_order(self, uint32_t i) noexcept nogil:
        """It has been filled or cancelled, wholly."""
        self.unqueue(i)
        self.ids.remove(self.orders[i].id)
        memset(&self.orders[i], 0, sizeof(Order))
        self.orders[i].later = self.counts.free_order
        self.counts.free_order = i
