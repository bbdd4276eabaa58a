# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""twap: with slice i of n, i from 0, the part (i + 1) / n of the order has been let go, to the lot."""
from core.execution.algos.order cimport AlgoOrder, portion, to_lot


cdef int64_t twap_released(const AlgoOrder* order) noexcept nogil:
    """What may have been sent by now."""
    return to_lot(order, portion(order.order_qty, order.slices_due, order.slices))
