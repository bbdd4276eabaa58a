"""What is due later: timers, and in recorded time the messages on their way to and from simulated venues."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core_ext.memory cimport Memory

cdef enum DueKind:
    DUE_TIMER = 1                   # a Derived
    DUE_SEND = 2                    # a Send arrives at its venue
    DUE_REPORT = 3                  # a ReportEvent arrives at the core
    DUE_VENUE = 4                   # a venue's own timer: a child's index

cdef struct Due:                    # 288 + 24
    int64_t due_ns
    uint64_t asked                  # equal times: in the order in which they were asked for
    uint16_t kind
    uint16_t length
    uint32_t pad
    char data[288]

cdef class Schedule:
    cdef Due* heap
    cdef uint32_t capacity
    cdef readonly uint32_t count
    cdef uint64_t asked
    cdef readonly uint64_t overflows
    cdef Memory _memory
    cdef bint push(self, int64_t due_ns, uint16_t kind, const void* data, uint16_t length) noexcept nogil
    cdef Due* top(self) noexcept nogil
    cdef void pop(self, Due* out) noexcept nogil
    cdef void remove(self, uint32_t i, Due* out) noexcept nogil
