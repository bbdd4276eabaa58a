# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What all engines share: an arena for their state and a loopback ring for the events that they derive."""
from libc.string cimport memcpy, memset


cdef class Emitter:
    """Puts derived events on an engine's loopback ring, keyed (engine, cause's sequence, n)."""

    def __cinit__(self, int engine, Ring ring):
        self.engine = <uint8_t>engine
        self.ring = ring

    def plant(self, uint64_t n, uint8_t noise) -> None:
        """Mixes `noise` (not 0) into the n-th event that this engine derives: a test's planted nondeterminism."""
        self.planted = n
        self.noise = noise

    def resume(self, Ring ring not None) -> None:
        """Goes on with the ring of one that died: what is on it isn't put there again."""
        cdef Derived* newest = <Derived*>ring.newest()
        self.ring = ring
        if newest != NULL:
            self.told_cause = newest.cause
            self.told_n = newest.n

    cdef void emit(self, Page* page, uint16_t kind, const void* request, uint16_t length,
                   int64_t due_ns) noexcept nogil:
        cdef Derived* slot
        if self.cause != page.header.seq:
            self.cause = page.header.seq
            self.n = 0
        if page.header.seq <= self.told_cause and (page.header.seq < self.told_cause or self.n <= self.told_n):
            self.n += 1
            return
        slot = <Derived*>self.ring.claim()
        if slot == NULL:
            self.overflows += 1     # the ring is sized so that it can't be: whoever polls it stops with this count
            return
        memset(slot, 0, sizeof(Derived))
        slot.due_ns = due_ns
        slot.cause = page.header.seq
        slot.root = page.header.root
        slot.n = self.n
        slot.kind = kind
        slot.length = length
        slot.session = page.header.session
        memcpy(slot.request, request, length)
        self.emitted += 1
        if self.emitted == self.planted:
            slot.request[length // 2] = <char>(slot.request[length // 2] ^ <char>self.noise)
        self.n += 1
        self.ring.publish()


cdef class Engine:
    """Base of the engines of the path. `on_event` reads the page and the arena, nothing else."""

    cdef void on_event(self, Page* page) noexcept nogil:
        pass

    cdef void on_batch(self, Page** todo, int count) noexcept nogil:
        pass

    cdef void prepare(self, Page** todo, int count) noexcept nogil:
        pass
