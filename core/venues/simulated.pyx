# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The match venues: see simulated.pxd."""
from libc.stdint cimport INT64_MAX
from libc.string cimport memcpy, memset

from core.messages cimport (
    K_DAY, K_DEPTH, K_INSTRUMENT, K_LISTING, K_QUOTE, K_SIMULATE, K_TRADE, K_VENUE, K_VENUE_STATE,
    MAX_SYMBOL_VENUES, MAX_VENUES, NONE, SIDE_BUY, SIM_LATENCY, SIM_ORDER_ADD, SIM_ORDER_CANCEL,
    SIM_ORDER_EXECUTE, SIM_ORDERS_CLEAR, SIM_REPEAT_REPORT, T_MARKET, TIF_CLS, TIF_DAY, TIF_GTD, TIF_OPG,
    VS_AUCTION, VS_CLOSED, VS_UP, X_EXPIRED,
)
from core_ext.tables import Map64

from core.sequencer.schedule cimport DUE_REPORT, Due
from core.venues.book cimport BY_DEPTH, BY_ORDERS, BY_QUOTES, ORDER_LIVE, SHOWN_LEVELS
from core.venues.levels cimport ASK, BID, Branch, Level

cdef enum:
    ANY_AGGRESSOR = 255


def venues_bytes(capacity):
    """Room in an arena for a Simulated of these sizes."""
    levels = 2 * (SHOWN_LEVELS * capacity.depths + MAX_SYMBOL_VENUES * capacity.symbols)
    orders = capacity.orders + capacity.more_children + capacity.book_orders
    return (
        (1 << 20)
        + (sizeof(Level) + sizeof(Branch)) * (orders + levels)
        + sizeof(Order) * orders
        + Map64.bytes_needed(capacity.book_orders)
        + (sizeof(Book) * MAX_SYMBOL_VENUES + 256) * capacity.symbols
    )


cdef bint for_the_day(const Order* order) noexcept nogil:
    """What doesn't outlive the session; a market order that an auction collected doesn't either."""
    return (order.time_in_force == TIF_DAY or order.time_in_force == TIF_OPG or order.time_in_force == TIF_CLS
            or order.ord_type == T_MARKET)


