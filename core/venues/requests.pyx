# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What the core sends to a match venue: see requests.pxd."""
from libc.stdint cimport INT64_MAX, INT64_MIN
from libc.string cimport memcpy, memset

from core.messages cimport (
    A_CANCEL, A_NEW, A_REPLACE, A_STATUS, NONE, O_POST_ONLY, SIDE_BUY, SIM_LOSE_SEND, SIM_REJECT, SIM_REJECT_CANCEL,
    T_LIMIT, T_MARKET, TIF_FOK, TIF_GTD, TIF_IOC, VS_CLOSED, VS_DOWN, VS_HALTED, VS_UP, X_CANCEL_REJECTED, X_CANCELED,
    X_EXPIRED, X_NEW, X_REJECTED, X_REPLACED, X_UNKNOWN_ORDER,
)
from core.sequencer.schedule cimport DUE_VENUE
from core.venues.book cimport ORDER_ENDED, ORDER_LIVE, ORDER_UNSEEN
from core.venues.levels cimport ASK, BID


cdef int64_t ranked(int side, uint8_t ord_type, int64_t price) noexcept nogil:
    """The price that an order is ranked by: a market order goes before every limit."""
    if ord_type != T_MARKET:
        return price
    return INT64_MIN if side == ASK else INT64_MAX


cdef bint at_once(const Order* order) noexcept nogil:
    return order.time_in_force == TIF_IOC or order.time_in_force == TIF_FOK


cdef const char* not_open(uint8_t state) noexcept nogil:
    """Why a venue in this state takes no orders; NULL where it does."""
    if state == VS_DOWN:
        return b"venue_down"
    if state == VS_HALTED:
        return b"venue_halted"
    if state == VS_CLOSED:
        return b"venue_closed"
    return NULL


