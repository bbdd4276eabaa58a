# The loop of a core's processor in `bench model`: inputs lie ready; when each event is done, and what the turns took.
from libc.stdint cimport int64_t, uint8_t, uint64_t

from core.board cimport Board
from core.stage cimport Stage

cdef class Player:
    cdef readonly Board board
    cdef Stage first                # of the chain
    cdef Stage last                 # whose cursors say that an event is done
    cdef Stage also
    cdef const uint8_t[::1] rows
    cdef size_t row_bytes
    cdef readonly uint64_t sent     # rows that are on the desk's ring
    cdef readonly uint64_t took_turns   # of the last `play`: those that found something and are in `took`
    cdef readonly uint64_t full     # looks of it at a row that was due when the ring was full
    cdef uint64_t _push(self, uint64_t most) noexcept nogil
    cdef uint64_t _done(self, Stage stage) noexcept nogil
    cdef uint64_t _finished(self) noexcept nogil
