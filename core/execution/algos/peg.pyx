# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""peg: one child at the market's price + an offset, of pegged orders and of the algorithm alike."""
from libc.stdint cimport int64_t


cdef int64_t floor_div(int64_t a, int64_t b) noexcept nogil:
    """a / b rounded down; b > 0."""
    cdef int64_t whole = a / b
    return whole - 1 if a % b < 0 else whole


cdef int64_t peg_price(int64_t market2, int64_t offset, int64_t tick, bint buys) noexcept nogil:
    """market2: twice the price that it follows. To the tick away from the market."""
    cdef int64_t px2 = market2 + 2 * offset
    cdef int64_t tick2 = 2 * tick
    return (floor_div(px2, tick2) if buys else -floor_div(-px2, tick2)) * tick
