"""Matching: best price first; at one price by time, or, where the venue is pro-rata, by size.

What the market shows at a level stands before our orders there when we take it. Our orders meet each other at the
resting one's price. What happens in the market reaches our resting orders:

    a trade through our price           fills us at ours, up to its quantity
    a trade at our price                uses up what is ahead of us, then fills us
    the other side through our price    fills us at ours, up to what it shows
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from core.venues.book cimport Book, Books
from core.venues.reports cimport Reports

cdef class Matching:
    cdef Books books
    cdef Reports reports
    cdef bint would_take(self, Book* book, int side, int64_t price) noexcept nogil
    cdef bint shows(self, Book* book, int side, int64_t price, int64_t qty) noexcept nogil

    cdef void take(self, uint32_t i, int64_t now_ns) noexcept nogil
    cdef void take_level(self, uint32_t i, uint32_t at, int64_t qty, int64_t now_ns) noexcept nogil
    cdef void meet(self, uint32_t i, uint32_t maker, int64_t qty, int64_t now_ns) noexcept nogil
    cdef void _take_shares(self, uint32_t i, uint32_t at, int64_t now_ns) noexcept nogil

    cdef void cross(self, Book* book, int side, int64_t now_ns) noexcept nogil
    cdef bint _is_through(self, Book* book, int side, uint32_t at) noexcept nogil
    cdef int64_t trade(self, Book* book, int side, int64_t px, int64_t qty, int64_t now_ns) noexcept nogil
    cdef int64_t _trade_through(self, Book* book, int side, int64_t px, int64_t qty, int64_t now_ns) noexcept nogil
    cdef int64_t _fill_until(self, uint32_t at, uint32_t end, int64_t qty, int64_t now_ns) noexcept nogil
    cdef int64_t _trade_at(self, uint32_t at, int64_t qty, int64_t now_ns) noexcept nogil
    cdef int64_t _trade_shares(self, Book* book, uint32_t at, int64_t qty, int64_t now_ns) noexcept nogil
    cdef int64_t _fill_up_to(self, uint32_t i, int64_t qty, int64_t now_ns) noexcept nogil
    cdef void execute(self, Book* book, uint32_t market, int side, int64_t px, int64_t qty, int64_t now_ns) noexcept nogil
