"""Egress of a live core: responses, market and signals into the memory of the sessions that they belong to."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.egress.engine cimport Egress
from core.live.seats cimport MarketSlot, ResponseSeat
from core.messages cimport Page, Response
from core.stage cimport EngineStage

cdef class Teller(EngineStage):
    cdef Egress egress
    cdef ResponseSeat seats[64]
    cdef bytearray _seat_of
    cdef uint8_t* seat_of           # [session] seat + 1, 0: nobody listens
    cdef uint32_t max_sessions
    cdef int open_seats
    cdef list _kept
    cdef void _tell_since(self, ResponseSeat* seat) noexcept
    cdef void _tell(self, const Response* response) noexcept nogil
    cdef void _show(self, const Page* page) noexcept nogil
    cdef void _show_at(self, ResponseSeat* seat, const MarketSlot* what) noexcept nogil
    cdef bint _concerns(self, const ResponseSeat* seat, const MarketSlot* what) noexcept nogil
