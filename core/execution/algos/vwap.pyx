# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""vwap: slice i lets go its part of the curve, which is the volume that recordings show in that part of the day.

The curve is whole numbers that came with the order; `nacre algo volume` finds them.
"""
from libc.stdint cimport uint32_t

from core.execution.algos.order cimport AlgoOrder, portion, to_lot


cdef int64_t curve_released(const AlgoOrder* order, int64_t qty) noexcept nogil:
    """What of qty the curve has let go by now, to the lot; slices without a curve weigh the same."""
    cdef uint32_t i
    cdef int64_t weight = 0
    if order.slices == 0:
        return 0
    if order.weights == 0:
        return to_lot(order, portion(qty, order.slices_due, order.slices))
    for i in range(order.slices_due):
        weight += order.curve[i]
    return to_lot(order, portion(qty, weight, order.weight_total))


cdef int64_t vwap_released(const AlgoOrder* order) noexcept nogil:
    """What may have been sent by now."""
    return curve_released(order, order.order_qty)
