"""The path with its engines in processes of their own, for a driver on recorded time."""
from libc.stdint cimport int64_t, uint64_t

from core.board cimport Board
from core.path cimport Path

cdef class Staged(Path):
    cdef readonly Board board
    cdef object keep_going          # called while it waits: brings back who died
    cdef object error               # what keep_going raised
    cdef int stages                 # cursors of the path
    cdef int64_t next_look_ns       # when it is called again
    cdef bint _is_done(self, uint64_t seq) noexcept nogil
    cdef void _attend(self) noexcept nogil
