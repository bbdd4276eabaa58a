"""The intake: polls every source of a live core and lets the sequencer append what it finds."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.board cimport Board
from core.engine cimport Derived
from core.live.seats cimport RequestSeat
from core.messages cimport Page
from core.sequencer.engine cimport Input, Sequencer
from core.sequencer.schedule cimport Schedule
from core.stage cimport Stage
from core_ext.killpage cimport KillPage
from core_ext.ring cimport Ring

cdef class Intake(Stage):
    cdef readonly Sequencer sequencer
    cdef readonly Board board
    cdef KillPage kill_page
    cdef Ring desk
    cdef Ring feed
    cdef Ring reports
    cdef Ring risk                  # loopback rings
    cdef Ring orders
    cdef Ring router
    cdef Ring execution
    cdef Ring positions
    cdef Ring spill                 # derived events taken off their rings while the spine was full
    cdef Schedule timers
    cdef uint64_t cut               # what events up to this one derived is known already: it came out of the journal
    cdef RequestSeat seats[64]
    cdef list _kept                 # [seat] what keeps its memory
    cdef int seats_end              # no seat from here on is open
    cdef int64_t now                # of this poll; 0: nobody asked the clock yet
    cdef uint32_t symbols           # how many of each are declared: what a client names beyond is unknown
    cdef uint32_t venues
    cdef uint32_t accounts
    cdef uint32_t strategies
    cdef bint hushed                # takes nothing from outside any more: only what engines derive

    cdef bint _has_place(self) noexcept nogil
    cdef void _mark(self) noexcept nogil
    cdef bint _can_take(self) noexcept nogil
    cdef uint64_t _poll_ring(self, Ring ring, uint64_t budget) noexcept nogil
    cdef uint64_t _poll_crowded(self) noexcept nogil
    cdef bint _take(self, Input* item) noexcept nogil
    cdef void _later(self, Derived* item, uint8_t engine) noexcept nogil
    cdef uint64_t _poll_timers(self, uint64_t budget) noexcept nogil
    cdef uint64_t _poll_derived(self, uint64_t budget) noexcept nogil
    cdef uint64_t _poll_loopback(self, Ring ring, uint8_t engine, uint64_t budget) noexcept nogil
    cdef void _put_aside(self, Derived* item, uint8_t engine) noexcept nogil
    cdef uint64_t _poll_spill(self, uint64_t budget) noexcept nogil
    cdef uint64_t _poll_seats(self, bint feeds, uint64_t budget) noexcept nogil
    cdef uint64_t _poll_seat(self, RequestSeat* seat, uint64_t budget) noexcept nogil
    cdef bint _request(self, RequestSeat* seat, Input* item) noexcept nogil
    cdef bint _market(self, Input* item) noexcept nogil
    cdef void _look(self) noexcept nogil
    cdef void _told(self) noexcept nogil
    cdef int64_t _now(self) noexcept nogil