cdef class Simulated:
    """Tables in the arena; every answer goes into the schedule, due when it arrives at the core."""

    def __cinit__(self, Arena arena not None, object capacity, Schedule schedule not None):
        self.arena = arena
        self.schedule = schedule
        self.books = Books(arena, capacity)
        self.places = Places(arena, self.books)
        self.delays = Delays(arena)
        self.fees = Fees(arena, capacity)
        self.mishaps = Mishaps(arena)
        self.reports = Reports(self.books, self.places, self.delays, self.fees, self.mishaps, schedule)
        self.matching = Matching(self.books, self.reports)
        self.auction = Auction(self.books, self.reports)
        self.requests = Requests(self.books, self.places, self.mishaps, self.reports, self.matching, schedule, arena)

    # ---- what happens at the venues --------------------------------------------------------------------------------

    cdef void on_event(self, uint16_t kind, const Request* request, int64_t now_ns) noexcept nogil:
        """Market data, states and declarations; what a match venue has no use for is ignored."""
        if kind == K_QUOTE:
            self._quote(request, now_ns)
        elif kind == K_DEPTH:
            self._depth(request, now_ns)
        elif kind == K_TRADE:
            self._trade(request, now_ns)
        elif kind == K_SIMULATE:
            self._simulate(request, now_ns)
        elif kind == K_VENUE_STATE:
            self._venue_state(request, now_ns)
        elif kind == K_DAY:
            self.fees.new_day()
        elif kind == K_VENUE:
            self._venue(request)
        elif kind == K_LISTING:
            self._listing(request)
        elif kind == K_INSTRUMENT:
            self.books.instrument(request.instrument.symbol, request.instrument.tick, request.instrument.lot)
            self.fees.instrument(&request.instrument)

    cdef bint is_match(self, uint16_t venue) noexcept nogil:
        return self.places.is_match(venue)

    cdef int64_t arrives_ns(self, const Send* send, int64_t now_ns) noexcept nogil:
        """When a message to a match venue that is sent now arrives there."""
        return self.delays.send_arrives_ns(send, now_ns)

    cdef void number(self, ReportEvent* report) noexcept nogil:
        """A report arrives: it gets the venue's next number, unless it has one."""
        self.reports.number(report)

    cdef void _venue(self, const Request* request) noexcept nogil:
        if request.venue.venue >= MAX_VENUES:
            return                  # the bound is checked, and told, where the file or configuration is read
        self.places.declare(&request.venue)
        self.delays.declare(&request.venue)
        self.fees.declare(&request.venue)

    cdef void _listing(self, const Request* request) noexcept nogil:
        cdef uint16_t venue = request.listing.venue
        cdef Book* book
        if not self.is_match(venue):
            return
        book = self.books.list_symbol(request.listing.symbol, venue)
        if book != NULL:
            book.pro_rata = self.places.places[venue].pro_rata
            book.queue_model = self.places.places[venue].queue_model
            book.queue_power = self.places.places[venue].queue_power

    cdef void _quote(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef Book* book = self.books.find(request.quote.symbol, request.quote.venue)
        cdef bint bids, asks
        if book == NULL or book.known_by != BY_QUOTES:
            return                  # a venue that sends depth is known by its depth
        bids = self.books.show_only(book, BID, request.quote.bid_px, request.quote.bid_qty)
        asks = self.books.show_only(book, ASK, request.quote.ask_px, request.quote.ask_qty)
        if bids or asks:
            self._cross(book, now_ns)

    cdef void _cross(self, Book* book, int64_t now_ns) noexcept nogil:
        if book.state == VS_UP:
            self.matching.cross(book, BID, now_ns)
            self.matching.cross(book, ASK, now_ns)

    cdef void _depth(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef Book* book = self.books.find(request.depth.symbol, request.depth.venue)
        cdef int side = BID if request.depth.side == SIDE_BUY else ASK
        if book == NULL or not self.books.deepen(book, BY_DEPTH):
            return
        self.books.update(book, side, request.depth.px, request.depth.qty)
        if book.state == VS_UP:
            self.matching.cross(book, 1 - side, now_ns)

    cdef void _trade(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef Book* book = self.books.find(request.trade.symbol, request.trade.venue)
        cdef int64_t rest = request.trade.qty
        cdef uint8_t aggressor = request.trade.aggressor
        if book == NULL:
            return
        book.last_px = request.trade.px
        book.traded = 1
        if book.state != VS_UP or book.known_by == BY_ORDERS:
            return                  # nothing of ours trades while the venue doesn't match; by orders, it is told with them
        if aggressor != SIDE_BUY:
            rest = self.matching.trade(book, BID, request.trade.px, rest, now_ns)
        if aggressor == SIDE_BUY or aggressor == ANY_AGGRESSOR:
            self.matching.trade(book, ASK, request.trade.px, rest, now_ns)

    cdef void _venue_state(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef uint16_t venue = request.venue_state.venue
        cdef uint8_t state = request.venue_state.state
        cdef uint32_t only = request.venue_state.symbol
        cdef uint32_t symbol
        cdef Book* book
        if not self.is_match(venue):
            return
        for symbol in range(self.books.max_symbols):
            book = self.books.find(symbol, venue) if only == NONE or only == symbol else NULL
            if book != NULL:
                self._set_state(book, state, now_ns)
        if state == VS_CLOSED:
            self._expire_day(venue, only, now_ns)

    cdef void _set_state(self, Book* book, uint8_t state, int64_t now_ns) noexcept nogil:
        book.state = state
        if state == VS_AUCTION:
            book.collects = 1
        if state == VS_UP and book.collects:
            book.collects = 0
            self.auction.uncross(book, now_ns)
            return
        self._cross(book, now_ns)   # what was shown through our prices while nothing was matched

    cdef void _expire_day(self, uint16_t venue, uint32_t symbol, int64_t now_ns) noexcept nogil:
        """In the order of arrival, over all books of the venue or one."""
        cdef uint32_t i = self.places.places[venue].first
        cdef uint32_t after
        cdef Order* order
        while i != NONE:
            order = &self.books.orders[i]
            after = order.newer
            if for_the_day(order) and (symbol == NONE or self.books.books[order.book].symbol == symbol):
                self.reports.finish(i, X_EXPIRED, b"closed", now_ns)
            i = after

    cdef void on_timer(self, uint32_t child, int64_t now_ns) noexcept nogil:
        """A gtd order's time is over, if it still lives."""
        cdef Order* order = &self.books.orders[child]
        if (child < self.books.max_own and order.state == ORDER_LIVE and order.time_in_force == TIF_GTD
                and order.expire_ns <= now_ns):
            self.reports.finish(child, X_EXPIRED, b"expire_at", now_ns)

    # ---- what only simulated venues are told -----------------------------------------------------------------------

    cdef void _simulate(self, const Request* request, int64_t now_ns) noexcept nogil:
        cdef uint16_t venue = request.simulate.venue
        if not self.is_match(venue):
            return
        if request.simulate.what >= SIM_ORDER_ADD:
            self._order(request, now_ns)
        elif request.simulate.what == SIM_LATENCY:
            self.delays.record(venue, request.simulate.a, request.simulate.b)
        elif request.simulate.what <= SIM_REPEAT_REPORT:
            self.mishaps.ask(&request.simulate)

    cdef void _order(self, const Request* request, int64_t now_ns) noexcept nogil:
        """An order of the market comes, goes or trades; of one that is unknown, only what it traded is."""
        cdef Book* book = self.books.find(request.simulate.symbol, request.simulate.venue)
        cdef int side = BID if request.simulate.detail == SIDE_BUY else ASK
        cdef uint64_t id = request.simulate.count
        cdef uint8_t what = request.simulate.what
        cdef uint32_t i
        if book == NULL or not self.books.deepen(book, BY_ORDERS):
            return
        i = self.books.market_order(book, id)
        if what == SIM_ORDERS_CLEAR:
            self._clear(book)
        elif what == SIM_ORDER_ADD:
            self.books.add_market_order(book, id, side, request.simulate.a, request.simulate.b)
            self._cross(book, now_ns)
        elif what == SIM_ORDER_CANCEL and i != NONE:
            self.books.fill(i, request.simulate.b)
        elif what == SIM_ORDER_EXECUTE and book.state == VS_UP:
            self.matching.execute(book, i, side, request.simulate.a, request.simulate.b, now_ns)
        elif what == SIM_ORDER_EXECUTE and i != NONE:
            self.books.fill(i, request.simulate.b)

    cdef void _clear(self, Book* book) noexcept nogil:
        """The market has no orders any more."""
        cdef int side
        for side in range(2):
            while book.sides[side].top != NONE:
                self.books.remove_market_order(self.books.first_markets(book.sides[side].top))

    cdef void on_send(self, const Send* send, int64_t now_ns) noexcept nogil:
        """A message of the core has arrived."""
        self.requests.on_send(send, now_ns)

    # ---- for tests and tools ---------------------------------------------------------------------------------------

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

    def arrival(self, bytes send, int64_t now_ns):
        """arrives_ns, from Python."""
        cdef Send copy
        cdef const char* data = send
        if len(send) != <Py_ssize_t>sizeof(Send):
            raise ValueError(f"send: {len(send)} bytes, not {sizeof(Send)}")
        memcpy(&copy, data, sizeof(Send))
        return self.arrives_ns(&copy, now_ns)

    def push_timer(self, uint32_t child, int64_t now_ns):
        """on_timer, from Python."""
        self.on_timer(child, now_ns)

    def pending(self, int64_t until_ns=INT64_MAX):
        """Takes what is due up to until_ns out of the schedule: (due_ns, kind, bytes), in order."""
        cdef Due due
        cdef list items = []
        while self.schedule.count and self.schedule.top().due_ns <= until_ns:
            self.schedule.pop(&due)
            if due.kind == DUE_REPORT:
                self.number(<ReportEvent*>due.data)
            items.append((due.due_ns, due.kind, due.data[:due.length]))
        return items

    def levels(self, uint32_t symbol, uint16_t venue, uint8_t side):
        """What the market shows, best first: (px, qty)."""
        cdef Book* book = self.books.find(symbol, venue)
        cdef uint32_t at = NONE if book == NULL else book.sides[side != SIDE_BUY].best
        cdef list found = []
        while at != NONE:
            if self.books.levels[at].shown > 0:
                found.append((self.books.levels[at].px, self.books.levels[at].shown))
            at = self.books.levels[at].worse
        return found

    def queue(self, uint32_t symbol, uint16_t venue, uint8_t side):
        """Our resting orders, best first: (child, leaves, ahead)."""
        cdef Book* book = self.books.find(symbol, venue)
        cdef uint32_t at = NONE if book == NULL else book.sides[side != SIDE_BUY].best
        cdef uint32_t i
        cdef list found = []
        while at != NONE:
            i = self.books.levels[at].first
            while i != NONE:
                if self.books.orders[i].state == ORDER_LIVE:
                    found.append((i, self.books.orders[i].qty - self.books.orders[i].cum, self.books.ahead(i)))
                i = self.books.orders[i].later
            at = self.books.levels[at].worse
        return found

    def number_from(self, int venue, uint64_t number):
        """The venue's numbers go on there: none that it gave may come again."""
        self.places.places[venue].messages = number
        self.places.places[venue].executions = number

    @property
    def dropped_levels(self):
        """Levels, and orders of the market, beyond the bounds: the worst levels went."""
        return self.books.counts.dropped

    @property
    def without_ladder(self):
        """Updates of depth or orders that found no room for another book known so: it stays known by its quotes."""
        return self.books.counts.without_depth

    @property
    def refused(self):
        """Sends with a child's index out of range, or new ones with an index seen before."""
        return self.requests.refused[0]

    @property
    def unlisted(self):
        """Listings beyond the bound of a symbol's venues."""
        return self.books.counts.unlisted
