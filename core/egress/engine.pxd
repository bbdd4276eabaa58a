"""egress: tells sessions what became of their requests, once positions and the journal have the event."""
from core.engine cimport Engine
from core.messages cimport Page
from core_ext.spine cimport Spine
from libc.stdint cimport uint32_t, uint64_t

cdef class Egress(Engine):
    cdef readonly Spine responses   # of Response; overwritten in turn: who is lapped sees the gap and asks again
    cdef char* ids                  # [id] a cl_ord_id as its client wrote it
    cdef uint64_t* counts           # [0] ids' end, [1] responses, [2] denials, [3] fills
