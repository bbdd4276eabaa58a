# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""close: auction_bps of the order are kept for the closing auction, the rest is sent by a curve until then.

What is left when the auction begins goes into it as well, and what the auction leaves expires.
"""
from core.execution.algos.order cimport BPS, AlgoOrder, portion, to_lot
from core.execution.algos.vwap cimport curve_released


cdef int64_t close_released(const AlgoOrder* order) noexcept nogil:
    """What may have been sent by now."""
    if order.closing:
        return order.order_qty
    return curve_released(order, order.order_qty - to_lot(order, portion(order.order_qty, order.auction_bps, BPS)))
