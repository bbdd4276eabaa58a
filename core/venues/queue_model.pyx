# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Queue models: see queue_model.pxd."""
from core_ext.wide cimport i128

cdef enum:
    SHARE_BITS = 32
    LOG_BITS = 16


cdef int64_t log2_of(uint64_t x) noexcept nogil:
    """log2(x) in 2^-16, cut; 0 of 0. The digits of a logarithm: square, and see whether it doubled."""
    cdef int whole = 0
    cdef int i
    cdef int64_t bits = 0
    if x == 0:
        return 0
    while (x >> whole) > 1:
        whole += 1
    x = x << (31 - whole) if whole <= 31 else x >> (whole - 31)
    for i in range(LOG_BITS):       # x is in 1 <= x < 2, with 31 digits
        x = (x * x) >> 31
        bits = 2 * bits
        if x >> 32:
            x >>= 1
            bits += 1
    return (<int64_t>whole << LOG_BITS) + bits


cdef uint64_t power(uint64_t share, int n) noexcept nogil:
    cdef uint64_t out = share
    cdef int i
    for i in range(n - 1):
        out = <uint64_t>((<i128>out * <i128>share) >> SHARE_BITS)
    return out


cdef uint64_t ratio(uint64_t a, uint64_t b) noexcept nogil:
    """a / (a + b) in 2^-32; 0 where both are 0."""
    cdef i128 sum = <i128>a + <i128>b
    return <uint64_t>((<i128>a << SHARE_BITS) // sum) if sum > 0 else 0


cdef uint64_t share_behind(uint8_t model, int n, int64_t lot, int64_t front, int64_t back) noexcept nogil:
    """p in 2^-32."""
    cdef uint64_t behind = ratio(back, front)
    cdef uint64_t whole = <uint64_t>1 << SHARE_BITS
    if model == Q_POWER:
        return ratio(power(behind, n), power(whole - behind, n))
    if model == Q_POWER2:
        return power(behind, n)
    if model == Q_POWER3:
        return whole - power(whole - behind, n)
    front //= lot
    back //= lot
    if model == Q_LOG:
        return ratio(log2_of(1 + back), log2_of(1 + front))
    if front + back <= 0:
        return 0
    return <uint64_t>((<i128>log2_of(1 + back) << SHARE_BITS) // <i128>log2_of(1 + back + front))


cdef int64_t moved_up(uint8_t model, int n, int64_t lot, int64_t front, int64_t back, int64_t decrease) noexcept nogil:
    """What stands before our order after a decrease that no trade made, before what is left of the level caps it.

    n: of the powers, from 1. All >= 0.
    """
    cdef int64_t before
    if model == Q_RISK_AVERSE:
        return front                # what is left of the level caps it, as with every model
    before = decrease - <int64_t>((<i128>decrease * <i128>share_behind(model, n, lot, front, back)) >> SHARE_BITS)
    return front - before if before < front else 0


def front_after(int model, int n, int64_t lot, int64_t front, int64_t back, int64_t decrease):
    """moved_up, from Python: what stands before our order then. ValueError: a number that has no meaning."""
    if min(front, back, decrease) < 0 or lot < 1 or n < 1:
        raise ValueError(f"front {front}, back {back}, decrease {decrease}: from 0; lot {lot}, n {n}: from 1")
    return moved_up(<uint8_t>model, n, lot, front, back, decrease)


def log2_16(uint64_t x):
    """log2_of, from Python."""
    return log2_of(x)
