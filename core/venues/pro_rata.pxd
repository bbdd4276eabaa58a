"""Pro-rata: each at a price gets floor(quantity x size / all sizes), in whole lots; what rounding leaves goes by time."""
from libc.stdint cimport int64_t, uint32_t

from core.venues.book cimport Book, Books

cdef struct Shares:
    int64_t qty                     # what is shared out
    int64_t total                   # over whom
    int64_t lot
    int64_t rest                    # what rounding left, not given yet

cdef int64_t add_capped(int64_t a, int64_t b) noexcept nogil
cdef void begin_shares(Books books, const Book* book, uint32_t at, int64_t qty, Shares* out) noexcept nogil
cdef int64_t share_of(Shares* shares, int64_t size) noexcept nogil
