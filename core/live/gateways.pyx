# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The gateways' stage: see gateways.pxd.

It follows the spine behind execution and the journal, so that venues see the market and our orders in the order of
the events, and nothing that isn't recorded. Each send is taken off the ring once its intent is stored and it is
written. A manual venue has a gateway in a process of its own: it finds the send in the journal, writes it where the
intent stands, and marks it done (core/live/handover). Reports wait here while the intake's ring is full; none is dropped.

The guard hears a report when its event comes by, not before: what it holds a send against is what the stream had said up
to the event that asked for it, as the engines and a replay have it. A fill that a venue tells late, of a child that has
ended, may still be on its way: whoever sent the rest elsewhere meanwhile could not know.
"""
from libc.string cimport memcpy, memset

from core.faults cimport FAULT_NONE, FAULT_SCHEDULE
from core.live.venue_host cimport TO_VENUES, say
from core.messages cimport (
    A_NEW, H_SUPPRESSED, K_REPORT, K_VENUE, V_MATCH, X_CANCEL_REJECTED, X_REJECTED, Page, ReportEvent, Send,
)
from core.recovery.catchup cimport for_venues
from core.sequencer.engine cimport Input
from core.venues.gateway cimport FENCED, SUPPRESSED, child_name
from core_ext.clock cimport now_ns, ticks

from core.topology import LIVE_CURSORS

cdef enum:
    FROM_GATEWAY = 2
    HEAR_BUDGET = 256


cdef class Gateways(Stage):
    """kill_page: or None. host: None where the venues have a process of their own."""

    def __init__(self, Board board not None, Gateway gateway not None, VenueHost host=None, KillPage kill_page=None):
        self.name = "gateways"
        self.board = board
        self.spine = board.spine
        self.faults = board.faults
        self.cursor = LIVE_CURSORS.index("gateways")
        self.journal = LIVE_CURSORS.index("journal")
        self.execution = LIVE_CURSORS.index("execution")
        self.gateway = gateway
        self.gateway.kill_page = kill_page
        self.host = host
        self.sends, self.reports = board.sends, board.reports
        self.to_venues, self.from_venues = board.to_venues, board.from_venues
        memset(self.match_venues, 0, sizeof(self.match_venues))

    def resume(self, uint64_t seq, uint64_t done_through, uint64_t shown_through, uint64_t own_reports,
               matching) -> None:
        """Goes on after event `seq`. done_through: the last event whose send was handled, and whose report the guard has
        heard; shown_through: the last whose market data the host has; own_reports: how many it had made itself;
        matching: indices of the simulated venues so far."""
        self.next = seq + 1
        self.done_through = done_through
        self.shown_through = shown_through
        self.own_reports = own_reports
        for venue in matching:
            self.match_venues[<int>venue >> 6] |= <uint64_t>1 << (<int>venue & 63)

    cdef bint _is_match(self, uint16_t venue) noexcept nogil:
        return (self.match_venues[(venue >> 6) & 3] >> (venue & 63)) & 1

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        cdef uint64_t first = self.next
        cdef uint64_t end = self.spine.cursor(self.journal)
        cdef uint64_t executed = self.spine.cursor(self.execution)
        cdef uint64_t taken
        cdef int64_t began = 0
        end = executed if executed < end else end
        end = first + budget - 1 if end >= first + budget else end
        if self.faults.code() or (end < first and self._is_idle()):
            return 0
        self.now = now_ns()
        if end >= self.timed:
            began = ticks()
        while self.next <= end and self._has_room() and not self.faults.code():
            self._event(<const Page*>self.spine.slot(self.next))
            self.next += 1
        if began:
            self._time(began, first, self.next)
        if self.next != first:
            self.spine.set_cursor(self.cursor, self.next - 1)
        taken = self.next - first + self._hear(HEAR_BUDGET)
        if self.host is not None and self.host.overflows():
            self.faults.fail(FAULT_SCHEDULE, 0, 0, self.next - 1)
        self.board.words.gateways.sent = self.gateway.counts[0]
        self.board.words.gateways.suppressed = self.gateway.counts[4]
        self.board.words.gateways.under_way = self.host is not None and self.host.under_way(self.now)
        return taken

    cdef bint _is_idle(self) noexcept nogil:
        """Nothing is under way to or from the venues."""
        return self.host.idle() if self.host is not None else self.from_venues.peek() == NULL

    cdef bint _has_room(self) noexcept nogil:
        """For what one event can bring: a message to a venue, or a report of our own."""
        return self.reports.has_room(1) and (self.host is not None or self.to_venues.has_room(2))

    cdef void _event(self, const Page* page) noexcept nogil:
        cdef Send* send
        cdef uint16_t kind = page.header.kind
        if kind == K_VENUE and page.request.venue.mode == V_MATCH:
            self.match_venues[(page.request.venue.venue >> 6) & 3] |= <uint64_t>1 << (page.request.venue.venue & 63)
        if for_venues(kind):
            self._show(page)
        elif kind == K_REPORT and page.header.seq > self.done_through:
            self.gateway.heard(&page.request.report)
        send = <Send*>self.sends.peek()
        while send != NULL and send.seq <= page.header.seq:
            if send.seq > self.done_through:
                self._pass(send)
            self.sends.release()
            send = <Send*>self.sends.peek()

    cdef void _show(self, const Page* page) noexcept nogil:
        """The market, to the simulated venues."""
        if self.host is None:
            self._write(page.header.kind, &page.request, page.header.length, page.header.seq, page.header.time_ns)
        elif page.header.seq > self.shown_through:
            self.host.market(page.header.kind, &page.request, page.header.time_ns)

    cdef void _pass(self, const Send* send) noexcept nogil:
        cdef int fault = self.gateway.begin(send)
        if fault == SUPPRESSED or fault == FENCED:
            self._suppress(send, b"killed" if fault == SUPPRESSED else b"fenced")
            return
        if fault != FAULT_NONE:
            self.faults.fail(fault, send.venue, self.gateway.counts[1], send.seq)
            return
        if self._is_match(send.venue):
            if self.host is not None:
                self.host.send(send, self.now)
            else:
                self._write(TO_VENUES, send, sizeof(Send), send.seq, self.now)
            self.gateway.done()

    cdef void _write(self, uint16_t kind, const void* data, size_t size, uint64_t seq, int64_t time_ns) noexcept nogil:
        cdef Input* slot = <Input*>self.to_venues.claim()
        slot.kind = kind
        slot.source_seq = seq
        slot.time_ns = time_ns
        memcpy(slot.request, data, size)
        memset(slot.request + size, 0, sizeof(slot.request) - size)
        self.to_venues.publish()

    cdef void _suppress(self, const Send* send, const char* why) noexcept nogil:
        """A send that was held back comes back as an event: the venue never had it. why: 6 bytes."""
        cdef Input* slot = <Input*>self.reports.claim()
        cdef ReportEvent* report = <ReportEvent*>slot.request
        memset(slot, 0, sizeof(Input))
        self.own_reports += 1
        slot.time_ns = self.now
        slot.kind = K_REPORT
        slot.length = sizeof(ReportEvent)
        slot.source = FROM_GATEWAY
        slot.source_seq = self.own_reports
        slot.flags = H_SUPPRESSED
        report.venue = send.venue
        report.exec_type = X_REJECTED if send.action == A_NEW else X_CANCEL_REJECTED
        child_name(send, report.child_id)
        report.text[0] = 6
        memcpy(report.text + 1, why, 6)
        self.reports.publish()
        self.gateway.done()

    cdef uint64_t _hear(self, uint64_t budget) noexcept nogil:
        """Reports of the venues, while the intake's ring has room."""
        cdef uint64_t taken = 0
        cdef const ReportEvent* report
        cdef Input* item
        while taken < budget and self.reports.has_room(2):
            if self.host is not None:
                report = self.host.report(self.now)
                if report == NULL:
                    break
                say(self.reports, report, self.now)
                self.host.heard()
            else:
                item = <Input*>self.from_venues.peek()
                if item == NULL:
                    break
                say(self.reports, <const ReportEvent*>item.request, self.now)
                self.from_venues.release()
            taken += 1
        return taken
