"""What goes wrong on demand: an event asks for it, for the next messages of a venue.

    reject          new orders are refused
    reject_cancel   cancels and replaces are refused
    lose_send       messages of the core don't arrive
    lose_report     reports don't arrive; the venue says them again when it is asked about the order
    late_report     reports come later, and are overtaken by those after them
    repeat_report   reports come twice

A lost report is kept until somebody asks, so that what is unknown can become known. KEPT of them: where there is no room,
nothing more is lost. Of a lost cancel or replace the venue says, when asked, that it refused it.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport ReportEvent, SimulateEvent
from core_ext.tables cimport Arena

cdef enum:
    KEPT = 1024

cdef struct Asked:                  # 32
    uint64_t left                   # how many more times
    int64_t delay_ns
    uint8_t exec_type               # of reports: of this kind only; 0: of any
    uint8_t pad[7]
    uint64_t done

cdef struct Kept:                   # 272
    ReportEvent report
    uint64_t taken
    uint64_t pad

cdef class Mishaps:
    cdef Asked* asked               # [venue x 8 + what]
    cdef Kept* kept
    cdef uint64_t* count            # of kept
    cdef void ask(self, const SimulateEvent* event) noexcept nogil
    cdef bint strikes(self, uint16_t venue, uint8_t what, uint8_t exec_type) noexcept nogil
    cdef int64_t delay_ns(self, uint16_t venue) noexcept nogil
    cdef bint keep(self, const ReportEvent* report) noexcept nogil
    cdef bint remember(self, const char* child_id, uint16_t venue, ReportEvent* out) noexcept nogil
    cdef bint has_room(self) noexcept nogil
