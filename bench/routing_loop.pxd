# Rows of a recording played into a planner, and what an order that rests among them would get.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.router.planner cimport Planner

cdef struct Row:                    # 48
    int64_t ts_ns
    int64_t px                      # of a quote: the bid's
    int64_t qty
    int64_t ask_px
    int64_t ask_qty
    uint32_t venue
    uint8_t kind
    uint8_t side
    uint8_t pad[2]

cdef class Tape:
    cdef Planner planner
    cdef object _kept
    cdef const unsigned char[::1] raw
    cdef const Row* rows
    cdef Py_ssize_t count
    cdef Py_ssize_t played
    cdef int64_t[:, :, ::1] shown
    cdef readonly object tops
    cdef int venues
    cdef void _feed(self, const Row* row) noexcept nogil
    cdef int64_t _less_ahead(self, Py_ssize_t i, int venue, bint buys, int64_t px, int64_t ahead) noexcept nogil
    cdef int64_t _comes(self, Py_ssize_t i, int venue, bint buys, int64_t px) noexcept nogil
