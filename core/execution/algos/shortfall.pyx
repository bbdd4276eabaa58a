# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""is: the trajectory that Almgren and Chriss (2000) find between the market's risk and the order's own impact.

What is left at the time t is sinh(k (T - t)) / sinh(k T) of the order. The slices' parts of it came with the order as
whole numbers: core.execution.schedules computes them, outside of the core.
"""
from core.execution.algos.order cimport AlgoOrder
from core.execution.algos.vwap cimport curve_released


cdef int64_t shortfall_released(const AlgoOrder* order) noexcept nogil:
    """What may have been sent by now."""
    return curve_released(order, order.order_qty)
