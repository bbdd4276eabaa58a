"""Catching up: a process that comes back lives through what the core has lived through so far."""
from libc.stdint cimport uint16_t, uint64_t

from core.messages cimport Header, Page
from core.recovery.replay cimport Replay
from core.venues.gateway cimport Gateway
from core.venues.simulated cimport Simulated
from core_ext.journal.reader cimport JournalReader
from core_ext.spine cimport Spine

cdef class Catchup(Replay):
    cdef Gateway gateway            # or None: told what it had sent and heard
    cdef Simulated venues           # or None: told of the market
    cdef uint64_t sent_through      # up to this event sends were handled and reports heard
    cdef bytearray _page
    cdef Page* page                 # a copy of one on the spine
    cdef int _from_journal(self, JournalReader reader, uint64_t until) except -1
    cdef bint _from_spine(self, Spine spine, uint64_t seq) noexcept nogil

cdef bint for_venues(uint16_t kind) noexcept nogil
