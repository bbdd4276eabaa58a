"""egress: tells sessions what became of their requests, once positions and the journal have the event."""
cimport cython
from core.engine cimport Engine
from core.messages cimport Page, Response
from core_ext.spine cimport Spine
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

@cython.final
cdef class Egress(Engine):
    cdef readonly Spine responses   # of Response; overwritten in turn: who is lapped sees the gap and asks again
    cdef char* ids                  # [id] a cl_ord_id as its client wrote it
    cdef uint64_t* told             # [session] responses since it connected
    cdef uint32_t max_sessions
    cdef uint64_t* counts           # [0] ids' end, [1] responses, [2] denials, [3] fills,
                                    # [16 + reason] denials of that reason
    cdef void _prefetch(self, uint32_t id) noexcept nogil
    cdef void _remember(self, Page* page) noexcept nogil
    cdef Response* _begin(self, Page* page, uint8_t kind, uint32_t session) noexcept nogil
    cdef void _deny(self, Page* page) noexcept nogil
    cdef void _order(self, Page* page) noexcept nogil
