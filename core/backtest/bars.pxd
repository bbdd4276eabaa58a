"""Bars: open, high, low, close of what happened in a span of time, or over so many events, or so much volume."""
from libc.stdint cimport int64_t

from core.session.market cimport Place

cdef class Bar:
    cdef Place place
    cdef readonly object every
    cdef readonly int64_t start_ns, end_ns
    cdef readonly double open, high, low, close, volume
    cdef readonly int64_t count

cdef class BarBuilder:
    cdef readonly object every
    cdef readonly bint of_trades
    cdef int64_t span_ns, events
    cdef double most
    cdef Bar bar
    cdef Bar add(self, Place place, int64_t time_ns, double price, double size)
    cdef Bar close(self)
    cdef int64_t due_ns(self)
