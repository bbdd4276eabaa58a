# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The timed loop of `bench route`."""
from libc.stdint cimport int64_t, uint8_t

from core.router.planner cimport Planner
from core.router.policies cimport plan
from core.router.sweep cimport LEGS_MAX, Ask, Leg
from core_ext.clock cimport ticks, ticks_to_ns
from core_ext.histogram cimport Histogram


cdef extern from * nogil:
    """
    #if defined(__x86_64__)
    #define nacre_route_settle() __builtin_ia32_lfence()
    #else
    #define nacre_route_settle() __sync_synchronize()
    #endif
    """
    void settle "nacre_route_settle" ()


cdef inline int64_t settled_ticks() noexcept nogil:
    cdef int64_t now
    settle()
    now = ticks()
    settle()
    return now


def time_plans(Planner planner not None, int policy, const uint8_t[::1] buys, const int64_t[::1] qty,
               Histogram plan_ns not None) -> int:
    cdef Leg legs[LEGS_MAX]
    cdef Ask ask = planner.ask
    cdef int64_t rest = 0
    cdef int64_t t
    cdef int64_t total = 0
    cdef Py_ssize_t i
    cdef int count
    cdef int k
    ask.policy = policy
    ask.rests = 1
    ask.limited = 0
    with nogil:
        for i in range(qty.shape[0]):
            ask.buys = buys[i]
            ask.qty = qty[i]
            t = settled_ticks()
            count = plan(planner.facts, &ask, legs, &rest)
            plan_ns.record(ticks_to_ns(settled_ticks() - t))
            for k in range(count):
                total += legs[k].qty
    return total


def clock(int times, Histogram clock_ns not None) -> None:
    cdef int64_t t
    cdef int i
    with nogil:
        for i in range(times):
            t = settled_ticks()
            clock_ns.record(ticks_to_ns(settled_ticks() - t))
