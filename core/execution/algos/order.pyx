# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What all algorithms share: see order.pxd."""
from core_ext.wide cimport i128


cdef int64_t portion(int64_t qty, int64_t part, int64_t whole) noexcept nogil:
    """qty x part / whole, rounded down; all of it where part is whole or more. None is negative, whole > 0."""
    if part >= whole:
        return qty
    return <int64_t>(<i128>qty * <i128>part / <i128>whole)


cdef int64_t to_lot(const AlgoOrder* order, int64_t qty) noexcept nogil:
    return qty / order.lot * order.lot


cdef uint64_t drawn(const AlgoOrder* order, uint64_t n, uint64_t below) noexcept nogil:
    """The order's n-th number from 0 to below - 1: a function of its seed alone (splitmix64, Steele et al. 2014)."""
    cdef uint64_t z = order.seed + (n + 1) * <uint64_t>0x9E3779B97F4A7C15
    z = (z ^ (z >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * <uint64_t>0x94D049BB133111EB
    return (z ^ (z >> 31)) % below
