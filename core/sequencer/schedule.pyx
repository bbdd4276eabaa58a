# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A binary heap by (due time, order of asking): see schedule.pxd."""
from libc.string cimport memcpy, memset


cdef bint earlier(const Due* a, const Due* b) noexcept nogil:
    return a.due_ns < b.due_ns or (a.due_ns == b.due_ns and a.asked < b.asked)


cdef class Schedule:
    """Holds up to `capacity` items; a push beyond that answers False and is counted."""

    def __cinit__(self, uint32_t capacity):
        self._memory = Memory(capacity * sizeof(Due))
        self.heap = <Due*>self._memory.base
        self.capacity = capacity

    cdef bint push(self, int64_t due_ns, uint16_t kind, const void* data, uint16_t length) noexcept nogil:
        cdef uint32_t i = self.count
        cdef uint32_t parent
        cdef Due item
        if i >= self.capacity:
            self.overflows += 1
            return 0
        memset(&item, 0, sizeof(Due))
        item.due_ns = due_ns
        item.asked = self.asked
        item.kind = kind
        item.length = length
        memcpy(item.data, data, length)
        self.asked += 1
        self.count += 1
        while i:
            parent = (i - 1) >> 1
            if not earlier(&item, &self.heap[parent]):
                break
            self.heap[i] = self.heap[parent]
            i = parent
        self.heap[i] = item
        return 1

    cdef Due* top(self) noexcept nogil:
        return self.heap if self.count else NULL

    cdef void pop(self, Due* out) noexcept nogil:
        """Takes the earliest; there must be one."""
        self.remove(0, out)

    cdef void remove(self, uint32_t i, Due* out) noexcept nogil:
        """Takes the one at place i of the heap."""
        cdef uint32_t child
        cdef Due* last
        out[0] = self.heap[i]
        self.count -= 1
        last = &self.heap[self.count]
        while i and earlier(last, &self.heap[(i - 1) >> 1]):
            self.heap[i] = self.heap[(i - 1) >> 1]
            i = (i - 1) >> 1
        while True:
            child = 2 * i + 1
            if child >= self.count:
                break
            if child + 1 < self.count and earlier(&self.heap[child + 1], &self.heap[child]):
                child += 1
            if not earlier(&self.heap[child], last):
                break
            self.heap[i] = self.heap[child]
            i = child
        self.heap[i] = last[0]
