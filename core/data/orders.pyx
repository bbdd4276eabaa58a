# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Orders by id: see orders.pxd. Both tables take out by moving back, so they never fill with what has gone."""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

cdef enum:
    FIRST = 1 << 12
    REMEMBERED = 1 << 16            # ids that have gone, the last ones

MAX_ORDERS = 1 << 26


cdef inline uint64_t mix(uint64_t a) noexcept nogil:
    a ^= a >> 32
    a *= <uint64_t>0xD6E8FEB86659FD93u
    a ^= a >> 32
    a *= <uint64_t>0xD6E8FEB86659FD93u
    return a ^ (a >> 32)


cdef uint64_t digest(const char* p, Py_ssize_t n) noexcept nogil:
    """64 bits of a row's text (FNV-1a)."""
    cdef uint64_t hash = 0xCBF29CE484222325u
    cdef Py_ssize_t i
    for i in range(n):
        hash = (hash ^ <unsigned char>p[i]) * <uint64_t>0x100000001B3u
    return hash


cdef class Orders:
    """Resting orders by (id, scope). It grows with what rests at one time, to MAX_ORDERS, never with what has been."""

    def __cinit__(self):
        self.mask = FIRST - 1
        self.table = <Order*>calloc(FIRST, sizeof(Order))
        if self.table == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.table)

    cdef Order* find(self, uint64_t id, uint64_t scope) noexcept nogil:
        """The resting order, or NULL."""
        cdef uint64_t i = mix(id ^ (scope << 40)) & self.mask
        while self.table[i].used:
            if self.table[i].id == id and self.table[i].scope == scope:
                return &self.table[i]
            i = (i + 1) & self.mask
        return NULL

    cdef Order* add(self, uint64_t id, uint64_t scope) except NULL:
        """A new order, empty; the id must not be there. The address holds until the next add."""
        cdef uint64_t i
        if 10 * self.count >= 7 * self.mask:
            self._grow()
        i = mix(id ^ (scope << 40)) & self.mask
        while self.table[i].used:
            i = (i + 1) & self.mask
        self.count += 1
        self.table[i].id = id
        self.table[i].scope = scope
        self.table[i].used = 1
        return &self.table[i]

    cdef void remove(self, Order* order) noexcept nogil:
        """Takes an order out; what stands behind it moves back to where a search begins to look."""
        cdef uint64_t hole = <uint64_t>(order - self.table)
        cdef uint64_t i = hole
        cdef uint64_t home
        while True:
            i = (i + 1) & self.mask
            if not self.table[i].used:
                break
            home = mix(self.table[i].id ^ (self.table[i].scope << 40)) & self.mask
            if ((i - home) & self.mask) >= ((i - hole) & self.mask):
                self.table[hole] = self.table[i]
                hole = i
        memset(&self.table[hole], 0, sizeof(Order))
        self.count -= 1

    cdef void drop_scope(self, uint64_t scope) noexcept nogil:
        """Takes out all orders of one scope."""
        cdef uint64_t i = 0
        while i <= self.mask:
            if self.table[i].used and self.table[i].scope == scope:
                self.remove(&self.table[i])     # another may have moved here: look again
            else:
                i += 1

    cdef bint _grow(self) except -1:
        cdef Order* old = self.table
        cdef uint64_t size = self.mask + 1
        cdef uint64_t i, k
        if size >= MAX_ORDERS:
            raise MemoryError(f"more than {MAX_ORDERS:,} orders rest at one time")
        self.table = <Order*>calloc(2 * size, sizeof(Order))
        if self.table == NULL:
            self.table = old
            raise MemoryError
        self.mask = 2 * size - 1
        for i in range(size):
            if old[i].used:
                k = mix(old[i].id ^ (old[i].scope << 40)) & self.mask
                while self.table[k].used:
                    k = (k + 1) & self.mask
                self.table[k] = old[i]
        free(old)
        return 1


cdef class GoneIds:
    """The last 65,536 ids that have gone, so that a row about one of them is told from a row about an unknown id."""

    def __cinit__(self):
        self.mask = 2 * REMEMBERED - 1
        self.table = <Gone*>calloc(2 * REMEMBERED, sizeof(Gone))
        self.ring = <uint64_t*>calloc(REMEMBERED, sizeof(uint64_t))
        if self.table == NULL or self.ring == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.table)
        free(self.ring)

    cdef Gone* find(self, uint64_t id) noexcept nogil:
        cdef uint64_t i = mix(id) & self.mask
        while self.table[i].number:
            if self.table[i].id == id:
                return &self.table[i]
            i = (i + 1) & self.mask
        return NULL

    cdef void put(self, uint64_t id, uint64_t row, bint unknown) noexcept nogil:
        cdef Gone* gone = self.find(id)
        cdef uint64_t slot = self.number & (REMEMBERED - 1)
        cdef uint64_t i
        if gone == NULL:
            if self.number >= REMEMBERED:
                self._forget(self.ring[slot], self.number - REMEMBERED + 1)
            i = mix(id) & self.mask
            while self.table[i].number:
                i = (i + 1) & self.mask
            gone = &self.table[i]
            self.ring[slot] = id
            self.number += 1
            gone.id = id
            gone.number = self.number
        gone.row = row
        gone.unknown = unknown

    cdef void _forget(self, uint64_t id, uint64_t number) noexcept nogil:
        cdef Gone* gone = self.find(id)
        cdef uint64_t hole, i, home
        if gone == NULL or gone.number != number:
            return
        hole = <uint64_t>(gone - self.table)
        i = hole
        while True:
            i = (i + 1) & self.mask
            if not self.table[i].number:
                break
            home = mix(self.table[i].id) & self.mask
            if ((i - home) & self.mask) >= ((i - hole) & self.mask):
                self.table[hole] = self.table[i]
                hole = i
        memset(&self.table[hole], 0, sizeof(Gone))
