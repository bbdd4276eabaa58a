# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A ring of fixed-size slots with one producer and one consumer, over any writable buffer (layout: ring.pxd)."""
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.string cimport memcpy, memset

from core_ext.atomics cimport fence_acquire, load_relaxed


cdef uint64_t MAGIC = int.from_bytes(b"NACRRING", "little")
cdef uint32_t VERSION = 1


cdef class Ring:
    """A single-producer, single-consumer ring. Make it with `Ring.format` or `Ring.attach`."""

    def __init__(self):
        if self._window is None:
            raise TypeError("Ring: use Ring.format(buffer, capacity, slot_size) or Ring.attach(buffer)")

    @staticmethod
    def bytes_needed(uint64_t capacity, uint32_t slot_size):
        """Bytes of buffer for `capacity` slots of `slot_size` bytes."""
        _check_shape(capacity, slot_size)
        return sizeof(RingHeader) + capacity * slot_size

    @staticmethod
    def format(buffer, uint64_t capacity, uint32_t slot_size):
        """Lays an empty ring over `buffer` and attaches to it.

        capacity: slots, a power of two. slot_size: bytes, a multiple of 8. ValueError: a bad shape, or a buffer
        that is too small, read-only or not aligned to 8 bytes.
        """
        cdef size_t need = Ring.bytes_needed(capacity, slot_size)
        cdef Window window = Window(buffer, "ring")
        if window.size < need:
            raise ValueError(f"ring: the buffer has {window.size} bytes; {capacity} slots of {slot_size} bytes need "
                             f"{need}; make it larger")
        cdef RingHeader* header = <RingHeader*>window.base
        header.magic = 0
        memset(window.base, 0, need)
        header.version = VERSION
        header.slot_size = slot_size
        header.capacity = capacity
        store_release(&header.magic, MAGIC)   # last: who sees the magic sees a whole header
        return _attach(window)

    @staticmethod
    def attach(buffer):
        """Attaches to a ring that `format` made. ValueError names the header field that is wrong."""
        return _attach(Window(buffer, "ring"))

    cdef void _bind(self, Window window) noexcept:
        self._window = window
        self._header = <RingHeader*>window.base
        self._slots = window.base + sizeof(RingHeader)
        self._capacity = self._header.capacity
        self._mask = self._capacity - 1
        self._slot_size = self._header.slot_size
        self._head_seen = load_acquire(&self._header.head)
        self._tail_seen = load_acquire(&self._header.tail)

    @property
    def capacity(self):
        """Slots."""
        return self._capacity

    @property
    def slot_size(self):
        """Bytes a slot."""
        return self._slot_size

    @property
    def fulls(self):
        """How many claims were denied because the ring was full, since it was formatted."""
        return load_acquire(&self._header.fulls)

    @property
    def lapped(self):
        """How often its producer lost what is said to it on another ring: it counts that itself, beside `fulls`."""
        return load_acquire(&self._header.fulls + 1)

    @property
    def taken(self):
        """How many slots the consumer has released since the ring was formatted."""
        return load_acquire(&self._header.head)

    @property
    def is_broken(self):
        """True when the indices cannot be: a peer wrote over them. The consumer should close this ring."""
        return self.broken()

    def __len__(self):
        return <Py_ssize_t>min(self.count(), self._capacity)

    def try_push(self, item):
        """Copies a bytes-like item into the next slot, the rest zeroed. False when full (counted in `fulls`)."""
        if self.claim() == NULL:
            return False
        _fill(self, load_relaxed(&self._header.tail), item)
        self.publish()
        return True

    def try_push_all(self, items):
        """The same of several items that become visible at once. False when not all of them have room."""
        cdef uint64_t tail = load_relaxed(&self._header.tail)
        if not self.has_room(len(items)):
            return False
        for i, item in enumerate(items):
            _fill(self, tail + <uint64_t>i, item)
        fault_before(RING_PUBLISH)
        store_release(&self._header.tail, tail + <uint64_t>len(items))
        fault_after(RING_PUBLISH)
        return True

    def waiting(self):
        """Copies of what is on it, oldest first, as it stands; nothing is taken. For who comes back after a crash.
        What is overwritten meanwhile is left out."""
        cdef uint64_t head = load_acquire(&self._header.head)
        cdef uint64_t tail = load_acquire(&self._header.tail)
        cdef uint64_t i
        out = []
        for i in range(head, min(tail, head + self._capacity)):
            copy = PyBytes_FromStringAndSize(self._slots + (i & self._mask) * self._slot_size, self._slot_size)
            fence_acquire()
            if load_acquire(&self._header.head) <= i or load_acquire(&self._header.tail) - i < self._capacity:
                out.append(copy)
        return out

    def try_pop(self):
        """The oldest slot's bytes (all `slot_size` of them), or None when empty."""
        cdef char* slot = self.peek()
        if slot == NULL:
            return None
        cdef bytes item = PyBytes_FromStringAndSize(slot, self._slot_size)
        self.release()
        return item


cdef _fill(Ring ring, uint64_t at, item):
    cdef const unsigned char[::1] data = item
    cdef size_t size = data.shape[0]
    cdef char* slot = ring._slots + (at & ring._mask) * ring._slot_size
    if size > ring._slot_size:
        raise ValueError(f"ring: the item has {size} bytes, a slot {ring._slot_size}; split it or format the ring with "
                         "larger slots")
    if size:
        memcpy(slot, &data[0], size)
    memset(slot + size, 0, ring._slot_size - size)


cdef _check_shape(uint64_t capacity, uint32_t slot_size):
    if capacity == 0 or capacity & (capacity - 1) or capacity > <uint64_t>1 << 32:
        raise ValueError(f"ring: capacity {capacity} is not a power of two up to 2**32; round it up")
    if slot_size == 0 or slot_size % 8:
        raise ValueError(f"ring: slot size {slot_size} is not a positive multiple of 8 bytes; round it up")


cdef Ring _attach(Window window):
    _check_header(window)
    cdef Ring ring = Ring.__new__(Ring)
    ring._bind(window)
    return ring


cdef _check_header(Window window):
    if window.size < sizeof(RingHeader):
        raise ValueError(f"ring header: the buffer has {window.size} bytes, fewer than the header's "
                         f"{sizeof(RingHeader)}; attach to the buffer that Ring.format was given")
    cdef RingHeader* header = <RingHeader*>window.base
    if load_acquire(&header.magic) != MAGIC:
        raise ValueError(f"ring header: magic is {header.magic:#x}, not {MAGIC:#x}; "
                         "this buffer holds no ring: format it first")
    if header.version != VERSION:
        raise ValueError(f"ring header: version is {header.version}, this build reads {VERSION}; "
                         "run the same build on both sides")
    _check_shape(header.capacity, header.slot_size)
    cdef size_t need = sizeof(RingHeader) + header.capacity * header.slot_size
    if window.size < need:
        raise ValueError(f"ring header: {header.capacity} slots of {header.slot_size} bytes need {need} bytes, the "
                         f"buffer has {window.size}; attach to the whole buffer")
    if header.tail - header.head > header.capacity:
        raise ValueError(f"ring header: tail {header.tail} and head {header.head} are more than the capacity "
                         f"{header.capacity} apart; the ring was overwritten: format it anew")
