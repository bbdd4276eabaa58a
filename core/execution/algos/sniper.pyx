# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""sniper: nothing of it is ever posted. Where enough is shown within its limit, it takes that, at all venues at once."""
from core.execution.algos.order cimport AlgoOrder
from core.market.view cimport MarketView
from core.messages cimport MAX_SYMBOL_VENUES
from core.router.sweep cimport Leg, sweep


cdef int64_t sniper_takes(const AlgoOrder* order, MarketView view, bint buys, int64_t limit, int64_t rest,
                          uint64_t left_out) noexcept nogil:
    """What to take now: all of the rest that is shown within the limit, if that is min_qty or all of the rest."""
    cdef Leg legs[MAX_SYMBOL_VENUES]
    cdef int64_t missing = 0
    cdef int64_t least = order.min_qty if order.min_qty < rest else rest
    sweep(view, order.symbol, buys, 1, limit, rest, left_out, legs, &missing)
    return rest - missing if rest - missing >= least else 0
