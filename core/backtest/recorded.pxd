"""Recorded order: the core, its gateways and simulated venues on the file's own time."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Derived
from core.path cimport Path
from core.messages cimport Page, Send
from core.sequencer.engine cimport Input
from core.sequencer.schedule cimport Due, Schedule
from core.venues.gateway cimport Gateway
from core.venues.simulated cimport Simulated

cdef class Recorded:
    cdef readonly Path core
    cdef readonly Schedule schedule
    cdef readonly Gateway gateway
    cdef readonly Simulated venues
    cdef object on_page             # called with each page (bytes) once it is handled, or None
    cdef uint64_t source_seqs[256]
    cdef Input item
    cdef int drop_report            # for a test: the n-th report from a venue is lost on its way
    cdef int double_send            # for a test: the n-th send is handed to the gateway twice
    cdef uint64_t reports
    cdef uint64_t sent
    cdef int take_row(self, Input* item) except -1
    cdef bint is_quiet(self, int64_t until) except -1
    cdef int take_quietly(self, Input* item) except -1
    cdef int run_quietly(self) except -1
    cdef int _feed(self, Input* item) except -1
    cdef int _show(self, Page* page) except -1
    cdef int _drain(self) except -1
    cdef void _ask_timer(self, Derived* item, uint8_t engine) noexcept nogil
    cdef void _send(self) noexcept nogil
    cdef void _pass(self, const Send* send, int64_t now) noexcept nogil
    cdef int _run_due(self, int64_t until) except -1
    cdef int _timer(self, Due* due) except -1
    cdef int _report(self, Due* due) except -1
