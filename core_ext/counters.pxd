# All counters in one registry, each on a cache line of its own, read by a separate tool.
#
#   offset
#        0  +-----------+---------+--------------+--------------------------+
#           | magic u64 | ver u32 | capacity u32 | zero                     |
#       64  +-----------+---------+--------------+--------------------------+
#           | label 0: state u64 | text[56], zero padded | ... capacity of them |
#           +---------------------------------------------------------------+
#           | value 0: i64, zero up to 64 bytes | ... capacity of them      |
#           +---------------------------------------------------------------+
#
# state: 0 free, 1 being written, 2 ready. Registering is rare and takes the slot by compare-and-swap, so that
# processes may register at the same time; counting is one writer a counter.
cimport cython
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core_ext.atomics cimport load_relaxed, store_relaxed
from core_ext.window cimport Window

cdef extern from * nogil:
    """
    #ifndef NACRE_COUNTERS_H
    #define NACRE_COUNTERS_H
    #include <stdint.h>
    typedef struct { uint64_t state; char text[56]; } nacre_counter_label;
    typedef struct { int64_t value; uint64_t zero[7]; } nacre_counter_line;
    typedef struct { uint64_t magic; uint32_t version; uint32_t capacity; uint64_t zero[6]; } nacre_counters;
    _Static_assert(sizeof(nacre_counter_label) == 64 && sizeof(nacre_counter_line) == 64, "a cache line each");
    _Static_assert(sizeof(nacre_counters) == 64, "the header is a cache line");
    #endif
    """
    ctypedef struct CounterLabel "nacre_counter_label":
        uint64_t state
        char text[56]
    ctypedef struct CounterLine "nacre_counter_line":
        int64_t value
    ctypedef struct CountersHeader "nacre_counters":
        uint64_t magic
        uint32_t version
        uint32_t capacity


# One writer a counter: no locked instruction, and a reader never sees half a value.
cdef inline void add(int64_t* counter, int64_t n) noexcept nogil:
    store_relaxed(<uint64_t*>counter, load_relaxed(<uint64_t*>counter) + <uint64_t>n)


cdef inline void set_value(int64_t* counter, int64_t value) noexcept nogil:
    store_relaxed(<uint64_t*>counter, <uint64_t>value)


@cython.final
cdef class Counters:
    cdef Window _window
    cdef CountersHeader* _header
    cdef CounterLabel* _labels
    cdef CounterLine* _lines

    # The counter of that label, registered when new. At start: it searches. CountersFull, ValueError.
    cdef int64_t* counter(self, str label) except NULL
    cdef void _bind(self) noexcept
