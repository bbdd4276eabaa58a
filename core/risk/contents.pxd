"""What orders with which contents passed lately: against the same order sent twice.

A table of the last passes, each with the one before it of another order, found by a hash of their contents. What is
older than its limit's window makes room.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core_ext.atomics cimport prefetch_read
from core_ext.tables cimport Arena

cdef struct Content:                # 40
    uint32_t counter                # whose: a limit, by its key
    uint32_t account
    uint32_t symbol
    uint8_t side
    uint8_t ord_type
    uint8_t pad[2]
    int64_t qty
    int64_t price
    uint64_t pad2

cdef struct Pass:                   # 80
    Content content
    int64_t at_ns                   # the last
    int64_t other_ns                # the last of another order than that one
    uint32_t order
    uint32_t next                   # of the same hash
    uint32_t used                   # 0: free
    uint32_t has_other
    uint64_t hash

@cython.final
cdef class Contents:
    cdef Pass* passes
    cdef uint32_t* heads
    cdef uint64_t* counts           # [0] the ring's next, [1] passes that had to make room before their time
    cdef uint32_t size
    cdef uint32_t mask
    cdef inline void prefetch(self, const Content* content) noexcept nogil:
        prefetch_read(&self.heads[hash_of(content) & self.mask])

    cdef bint since(self, const Content* content, uint32_t order, int64_t now_ns, int64_t* out) noexcept nogil
    cdef void note(self, const Content* content, uint32_t order, int64_t now_ns) noexcept nogil
    cdef Pass* _find(self, const Content* content, uint64_t hash) noexcept nogil
    cdef void _forget(self, uint32_t index) noexcept nogil

cdef uint64_t hash_of(const Content* content) noexcept nogil
