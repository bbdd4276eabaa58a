# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Recorded order: see recorded.pxd.

The next input is taken only when all consequences of the one before are sequenced. Before an input at T, all timers
and venue messages due at or before T are handled, by due time, then by the order in which they were asked for.
"""
from libc.string cimport memcpy, memset

from core.capacity import DEFAULT
from core.engine cimport Derived
from core.fused import Fused, arena_bytes
from core.path cimport Path
from core.messages cimport K_QUOTE, K_REPORT, PAGE_SIZE, REQUEST_SIZE, QuoteEvent, ReportEvent, Request, Send
from core.faults cimport FAULT_NONE, FAULT_SCHEDULE
from core.sequencer.schedule cimport DUE_SEND, DUE_TIMER, DUE_VENUE
from core.venues.simulated import venues_bytes
from core_ext.arena cimport Arena

SOURCE_DESK = 0
SOURCE_FEED = 1
SOURCE_VENUES = 64  # and the venue's index: the reports of one venue

cdef enum:
    FROM_VENUES = 64


cdef class Recorded:
    """Drives a fused core over inputs in the order of their time."""

    def __init__(self, capacity=DEFAULT, journal=None, on_page=None, bint timed=False, bint guarded=True,
                 bint gateway_guarded=True, int drop_report=0, int double_send=0, Path core=None):
        self.core = Fused(capacity, journal, timed, guarded) if core is None else core
        self.schedule = Schedule(capacity.loopback * 16)
        self.gateway = Gateway(Arena(arena_bytes(capacity)), capacity, gateway_guarded)
        self.venues = Simulated(Arena(venues_bytes(capacity)), capacity, self.schedule)
        self.on_page = on_page
        self.drop_report = drop_report
        self.double_send = double_send
        self.core.begin()
        self.source_seqs[0] = 1

    def feed(self, int kind, int64_t time_ns, const unsigned char[::1] request, uint32_t session=0,
             uint8_t source=0) -> None:
        """One input and all its consequences. request: the bytes of its struct in core.messages.

        Raises a CoreFault when the core stopped.
        """
        cdef Input item
        if request.shape[0] > REQUEST_SIZE:
            raise ValueError(f"request of {request.shape[0]} bytes: at most {REQUEST_SIZE}")
        memset(&item, 0, sizeof(Input))
        item.kind = <uint16_t>kind
        item.time_ns = time_ns
        item.session = session
        item.source = source
        item.length = <uint16_t>request.shape[0]
        if item.length:
            memcpy(item.request, &request[0], item.length)
        self._feed(&item)
        if self.core.faults.code():
            self.core.raise_fault()

    def advance(self, int64_t time_ns) -> None:
        """Handles all that is due at or before the time, as before an input at it."""
        self._run_due(time_ns)
        if self.core.faults.code():
            self.core.raise_fault()

    def settle(self) -> None:
        """Handles all that is due ever: what is under way to and from the venues arrives, timers come due."""
        while self.schedule.count and not self.core.faults.code():
            self._run_due(self.schedule.top().due_ns)
        if self.core.faults.code():
            self.core.raise_fault()

    cdef int take_row(self, Input* item) except -1:
        """A row of the market, with all that comes of it."""
        self._feed(item)
        if self.core.faults.code():
            self.core.raise_fault()
        return 0

    cdef bint is_quiet(self, int64_t until) except -1:
        """Whether nothing but the market itself comes of rows up to that time: `take_quietly` may take them then."""
        return 0

    cdef int take_quietly(self, Input* item) except -1:
        return 0

    cdef int run_quietly(self) except -1:
        return 0

    cdef int _feed(self, Input* item) except -1:
        cdef Request* request = <Request*>item.request
        self._run_due(item.time_ns)
        if item.kind == K_REPORT:
            # a venue that the file plays: its gateway counts and hears its messages
            item.source = <uint8_t>(FROM_VENUES + request.report.venue)
            request.report.venue_seq = self.gateway.next_venue_seq(request.report.venue)
            item.source_seq = request.report.venue_seq
            self.gateway.heard(&request.report)
        else:
            self.source_seqs[item.source] += 1
            item.source_seq = self.source_seqs[item.source]
            self.venues.on_event(item.kind, request, item.time_ns)
        self._show(self.core.input(item))
        self._drain()
        self._run_due(item.time_ns)
        return 0

    cdef int _show(self, Page* page) except -1:
        if self.on_page is not None and page != NULL:
            self.on_page((<char*>page)[:PAGE_SIZE])
        return 0

    cdef int _drain(self) except -1:
        """All that the engines derive for now, then what they send."""
        cdef uint8_t engine = 0
        cdef Derived* item
        while not self.core.faults.code():
            item = self.core.next_derived(&engine)
            if item == NULL:
                break
            if item.due_ns:
                self._ask_timer(item, engine)
            else:
                self._show(self.core.step(item, engine))
        self._send()
        return 0

    cdef void _ask_timer(self, Derived* item, uint8_t engine) noexcept nogil:
        cdef Derived later = item[0]
        later.pad = engine
        if not self.schedule.push(item.due_ns, DUE_TIMER, &later, sizeof(Derived)):
            self.core.faults.fail(FAULT_SCHEDULE, 0, 0, self.core.sequencer.seq)
        self.core.release(engine)

    cdef void _send(self) noexcept nogil:
        """What execution put on the ring, through the gateway; a simulated venue gets it after its latency."""
        cdef Send* send
        cdef int64_t now = self.core.sequencer.time_ns
        while not self.core.faults.code():
            send = <Send*>self.core.sends.peek()
            if send == NULL:
                return
            self.sent += 1
            self._pass(send, now)
            if self.double_send and self.sent == <uint64_t>self.double_send:
                self._pass(send, now)
            self.core.sends.release()

    cdef void _pass(self, const Send* send, int64_t now) noexcept nogil:
        cdef int fault = self.gateway.begin(send)
        if fault != FAULT_NONE:
            self.core.faults.fail(fault, send.venue, self.gateway.counts[1], send.seq)
            return
        if self.venues.is_match(send.venue):
            if not self.schedule.push(self.venues.arrives_ns(send, now), DUE_SEND, send, sizeof(Send)):
                self.core.faults.fail(FAULT_SCHEDULE, 0, 0, send.seq)
        self.gateway.done()

    cdef int _run_due(self, int64_t until) except -1:
        cdef Due due
        cdef Due* top
        while not self.core.faults.code():
            top = self.schedule.top()
            if top == NULL or top.due_ns > until:
                break
            self.schedule.pop(&due)
            if due.kind == DUE_SEND:
                self.venues.on_send(<Send*>due.data, due.due_ns)
            elif due.kind == DUE_VENUE:
                self.venues.on_timer((<uint32_t*>due.data)[0], due.due_ns)
            else:
                if due.kind == DUE_TIMER:
                    self._timer(&due)
                else:
                    self._report(&due)
                self._drain()
        if self.schedule.overflows:
            self.core.faults.fail(FAULT_SCHEDULE, 0, 0, self.core.sequencer.seq)
        return 0

    cdef int _timer(self, Due* due) except -1:
        cdef Derived* item = <Derived*>due.data
        cdef uint8_t engine = <uint8_t>item.pad
        item.pad = 0
        self._show(self.core.timer(item, engine))
        return 0

    cdef int _report(self, Due* due) except -1:
        """A simulated venue's report arrives."""
        cdef ReportEvent* report = <ReportEvent*>due.data
        cdef Input item
        self.reports += 1
        self.venues.number(report)
        if self.drop_report and self.reports == <uint64_t>self.drop_report:
            return 0
        memset(&item, 0, sizeof(Input))
        item.kind = K_REPORT
        item.time_ns = due.due_ns
        item.length = sizeof(ReportEvent)
        item.source = <uint8_t>(FROM_VENUES + report.venue)
        item.source_seq = report.venue_seq
        memcpy(item.request, report, sizeof(ReportEvent))
        self.gateway.heard(report)
        self._show(self.core.input(&item))
        return 0

    def play_quotes(self, const int64_t[:, ::1] rows, uint32_t symbol, const int64_t[::1] qty, on_quote, progress=None,
                    int every=4096) -> None:
        """Plays quotes in their order. rows: (n, 4) of ts_ns, venue, bid_px, ask_px; qty: shown a side, by venue.

        on_quote(ts_ns, bid_px, ask_px) is called once the quote and its consequences are done; what it submits, with
        `feed`, comes before the next row. progress(n) is called every so many rows.
        """
        cdef Input item
        cdef QuoteEvent* quote = <QuoteEvent*>item.request
        cdef Py_ssize_t i
        memset(&item, 0, sizeof(Input))
        item.kind = K_QUOTE
        item.source = 1
        item.length = sizeof(QuoteEvent)
        for i in range(rows.shape[0]):
            item.time_ns = rows[i, 0]
            quote.symbol = symbol
            quote.venue = <uint16_t>rows[i, 1]
            quote.bid_px = rows[i, 2]
            quote.ask_px = rows[i, 3]
            quote.bid_qty = qty[rows[i, 1]]
            quote.ask_qty = qty[rows[i, 1]]
            self._feed(&item)
            if self.core.faults.code():
                self.core.raise_fault()
            on_quote(rows[i, 0], rows[i, 2], rows[i, 3])
            if progress is not None and i % every == every - 1:
                progress(i + 1)
