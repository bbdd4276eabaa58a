"""Rows of a batch, topic by topic, in the order of the spine: see rows.pyi."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.messages cimport Header

cdef enum:
    PARTS_MAX = 16

cdef struct Part:
    const char* at                  # the next row of a topic; a row begins with its event's header
    const char* end
    uint32_t size                   # of a row

cdef class Hearer:
    cdef public uint64_t kinds      # a bit a kind
    cdef public int64_t until_ns    # events at or after it aren't for compiled code
    cdef bint is_for(self, const Header* header, const char* request) noexcept
    cdef void put(self, const Header* header, const char* request) noexcept

cdef class Together(Hearer):
    cdef list each

cdef class Rows:
    cdef readonly uint64_t seq      # the last row that was walked
    cdef readonly uint64_t heard    # rows that hearers took, of all batches
    cdef public int64_t budget      # rows that may still be walked
    cdef Part parts[PARTS_MAX]
    cdef int count
    cdef list _frames               # what the parts point into
    cdef const char* last
    cdef uint32_t last_size
    cdef Part* first(self) noexcept
