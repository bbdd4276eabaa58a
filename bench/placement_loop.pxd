"""Plays a tape to one engine: page after page onto a spine, each answered by the engine's paragraph."""
from libc.stdint cimport int64_t, uint8_t, uint64_t

from core.board cimport Board
from core.messages cimport Page
from core.stage cimport EngineStage
from core_ext.histogram cimport Histogram
from core_ext.ring cimport Ring

cdef class Player:
    cdef readonly Board board
    cdef const uint8_t[:, ::1] pages
    cdef EngineStage stage          # knows what the engine takes; in `fused` blocks it is the engine
    cdef Ring loopback
    cdef Ring sends
    cdef size_t writes, written
    cdef readonly uint64_t seq      # of the last page that was put
    cdef readonly uint64_t wrong    # paragraphs that are not the tape's
    cdef readonly uint64_t derived
    cdef readonly uint64_t sent
    cdef bint _put(self) noexcept nogil
    cdef bint _answered(self, uint64_t seq, int64_t patience_ns) noexcept nogil
    cdef void _check(self, uint64_t seq) noexcept nogil
