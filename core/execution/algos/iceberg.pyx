# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""iceberg: one child of the display quantity after another; so that they don't look alike, each a little different."""
from libc.stdint cimport uint64_t

from core.execution.algos.order cimport BPS, AlgoOrder, drawn, portion, to_lot


cdef int64_t iceberg_shown(const AlgoOrder* order, int64_t display_qty, uint32_t n) noexcept nogil:
    """What child n shows: display_qty, up to variance_bps more or less, to the lot, and a lot at least."""
    cdef int64_t varied
    cdef int64_t qty
    if order.variance_bps == 0:
        return display_qty
    varied = portion(display_qty, order.variance_bps, BPS)
    qty = to_lot(order, display_qty - varied + <int64_t>drawn(order, n, 2 * <uint64_t>varied + 1))
    return qty if qty > order.lot else order.lot
