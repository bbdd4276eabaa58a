"""The book of one symbol by price level (L2), of any depth."""
from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.data.decimals cimport Decimal

cdef struct Level:                  # 24
    int64_t px                      # in units of the book's px_digits
    int64_t qty                     # in units of its own qty_digits
    uint32_t orders                 # of a book that is made of orders
    uint8_t px_digits               # as the venue wrote it
    uint8_t qty_digits
    uint8_t pad[2]

cdef struct Ladder:                 # levels of one side, the best last: what changes most moves least
    Level* levels
    uint32_t count
    uint32_t room

cdef enum:
    MAX_LEVELS = 1 << 20            # of one side
    SET_OK = 0
    SET_FULL = 1                    # more than MAX_LEVELS
    SET_RANGE = 2                   # a price that has no place beside the others in 64 bits
    SET_MISSING = 3                 # less is taken than is there, or from a level that isn't there

cdef class Book:
    cdef Ladder sides[2]            # bids, asks
    cdef readonly uint8_t px_digits
    cdef public uint8_t qty_digits  # of levels that are made of orders

    cdef int set(self, bint ask, const Decimal* px, const Decimal* qty) except -1
    cdef int add(self, bint ask, int64_t px, int64_t qty, int orders, int64_t* now) except -1
    cdef Level* best(self, bint ask) noexcept nogil
    cdef bint crossed(self) noexcept nogil
    cdef void clear(self) noexcept nogil
    cdef void trim(self, uint32_t depth) noexcept nogil
    cdef bint _scale(self, const Decimal* px, int64_t* out) noexcept nogil
    cdef uint32_t _place(self, bint ask, int64_t px) noexcept nogil
    cdef Level* _insert(self, bint ask, uint32_t at) except NULL
    cdef void _remove(self, bint ask, uint32_t at) noexcept nogil
