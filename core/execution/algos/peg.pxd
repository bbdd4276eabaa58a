"""peg: it goes where the market goes."""
from libc.stdint cimport int64_t

cdef int64_t peg_price(int64_t market2, int64_t offset, int64_t tick, bint buys) noexcept nogil
