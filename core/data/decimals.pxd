"""Decimal numbers as text, exactly: an integer of units and how many digits stand after the point.

The digits are those that the text has ("1.500": 1500 units, 3 digits), since a venue's checksum is over its own
text. Only where the units would not fit 64 bits are zeros at the end given up.
"""
from libc.stdint cimport int64_t, uint8_t, uint64_t

cdef struct Decimal:
    int64_t units
    uint8_t digits

cdef enum:
    MAX_DIGITS = 18

cdef extern from * nogil:
    """
    #include <stdint.h>
    #include <string.h>
    typedef struct { int64_t units; uint8_t digits; } nacre_decimal;

    static const int64_t nacre_ten[19] = {
        1LL, 10LL, 100LL, 1000LL, 10000LL, 100000LL, 1000000LL, 10000000LL, 100000000LL, 1000000000LL, 10000000000LL,
        100000000000LL, 1000000000000LL, 10000000000000LL, 100000000000000LL, 1000000000000000LL,
        10000000000000000LL, 100000000000000000LL, 1000000000000000000LL };

    /* Units of 10^-from as units of 10^-to; 0: the value has no such units, or they don't fit. */
    static inline int nacre_rescale(int64_t units, int from, int to, int64_t* out) {
        if (to >= from) {
            if (to - from > 18) { *out = 0; return units == 0; }
            return !__builtin_mul_overflow(units, nacre_ten[to - from], out);
        }
        if (from - to > 18) { *out = 0; return units == 0; }
        *out = units / nacre_ten[from - to];
        return *out * nacre_ten[from - to] == units;
    }

    static inline int nacre_add(int64_t a, int64_t b, int64_t* out) { return !__builtin_add_overflow(a, b, out); }
    """
    const int64_t* TEN "nacre_ten"
    bint rescale "nacre_rescale"(int64_t units, int have, int want, int64_t* out)
    bint add_fits "nacre_add"(int64_t a, int64_t b, int64_t* out)

cdef bint parse_decimal(const char* p, Py_ssize_t n, Decimal* out) noexcept nogil
cdef bint parse_whole(const char* p, Py_ssize_t n, int64_t* out) noexcept nogil
cdef bint parse_signed(const char* p, Py_ssize_t n, int64_t* out) noexcept nogil
cdef bint parse_id(const char* p, Py_ssize_t n, uint64_t* out) noexcept nogil
cdef bint parse_fixed(const char* p, Py_ssize_t n, int digits, int64_t* out) noexcept nogil
cdef bint same_scale(Decimal* a, Decimal* b) noexcept nogil
