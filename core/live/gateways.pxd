"""The gateways' stage of a live core: stores intents, writes to venues, hears them."""
from libc.stdint cimport int64_t, uint16_t, uint64_t

from core.board cimport Board
from core.live.venue_host cimport VenueHost
from core.messages cimport Page, ReportEvent, Send
from core.stage cimport Stage
from core.venues.gateway cimport Gateway
from core_ext.killpage cimport KillPage
from core_ext.ring cimport Ring

cdef class Gateways(Stage):
    cdef readonly Gateway gateway
    cdef readonly VenueHost host    # or None: the venues have a process of their own
    cdef readonly Board board
    cdef Ring sends
    cdef Ring reports
    cdef Ring to_venues
    cdef Ring from_venues
    cdef int journal                # cursors that an event must have passed
    cdef int execution
    cdef uint64_t match_venues[4]   # bits
    cdef uint64_t own_reports       # numbered
    cdef uint64_t done_through      # up to this event a process that died has handled sends and heard reports
    cdef uint64_t shown_through     # of market data: the host has lived through it
    cdef int64_t now

    cdef bint _has_room(self) noexcept nogil
    cdef bint _is_idle(self) noexcept nogil
    cdef void _event(self, const Page* page) noexcept nogil
    cdef void _pass(self, const Send* send) noexcept nogil
    cdef void _suppress(self, const Send* send, const char* why) noexcept nogil
    cdef uint64_t _hear(self, uint64_t budget) noexcept nogil
    cdef bint _is_match(self, uint16_t venue) noexcept nogil
    cdef void _show(self, const Page* page) noexcept nogil
    cdef void _write(self, uint16_t kind, const void* data, size_t size, uint64_t seq, int64_t time_ns) noexcept nogil
