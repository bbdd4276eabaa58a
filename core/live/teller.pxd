"""Egress of a live core: responses and quotes into the memory of the sessions that they belong to."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.egress.engine cimport Egress
from core.live.seats cimport ResponseSeat
from core.messages cimport Page, QuoteEvent, Response
from core.stage cimport EngineStage

cdef class Teller(EngineStage):
    cdef Egress egress
    cdef ResponseSeat seats[64]
    cdef bytearray _seat_of
    cdef uint8_t* seat_of           # [session] seat + 1, 0: nobody listens
    cdef uint32_t max_sessions
    cdef int open_seats
    cdef list _kept
    cdef void _tell_since(self, uint32_t session) noexcept
    cdef void _tell(self, const Response* response) noexcept nogil
    cdef void _show_quote(self, const QuoteEvent* quote, int64_t time_ns) noexcept nogil
