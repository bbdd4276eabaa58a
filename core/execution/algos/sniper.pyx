# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""sniper: nothing of it is ever posted. Where enough is shown within its limit, it takes that, at all venues at once."""
from core.execution.algos.order cimport AlgoOrder
from core.messages cimport MAX_SYMBOL_VENUES
from core.router.facts cimport Facts
from core.router.sweep cimport Ask, Leg, sweep


cdef int64_t sniper_takes(const AlgoOrder* order, Facts facts, const Ask* ask) noexcept nogil:
    """What to take now: all that is asked for and shown within the limit, if that is min_qty or all that is asked for."""
    cdef Leg legs[MAX_SYMBOL_VENUES]
    cdef int64_t missing = 0
    cdef int64_t least = order.min_qty if order.min_qty < ask.qty else ask.qty
    sweep(facts, ask, legs, &missing)
    return ask.qty - missing if ask.qty - missing >= least else 0
