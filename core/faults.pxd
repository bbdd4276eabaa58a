"""What stops a core: the first thing that went wrong, on one cache line that every process of the core can see."""
from libc.stdint cimport uint64_t

from core_ext.atomics cimport load_acquire
from core_ext.window cimport Window

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
    FAULT_LOST = 9                  # a process of the core could not be brought back

cdef struct FaultLine:              # 64
    uint64_t code                   # a Fault, stored last
    uint64_t claim                  # 1: somebody writes, or wrote, this line
    uint64_t source                 # an engine, a venue or a source
    uint64_t expected
    uint64_t found
    uint64_t pad[3]

cdef class Faults:
    cdef Window _window
    cdef FaultLine* line

    cdef inline int code(self) noexcept nogil:
        return <int>load_acquire(&self.line.code)

    cdef void fail(self, int fault, uint64_t source, uint64_t expected, uint64_t found) noexcept nogil
