"""Derived events that wait for their sequence outside their loopback rings, first in, first out by engine."""
from libc.stdint cimport uint8_t, uint64_t

from core.engine cimport Derived

cdef enum:
    ENGINES = 8

cdef struct Queue:
    Derived* items
    uint64_t head
    uint64_t tail

cdef class Backlog:
    cdef Queue queues[8]
    cdef uint64_t capacity
    cdef list _memory
    cdef bint push(self, uint8_t engine, const Derived* item) noexcept nogil
    cdef Derived* first(self, uint8_t engine) noexcept nogil
    cdef void drop(self, uint8_t engine) noexcept nogil
    cdef Derived* earliest(self, uint8_t* engine) noexcept nogil
