"""sequencer: gives every event its place and its time on the spine; the only writer of headers and requests."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Derived, Emitter
from core.messages cimport Page
from core.sequencer.schedule cimport Schedule
from core_ext.journal cimport JournalWriter
from core_ext.spine cimport Spine

cdef struct Input:                  # 304: the slot of an input ring
    int64_t time_ns
    uint64_t source_seq
    uint16_t kind
    uint16_t length
    uint32_t session
    uint8_t source
    uint8_t flags                   # of a replayed header: what the first run had marked
    uint8_t pad[6]
    uint64_t pad2[2]
    char request[256]

cdef enum Fault:
    FAULT_NONE = 0
    FAULT_SOURCE_GAP = 1            # an input is missing between a source and the sequencer
    FAULT_JOURNAL = 2               # not even the reserve has room
    FAULT_LOOPBACK = 3              # an engine derived more than its ring holds
    FAULT_ORDER_RING = 4            # the venues' order ring was full
    FAULT_NONDETERMINISM = 5        # a replayed engine derived something else
    FAULT_SCHEDULE = 6
    FAULT_DOUBLED_SEND = 7
    FAULT_CHILD_BOUND = 8

cdef class Sequencer:
    cdef Spine spine
    cdef JournalWriter journal
    cdef readonly uint64_t seq
    cdef readonly int64_t time_ns
    cdef uint64_t source_seqs[256]
    cdef uint64_t kill              # the kill page's effective epoch, told in each header
    cdef readonly int fault
    cdef readonly uint64_t fault_expected
    cdef readonly uint64_t fault_found
    cdef readonly int fault_source

    cdef Page* input(self, const Input* item) noexcept nogil
    cdef Page* derived(self, const Derived* item, uint8_t engine, bint timer) noexcept nogil
    cdef bint record(self, const Page* page) noexcept nogil
    cdef void fail(self, int fault, int source, uint64_t expected, uint64_t found) noexcept nogil
    cdef Page* _claim(self, uint16_t kind, const char* request, uint16_t length, int64_t time_ns) noexcept nogil
    cdef void _publish(self, Page* page) noexcept nogil
