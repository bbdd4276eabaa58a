"""An auction's one price: most volume, then least imbalance, then nearest the last trade, then the lower.

Whether more can be bought than sold falls with the price, as what can be bought does; what can be sold rises. So each
rule narrows one range of prices (on the tick) from its ends, and each end is a binary search.
"""
from libc.stdint cimport int64_t, uint32_t

from core.venues.book cimport Book, Books
from core.venues.reports cimport Reports

cdef class Auction:
    cdef Books books
    cdef Reports reports
    cdef void uncross(self, Book* book, int64_t now_ns) noexcept nogil
    cdef bint price(self, Book* book, int64_t* px) noexcept nogil
    cdef int64_t _most_volume(self, Book* book, int64_t low, int64_t high) noexcept nogil
    cdef void _least_imbalance(self, Book* book, int64_t* low, int64_t* high) noexcept nogil
    cdef void _price_range(self, Book* book, int64_t* low, int64_t* high) noexcept nogil
    cdef int64_t _volume(self, Book* book, int side, int64_t px) noexcept nogil
    cdef int64_t _willing(self, Book* book, int what, int64_t px) noexcept nogil
    cdef int64_t _last(self, Book* book, int what, int64_t low, int64_t high, int64_t bound) noexcept nogil
    cdef void _give(self, Book* book, int side, int64_t px, int64_t volume, int64_t now_ns) noexcept nogil
    cdef int64_t _give_first(self, Book* book, int side, int64_t px, int64_t volume, int64_t now_ns) noexcept nogil
