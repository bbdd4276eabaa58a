# A ring of fixed-size slots with one producer and one consumer, over any writable buffer.
#
#   offset
#        0  +------------------+---------+-----------+----------+---------------------------+
#           | magic        u64 | ver u32 | slot  u32 | cap  u64 | zero                      |  written once, by format
#       64  +------------------+---------+-----------+----------+---------------------------+
#           | tail         u64 | zero                                                      |  producer: next to publish
#      128  +------------------+------------------------------------------------------------+
#           | fulls u64, lapped u64 | zero                                                 |  producer: claims denied; see `lapped`
#      192  +------------------+------------------------------------------------------------+
#           | head         u64 | zero                                                      |  consumer: next to release
#      256  +------------------+------------------------------------------------------------+
#           | slot 0 ... slot capacity-1, slot_size bytes each                               |
#           +--------------------------------------------------------------------------------+
#
# tail and head only grow; slot i of the stream lives at i & (capacity - 1). The opposite index is cached in the
# object (private memory), so the other side's line travels once a lap, not once a slot. `fulls` has its own line:
# counting a denied claim must not disturb the consumer, which reads tail.
# Capacity, slot size and the base are copied at attach: a peer that scribbles over the header hurts nobody else.
cimport cython
from libc.stdint cimport uint32_t, uint64_t

from core_ext.atomics cimport load_acquire, load_relaxed, store_relaxed, store_release
from core_ext.fault_points cimport RING_PUBLISH, RING_RELEASE, fault_after, fault_before
from core_ext.window cimport Window

cdef extern from * nogil:
    """
    #ifndef NACRE_RING_H
    #define NACRE_RING_H
    #include <stddef.h>
    #include <stdint.h>
    typedef struct {
        uint64_t magic;  uint32_t version;  uint32_t slot_size;  uint64_t capacity;  uint64_t zero0[5];
        uint64_t tail;   uint64_t zero1[7];
        uint64_t fulls;  uint64_t zero2[7];
        uint64_t head;   uint64_t zero3[7];
    } nacre_ring;
    _Static_assert(sizeof(nacre_ring) == 256, "ring header is four cache lines");
    _Static_assert(offsetof(nacre_ring, tail) == 64, "tail has a line of its own");
    _Static_assert(offsetof(nacre_ring, fulls) == 128, "fulls has a line of its own");
    _Static_assert(offsetof(nacre_ring, head) == 192, "head has a line of its own");
    #endif
    """
    ctypedef struct RingHeader "nacre_ring":
        uint64_t magic
        uint32_t version
        uint32_t slot_size
        uint64_t capacity
        uint64_t tail
        uint64_t fulls
        uint64_t head


@cython.final
cdef class Ring:
    cdef Window _window
    cdef RingHeader* _header
    cdef char* _slots
    cdef uint64_t _mask
    cdef uint64_t _capacity
    cdef size_t _slot_size
    cdef uint64_t _head_seen     # producer's copy of head: never ahead of the real one
    cdef uint64_t _tail_seen     # consumer's copy of tail: never ahead of the real one

    cdef void _bind(self, Window window) noexcept

    # Producer. `claim` gives the slot to write or NULL when full; `publish` hands it over. Claiming twice without
    # publishing gives the same slot.
    cdef inline char* claim(self) noexcept nogil:
        cdef uint64_t tail = load_relaxed(&self._header.tail)
        if tail - self._head_seen >= self._capacity:
            self._head_seen = load_acquire(&self._header.head)
            if tail - self._head_seen >= self._capacity:
                store_relaxed(&self._header.fulls, load_relaxed(&self._header.fulls) + 1)
                return NULL
        return self._slots + (tail & self._mask) * self._slot_size

    cdef inline bint has_room(self, uint64_t n) noexcept nogil:
        cdef uint64_t tail = load_relaxed(&self._header.tail)
        if tail + n - self._head_seen <= self._capacity:
            return True
        self._head_seen = load_acquire(&self._header.head)
        return tail + n - self._head_seen <= self._capacity

    # What was published last, also once it is released; NULL: nothing ever was. For a producer that comes back.
    cdef inline char* newest(self) noexcept nogil:
        cdef uint64_t tail = load_relaxed(&self._header.tail)
        return NULL if tail == 0 else self._slots + ((tail - 1) & self._mask) * self._slot_size

    cdef inline void publish(self) noexcept nogil:
        fault_before(RING_PUBLISH)
        store_release(&self._header.tail, load_relaxed(&self._header.tail) + 1)
        fault_after(RING_PUBLISH)

    # Consumer. `peek` gives the oldest slot or NULL when empty; `release` gives it back to the producer.
    cdef inline char* peek(self) noexcept nogil:
        cdef uint64_t head = load_relaxed(&self._header.head)
        if head >= self._tail_seen:
            self._tail_seen = load_acquire(&self._header.tail)
            if head >= self._tail_seen:
                return NULL
        return self._slots + (head & self._mask) * self._slot_size

    cdef inline void release(self) noexcept nogil:
        fault_before(RING_RELEASE)
        store_release(&self._header.head, load_relaxed(&self._header.head) + 1)
        fault_after(RING_RELEASE)

    # Either side. A count that cannot be (beyond the capacity) means that a peer wrote over the indices.
    cdef inline uint64_t count(self) noexcept nogil:
        cdef uint64_t head = load_acquire(&self._header.head)   # head first: tail can only be later, never behind
        return load_acquire(&self._header.tail) - head

    cdef inline bint broken(self) noexcept nogil:
        return self._tail_seen - load_relaxed(&self._header.head) > self._capacity
