"""Orders by id (L3): what is resting, and which ids have gone lately."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef struct Order:                  # 56
    uint64_t id
    int64_t px
    int64_t qty
    uint64_t row                    # digest of the row that it came with
    int64_t filled                  # executed, and not taken off yet
    uint64_t scope                  # what else belongs to the key: an instrument, where ids are not unique over all
    uint32_t symbol
    uint8_t ask
    uint8_t used
    uint8_t uncreated               # it was heard of first by a change
    uint8_t pad

cdef struct Gone:                   # 32
    uint64_t id
    uint64_t row                    # digest of the row by which it went
    uint64_t number                 # in the order of going; 0: free
    uint8_t unknown                 # it was never seen alive
    uint8_t pad[7]

cdef class Orders:
    cdef Order* table               # open addressing, linear probing
    cdef readonly uint64_t count
    cdef uint64_t mask

    cdef Order* find(self, uint64_t id, uint64_t scope) noexcept nogil
    cdef Order* add(self, uint64_t id, uint64_t scope) except NULL
    cdef void remove(self, Order* order) noexcept nogil
    cdef void drop_scope(self, uint64_t scope) noexcept nogil
    cdef bint _grow(self) except -1

cdef class GoneIds:
    cdef Gone* table
    cdef uint64_t* ring             # ids in the order of going
    cdef uint64_t number
    cdef uint64_t mask

    cdef Gone* find(self, uint64_t id) noexcept nogil
    cdef void put(self, uint64_t id, uint64_t row, bint unknown) noexcept nogil
    cdef void _forget(self, uint64_t id, uint64_t number) noexcept nogil

cdef uint64_t digest(const char* p, Py_ssize_t n) noexcept nogil
