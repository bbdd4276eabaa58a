# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Decimal numbers as text: see decimals.pxd. No float is made anywhere."""


cdef bint parse_decimal(const char* p, Py_ssize_t n, Decimal* out) noexcept nogil:
    """digits ["." digits] [("e" | "E") ["+" | "-"] digits], not below zero; 0: it is none, or doesn't fit."""
    cdef int64_t units = 0
    cdef Py_ssize_t i = 0
    cdef int digits = 0
    cdef unsigned char c
    if n > 18:
        return _parse_long(p, n, out)
    while i < n:
        c = <unsigned char>p[i] - 48
        if c > 9:
            break
        units = units * 10 + c
        i += 1
    if i == 0:
        return 0
    if i < n and p[i] == b".":
        i += 1
        digits = <int>i
        while i < n:
            c = <unsigned char>p[i] - 48
            if c > 9:
                break
            units = units * 10 + c
            i += 1
        digits = <int>i - digits
        if digits == 0:
            return 0
    out.units = units
    out.digits = <uint8_t>digits
    return i == n or _exponent(p + i, n - i, out)


cdef bint _exponent(const char* p, Py_ssize_t n, Decimal* out) noexcept nogil:
    """Moves the point of `out` as the rest of the text says."""
    cdef int64_t power
    cdef int digits
    cdef bint below
    if n < 2 or (p[0] != b"e" and p[0] != b"E"):
        return 0
    below = p[1] == b"-"
    if below or p[1] == b"+":
        p += 1
        n -= 1
    if n > 4 or not parse_whole(p + 1, n - 1, &power):
        return 0
    digits = out.digits + <int>(power if below else -power)
    while digits > MAX_DIGITS and out.units % 10 == 0 and out.units:
        out.units //= 10
        digits -= 1
    if out.units == 0:
        digits = 0
    if digits < 0:
        if not rescale(out.units, 0, -digits, &out.units):
            return 0
        digits = 0
    out.digits = <uint8_t>digits
    return digits <= MAX_DIGITS


cdef bint _parse_long(const char* p, Py_ssize_t n, Decimal* out) noexcept nogil:
    """More text than always fits: zeros at the end of the fraction are given up as far as they must be."""
    cdef int64_t units = 0
    cdef int64_t grown
    cdef int digits = 0
    cdef int zeros = 0
    cdef bint point = 0
    cdef Py_ssize_t i = 0
    cdef unsigned char c
    while i < n:
        c = <unsigned char>p[i] - 48
        if c > 9:
            if point or p[i] != b"." or i == 0:
                break
            point = 1
            i += 1
            continue
        if point and c == 0:
            zeros += 1              # taken in only when a digit above zero follows, or below where they fit
        else:
            if not rescale(units, 0, zeros + 1, &grown) or not add_fits(grown, c, &units):
                return 0
            digits += zeros + point
            zeros = 0
        i += 1
    if i == 0 or p[i - 1] == b".":
        return 0
    while zeros > 0 and digits < MAX_DIGITS and rescale(units, 0, 1, &grown):
        units = grown
        digits += 1
        zeros -= 1
    if digits > MAX_DIGITS:
        return 0
    out.units = units
    out.digits = <uint8_t>digits
    return i == n or _exponent(p + i, n - i, out)


cdef bint parse_whole(const char* p, Py_ssize_t n, int64_t* out) noexcept nogil:
    """1 to 18 digits."""
    cdef int64_t value = 0
    cdef Py_ssize_t i
    cdef unsigned char c
    if n < 1 or n > 18:
        return 0
    for i in range(n):
        c = <unsigned char>p[i] - 48
        if c > 9:
            return 0
        value = value * 10 + c
    out[0] = value
    return 1


cdef bint parse_signed(const char* p, Py_ssize_t n, int64_t* out) noexcept nogil:
    """As parse_whole, with a minus before it or none."""
    if n and p[0] == b"-":
        if not parse_whole(p + 1, n - 1, out):
            return 0
        out[0] = -out[0]
        return 1
    return parse_whole(p, n, out)


cdef bint parse_id(const char* p, Py_ssize_t n, uint64_t* out) noexcept nogil:
    """Digits that fit 64 bits without a sign."""
    cdef uint64_t value = 0
    cdef uint64_t grown
    cdef Py_ssize_t i
    cdef unsigned char c
    if n < 1 or n > 20:
        return 0
    for i in range(n):
        c = <unsigned char>p[i] - 48
        if c > 9:
            return 0
        if value > 1844674407370955161u:
            return 0
        grown = value * 10 + c
        if grown < value:
            return 0
        value = grown
    out[0] = value
    return 1


cdef bint parse_fixed(const char* p, Py_ssize_t n, int digits, int64_t* out) noexcept nogil:
    """A decimal as units of 10^-digits; 0: it is none, or is finer than that."""
    cdef Decimal value
    return parse_decimal(p, n, &value) and rescale(value.units, value.digits, digits, out)


cdef bint same_scale(Decimal* a, Decimal* b) noexcept nogil:
    """Gives both the finer one's digits; 0: it doesn't fit."""
    if a.digits < b.digits:
        if not rescale(a.units, a.digits, b.digits, &a.units):
            return 0
        a.digits = b.digits
    elif b.digits < a.digits:
        if not rescale(b.units, b.digits, a.digits, &b.units):
            return 0
        b.digits = a.digits
    return 1


def decimal(bytes text):
    cdef Decimal value
    if not parse_decimal(text, len(text), &value):
        raise ValueError(f"{text!r} is no decimal number of at most {MAX_DIGITS} digits")
    return value.units, value.digits


def text(units, int digits):
    sign = "-" if units < 0 else ""
    written = str(abs(units)).rjust(digits + 1, "0")
    return f"{sign}{written[:-digits]}.{written[-digits:]}" if digits else sign + written
