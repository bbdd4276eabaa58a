# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Open orders: see open_orders.pxd."""
from libc.stdlib cimport calloc, free, realloc


cdef class OpenOrders:
    """most: orders that the core has room for."""

    def __cinit__(self, uint32_t most):
        self.most = most
        self.slots = <uint32_t*>calloc(most, sizeof(uint32_t))
        if self.slots == NULL:
            raise MemoryError(f"open orders: no room for {most:,}")

    def __dealloc__(self):
        free(self.slots)
        free(self.answers)

    cdef int put(self, const Response* told) except -1:
        """An answer of an order that is open."""
        cdef Response* grown
        if told.order >= self.most:
            return 0                # of no order: a denial
        if not self.slots[told.order]:
            if self.count == self.room:
                grown = <Response*>realloc(self.answers, (2 * self.room + 64) * sizeof(Response))
                if grown == NULL:
                    raise MemoryError(f"open orders: no room for {2 * self.room + 64:,}")
                self.answers = grown
                self.room = 2 * self.room + 64
            self.count += 1
            self.slots[told.order] = self.count
        self.answers[self.slots[told.order] - 1] = told[0]
        return 0

    cdef void remove(self, uint32_t order) noexcept nogil:
        cdef uint32_t slot
        if order >= self.most or not self.slots[order]:
            return
        slot = self.slots[order]
        self.answers[slot - 1] = self.answers[self.count - 1]
        self.slots[self.answers[slot - 1].order] = slot
        self.slots[order] = 0
        self.count -= 1
