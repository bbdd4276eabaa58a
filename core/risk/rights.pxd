"""Which accounts a session may trade, as events told it."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.messages cimport RightsEvent
from core_ext.tables cimport Arena

cdef class Rights:
    cdef uint8_t* restricted        # [session] 1: only what `bits` says
    cdef uint8_t* bits              # [session x row + account / 8]
    cdef uint32_t row               # bytes a session
    cdef uint32_t max_sessions
    cdef void forget(self, uint32_t session) noexcept nogil
    cdef void take(self, const RightsEvent* event) noexcept nogil
    cdef bint may(self, uint32_t session, uint32_t account) noexcept nogil
