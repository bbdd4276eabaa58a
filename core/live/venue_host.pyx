# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Hosts of simulated venues: see venue_host.pxd. They stand beside the gateways, or in a process of their own."""
from libc.string cimport memcpy, memset

from core.faults cimport FAULT_SCHEDULE
from core.messages cimport A_NEW, K_REPORT, ReportEvent, Request, Send
from core.sequencer.engine cimport Input
from core.sequencer.schedule cimport DUE_REPORT, DUE_SEND, DUE_VENUE, Due
from core.venues.gateway cimport child_name
from core.venues.simulated import venues_bytes
from core_ext.arena cimport Arena
from core_ext.clock cimport now_ns

cdef enum:
    FROM_VENUES = 64
    SOON_NS = 1000000000            # later than that is a timer of the venue, not a message under way


cdef class VenueHost:
    """A `Simulated`, and the schedule of what is under way."""

    def __init__(self, capacity):
        self.schedule = Schedule(4 * capacity.orders + 65536)
        self.venues = Simulated(Arena(venues_bytes(capacity)), capacity, self.schedule)

    def number_from(self, int venue, uint64_t number) -> None:
        """The venue's numbers go on there: none that it gave may come again."""
        self.venues.number_from(venue, number)

    cdef void market(self, uint16_t kind, const Request* request, int64_t time_ns) noexcept nogil:
        self.venues.on_event(kind, request, time_ns)

    cdef void send(self, const Send* send, int64_t now) noexcept nogil:
        self.schedule.push(self.venues.arrives_ns(send, now), DUE_SEND, send, sizeof(Send))

    cdef uint64_t overflows(self) noexcept nogil:
        """What found no place in the schedule: it is lost."""
        return self.schedule.overflows

    cdef const ReportEvent* report(self, int64_t now) noexcept nogil:
        """The next report that is due, once all before it is done; NULL: none. `heard` takes it."""
        cdef Due due
        cdef Due* top = self.schedule.top()
        while top != NULL and top.due_ns <= now:
            if top.kind == DUE_REPORT:
                self.venues.number(<ReportEvent*>top.data)
                return <const ReportEvent*>top.data
            self.schedule.pop(&due)
            if due.kind == DUE_SEND:
                self.venues.on_send(<const Send*>due.data, due.due_ns)
            elif due.kind == DUE_VENUE:
                self.venues.on_timer((<uint32_t*>due.data)[0], due.due_ns)
            top = self.schedule.top()
        return NULL

    cdef void heard(self) noexcept nogil:
        cdef Due due
        self.schedule.pop(&due)

    cdef bint idle(self) noexcept nogil:
        return self.schedule.count == 0

    cdef bint under_way(self, int64_t now) noexcept nogil:
        cdef Due* top = self.schedule.top()
        return top != NULL and top.due_ns < now + SOON_NS


cdef class VenueStage(Stage):
    """Simulated venues in a process of their own: messages in, reports out. It counts what reaches it."""

    def __init__(self, Board board not None, VenueHost host not None):
        self.name = "venues"
        self.board = board
        self.faults = board.faults
        self.spine = board.spine
        self.host = host
        self.in_ring = board.to_venues
        self.out_ring = board.from_venues
        children = board.capacity.orders + board.capacity.more_children
        self.arena = Arena(Arena.bytes_needed([]) + IdTable.bytes_needed(children, 56))
        self.seen = IdTable(self.arena, "venues.seen", children, key_size=56)

    def resume(self, uint64_t shown_through) -> None:
        """Its host has lived through the market up to that event."""
        self.shown_through = shown_through

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        cdef uint64_t taken = 0
        cdef int64_t now
        cdef Input* item = <Input*>self.in_ring.peek()
        cdef VenueWords* words = &self.board.words.venues
        cdef const ReportEvent* report
        if item == NULL and self.host.idle():
            words.under_way = 0
            return 0
        now = now_ns()
        while item != NULL and taken < budget:
            self._message(item, now)
            self.in_ring.release()
            taken += 1
            item = <Input*>self.in_ring.peek()
        report = self.host.report(now)
        while report != NULL and say(self.out_ring, report, now):
            self.host.heard()
            taken += 1
            report = self.host.report(now)
        words.under_way = self.host.under_way(now)
        if self.host.overflows():
            self.faults.fail(FAULT_SCHEDULE, 0, 0, self.shown_through)
        return taken

    cdef void _message(self, Input* item, int64_t now) noexcept nogil:
        """A gateway that comes back shows some of the market again."""
        if item.kind == TO_VENUES:
            self._count(<const Send*>item.request)
            self.host.send(<const Send*>item.request, now)
        elif item.source_seq > self.shown_through:
            self.shown_through = item.source_seq
            self.host.market(item.kind, <const Request*>item.request, item.time_ns)

    cdef void _count(self, const Send* send) noexcept nogil:
        cdef char name[56]
        cdef bint existed = 0
        self.board.words.venues.messages += 1
        self.board.words.venues.bytes += sizeof(Send)
        if send.action == A_NEW:
            child_name(send, name)
            self.seen.put(name, &existed)
            self.board.words.venues.doubled += existed


cdef bint say(Ring ring, const ReportEvent* report, int64_t now) noexcept nogil:
    """A venue's report as an input; 0: the ring is full, and the report waits."""
    cdef Input* slot = <Input*>ring.claim()
    if slot == NULL:
        return 0
    memset(slot, 0, sizeof(Input) - sizeof(slot.request))
    slot.time_ns = now
    slot.kind = K_REPORT
    slot.length = sizeof(ReportEvent)
    slot.source = <uint8_t>(FROM_VENUES + report.venue)
    slot.source_seq = report.venue_seq
    memcpy(slot.request, report, sizeof(ReportEvent))
    ring.publish()
    return 1
