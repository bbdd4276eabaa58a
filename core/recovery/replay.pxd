"""Replay: the same engines, fed by a journal; what they derive is compared with what was recorded."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.engine cimport Derived
from core.fused cimport Fused
from core.messages cimport Header, Page
from core.sequencer.backlog cimport Backlog
from core.sequencer.schedule cimport Schedule
from core_ext.journal.reader cimport JournalReader
from core_ext.ring cimport Ring

cdef class Replay:
    cdef readonly Fused core
    cdef readonly Schedule schedule     # timers that engines asked for
    cdef Backlog waiting            # what engines derived and the journal hasn't told of yet
    cdef readonly uint64_t events
    cdef readonly uint64_t derived  # of them, regenerated and found equal
    cdef public object on_page      # called with each page (bytes) once it is handled, or None
    cdef readonly uint64_t completed    # derived by the last events and not recorded: a crash had cut them off
    cdef uint64_t together          # inputs that go through the stages at once, at most
    cdef void _live(self, JournalReader reader, uint64_t until) noexcept nogil
    cdef int _tell_pages(self, JournalReader reader, uint64_t until) except -1
    cdef void _settle(self) noexcept nogil
    cdef void _record(self, uint64_t seq, const char* body, uint32_t length) noexcept nogil
    cdef void _input(self, const Header* header, const char* request) noexcept nogil
    cdef bint _same(self, const Derived* item, const Header* header, const char* request) noexcept nogil
    cdef void _derived(self, const Header* header, const char* request) noexcept nogil
    cdef void _timer(self, const Header* header, const char* request) noexcept nogil
    cdef void _run(self, Derived* item, uint8_t engine) noexcept nogil
    cdef uint32_t _find_timer(self, const Header* header) noexcept nogil
    cdef void _differs(self, const Header* header) noexcept nogil
    cdef void _collect(self) noexcept nogil
    cdef void _collect_from(self, Ring ring, uint8_t engine) noexcept nogil
    cdef void _discard_sends(self) noexcept nogil
    cdef void _complete(self) noexcept nogil
