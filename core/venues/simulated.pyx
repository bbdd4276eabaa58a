# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Price, then time, against what the market data shows and our own resting orders: see simulated.pxd."""
from libc.stdint cimport INT64_MAX, INT64_MIN
from libc.string cimport memcpy, memmove, memset, strlen

from core.messages cimport (
    A_CANCEL, A_NEW, A_REPLACE, A_STATUS, K_DEPTH, K_INSTRUMENT, K_LISTING, K_QUOTE, K_TRADE, K_VENUE, K_VENUE_STATE,
    NONE, O_POST_ONLY, P_HAS_PRICE, P_HAS_QTY, SIDE_BUY, T_LIMIT, T_MARKET, TIF_CLS, TIF_DAY, TIF_FOK, TIF_GTD,
    TIF_IOC, TIF_OPG, V_MATCH, VS_AUCTION, VS_CLOSED, VS_DOWN, VS_HALTED, VS_UP, X_CANCEL_REJECTED, X_CANCELED,
    X_EXPIRED, X_NEW, X_REJECTED, X_REPLACED, X_TRADE, X_UNKNOWN_ORDER,
)
from core.sequencer.schedule cimport DUE_REPORT, DUE_VENUE, Due

cdef enum:
    ANY_AGGRESSOR = 255
    IMBALANCE = 2                   # beside BID and ASK: the one less the other


# ---- what needs no state ----------------------------------------------------------------------------------------

cdef bint better(int side, int64_t a, int64_t b) noexcept nogil:
    """Whether a resting price goes before another on its side."""
    return a < b if side == ASK else a > b


cdef bint within(int side, int64_t limit, int64_t px) noexcept nogil:
    """Whether an order of this side with this limit may trade at px."""
    return px >= limit if side == ASK else px <= limit


cdef int64_t least(int64_t a, int64_t b) noexcept nogil:
    return a if a < b else b


cdef int64_t add_capped(int64_t a, int64_t b) noexcept nogil:
    return INT64_MAX if b > INT64_MAX - a else a + b


cdef void widen(int64_t px, int64_t* low, int64_t* high) noexcept nogil:
    if px < low[0]:
        low[0] = px
    if px > high[0]:
        high[0] = px


cdef int64_t nearest(int64_t px, int64_t low, int64_t high, int64_t tick) noexcept nogil:
    """Of low, low + tick, ... high the one nearest to px, the lower of two."""
    cdef int64_t below
    if px <= low:
        return low
    if px >= high:
        return high
    below = low + (px - low) // tick * tick
    return below if px - below <= below + tick - px else below + tick


cdef int64_t ranked(int side, uint8_t ord_type, int64_t price) noexcept nogil:
    """The price that an order is ranked by: a market order goes before every limit."""
    if ord_type != T_MARKET:
        return price
    return INT64_MIN if side == ASK else INT64_MAX


cdef bint for_the_day(const Own* own) noexcept nogil:
    """What doesn't outlive the session; a market order that an auction collected doesn't either."""
    return (own.time_in_force == TIF_DAY or own.time_in_force == TIF_OPG or own.time_in_force == TIF_CLS
            or own.ord_type == T_MARKET)


cdef bint at_once(const Own* own) noexcept nogil:
    return own.time_in_force == TIF_IOC or own.time_in_force == TIF_FOK


cdef const char* not_open(uint8_t state) noexcept nogil:
    """Why a venue in this state takes no orders; NULL where it does."""
    if state == VS_DOWN:
        return b"venue_down"
    if state == VS_HALTED:
        return b"venue_halted"
    if state == VS_CLOSED:
        return b"venue_closed"
    return NULL


cdef void put_text(char* field, int size, const char* text) noexcept nogil:
    """`{u8 length}text` into a zeroed field of `size` bytes, cut to fit."""
    cdef int length = <int>least(<int64_t>strlen(text), size - 1)
    field[0] = <char>length
    memcpy(field + 1, text, length)


cdef void put_numbered(char* field, int size, const char* name, char mark, uint64_t number) noexcept nogil:
    """`<name><mark><number>`; a name too long gives way to the number, so that no two become one."""
    cdef char digits[20]
    cdef int count = 0
    cdef int length
    while number or not count:
        digits[19 - count] = <char>(48 + number % 10)
        number //= 10
        count += 1
    length = <int>least(<uint8_t>name[0], size - 2 - count)
    memcpy(field + 1, name + 1, length)
    field[1 + length] = mark
    memcpy(field + 2 + length, digits + 20 - count, count)
    field[0] = <char>(length + 1 + count)


cdef uint32_t ladder_find(const Ladder* ladder, int side, int64_t px) noexcept nogil:
    """The first index, from the worst, whose level isn't worse than px."""
    cdef uint32_t low = 0
    cdef uint32_t high = ladder.count
    cdef uint32_t middle
    while low < high:
        middle = (low + high) >> 1
        if better(side, px, ladder.levels[middle].px):
            low = middle + 1
        else:
            high = middle
    return low


