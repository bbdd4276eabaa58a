"""sequencer: gives every event its place and its time on the spine; the only writer of headers and requests."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Derived, Emitter
from core.faults cimport Faults
from core.messages cimport Page
from core.sequencer.input cimport Input
from core.sequencer.schedule cimport Schedule
from core_ext.spine cimport Spine

@cython.final
cdef class Sequencer:
    cdef Spine spine
    cdef readonly Faults faults
    cdef const uint64_t* short_of_space     # not 0: only the journal's reserve is left
    cdef readonly uint64_t seq
    cdef readonly int64_t time_ns
    cdef uint64_t source_seqs[256]
    cdef uint16_t sizes[64]         # [kind] bytes of its request: what an input leaves out of them is zero
    cdef uint64_t kill              # the kill page's effective epoch, told in each header

    cdef void take_over(self, Sequencer other) noexcept
    cdef Page* input(self, const Input* item) noexcept nogil
    cdef Page* derived(self, const Derived* item, uint8_t engine, bint timer) noexcept nogil
    cdef Page* _claim(self, uint16_t kind, const char* request, uint16_t length, int64_t time_ns) noexcept nogil
    cdef void _publish(self, Page* page) noexcept nogil
