# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Backlogs: see backlog.pxd. Memory that was never needed is never taken: an empty queue begins at its beginning."""
from libc.string cimport memset

from core_ext.memory cimport Memory


cdef class Backlog:
    """Holds `capacity` events of each engine."""

    def __cinit__(self, uint64_t capacity):
        cdef int i
        self.capacity = capacity
        self._memory = [Memory(capacity * sizeof(Derived)) for _ in range(ENGINES)]
        memset(self.queues, 0, sizeof(self.queues))
        for i in range(ENGINES):
            self.queues[i].items = <Derived*>(<Memory>self._memory[i]).base

    cdef bint push(self, uint8_t engine, const Derived* item) noexcept nogil:
        """0: it is full."""
        cdef Queue* queue = &self.queues[engine]
        if queue.tail - queue.head >= self.capacity:
            return 0
        queue.items[queue.tail % self.capacity] = item[0]
        queue.tail += 1
        return 1

    cdef Derived* first(self, uint8_t engine) noexcept nogil:
        """The engine's oldest; NULL: none waits."""
        cdef Queue* queue = &self.queues[engine]
        return NULL if queue.head == queue.tail else &queue.items[queue.head % self.capacity]

    cdef void drop(self, uint8_t engine) noexcept nogil:
        """Lets go of the first."""
        cdef Queue* queue = &self.queues[engine]
        queue.head += 1
        if queue.head == queue.tail:
            queue.head = queue.tail = 0

    cdef Derived* earliest(self, uint8_t* engine) noexcept nogil:
        """The next by (cause, engine, n), and whose it is; NULL: none waits."""
        cdef Derived* best = NULL
        cdef Derived* item
        cdef uint8_t i
        for i in range(ENGINES):
            item = self.first(i)
            if item != NULL and (best == NULL or item.cause < best.cause):
                best = item
                engine[0] = i
        return best