cdef void ladder_remove(Ladder* ladder, uint32_t i) noexcept nogil:
    ladder.count -= 1
    memmove(&ladder.levels[i], &ladder.levels[i + 1], (ladder.count - i) * sizeof(Level))
    memset(&ladder.levels[ladder.count], 0, sizeof(Level))


cdef void ladder_set(Ladder* ladder, int side, int64_t px, int64_t qty) noexcept nogil:
    """Sets the level at px to qty, 0 removes it. Full: the worst goes, and is counted."""
    cdef uint32_t i = ladder_find(ladder, side, px)
    if i < ladder.count and ladder.levels[i].px == px:
        if qty > 0:
            ladder.levels[i].qty = qty
        else:
            ladder_remove(ladder, i)
        return
    if qty <= 0:
        return
    if ladder.count == LADDER_LEVELS:
        ladder.dropped += 1
        if i == 0:
            return
        ladder_remove(ladder, 0)
        i -= 1
    memmove(&ladder.levels[i + 1], &ladder.levels[i], (ladder.count - i) * sizeof(Level))
    ladder.levels[i].px = px
    ladder.levels[i].qty = qty
    ladder.count += 1


cdef class Simulated:
    """Tables in the arena; every answer goes into the schedule, due after the venue's latency."""

    def __cinit__(self, Arena arena, object capacity, Schedule schedule):
        cdef uint32_t i
        self.arena = arena
        self.schedule = schedule
        self.max_symbols = capacity.symbols
        self.max_pairs = capacity.depths
        self.max_own = capacity.orders + capacity.more_children
        self.symbols = <Traded*>arena.table("simulated.symbols", sizeof(Traded), self.max_symbols)
        self.books = <Book*>arena.table("simulated.books", sizeof(Book), self.max_symbols * MAX_SYMBOL_VENUES)
        self.venues = <Place*>arena.table("simulated.venues", sizeof(Place), MAX_VENUES)
        self.ladders = <Ladder*>arena.table("simulated.ladders", sizeof(Ladder), 2 * self.max_pairs)
        self.own = <Own*>arena.table("simulated.own", sizeof(Own), self.max_own)
        self.counts = <SimulatedCounts*>arena.table("simulated.counts", sizeof(SimulatedCounts), 1)
        arena.used_by("simulated.own", &self.counts.own)

    # ---- what happens at the venues ------------------------------------------------------------------------------

    cdef void on_event(self, uint16_t kind, const Request* request, int64_t now_ns) noexcept nogil:
        """Market data, states and declarations; what a match venue has no use for is ignored."""
        if kind == K_QUOTE:
            self._quote(request, now_ns)
        elif kind == K_DEPTH:
            self._depth(request, now_ns)
        elif kind == K_TRADE:
            self._trade(request, now_ns)
        elif kind == K_VENUE_STATE:
            self._venue_state(request, now_ns)
        elif kind == K_VENUE:
            self._venue(request)
        elif kind == K_LISTING:
            self._listing(request)
        elif kind == K_INSTRUMENT and request.instrument.symbol < self.max_symbols:
            self.symbols[request.instrument.symbol].tick = request.instrument.tick

    cdef bint is_match(self, uint16_t venue) noexcept nogil:
        return venue < MAX_VENUES and self.venues[venue].declared and self.venues[venue].mode == V_MATCH

    cdef int64_t latency_ns(self, uint16_t venue) noexcept nogil:
        return self.venues[venue].latency_ns if venue < MAX_VENUES else 0

    cdef void _venue(self, const Request* request) noexcept nogil:
        cdef Place* place
        if request.venue.venue >= MAX_VENUES:
            return                  # the bound is checked, and told, where the file or configuration is read
        place = &self.venues[request.venue.venue]
        memcpy(place.name, request.venue.text, 40)
        place.latency_ns = request.venue.latency_ns
        place.mode = request.venue.mode
        place.first = NONE
        place.last = NONE
        place.declared = 1

    cdef void _listing(self, const Request* request) noexcept nogil:
        cdef uint32_t symbol = request.listing.symbol
        cdef Book* book
        if symbol >= self.max_symbols or not self.is_match(request.listing.venue):
            return
        if self.symbols[symbol].listings >= MAX_SYMBOL_VENUES:
            self.counts.unlisted += 1
            return
        book = &self.books[symbol * MAX_SYMBOL_VENUES + self.symbols[symbol].listings]
        memset(book.best, 0xFF, sizeof(book.best))
        memset(book.worst, 0xFF, sizeof(book.worst))
        book.symbol = symbol
        book.venue = request.listing.venue
        book.ladders = NONE
        self.symbols[symbol].listings += 1

    cdef Book* _book(self, uint32_t symbol, uint16_t venue) noexcept nogil:
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

    cdef void _quote(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef Book* book = self._book(request.quote.symbol, request.quote.venue)
        if book == NULL or book.ladders != NONE:
            return                  # a venue that sends depth is known by its depth
        self._quote_side(book, BID, request.quote.bid_px, request.quote.bid_qty)
        self._quote_side(book, ASK, request.quote.ask_px, request.quote.ask_qty)
        if book.state == VS_UP:
            self._cross(book, BID, now_ns)
            self._cross(book, ASK, now_ns)

    cdef void _quote_side(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil:
        """The side's best level is this: nothing external is left before it; what is behind it stays unseen."""
        cdef uint32_t i = book.best[side]
        book.top[side].px = px
        book.top[side].qty = qty if qty > 0 else 0
        while i != NONE and (qty <= 0 or not better(side, px, self.own[i].price)):
            self.own[i].ahead = least(self.own[i].ahead, qty) if qty > 0 and self.own[i].price == px else 0
            i = self.own[i].worse

    cdef void _depth(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef Book* book = self._book(request.depth.symbol, request.depth.venue)
        cdef int side = BID if request.depth.side == SIDE_BUY else ASK
        if book == NULL or not self._open_ladders(book):
            return
        ladder_set(&self.ladders[2 * book.ladders + side], side, request.depth.px, request.depth.qty)
        self._shrink(book, side, request.depth.px, request.depth.qty)
        if book.state == VS_UP:
            self._cross(book, 1 - side, now_ns)

    cdef void _trade(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef Book* book = self._book(request.trade.symbol, request.trade.venue)
        cdef int64_t rest = request.trade.qty
        cdef uint8_t aggressor = request.trade.aggressor
        if book == NULL:
            return
        book.last_px = request.trade.px
        book.traded = 1
        if book.state != VS_UP:
            return                  # nothing of ours trades while the venue doesn't match
        if aggressor != SIDE_BUY:
            rest = self._hit(book, BID, request.trade.px, rest, now_ns)
        if aggressor == SIDE_BUY or aggressor == ANY_AGGRESSOR:
            self._hit(book, ASK, request.trade.px, rest, now_ns)

    cdef void _venue_state(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef uint16_t venue = request.venue_state.venue
        cdef uint8_t state = request.venue_state.state
        cdef uint32_t only = request.venue_state.symbol
        cdef uint32_t symbol
        cdef Book* book
        if not self.is_match(venue):
            return
        for symbol in range(self.max_symbols):
            book = self._book(symbol, venue) if only == NONE or only == symbol else NULL
            if book != NULL:
                self._set_state(book, state, now_ns)
        if state == VS_CLOSED:
            self._expire_day(venue, only, now_ns)

    cdef void _set_state(self, Book* book, uint8_t state, int64_t now_ns) noexcept nogil:
        book.state = state
        if state == VS_AUCTION:
            book.collects = 1
        if state != VS_UP:
            return
        if book.collects:
            book.collects = 0
            self._uncross(book, now_ns)
            return
        self._cross(book, BID, now_ns)  # what was shown through our prices while nothing was matched
        self._cross(book, ASK, now_ns)

    cdef void _expire_day(self, uint16_t venue, uint32_t symbol, int64_t now_ns) noexcept nogil:
        """In the order of arrival, over all books of the venue or one."""
        cdef uint32_t i = self.venues[venue].first
        cdef uint32_t after
        while i != NONE:
            after = self.own[i].newer
            if for_the_day(&self.own[i]) and (symbol == NONE or self.books[self.own[i].book].symbol == symbol):
                self._finish(i, X_EXPIRED, b"closed", now_ns)
            i = after

    cdef void on_timer(self, uint32_t child, int64_t now_ns) noexcept nogil:
        """A gtd order's time is over, if it still lives."""
        cdef Own* own = &self.own[child]
        if (child < self.max_own and own.state == OWN_LIVE and own.time_in_force == TIF_GTD
                and own.expire_ns <= now_ns):
            self._finish(child, X_EXPIRED, b"expire_at", now_ns)

    # ---- external levels -----------------------------------------------------------------------------------------

    cdef bint _open_ladders(self, Book* book) noexcept nogil:
        """The first depth of a book: its quotes are gone. What our orders have ahead stays until a level says less."""
        if book.ladders != NONE:
            return 1
        if self.counts.pairs >= self.max_pairs:
            self.counts.without_ladder += 1
            return 0
        book.ladders = <uint32_t>self.counts.pairs
        self.counts.pairs += 1
        memset(book.top, 0, sizeof(book.top))
        return 1

    cdef Level* _level(self, Book* book, int side, uint32_t i) noexcept nogil:
        """The i-th external level, best first; NULL when there is none."""
        cdef Ladder* ladder
        if book.ladders == NONE:
            return &book.top[side] if i == 0 and book.top[side].qty > 0 else NULL
        ladder = &self.ladders[2 * book.ladders + side]
        return &ladder.levels[ladder.count - 1 - i] if i < ladder.count else NULL

    cdef int64_t _size_at(self, Book* book, int side, int64_t px) noexcept nogil:
        cdef Ladder* ladder
        cdef uint32_t i
        if book.ladders == NONE:
            return book.top[side].qty if book.top[side].px == px else 0
        ladder = &self.ladders[2 * book.ladders + side]
        i = ladder_find(ladder, side, px)
        return ladder.levels[i].qty if i < ladder.count and ladder.levels[i].px == px else 0

    cdef void _reduce(self, Book* book, int side, int64_t qty) noexcept nogil:
        """Takes from the best level; it stays taken until its next update."""
        cdef Level* level = self._level(book, side, 0)
        level.qty -= qty
        if level.qty == 0 and book.ladders != NONE:
            ladder_remove(&self.ladders[2 * book.ladders + side], self.ladders[2 * book.ladders + side].count - 1)

    # ---- what the core sends -------------------------------------------------------------------------------------

    cdef void on_send(self, const Send* send, int64_t now_ns) noexcept nogil:
        """A message of the core has arrived. It is answered in every state of the venue: silence would hang the order."""
        if not self.is_match(send.venue):
            return
        if send.child >= self.max_own:
            self.counts.refused += 1
        elif send.action == A_NEW:
            self._new(send, now_ns)
        elif send.action == A_REPLACE:
            self._replace(send, now_ns)
        elif send.action == A_CANCEL:
            self._cancel(send, now_ns)
        elif send.action == A_STATUS:
            self._status(send, now_ns)

    cdef void _new(self, const Send* send, int64_t now_ns) noexcept nogil:
        cdef const char* objection
        if self.own[send.child].state != OWN_UNSEEN:
            self.counts.refused += 1  # answering it would end the order that has the number
            return
        self._take_in(send)
        objection = self._objection(send)
        if objection != NULL:
            self._finish(send.child, X_REJECTED, objection, now_ns)
            return
        self._say(&self.own[send.child], X_NEW, NULL, now_ns)
        self._arrive(send.child)
        if send.time_in_force == TIF_GTD:
            if send.expire_ns <= now_ns:
                self._finish(send.child, X_EXPIRED, b"expire_at", now_ns)
                return
            self.schedule.push(send.expire_ns, DUE_VENUE, &send.child, sizeof(uint32_t))
        self._match(send.child, now_ns)

    cdef void _take_in(self, const Send* send) noexcept nogil:
        cdef Own* own = &self.own[send.child]
        cdef Book* book = self._book(send.symbol, send.venue)
        memset(own, 0, sizeof(Own))
        own.side = BID if send.side == SIDE_BUY else ASK
        own.price = ranked(own.side, send.ord_type, send.price)
        own.qty = send.qty
        own.expire_ns = send.expire_ns
        own.book = NONE if book == NULL else <uint32_t>(book - self.books)
        own.n = send.n
        own.older = own.newer = own.better = own.worse = NONE
        own.venue = send.venue
        own.ord_type = send.ord_type
        own.time_in_force = send.time_in_force
        own.flags = send.order_flags
        own.state = OWN_ENDED       # until it has arrived
        memcpy(own.first_id, send.first_id, 40)
        if send.child >= self.counts.own:
            self.counts.own = send.child + 1

    cdef const char* _objection(self, const Send* send) noexcept nogil:
        """Why the venue won't have this order, as a text; NULL: it will."""
        cdef Own* own = &self.own[send.child]
        cdef const char* closed
        if own.book == NONE:
            return b"unknown_symbol"
        if own.ord_type != T_LIMIT and own.ord_type != T_MARKET:
            return b"unsupported"
        if own.qty <= 0:
            return b"bad_qty"
        closed = not_open(self.books[own.book].state)
        if closed != NULL:
            return closed
        if own.flags & O_POST_ONLY and self._would_take(&self.books[own.book], own.side, own.price):
            return b"post_only"
        return NULL

    cdef bint _knows(self, const Send* send) noexcept nogil:
        return self.own[send.child].state != OWN_UNSEEN and self.own[send.child].venue == send.venue

    cdef void _status(self, const Send* send, int64_t now_ns) noexcept nogil:
        """What is known has had its reports: there is nothing to add. Unknown is said, so that it can be let go."""
        if not self._knows(send):
            self._answer(send, X_UNKNOWN_ORDER, b"unknown_order", now_ns)

    cdef void _cancel(self, const Send* send, int64_t now_ns) noexcept nogil:
        if not self._knows(send):
            self._answer(send, X_CANCEL_REJECTED, b"unknown_order", now_ns)
        elif self.own[send.child].state != OWN_LIVE:
            self._answer(send, X_CANCEL_REJECTED, b"too_late", now_ns)
        else:
            self._finish(send.child, X_CANCELED, NULL, now_ns)

    cdef void _replace(self, const Send* send, int64_t now_ns) noexcept nogil:
        """Same price and no more quantity keeps the place; all else goes to the back and may trade at once."""
        cdef Own* own = &self.own[send.child]
        cdef int64_t price = ranked(own.side, own.ord_type, send.price)
        cdef const char* objection
        cdef bint keeps
        if not self._knows(send):
            self._answer(send, X_CANCEL_REJECTED, b"unknown_order", now_ns)
            return
        objection = self._objection_to_replace(own, send, price)
        if objection != NULL:
            self._answer(send, X_CANCEL_REJECTED, objection, now_ns)
            return
        keeps = price == own.price and send.qty <= own.qty
        own.qty = send.qty if send.qty > own.cum else own.cum
        if not keeps:
            self._unqueue(send.child)
            own.price = price
        self._say(own, X_REPLACED, NULL, now_ns)
        if own.cum >= own.qty:
            self._end(send.child)
        elif not keeps:
            self._match(send.child, now_ns)

    cdef const char* _objection_to_replace(self, const Own* own, const Send* send, int64_t price) noexcept nogil:
        cdef const char* closed
        if own.state != OWN_LIVE:
            return b"too_late"
        if send.qty <= 0:
            return b"bad_qty"
        closed = not_open(self.books[own.book].state)
        if closed != NULL:
            return closed
        if (own.flags & O_POST_ONLY and send.qty > own.cum
                and self._would_take(&self.books[own.book], own.side, price)):
            return b"post_only"
        return NULL

    cdef void _match(self, uint32_t child, int64_t now_ns) noexcept nogil:
        """A live order that isn't in the book: takes what it may, then rests or ends."""
        cdef Own* own = &self.own[child]
        cdef Book* book = &self.books[own.book]
        if book.state == VS_UP and (own.time_in_force != TIF_FOK
                                    or self._shows(book, own.side, own.price, own.qty - own.cum)):
            self._take(child, now_ns)
        if own.cum >= own.qty:
            self._end(child)
        elif at_once(own) or (own.ord_type == T_MARKET and book.state == VS_UP):
            self._finish(child, X_CANCELED, b"no_liquidity", now_ns)
        else:
            self._rest(child, now_ns)

    cdef void _rest(self, uint32_t child, int64_t now_ns) noexcept nogil:
        cdef Own* own = &self.own[child]
        own.ahead = self._size_at(&self.books[own.book], own.side, own.price)
        self._queue(child)

    # ---- matching ------------------------------------------------------------------------------------------------

    cdef bint _would_take(self, Book* book, int side, int64_t price) noexcept nogil:
        cdef Level* level = self._level(book, 1 - side, 0)
        cdef uint32_t maker = book.best[1 - side]
        if book.state != VS_UP:
            return 0                # an auction takes nothing yet
        return ((level != NULL and within(side, price, level.px))
                or (maker != NONE and within(side, price, self.own[maker].price)))

    cdef bint _shows(self, Book* book, int side, int64_t price, int64_t qty) noexcept nogil:
        """Whether at least qty can be taken within the price."""
        cdef uint32_t i = 0
        cdef uint32_t maker = book.best[1 - side]
        cdef Level* level = self._level(book, 1 - side, 0)
        while qty > 0 and level != NULL and within(side, price, level.px):
            qty -= least(qty, level.qty)
            i += 1
            level = self._level(book, 1 - side, i)
        while qty > 0 and maker != NONE and within(side, price, self.own[maker].price):
            qty -= least(qty, self.own[maker].qty - self.own[maker].cum)
            maker = self.own[maker].worse
        return qty == 0

    cdef void _take(self, uint32_t child, int64_t now_ns) noexcept nogil:
        """Best price first; at one price the external level, then own orders by time."""
        cdef Own* own = &self.own[child]
        cdef Book* book = &self.books[own.book]
        cdef int other = 1 - own.side
        cdef Level* level
        cdef uint32_t maker
        while own.cum < own.qty:
            level = self._level(book, other, 0)
            maker = book.best[other]
            if level != NULL and (maker == NONE or not better(other, self.own[maker].price, level.px)):
                if not within(own.side, own.price, level.px):
                    return
                self._take_level(child, level, now_ns)
            elif maker != NONE and within(own.side, own.price, self.own[maker].price):
                self._meet(child, maker, now_ns)
            else:
                return

    cdef void _take_level(self, uint32_t child, Level* level, int64_t now_ns) noexcept nogil:
        """What we take of a level was before our own orders behind it: they move up."""
        cdef Own* own = &self.own[child]
        cdef Book* book = &self.books[own.book]
        cdef int64_t px = level.px
        cdef int64_t qty = least(own.qty - own.cum, level.qty)
        self._use_ahead(book, 1 - own.side, px, qty)
        self._reduce(book, 1 - own.side, qty)
        self._fill(child, qty, px, 0, now_ns)

    cdef void _meet(self, uint32_t child, uint32_t maker, int64_t now_ns) noexcept nogil:
        """Two orders of ours, at the resting one's price; the taker's line first."""
        cdef Own* resting = &self.own[maker]
        cdef int64_t qty = least(self.own[child].qty - self.own[child].cum, resting.qty - resting.cum)
        self._fill(child, qty, resting.price, 0, now_ns)
        self._fill(maker, qty, resting.price, 1, now_ns)
        if resting.cum >= resting.qty:
            self._end(maker)

    cdef void _cross(self, Book* book, int side, int64_t now_ns) noexcept nogil:
        """Opposite levels strictly through our resting prices fill us at our price, up to their quantity."""
        cdef uint32_t i = book.best[side]
        cdef Level* level = self._level(book, 1 - side, 0)
        cdef int64_t qty
        while i != NONE and level != NULL and better(1 - side, level.px, self.own[i].price):
            qty = least(self.own[i].qty - self.own[i].cum, level.qty)
            self._reduce(book, 1 - side, qty)
            self.own[i].ahead = 0   # a price that traded through has nothing before us any more
            self._fill(i, qty, self.own[i].price, 1, now_ns)
            if self.own[i].cum >= self.own[i].qty:
                self._end(i)
            i = book.best[side]
            level = self._level(book, 1 - side, 0)

    cdef int64_t _hit(self, Book* book, int side, int64_t px, int64_t qty, int64_t now_ns) noexcept nogil:
        """A trade in the market meets our orders at its price or better; what it has left.

        Better priced orders trade as if it were through them. At its own price it first uses up what is ahead; that
        is one external queue, shared: what is used before one order isn't before the next either.
        """
        cdef uint32_t i = book.best[side]
        cdef uint32_t after
        cdef int64_t used = 0
        cdef int64_t step
        cdef Own* own
        while i != NONE and not better(side, px, self.own[i].price):
            own = &self.own[i]
            after = own.worse
            step = own.ahead if own.price != px else least(own.ahead, used)
            own.ahead -= step
            if own.price == px:
                step = least(own.ahead, qty)
                own.ahead -= step
                used += step
                qty -= step
            step = least(own.qty - own.cum, qty)
            if step > 0:
                qty -= step
                self._fill(i, step, own.price, 1, now_ns)
            if own.cum >= own.qty:
                self._end(i)
            i = after
        return qty

    cdef void _shrink(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil:
        """The level at px shows qty now: no more than that can be ahead of us."""
        cdef uint32_t i = book.best[side]
        while i != NONE and not better(side, px, self.own[i].price):
            if self.own[i].price == px:
                self.own[i].ahead = least(self.own[i].ahead, qty if qty > 0 else 0)
            i = self.own[i].worse

    cdef void _use_ahead(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil:
        cdef uint32_t i = book.best[side]
        while i != NONE and not better(side, px, self.own[i].price):
            if self.own[i].price == px:
                self.own[i].ahead -= least(self.own[i].ahead, qty)
            i = self.own[i].worse

    # ---- the auction ---------------------------------------------------------------------------------------------
    #
    # Whether more can be bought than sold falls with the price, as what can be bought does; what can be sold rises.
    # So each rule narrows one range of prices (on the tick) from its ends, and each end is a binary search.

    cdef void _uncross(self, Book* book, int64_t now_ns) noexcept nogil:
        """One price for all that was collected; market orders don't outlive it."""
        cdef int64_t px
        cdef int64_t volume
        cdef int side
        if self._auction_price(book, &px):
            volume = least(self._volume(book, BID, px), self._volume(book, ASK, px))
            self._give(book, BID, px, volume, now_ns)
            self._give(book, ASK, px, volume, now_ns)
            book.last_px = px
            book.traded = 1
        for side in range(2):
            while book.best[side] != NONE and self.own[book.best[side]].ord_type == T_MARKET:
                self._finish(book.best[side], X_CANCELED, b"no_liquidity", now_ns)

    cdef bint _auction_price(self, Book* book, int64_t* px) noexcept nogil:
        """Most volume, then least imbalance, then nearest the last trade, then the lower; 0: nothing can trade."""
        cdef int64_t tick = self.symbols[book.symbol].tick if self.symbols[book.symbol].tick > 0 else 1
        cdef int64_t low = INT64_MAX
        cdef int64_t high = INT64_MIN
        cdef int64_t even
        cdef int64_t most = 0
        cdef int64_t imbalance = INT64_MAX
        self._price_range(book, &low, &high)
        if low > high:
            return 0
        even = self._last(book, IMBALANCE, low, high, tick, 0)
        if even >= low:
            most = self._volume(book, ASK, even)
        if even + tick <= high and self._volume(book, BID, even + tick) > most:
            most = self._volume(book, BID, even + tick)
        if most == 0:
            return 0
        even = self._last(book, BID, low, high, tick, most)
        low = self._last(book, ASK, low, high, tick, 1 - most) + tick
        high = even
        even = self._last(book, IMBALANCE, low, high, tick, 0)
        if even >= low:
            imbalance = self._willing(book, IMBALANCE, even)
        if even + tick <= high:
            imbalance = least(imbalance, -self._willing(book, IMBALANCE, even + tick))
        even = self._last(book, IMBALANCE, low, high, tick, -imbalance)
        low = self._last(book, IMBALANCE, low, high, tick, imbalance + 1) + tick
        px[0] = nearest(book.last_px, low, even, tick) if book.traded else low
        return 1

    cdef void _price_range(self, Book* book, int64_t* low, int64_t* high) noexcept nogil:
        """From the lowest to the highest of all limits, levels and the last trade; nothing changes beyond them."""
        cdef int side
        cdef uint32_t i
        cdef Level* level
        if book.traded:
            low[0] = high[0] = book.last_px
        for side in range(2):
            i = 0
            level = self._level(book, side, 0)
            while level != NULL:
                widen(level.px, low, high)
                i += 1
                level = self._level(book, side, i)
            i = book.best[side]
            while i != NONE:
                if self.own[i].ord_type == T_LIMIT:
                    widen(self.own[i].price, low, high)
                i = self.own[i].worse

    cdef int64_t _volume(self, Book* book, int side, int64_t px) noexcept nogil:
        """What this side would trade at px: sums stop at the largest integer instead of wrapping."""
        cdef int64_t sum = 0
        cdef uint32_t i = 0
        cdef Level* level = self._level(book, side, 0)
        while level != NULL and not better(side, px, level.px):
            sum = add_capped(sum, level.qty)
            i += 1
            level = self._level(book, side, i)
        i = book.best[side]
        while i != NONE and not better(side, px, self.own[i].price):
            sum = add_capped(sum, self.own[i].qty - self.own[i].cum)
            i = self.own[i].worse
        return sum

    cdef int64_t _willing(self, Book* book, int what, int64_t px) noexcept nogil:
        """BID, ASK (negated) or their IMBALANCE: each falls, or stays, as px rises."""
        if what == BID:
            return self._volume(book, BID, px)
        if what == ASK:
            return -self._volume(book, ASK, px)
        return self._volume(book, BID, px) - self._volume(book, ASK, px)

    cdef int64_t _last(self, Book* book, int what, int64_t low, int64_t high, int64_t tick,
                       int64_t bound) noexcept nogil:
        """The highest of low, low + tick, ... high where `what` is at least bound; low - tick where none is."""
        cdef int64_t below = 0      # all of the first `below` steps hold
        cdef int64_t above = (high - low) // tick + 1
        cdef int64_t middle
        while below < above:
            middle = (below + above) >> 1
            if self._willing(book, what, low + middle * tick) >= bound:
                below = middle + 1
            else:
                above = middle
        return low + (below - 1) * tick

    cdef void _give(self, Book* book, int side, int64_t px, int64_t volume, int64_t now_ns) noexcept nogil:
        """Shares out one side's volume at the auction's price: by price, the level before own orders, then by time."""
        cdef Level* level
        cdef uint32_t i
        cdef int64_t qty
        while volume > 0:
            level = self._level(book, side, 0)
            i = book.best[side]
            if level != NULL and (i == NONE or not better(side, self.own[i].price, level.px)):
                qty = least(volume, level.qty)
                self._use_ahead(book, side, level.px, qty)
                self._reduce(book, side, qty)
            else:
                qty = least(volume, self.own[i].qty - self.own[i].cum)
                self.own[i].ahead = 0
                self._fill(i, qty, px, 0, now_ns)
                if self.own[i].cum >= self.own[i].qty:
                    self._end(i)
            volume -= qty

    # ---- lists of own orders -------------------------------------------------------------------------------------

    cdef void _arrive(self, uint32_t child) noexcept nogil:
        cdef Own* own = &self.own[child]
        cdef Place* place = &self.venues[own.venue]
        own.state = OWN_LIVE
        own.older = place.last
        own.newer = NONE
        if place.last == NONE:
            place.first = child
        else:
            self.own[place.last].newer = child
        place.last = child

    cdef void _leave(self, uint32_t child) noexcept nogil:
        cdef Own* own = &self.own[child]
        cdef Place* place = &self.venues[own.venue]
        if own.older == NONE:
            place.first = own.newer
        else:
            self.own[own.older].newer = own.newer
        if own.newer == NONE:
            place.last = own.older
        else:
            self.own[own.newer].older = own.older

    cdef void _queue(self, uint32_t child) noexcept nogil:
        """Behind all that are as good, from the back: most orders come in near it."""
        cdef Own* own = &self.own[child]
        cdef Book* book = &self.books[own.book]
        cdef uint32_t i = book.worst[own.side]
        while i != NONE and better(own.side, own.price, self.own[i].price):
            i = self.own[i].better
        own.better = i
        own.worse = book.best[own.side] if i == NONE else self.own[i].worse
        if own.better == NONE:
            book.best[own.side] = child
        else:
            self.own[own.better].worse = child
        if own.worse == NONE:
            book.worst[own.side] = child
        else:
            self.own[own.worse].better = child
        own.in_book = 1

    cdef void _unqueue(self, uint32_t child) noexcept nogil:
        cdef Own* own = &self.own[child]
        cdef Book* book = &self.books[own.book]
        if not own.in_book:
            return
        if own.better == NONE:
            book.best[own.side] = own.worse
        else:
            self.own[own.better].worse = own.worse
        if own.worse == NONE:
            book.worst[own.side] = own.better
        else:
            self.own[own.worse].better = own.better
        own.in_book = 0

    cdef void _end(self, uint32_t child) noexcept nogil:
        if self.own[child].state == OWN_LIVE:
            self._unqueue(child)
            self._leave(child)
        self.own[child].state = OWN_ENDED

    cdef void _finish(self, uint32_t child, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil:
        """Ends it without being filled."""
        self._end(child)
        self._say(&self.own[child], exec_type, text, now_ns)

    # ---- answers -------------------------------------------------------------------------------------------------

    cdef void _fill(self, uint32_t child, int64_t qty, int64_t px, bint maker, int64_t now_ns) noexcept nogil:
        cdef Own* own = &self.own[child]
        cdef Place* place = &self.venues[own.venue]
        cdef ReportEvent report
        own.cum += qty
        self.books[own.book].last_px = px
        self.books[own.book].traded = 1
        place.executions += 1
        memset(&report, 0, sizeof(ReportEvent))
        report.venue = own.venue
        report.exec_type = X_TRADE
        report.maker = maker
        report.last_qty = qty
        report.last_px = px
        put_numbered(report.child_id, 56, own.first_id, b".", own.n)
        put_numbered(report.exec_id, 40, place.name, b"-", place.executions)
        self._push(&report, now_ns)

    cdef void _say(self, const Own* own, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil:
        cdef ReportEvent report
        memset(&report, 0, sizeof(ReportEvent))
        report.venue = own.venue
        report.exec_type = exec_type
        put_numbered(report.child_id, 56, own.first_id, b".", own.n)
        if text != NULL:
            put_text(report.text, 56, text)
        if exec_type == X_REPLACED:
            report.flags = P_HAS_QTY
            report.order_qty = own.qty
            if own.ord_type == T_LIMIT:
                report.flags |= P_HAS_PRICE
                report.price = own.price
        self._push(&report, now_ns)

    cdef void _answer(self, const Send* send, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil:
        """To a message about an order that may be none of ours."""
        cdef ReportEvent report
        memset(&report, 0, sizeof(ReportEvent))
        report.venue = send.venue
        report.exec_type = exec_type
        put_numbered(report.child_id, 56, send.first_id, b".", send.n)
        put_text(report.text, 56, text)
        self._push(&report, now_ns)

    cdef void _push(self, ReportEvent* report, int64_t now_ns) noexcept nogil:
        cdef Place* place = &self.venues[report.venue]
        place.messages += 1
        report.venue_seq = place.messages
        self.schedule.push(now_ns + place.latency_ns, DUE_REPORT, report, sizeof(ReportEvent))

    # ---- for tests and tools -------------------------------------------------------------------------------------

    def push_event(self, uint16_t kind, bytes request, int64_t now_ns):
        """on_event, from Python: the request's bytes, as the dtypes of core.messages give them."""
        cdef Request padded
        cdef const char* data = request
        if len(request) > <Py_ssize_t>sizeof(Request):
            raise ValueError(f"request: {len(request)} bytes, more than {sizeof(Request)}")
        memset(&padded, 0, sizeof(Request))
        memcpy(&padded, data, len(request))
        self.on_event(kind, &padded, now_ns)

    def push_send(self, bytes send, int64_t now_ns):
        """on_send, from Python."""
        cdef Send copy
        cdef const char* data = send
        if len(send) != <Py_ssize_t>sizeof(Send):
            raise ValueError(f"send: {len(send)} bytes, not {sizeof(Send)}")
        memcpy(&copy, data, sizeof(Send))
        self.on_send(&copy, now_ns)

    def push_timer(self, uint32_t child, int64_t now_ns):
        """on_timer, from Python."""
        self.on_timer(child, now_ns)

    def pending(self, int64_t until_ns=INT64_MAX):
        """Takes what is due up to until_ns out of the schedule: (due_ns, kind, bytes), in order."""
        cdef Due due
        cdef list items = []
        while self.schedule.count and self.schedule.top().due_ns <= until_ns:
            self.schedule.pop(&due)
            items.append((due.due_ns, due.kind, due.data[:due.length]))
        return items

    def levels(self, uint32_t symbol, uint16_t venue, uint8_t side):
        """The external levels left, best first: (px, qty)."""
        cdef Book* book = self._book(symbol, venue)
        cdef Level* level
        cdef list found = []
        while book != NULL:
            level = self._level(book, side != SIDE_BUY, <uint32_t>len(found))
            if level == NULL:
                break
            found.append((level.px, level.qty))
        return found

    def queue(self, uint32_t symbol, uint16_t venue, uint8_t side):
        """Our resting orders, best first: (child, leaves, ahead)."""
        cdef Book* book = self._book(symbol, venue)
        cdef uint32_t i = NONE if book == NULL else book.best[side != SIDE_BUY]
        cdef list found = []
        while i != NONE:
            found.append((i, self.own[i].qty - self.own[i].cum, self.own[i].ahead))
            i = self.own[i].worse
        return found

    @property
    def dropped_levels(self):
        """Levels beyond a ladder's bound: the worst went."""
        cdef uint32_t i
        cdef uint64_t dropped = 0
        for i in range(2 * <uint32_t>self.counts.pairs):
            dropped += self.ladders[i].dropped
        return dropped

    @property
    def without_ladder(self):
        """Depth updates that found no pair of ladders free: that book stays known by its quotes."""
        return self.counts.without_ladder

    @property
    def refused(self):
        """Sends with a child's index out of range, or new ones with an index seen before."""
        return self.counts.refused

    @property
    def unlisted(self):
        """Listings beyond the bound of a symbol's venues."""
        return self.counts.unlisted
