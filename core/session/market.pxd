"""The market as a strategy is told of it: floats to reckon with, Decimals that are exact."""
cimport cython
from libc.stdint cimport int64_t, uint8_t

cdef class Place:                   # an instrument at a venue
    cdef readonly str symbol
    cdef readonly str venue
    cdef readonly int price_precision
    cdef readonly int qty_precision
    cdef double px_unit             # units in one, to divide by: the nearest float of the decimal
    cdef double qty_unit

@cython.final
cdef class Quote:
    cdef Place place
    cdef readonly int64_t time_ns
    cdef readonly int64_t bid_units, ask_units, bid_qty_units, ask_qty_units
    @staticmethod
    cdef Quote of(Place place, int64_t time_ns, int64_t bid, int64_t bid_qty, int64_t ask, int64_t ask_qty)

@cython.final
cdef class Trade:
    cdef Place place
    cdef readonly int64_t time_ns
    cdef readonly int64_t px_units, qty_units
    cdef uint8_t aggressor          # a Side, 255: nobody says
    @staticmethod
    cdef Trade of(Place place, int64_t time_ns, int64_t px, int64_t qty, uint8_t aggressor)

@cython.final
cdef class Level:
    cdef Place place
    cdef readonly int64_t time_ns
    cdef readonly int64_t px_units, qty_units
    cdef uint8_t code
    @staticmethod
    cdef Level of(Place place, int64_t time_ns, uint8_t side, int64_t px, int64_t qty)
