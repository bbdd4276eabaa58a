# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""pov: a part of the volume that has traded in the symbol since the order came, in pieces that are worth sending."""
from core.execution.algos.order cimport BPS, AlgoOrder, portion, to_lot


cdef int64_t participation(const AlgoOrder* order, int64_t volume) noexcept nogil:
    """The most that may have been sent at this volume, to the lot. Of other algorithms it is a bound beside theirs."""
    cdef int64_t qty = to_lot(order, portion(volume, order.participation_bps, BPS))
    return qty if qty < order.order_qty else order.order_qty


cdef int64_t pov_released(const AlgoOrder* order, int64_t volume, int64_t done) noexcept nogil:
    """What may have been sent by now. done: what is filled or working; less than min_qty more than that waits, unless
    it is the last."""
    cdef int64_t qty = participation(order, volume)
    if qty - done < order.min_qty and qty < order.order_qty:
        return done if done < qty else qty
    return qty
