# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rights: see rights.pxd."""
from libc.string cimport memcpy, memset

from core.messages cimport RIGHTS_STEP


cdef class Rights:
    """A session that nothing was told of may trade every account."""

    def __cinit__(self, Arena arena, object capacity):
        steps = -(-capacity.accounts // RIGHTS_STEP)
        self.row = steps * RIGHTS_STEP // 8
        self.max_sessions = capacity.sessions
        self.restricted = <uint8_t*>arena.table("risk.restricted", 1, capacity.sessions)
        self.bits = <uint8_t*>arena.table("risk.rights", self.row, capacity.sessions)

    cdef void forget(self, uint32_t session) noexcept nogil:
        self.restricted[session] = 0
        memset(self.bits + session * self.row, 0, self.row)

    cdef void take(self, const RightsEvent* event) noexcept nogil:
        cdef uint32_t at = event.first // 8
        if event.session >= self.max_sessions or at + sizeof(event.bits) > self.row:
            return                  # who makes the event has checked it
        self.restricted[event.session] = 1
        memcpy(self.bits + event.session * self.row + at, event.bits, sizeof(event.bits))

    cdef bint may(self, uint32_t session, uint32_t account) noexcept nogil:
        if session >= self.max_sessions or not self.restricted[session]:
            return 1
        return (self.bits[session * self.row + account // 8] >> (account % 8)) & 1
