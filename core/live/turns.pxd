"""The loop of a worker: its stages take turns until somebody asks for its attention."""
from libc.stdint cimport int64_t, uint64_t

from core.board cimport Board, WorkerLines
from core.stage cimport Stage

cdef enum Wait:
    WAIT_SPIN = 0
    WAIT_YIELD = 1
    WAIT_SLEEP = 2

cdef class Turns:
    cdef readonly Board board
    cdef Stage first
    cdef WorkerLines* lines
    cdef uint64_t seen              # attention
    cdef int wait
    cdef uint64_t idle              # turns without work in a row
    cdef void _pause(self) noexcept nogil