cdef class Requests:
    """Works on the books, lets orders match, and answers through the reports."""

    def __cinit__(self, Books books not None, Places places not None, Mishaps mishaps not None, Reports reports not None,
                  Matching matching not None, Schedule schedule not None, Arena arena not None):
        self.books = books
        self.places = places
        self.mishaps = mishaps
        self.reports = reports
        self.matching = matching
        self.schedule = schedule
        self.refused = <uint64_t*>arena.table("venues.refused", sizeof(uint64_t), 1)

    cdef void on_send(self, const Send* send, int64_t now_ns) noexcept nogil:
        """A message of the core has arrived. It is answered in every state of the venue: silence would hang the order."""
        if not self.places.is_match(send.venue):
            return
        if send.child >= self.books.max_own:
            self.refused[0] += 1
        elif send.action == A_STATUS:
            self._status(send, now_ns)
        elif self.mishaps.strikes(send.venue, SIM_LOSE_SEND, 0):
            self.reports.lose(send)
        elif send.action == A_NEW:
            self._new(send, now_ns)
        elif send.action == A_REPLACE:
            self._replace(send, now_ns)
        elif send.action == A_CANCEL:
            self._cancel(send, now_ns)

    cdef void _new(self, const Send* send, int64_t now_ns) noexcept nogil:
        cdef const char* objection
        if self.books.orders[send.child].state != ORDER_UNSEEN:
            self.refused[0] += 1    # answering it would end the order that has the number
            return
        self._take_in(send)
        objection = self._objection(send)
        if objection != NULL:
            self.reports.finish(send.child, X_REJECTED, objection, now_ns)
            return
        self.reports.say(&self.books.orders[send.child], X_NEW, NULL, now_ns)
        self.places.arrive(send.child)
        if send.time_in_force == TIF_GTD:
            if send.expire_ns <= now_ns:
                self.reports.finish(send.child, X_EXPIRED, b"expire_at", now_ns)
                return
            self.schedule.push(send.expire_ns, DUE_VENUE, &send.child, sizeof(uint32_t))
        self._match(send.child, now_ns)

    cdef void _take_in(self, const Send* send) noexcept nogil:
        cdef Order* order = &self.books.orders[send.child]
        cdef Book* book = self.books.find(send.symbol, send.venue)
        memset(order, 0, sizeof(Order))
        order.side = BID if send.side == SIDE_BUY else ASK
        order.price = ranked(order.side, send.ord_type, send.price)
        order.qty = send.qty
        order.expire_ns = send.expire_ns
        order.book = NONE if book == NULL else <uint32_t>(book - self.books.books)
        order.n = send.n
        order.older = order.newer = order.sooner = order.later = order.level = NONE
        order.venue = send.venue
        order.ord_type = send.ord_type
        order.time_in_force = send.time_in_force
        order.flags = send.order_flags
        order.state = ORDER_ENDED   # until it has arrived
        memcpy(order.first_id, send.first_id, 40)
        if send.child >= self.books.counts.orders:
            self.books.counts.orders = send.child + 1

    cdef const char* _objection(self, const Send* send) noexcept nogil:
        """Why the venue won't have this order, as a text; NULL: it will."""
        cdef Order* order = &self.books.orders[send.child]
        cdef const char* closed
        if self.mishaps.strikes(send.venue, SIM_REJECT, 0):
            return b"rejected"
        if order.book == NONE:
            return b"unknown_symbol"
        if order.ord_type != T_LIMIT and order.ord_type != T_MARKET:
            return b"unsupported"
        if order.qty <= 0:
            return b"bad_qty"
        closed = not_open(self.books.books[order.book].state)
        if closed != NULL:
            return closed
        if order.flags & O_POST_ONLY and self._would_take(&self.books.books[order.book], order.side, order.price):
            return b"post_only"
        return NULL

    cdef bint _would_take(self, Book* book, int side, int64_t price) noexcept nogil:
        """An auction takes nothing yet."""
        return book.state == VS_UP and self.matching.would_take(book, side, price)

    cdef bint _knows(self, const Send* send) noexcept nogil:
        cdef Order* order = &self.books.orders[send.child]
        return order.state != ORDER_UNSEEN and order.venue == send.venue

    cdef void _status(self, const Send* send, int64_t now_ns) noexcept nogil:
        """What was lost is said again. Otherwise what is known has had its reports: there is nothing to add. Unknown is
        said, so that it can be let go."""
        if not self._knows(send):
            self.reports.answer(send, X_UNKNOWN_ORDER, b"unknown_order", now_ns)
        else:
            self.reports.say_again(send, now_ns)

    cdef const char* _objection_to_change(self, const Send* send) noexcept nogil:
        """Why an order can't be cancelled or replaced; NULL: it can."""
        if self.mishaps.strikes(send.venue, SIM_REJECT_CANCEL, 0):
            return b"rejected"
        if not self._knows(send):
            return b"unknown_order"
        if self.books.orders[send.child].state != ORDER_LIVE:
            return b"too_late"
        return NULL

    cdef void _cancel(self, const Send* send, int64_t now_ns) noexcept nogil:
        cdef const char* objection = self._objection_to_change(send)
        if objection != NULL:
            self.reports.answer(send, X_CANCEL_REJECTED, objection, now_ns)
        else:
            self.reports.finish(send.child, X_CANCELED, NULL, now_ns)

    cdef void _replace(self, const Send* send, int64_t now_ns) noexcept nogil:
        """Same price and no more quantity keeps the place; all else goes to the back and may trade at once."""
        cdef Order* order = &self.books.orders[send.child]
        cdef int64_t price = ranked(order.side, order.ord_type, send.price)
        cdef const char* objection = self._objection_to_change(send)
        cdef bint keeps = price == order.price and send.qty <= order.qty
        if objection == NULL:
            objection = self._objection_to_replace(order, send, price)
        if objection != NULL:
            self.reports.answer(send, X_CANCEL_REJECTED, objection, now_ns)
            return
        self.books.resize(send.child, send.qty if send.qty > order.cum else order.cum)
        if not keeps:
            self.books.unqueue(send.child)
            order.price = price
        self.reports.say(order, X_REPLACED, NULL, now_ns)
        if order.cum >= order.qty:
            self.reports.end(send.child)
        elif not keeps:
            self._match(send.child, now_ns)

    cdef const char* _objection_to_replace(self, const Order* order, const Send* send, int64_t price) noexcept nogil:
        cdef const char* closed
        if send.qty <= 0:
            return b"bad_qty"
        closed = not_open(self.books.books[order.book].state)
        if closed != NULL:
            return closed
        if (order.flags & O_POST_ONLY and send.qty > order.cum
                and self._would_take(&self.books.books[order.book], order.side, price)):
            return b"post_only"
        return NULL

    cdef void _match(self, uint32_t child, int64_t now_ns) noexcept nogil:
        """A live order that isn't in the book: takes what it may, then rests or ends."""
        cdef Order* order = &self.books.orders[child]
        cdef Book* book = &self.books.books[order.book]
        if book.state == VS_UP and (order.time_in_force != TIF_FOK
                                    or self.matching.shows(book, order.side, order.price, order.qty - order.cum)):
            self.matching.take(child, now_ns)
        if order.state != ORDER_LIVE:
            return                  # filled
        if at_once(order) or (order.ord_type == T_MARKET and book.state == VS_UP):
            self.reports.finish(child, X_CANCELED, b"no_liquidity", now_ns)
        else:
            self.books.queue(child)
