"""The last price of each instrument: see last.pyi."""
from libc.stdint cimport uint32_t

from core.rows.rows cimport Hearer

cdef class LastPrices(Hearer):
    cdef double* px                 # by symbol; NaN: nobody told one
    cdef double* unit               # 10^price_precision; 0: not known yet
    cdef uint32_t size
    cdef void grow(self, uint32_t symbol) except *
