"""Prices and quantities as a caller gives them, in whole units of 10**-precision: exact, or not at all."""
from libc.stdint cimport int64_t

cdef bint to_units(object value, int precision, int64_t* out) except -1
