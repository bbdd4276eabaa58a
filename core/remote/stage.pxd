"""A remote engine's two ends: the proxy at its place on the spine, and the engine with rings of its own."""
from libc.stdint cimport uint32_t, uint64_t

from core.engine cimport Engine
from core.messages cimport Page
from core.remote.batch cimport BatchHead
from core.stage cimport BATCH, EngineStage
from core_ext.ring cimport Ring

cdef enum:
    BATCHES = 8                     # under way at most

cdef struct UnderWay:
    uint64_t through                # the event after which the stage is done with the batch
    uint32_t count
    uint64_t seqs[32]

cdef class ProxyStage(EngineStage):
    cdef Ring loopback              # or None: the engine derives nothing
    cdef UnderWay batches[8]
    cdef uint64_t sent              # batches
    cdef uint64_t done_batches
    cdef uint64_t told_cause, told_seq      # what a former proxy had put on the rings already
    cdef uint32_t told_n
    cdef readonly size_t reads      # of a page, what goes over
    cdef object answer              # one that found no room, or None
    cdef uint32_t at, at_derived, at_sends  # how much of it is applied
    cdef size_t _collect(self, BatchHead* head) noexcept nogil
    cdef bint _apply(self, const char* answer) noexcept nogil
    cdef void _pass_by(self) noexcept nogil
    cdef bint _put_derived(self, const char* rows, uint32_t count, uint64_t seq) noexcept nogil
    cdef bint _put_sends(self, const char* rows, uint32_t count, uint64_t seq) noexcept nogil
    cdef void _paragraph(self, const char* paragraph, uint64_t seq) noexcept nogil

cdef class RemoteEngine:
    cdef readonly Engine engine
    cdef readonly str name
    cdef Ring loopback
    cdef Ring sends
    cdef size_t reads, writes, written
    cdef Page* page
    cdef bytearray _page
    cdef readonly uint64_t number
    cdef readonly uint64_t events
