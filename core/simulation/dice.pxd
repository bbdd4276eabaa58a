"""Chance that a seed decides: splitmix64, whose whole state is one word."""
from libc.stdint cimport uint64_t

cdef struct Dice:
    uint64_t state


cdef inline uint64_t roll(Dice* dice) noexcept nogil:
    cdef uint64_t x
    dice.state += <uint64_t>0x9E3779B97F4A7C15
    x = dice.state
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EB
    return x ^ (x >> 31)


cdef inline uint64_t below(Dice* dice, uint64_t n) noexcept nogil:
    """From 0 to before n, which isn't 0."""
    return (roll(dice) >> 33) % n


cdef inline bint chance(Dice* dice, uint64_t of_1024) noexcept nogil:
    return (roll(dice) >> 54) < of_1024
