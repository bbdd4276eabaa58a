"""The scheduler of one seed: who has the next turn, what comes in, which fault strikes; and the checks after each step."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.board cimport Board
from core.simulation.checker cimport Checker
from core.simulation.dice cimport Dice
from core.simulation.marks cimport MARKS_END
from core.simulation.traffic cimport Traffic

cdef enum:
    WORKERS_MAX = 16

cdef class World:
    cdef Dice dice
    cdef uint64_t marks[MARKS_END]
    cdef int64_t* clock             # realtime, of this process
    cdef int64_t now
    cdef readonly Checker checker
    cdef readonly Traffic traffic
    cdef public list outsides
    cdef readonly Board board
    cdef list loopbacks
    cdef public list firsts         # [worker] its first stage; None: it is dead
    cdef uint64_t stalled[16]       # [worker] no turns before that step
    cdef public uint64_t step_no
    cdef public uint64_t next_due   # the step at which somebody is to be brought back, or the like
    cdef uint64_t request_to        # of 65536: up to here a request
    cdef uint64_t quote_to
    cdef uint64_t outside_to
    cdef uint64_t trade_to
    cdef uint64_t fault_to
    cdef public uint32_t clients
    cdef public bint slow_readers
    cdef int64_t tick_ns            # the most that a step takes

    cdef int _step(self) except -1
    cdef int _poll(self) except -1
    cdef int _outside(self) except -1
    cdef int _look(self) except -1
