"""positions: the position keeper.

It books fills, and plays them again when one is busted or corrected. What happens to an instrument (funding, dividend,
split, settlement) is applied to all of its positions at once; then each is told by an event of its own.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Engine
from core.messages cimport Page
from core.positions.ledger cimport Adjustment, Contract, Position
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
    uint64_t seq                    # the event that it was booked by
    uint32_t before                 # the fill of the same position that it followed
    uint32_t next                   # set when the fills are played again
    uint32_t position
    uint16_t venue
    uint8_t own_fee                 # the venue told the fee itself
    uint8_t maker
    int64_t time_ns                 # of that event

@cython.final
cdef class Positions(Engine):
    cdef Contract* contracts        # [symbol]
    cdef VenueFees* fees            # [venue]
    cdef Position* positions        # [position]
    cdef Fill* fills                # [fill]
    cdef Adjustment* adjustments    # in the order in which they came
    cdef uint64_t* counts           # [0] positions' end, [1] fills' end, [2] adjustments' end; not done: [3] they can't be
                                    # played again, the table is full, [4] an amount doesn't fit; [5] the last event of a person's fill
    cdef uint32_t max_fills
    cdef uint32_t max_adjustments
    cdef void _instrument(self, Page* page) noexcept nogil
    cdef void _adjust(self, Page* page) noexcept nogil
    cdef void _adjust_position(self, Position* position, const Contract* contract, const Adjustment* done) noexcept nogil
    cdef void _keep(self, Contract* contract, const Adjustment* done) noexcept nogil
    cdef void _tell_next(self, Page* page, uint32_t index) noexcept nogil
    cdef void _adjusted(self, Page* page) noexcept nogil
    cdef void _owe(self, Page* page, uint32_t index, int64_t delta, const Position* was) noexcept nogil
    cdef void _mark(self, const Page* page, const Contract* contract, int64_t* mark2, uint8_t* has_mark) noexcept nogil
    cdef void _book(self, Page* page) noexcept nogil
    cdef Position* _position(self, uint32_t index, uint32_t account, uint32_t symbol) noexcept nogil
    cdef void _open(self, Page* page) noexcept nogil
    cdef void _fill(self, Page* page) noexcept nogil
    cdef void _enter(self, Page* page, Fill* fill, const Contract* contract) noexcept nogil
    cdef void _chain(self, Position* position, uint32_t index, uint64_t seq) noexcept nogil
    cdef uint32_t _forward(self, Position* position) noexcept nogil
    cdef void _again(self, Position* position) noexcept nogil
    cdef void _tell(self, Page* page, uint32_t index, uint32_t account, uint32_t symbol) noexcept nogil
