# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What a venue says: see reports.pxd."""
from libc.string cimport memset

from core.messages cimport (
    A_CANCEL, A_REPLACE, P_HAS_FEE, P_HAS_PRICE, P_HAS_QTY, SIM_LATE_REPORT, SIM_LOSE_REPORT, SIM_REPEAT_REPORT,
    T_LIMIT, X_CANCEL_REJECTED, X_REPLACED, X_TRADE,
)
from core.sequencer.schedule cimport DUE_REPORT
from core.venues.book cimport ORDER_ENDED, ORDER_LIVE
from core.venues.place cimport Place, put_numbered, put_text


cdef void about(ReportEvent* report, const Send* send) noexcept nogil:
    """An empty report about what a message names."""
    memset(report, 0, sizeof(ReportEvent))
    report.venue = send.venue
    put_numbered(report.child_id, 56, send.first_id, b".", send.n)


cdef class Reports:
    """Every report goes into the schedule, due when it arrives, and is numbered then: a lost one leaves no gap."""

    def __cinit__(self, Books books not None, Places places not None, Delays delays not None, Fees fees not None,
                  Mishaps mishaps not None, Schedule schedule not None):
        self.books = books
        self.places = places
        self.delays = delays
        self.fees = fees
        self.mishaps = mishaps
        self.schedule = schedule

    cdef void fill(self, uint32_t i, int64_t qty, int64_t px, bint maker, int64_t now_ns) noexcept nogil:
        """An order of ours has traded; what is filled whole ends here."""
        cdef Order* order = &self.books.orders[i]
        cdef Place* place = &self.places.places[order.venue]
        cdef ReportEvent report
        self.books.fill(i, qty)
        self.books.books[order.book].last_px = px
        self.books.books[order.book].traded = 1
        place.executions += 1
        memset(&report, 0, sizeof(ReportEvent))
        report.venue = order.venue
        report.exec_type = X_TRADE
        report.maker = maker
        report.last_qty = qty
        report.last_px = px
        if self.fees.charge(order.venue, self.books.books[order.book].symbol, qty, px, maker, &report.fee):
            report.flags |= P_HAS_FEE
        put_numbered(report.child_id, 56, order.first_id, b".", order.n)
        put_numbered(report.exec_id, 40, place.name, b"-", place.executions)
        self._push(&report, now_ns)
        if order.cum >= order.qty:
            self.end(i)

    cdef void end(self, uint32_t i) noexcept nogil:
        """It is over: out of the book and of the venue's live orders."""
        cdef Order* order = &self.books.orders[i]
        if order.state == ORDER_LIVE:
            self.books.unqueue(i)
            self.places.leave(i)
        order.state = ORDER_ENDED

    cdef void finish(self, uint32_t i, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil:
        """Ends it without being filled."""
        self.end(i)
        self.say(&self.books.orders[i], exec_type, text, now_ns)

    cdef void say(self, const Order* order, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil:
        cdef ReportEvent report
        memset(&report, 0, sizeof(ReportEvent))
        report.venue = order.venue
        report.exec_type = exec_type
        put_numbered(report.child_id, 56, order.first_id, b".", order.n)
        if text != NULL:
            put_text(report.text, 56, text)
        if exec_type == X_REPLACED:
            report.flags = P_HAS_QTY
            report.order_qty = order.qty
            if order.ord_type == T_LIMIT:
                report.flags |= P_HAS_PRICE
                report.price = order.price
        self._push(&report, now_ns)

    cdef void answer(self, const Send* send, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil:
        """To a message about an order that may be none of ours."""
        cdef ReportEvent report
        about(&report, send)
        report.exec_type = exec_type
        put_text(report.text, 56, text)
        self._push(&report, now_ns)

    cdef bint say_again(self, const Send* send, int64_t now_ns) noexcept nogil:
        """All about this order that was lost, in its order; 0: nothing was. What is said now is not lost again."""
        cdef ReportEvent asked
        cdef ReportEvent report
        cdef bint found = 0
        about(&asked, send)
        while self.mishaps.remember(asked.child_id, send.venue, &report):
            self._deliver(&report, self.delays.report_arrives_ns(report.venue, now_ns))
            found = 1
        return found

    cdef void lose(self, const Send* send) noexcept nogil:
        """A message that doesn't arrive. Of a new order nothing is known; of a request it is said later: refused."""
        cdef ReportEvent report
        if send.action != A_CANCEL and send.action != A_REPLACE:
            return
        about(&report, send)
        report.exec_type = X_CANCEL_REJECTED
        put_text(report.text, 56, b"lost")
        self.mishaps.keep(&report)

    cdef void number(self, ReportEvent* report) noexcept nogil:
        """The venue's own number, given as a report arrives; one that has its number keeps it."""
        cdef Place* place = &self.places.places[report.venue]
        if report.venue_seq == 0:
            place.messages += 1
            report.venue_seq = place.messages

    cdef void _push(self, ReportEvent* report, int64_t now_ns) noexcept nogil:
        cdef uint16_t venue = report.venue
        cdef int64_t due_ns
        if (self.mishaps.has_room() and self.mishaps.strikes(venue, SIM_LOSE_REPORT, report.exec_type)):
            self.mishaps.keep(report)
            return
        due_ns = self.delays.report_arrives_ns(venue, now_ns)
        if self.mishaps.strikes(venue, SIM_REPEAT_REPORT, report.exec_type):
            self._deliver(report, due_ns)
        if self.mishaps.strikes(venue, SIM_LATE_REPORT, report.exec_type):
            due_ns += self.mishaps.delay_ns(venue)
        self._deliver(report, due_ns)

    cdef void _deliver(self, ReportEvent* report, int64_t due_ns) noexcept nogil:
        self.schedule.push(due_ns, DUE_REPORT, report, sizeof(ReportEvent))
