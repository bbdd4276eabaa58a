"""A stage: an engine and its place on the spine. One verb, `poll`; where it runs is not its concern."""
from libc.stdint cimport int16_t, int64_t, uint8_t, uint64_t

from core.engine cimport Engine
from core.faults cimport Faults
from core.messages cimport Page
from core.timing cimport Timing
from core_ext.histogram cimport Histogram
from core_ext.ring cimport Ring
from core_ext.spine cimport Spine

cdef enum:
    BATCH = 24                      # the most that one poll handles: what they may derive has room on a loopback ring,
                                    # their pages and tables' lines in the nearest cache

cdef class Stage:
    cdef readonly str name
    cdef readonly Spine spine
    cdef readonly Faults faults
    cdef readonly int cursor        # its own: the last event that it is done with
    cdef uint64_t next              # the event that it takes next
    cdef Stage follower             # who has the next turn on this thread
    cdef readonly bint can_join     # a lane: it takes what is handed to it
    cdef readonly Timing timing     # or None: none of its events is timed
    cdef uint64_t timed             # the next event that is; none: the highest number
    cdef uint64_t poll(self, uint64_t budget) noexcept nogil
    cdef uint64_t turn(self, uint64_t budget) noexcept nogil
    cdef bint can_take(self, uint64_t first, int count) noexcept nogil
    cdef bint take(self, Page** todo, int count, uint64_t end) noexcept nogil
    cdef void _time(self, int64_t began, uint64_t first, uint64_t end) noexcept nogil

cdef class EngineStage(Stage):
    cdef readonly Engine engine
    cdef int engine_id
    cdef int16_t awaits[64]         # [kind] where on a page the paragraph begins that it waits for; -1: it passes by
    cdef uint64_t kinds             # bit k: it acts on events of kind k
    cdef int writes                 # where its own begins; -1: it writes none
    cdef size_t written             # its own's bytes
    cdef int gate                   # a cursor that must have passed the event as well; -1: none
    cdef Ring sends                 # where it puts sends, or None
    cdef bint plain                 # handles events as this class does
    cdef public bint patient        # waits for room on its rings; else who finds one full stops the core
    cdef public Histogram service_ns    # or None: not measured
    cdef uint64_t redo_through      # a former process got so far
    cdef readonly uint64_t relived  # events that it had done, and that `resume` lived through again
    cdef Page* scratch
    cdef bytearray _scratch
    cdef void also_take(self, int kind) noexcept
    cdef void _leave_off(self, uint64_t seq) noexcept nogil
    cdef bint _takes(self, const Page* page) noexcept nogil
    cdef uint64_t _find(self, uint64_t budget, Page** todo, int* count) noexcept nogil
    cdef bint _has_room(self, int count) noexcept nogil
    cdef void _take_many(self, Page** todo, int count) noexcept nogil
    cdef void _handle(self, Page* page) noexcept nogil
    cdef void _measured(self, Page* page) noexcept nogil
    cdef void _again(self, const Page* page, uint64_t seq) noexcept nogil
