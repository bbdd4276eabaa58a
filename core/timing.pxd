"""How long the path takes, stage by stage: one event in EVERY is timed, and nobody waits for that.

    marks       [seq / EVERY % MARKS]  when the stage was done with a timed event (ticks), and which it was
    hop         from when the stage that it waits for was done with the event until it was
    service     of a batch that has a timed event in it, the engine's own time an event
    since       from when the sequencer took the event until the stage was done with it

A stage writes its own lines alone; it reads the marks of the stage before it, of a timed event. Observers read all.
EVERY is a prime, so that no pattern of events falls into step with it.
"""
cimport cython
from libc.stdint cimport int8_t, int64_t, uint64_t

from core_ext.atomics cimport load_acquire, store_relaxed, store_release
from core_ext.clock cimport ticks, ticks_to_ns
from core_ext.histogram cimport Histogram, HistogramBlock
from core_ext.window cimport Window

cdef enum:
    EVERY = 61
    MARKS = 32                      # more than a spine of 1024 has timed events on it

cdef struct Mark:                   # 16
    uint64_t seq                    # stored last; 0: being written
    int64_t ticks

cdef struct TimingLines:
    Mark marks[MARKS]
    HistogramBlock hop
    HistogramBlock service
    HistogramBlock since

@cython.final
cdef class Timing:
    cdef Window _window
    cdef TimingLines* lines         # [stage] of LIVE_CURSORS and, after them, the sequencer
    cdef int own
    cdef int sequencer
    cdef int8_t before[64]          # [kind] the stage that this one waits for; -1: it passes such events by
    cdef int gate                   # one that it waits for as well; -1: none
    cdef readonly Histogram hop
    cdef readonly Histogram service
    cdef readonly Histogram since
    cdef void mark(self, uint64_t seq, int64_t now) noexcept nogil
    cdef int64_t at(self, int stage, uint64_t seq) noexcept nogil
    cdef void note(self, uint64_t seq, int kind, int64_t now) noexcept nogil
