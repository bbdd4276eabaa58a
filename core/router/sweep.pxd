"""The `sweep` policy: a pure function of an order, the books and the venues' fees."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.market.view cimport MarketView

cdef struct Leg:                    # 24
    int64_t qty
    int64_t price                   # the worst price taken there
    uint32_t slot                   # the venue's place among those that list the symbol
    uint32_t pad

cdef int sweep(MarketView view, uint32_t symbol, bint buys, bint limited, int64_t limit, int64_t qty,
               uint64_t left_out, Leg* legs, int64_t* rest) noexcept nogil
cdef int one_venue(MarketView view, uint32_t symbol, bint buys, bint limited, int64_t limit, int64_t qty,
                   uint64_t left_out, Leg* leg) noexcept nogil
cdef int cheapest_to_post(MarketView view, uint32_t symbol, uint64_t left_out, uint8_t state) noexcept nogil
