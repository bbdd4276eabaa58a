# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Prices and quantities as a caller gives them, in whole units of 10**-precision: exact, or not at all."""
from decimal import Decimal

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    const char* PyUnicode_DATA(object text)
    long long PyLong_AsLongLongAndOverflow(object value, int* overflow) except? -1

cdef enum:
    DIGITS_MAX = 18                 # of a power of ten in 63 bits

cdef int64_t INT64_MAX = 0x7FFFFFFFFFFFFFFF
cdef int64_t[19] POWERS
cdef object DECIMAL = Decimal


cdef _fill_powers():
    cdef int i
    POWERS[0] = 1
    for i in range(1, DIGITS_MAX + 1):
        POWERS[i] = 10 * POWERS[i - 1]


_fill_powers()


cdef bint scaled(int64_t whole, int digits, int64_t* out) noexcept:
    """whole x 10**digits; 0: it doesn't fit 63 bits and a sign."""
    if digits > DIGITS_MAX or not -(INT64_MAX // POWERS[digits]) <= whole <= INT64_MAX // POWERS[digits]:
        return 0
    out[0] = whole * POWERS[digits]
    return 1


cdef bint text_units(const char* text, Py_ssize_t length, int precision, int64_t* out) noexcept:
    """Digits with at most one point in units of 10**-precision; 0: another form, or not exact."""
    cdef Py_ssize_t i = text[0] == c"-"
    cdef Py_ssize_t point = -1
    cdef Py_ssize_t first = i
    cdef int64_t value = 0
    cdef int fraction
    while i < length:
        if c"0" <= text[i] <= c"9":
            if value > (INT64_MAX - 9) // 10:
                return 0
            value = 10 * value + (text[i] - c"0")
        elif text[i] == c"." and point < 0 and i > first:
            point = i
        else:
            return 0
        i += 1
    if i == first or point == i - 1:
        return 0
    fraction = 0 if point < 0 else <int>(i - 1 - point)
    while fraction > precision:
        if value % 10:
            return 0
        value //= 10
        fraction -= 1
    return scaled(-value if text[0] == c"-" else value, precision - fraction, out)


cdef bint to_units(object value, int precision, int64_t* out) except -1:
    """An int, a text or a Decimal in units of 10**-precision; 0: neither, or not exact, or not in this form."""
    cdef int overflow = 0
    cdef int64_t whole
    if type(value) is int:
        whole = PyLong_AsLongLongAndOverflow(value, &overflow)
        return not overflow and scaled(whole, precision, out)
    if type(value) is DECIMAL:
        value = str(value)
    if type(value) is not str or not PyUnicode_IS_ASCII(value) or PyUnicode_GET_LENGTH(value) == 0:
        return 0
    return text_units(PyUnicode_DATA(value), PyUnicode_GET_LENGTH(value), precision, out)


def units(value, int precision):
    """As `to_units`, for a test: None where it gives 0."""
    cdef int64_t out = 0
    return out if to_units(value, precision, &out) else None
