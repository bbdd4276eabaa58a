# The timed loop of `bench positions`: the position keeper alone, a fill after the other, at random over its positions.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.messages cimport Page
from core.positions.engine cimport Positions
from core_ext.arena cimport Arena
from core_ext.histogram cimport Histogram

cdef enum:
    PAGES = 64                      # that take turns, as on a spine: they are in the cache

cdef class Keeper:
    cdef readonly Positions engine
    cdef readonly Histogram clock_ns
    cdef readonly uint32_t accounts
    cdef readonly uint64_t booked
    cdef Arena arena                # the same tables again, for the bare touch
    cdef char* positions
    cdef char* fills
    cdef Page* pages
    cdef object _pages
    cdef void _fill(self, Page* page, uint32_t position, int64_t qty, int64_t px) noexcept nogil
    cdef void _touch(self, uint32_t position, uint64_t fill, int64_t qty) noexcept nogil
