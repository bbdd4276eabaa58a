"""Simulated venues on the wall clock: what is under way to and from them comes due in its time."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.board cimport Board, VenueWords
from core.messages cimport ReportEvent, Request, Send
from core.sequencer.engine cimport Input
from core.sequencer.schedule cimport Schedule
from core.stage cimport Stage
from core.venues.simulated cimport Simulated
from core_ext.arena cimport Arena
from core_ext.ring cimport Ring
from core_ext.tables cimport IdTable

cdef class VenueHost:
    cdef readonly Simulated venues
    cdef Schedule schedule
    cdef uint64_t overflows(self) noexcept nogil
    cdef void market(self, uint16_t kind, const Request* request, int64_t time_ns) noexcept nogil
    cdef void send(self, const Send* send, int64_t now) noexcept nogil
    cdef const ReportEvent* report(self, int64_t now) noexcept nogil
    cdef void heard(self) noexcept nogil
    cdef bint idle(self) noexcept nogil
    cdef bint under_way(self, int64_t now) noexcept nogil

cdef class VenueStage(Stage):
    cdef readonly VenueHost host
    cdef readonly Board board
    cdef readonly Arena arena       # of `seen`
    cdef uint64_t shown_through     # events up to this one: their market data is known
    cdef Ring in_ring
    cdef Ring out_ring
    cdef IdTable seen               # child ids of new orders: one that comes again is counted, a repeat of ours
    cdef void _message(self, Input* item, int64_t now) noexcept nogil
    cdef void _count(self, const Send* send) noexcept nogil

cdef enum:
    TO_VENUES = 4096                # the kind of a slot that holds a Send, beyond every event's kind

cdef bint say(Ring ring, const ReportEvent* report, int64_t now) noexcept nogil
