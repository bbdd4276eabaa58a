"""sniper: unseen until what it wants is there."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.execution.algos.order cimport AlgoOrder
from core.market.view cimport MarketView

cdef int64_t sniper_takes(const AlgoOrder* order, MarketView view, bint buys, int64_t limit, int64_t rest,
                          uint64_t left_out) noexcept nogil
