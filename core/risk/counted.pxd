"""What a limit's tally comes to, with what an order would change of it."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from core.risk.holdings cimport Holdings
from core.risk.limits cimport Limit, Limits
from core.risk.tallies cimport Tallies
from core.risk.values cimport Values
from core_ext.wide cimport i128

cdef struct Change:                 # what an order that isn't counted yet would change; all 0: things as they stand
    int64_t buys
    int64_t sells
    i128 bought                     # the symbol's own money
    i128 sold
    int orders
    int messages

cdef struct Finding:
    uint8_t reason                  # R_NONE: it holds, or is exceeded by `value`; else why it can't be tested
    uint8_t unit
    bint unknown                    # there is no value to tell
    bint below                      # it is exceeded where the value is below it
    uint8_t decided                 # HOLDS or FAILS: there is nothing to compare
    i128 bound
    i128 value

@cython.final
cdef class Counted:
    cdef Values values
    cdef Limits limits
    cdef Tallies tallies
    cdef Holdings holdings
    cdef void measure(self, uint32_t index, uint32_t tally, uint32_t cell, uint32_t key, uint32_t account,
          uint32_t symbol, const Change* change, Finding* found) noexcept nogil
    cdef void _measure_exposure(self, const Limit* limit, uint32_t tally, uint32_t cell, uint32_t key, uint32_t account,
          const Change* change, Finding* found) noexcept nogil
    cdef void _measure_turnover(self, const Limit* limit, uint32_t tally, uint32_t key, uint32_t symbol,
          const Change* change, Finding* found) noexcept nogil
    cdef uint8_t wealth(self, const Limit* limit, uint32_t key, bint cash, uint16_t currency, i128* out) noexcept nogil
