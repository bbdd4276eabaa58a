"""positions: the position keeper. Books fills, and plays them again when one is busted or corrected."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Engine
from core.messages cimport Page
from core.positions.ledger cimport Contract, Position
from core_ext.wide cimport i128

cdef struct VenueFees:              # 32
    int64_t taker
    int64_t maker
    uint8_t precision
    uint8_t pad[7]
    int64_t pad2

cdef struct Fill:                   # 64
    i128 fee                        # 10^-16
    int64_t qty                     # signed; 0: busted
    int64_t px
    uint32_t next                   # of the same position
    uint32_t position
    uint16_t venue
    uint8_t own_fee                 # the venue told the fee itself
    uint8_t maker
    uint32_t pad[5]

@cython.final
cdef class Positions(Engine):
    cdef Contract* contracts        # [symbol]
    cdef VenueFees* fees            # [venue]
    cdef Position* positions        # [position]
    cdef Fill* fills                # [fill]
    cdef uint64_t* counts           # [0] positions' end, [1] fills' end
    cdef uint32_t max_fills
    cdef void _instrument(self, Page* page) noexcept nogil
    cdef Position* _position(self, uint32_t index, uint32_t account, uint32_t symbol) noexcept nogil
    cdef void _open(self, Page* page) noexcept nogil
    cdef void _fill(self, Page* page) noexcept nogil
    cdef void _enter(self, Page* page, Fill* fill, const Contract* contract) noexcept nogil
    cdef void _chain(self, Position* position, uint32_t index) noexcept nogil
    cdef void _again(self, Position* position) noexcept nogil
    cdef void _tell(self, Page* page, const Position* position, const Contract* contract) noexcept nogil
