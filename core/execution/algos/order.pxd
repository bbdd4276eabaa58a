"""What an algorithm knows of its order, and the arithmetic that all of them share."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    BPS = 10000                     # all of it, in basis points

cdef struct AlgoOrder:              # 192
    int64_t order_qty
    int64_t lot
    int64_t start_ns
    int64_t horizon_ns
    int64_t traded_before           # of the symbol, when the order came
    int64_t min_qty
    uint64_t seed
    uint32_t slices
    uint32_t slices_due
    uint32_t symbol
    uint32_t weight_total
    uint16_t participation_bps      # 0: no bound
    uint16_t variance_bps
    uint16_t auction_bps
    uint16_t weights
    uint8_t algo                    # an Algo
    uint8_t follows                 # it is counted among those that trades concern
    uint8_t closing                 # a venue collects: all that is left may go there
    uint8_t over
    uint32_t pad
    uint16_t curve[44]
    uint64_t pad2[2]

cdef int64_t portion(int64_t qty, int64_t part, int64_t whole) noexcept nogil
cdef int64_t to_lot(const AlgoOrder* order, int64_t qty) noexcept nogil
cdef uint64_t drawn(const AlgoOrder* order, uint64_t n, uint64_t below) noexcept nogil
