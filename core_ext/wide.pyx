# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The 128-bit arithmetic of wide.pxd for Python ints: for tests, and for tools off the path.

Every function raises OverflowError where the C one answers "overflow", and for arguments that do not fit.
"""


cdef i128 _from_int(value) except? -1:
    """A Python int as i128. OverflowError when it does not fit."""
    cdef int64_t hi
    try:
        hi = value >> 64
    except OverflowError:
        raise OverflowError(f"wide: {value} does not fit 128 bits") from None
    cdef uint64_t lo = value & 0xFFFFFFFFFFFFFFFF
    return i128_make(hi, lo)


cdef object _to_int(i128 value):
    return (<object>i128_hi(value) << 64) + i128_lo(value)


cdef object _checked(bint overflow, i128 value, str what):
    if overflow:
        raise OverflowError(f"wide: {what} does not fit 128 bits")
    return _to_int(value)


def mul(int64_t a, int64_t b):
    """a * b of two 64-bit ints: always fits."""
    return _to_int(i128_mul(a, b))


def add_checked(a, b):
    """a + b."""
    cdef i128 out = i128_from(0)
    cdef bint overflow = i128_add_overflow(_from_int(a), _from_int(b), &out)
    return _checked(overflow, out, "the sum")


def sub_checked(a, b):
    """a - b."""
    cdef i128 out = i128_from(0)
    cdef bint overflow = i128_sub_overflow(_from_int(a), _from_int(b), &out)
    return _checked(overflow, out, "the difference")


def mul_checked(a, b):
    """a * b of two 128-bit ints."""
    cdef i128 out = i128_from(0)
    cdef bint overflow = i128_mul_overflow(_from_int(a), _from_int(b), &out)
    return _checked(overflow, out, "the product")


def pow10(int e):
    """10 ** e for e in 0..38; 0 outside."""
    return _to_int(pow10_i128(e))


def divide(n, d):
    """n / d rounded half to even, d > 0."""
    cdef i128 divisor = _from_int(d)
    if i128_sign(divisor) <= 0:
        raise ValueError(f"wide: divisor {d}; it must be positive")
    return _to_int(div_half_even(_from_int(n), divisor))


def mul_div(a, int64_t b, int64_t d):
    """a * b / d rounded half to even, d != 0."""
    if d == 0:
        raise ZeroDivisionError("wide: mul_div by 0")
    cdef i128 out = i128_from(0)
    cdef bint overflow = mul_div_half_even(_from_int(a), b, d, &out)
    return _checked(overflow, out, "a*b/d")


def mul_scale(a, int64_t b, int p10):
    """a * b / 10**p10 rounded half to even, p10 in -20..40."""
    if not -20 <= p10 <= 40:
        raise ValueError(f"wide: p10 {p10}; -20 to 40 are possible")
    cdef i128 out = i128_from(0)
    cdef bint overflow = mul_scale_half_even(_from_int(a), b, p10, &out)
    return _checked(overflow, out, "a*b/10**p10")


def to_int64(a):
    """The value through a 64-bit int."""
    cdef int64_t out = 0
    if i128_to_i64(_from_int(a), &out):
        raise OverflowError(f"wide: {a} does not fit 64 bits")
    return out


def compare(a, b):
    """-1, 0 or 1."""
    return i128_cmp(_from_int(a), _from_int(b))


def size_of_i128():
    """Bytes of an i128 variable as this build's C sees it."""
    cdef i128 value = i128_from(0)
    return sizeof(value)
