# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The spine: one ring of slots in shared memory, one claimer, a cursor a follower (layout: spine.pxd)."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.string cimport memset

cdef uint64_t MAGIC = int.from_bytes(b"NACRSPIN", "little")
cdef uint32_t VERSION = 1
cdef int MAX_CURSORS = 64     # the gating set is one word


cdef class Spine:
    """A Disruptor across processes. Make it with `Spine.format` or `Spine.attach`."""

    def __init__(self):
        if self._window is None:
            raise TypeError("Spine: use Spine.format(buffer, capacity, slot_size, cursors) or Spine.attach(buffer)")

    @staticmethod
    def bytes_needed(uint64_t capacity, uint32_t slot_size, int cursors):
        """Bytes of buffer for this shape."""
        _check_shape(capacity, slot_size, cursors)
        return _header_bytes(cursors) + capacity * slot_size

    @staticmethod
    def format(buffer, uint64_t capacity, uint32_t slot_size, int cursors, gating=None):
        """Lays an empty spine over `buffer` and attaches to it.

        capacity: slots, a power of two. slot_size: bytes, a multiple of 64. cursors: 0 to 64. gating: indices of
        the cursors that hold the claimer back (all when None). ValueError: a bad shape or too small a buffer.
        """
        cdef size_t need = Spine.bytes_needed(capacity, slot_size, cursors)
        cdef uint64_t mask = _gating_mask(cursors, gating)
        cdef Window window = Window(buffer, "spine")
        if window.size < need:
            raise ValueError(f"spine: the buffer has {window.size} bytes; {capacity} slots of {slot_size} bytes and "
                             f"{cursors} cursors need {need}; make it larger")
        cdef SpineHeader* header = <SpineHeader*>window.base
        header.magic = 0
        memset(window.base, 0, need)
        header.version = VERSION
        header.slot_size = slot_size
        header.capacity = capacity
        header.cursors = cursors
        header.gating = mask
        store_release(&header.magic, MAGIC)   # last: who sees the magic sees a whole header
        return _attach(window)

    @staticmethod
    def attach(buffer):
        """Attaches to a spine that `format` made. ValueError names the header field that is wrong."""
        return _attach(Window(buffer, "spine"))

    cdef void _bind(self, Window window) noexcept:
        self._window = window
        self._header = <SpineHeader*>window.base
        self._cursors = <CursorLine*>(window.base + 2 * sizeof(CursorLine))
        self._cursor_count = <int>self._header.cursors
        self._slots = window.base + _header_bytes(self._cursor_count)
        self._capacity = self._header.capacity
        self._mask = self._capacity - 1
        self._slot_size = self._header.slot_size
        self._gating = self._header.gating
        self._slowest_seen = 0

    cdef uint64_t slowest(self) noexcept nogil:
        """The slowest gating cursor; with none, the claim cursor itself: nobody holds the claimer back."""
        cdef uint64_t least = self.claimed()
        cdef uint64_t value
        cdef int i
        for i in range(self._cursor_count):
            if self._gating >> i & 1:
                value = self.cursor(i)
                if value < least:
                    least = value
        return least

    @property
    def capacity(self):
        """Slots."""
        return self._capacity

    @property
    def slot_size(self):
        """Bytes a slot."""
        return self._slot_size

    @property
    def claimed_seq(self):
        """The last sequence claimed; 0 when none."""
        return self.claimed()

    @property
    def first_seq(self):
        """The first sequence that there is or will be; less are none that were written before it was said."""
        return max(load_acquire(&self._header.gating + 1), 1)

    @property
    def slowest_gating(self):
        """The slowest gating cursor."""
        return self.slowest()

    def get_cursor(self, int i):
        """Cursor i: the last sequence that its owner is done with."""
        return self.cursor(self._checked(i))

    def move_cursor(self, int i, uint64_t seq):
        """Sets cursor i (release). Only its owner may."""
        self.set_cursor(self._checked(i), seq)

    def start_at(self, uint64_t seq):
        """Says that everything up to `seq` is done (recovered): the next claim is seq + 1. Before anybody follows."""
        cdef int i
        self.claim(seq)
        for i in range(self._cursor_count):
            self.set_cursor(i, seq)
        self._slowest_seen = seq

    def begin_at(self, uint64_t seq):
        """Says that what is before `seq` was never written, unless it is there. Before that one is claimed."""
        store_release(&self._header.gating + 1, seq)

    cdef int _checked(self, int i) except -1:
        if not 0 <= i < self._cursor_count:
            raise IndexError(f"spine: cursor {i} of {self._cursor_count}; format the spine with more cursors")
        return i

    def try_write(self, uint64_t seq, item):
        """Claims `seq`, copies the bytes-like item into its slot and publishes its first word. False when gated.

        The slot is the item's bytes after an 8-byte sequence, the rest zeroed.
        """
        cdef const unsigned char[::1] data = item
        cdef size_t size = data.shape[0]
        if size + 8 > self._slot_size:
            raise ValueError(f"spine: the item has {size} bytes, a slot takes {self._slot_size - 8}; split it")
        if seq != self.claimed() + 1:
            raise ValueError(f"spine: sequence {seq} does not follow the claimed {self.claimed()}; claim in order")
        if not self.can_claim(seq):
            return False
        self.claim(seq)
        cdef char* slot = self.slot(seq)
        if size:
            memcpy(slot + 8, &data[0], size)
        memset(slot + 8 + size, 0, self._slot_size - 8 - size)
        publish(slot, seq)
        return True

    def read(self, uint64_t seq):
        """An observer's read: the slot's bytes, or None when not claimed yet or already overwritten."""
        cdef bytes out = PyBytes_FromStringAndSize(NULL, self._slot_size)
        return out if self.copy(seq, PyBytes_AS_STRING(out)) else None

    def is_published(self, uint64_t seq):
        """True when the slot's first paragraph carries `seq`."""
        return published(self.slot(seq), seq)


cdef inline size_t _header_bytes(int cursors) noexcept nogil:
    return sizeof(CursorLine) * (2 + <size_t>cursors)


cdef _check_shape(uint64_t capacity, uint32_t slot_size, uint64_t cursors):
    if capacity == 0 or capacity & (capacity - 1) or capacity > <uint64_t>1 << 32:
        raise ValueError(f"spine: capacity {capacity} is not a power of two up to 2**32; round it up")
    if slot_size == 0 or slot_size % 64:
        raise ValueError(f"spine: slot size {slot_size} is not a positive multiple of 64 bytes; round it up")
    if cursors > <uint64_t>MAX_CURSORS:
        raise ValueError(f"spine: {cursors} cursors; 0 to {MAX_CURSORS} are possible: merge followers")


cdef uint64_t _gating_mask(int cursors, gating) except? 0:
    cdef uint64_t mask = 0
    for i in range(cursors) if gating is None else gating:
        if not 0 <= i < cursors:
            raise ValueError(f"spine: gating cursor {i} of {cursors}; name cursors that exist")
        mask |= <uint64_t>1 << <int>i
    return mask


cdef Spine _attach(Window window):
    _check_header(window)
    cdef Spine spine = Spine.__new__(Spine)
    spine._bind(window)
    return spine


cdef _check_header(Window window):
    if window.size < _header_bytes(0):
        raise ValueError(f"spine header: the buffer has {window.size} bytes, fewer than the header's "
                         f"{_header_bytes(0)}; attach to the buffer that Spine.format was given")
    cdef SpineHeader* header = <SpineHeader*>window.base
    if load_acquire(&header.magic) != MAGIC:
        raise ValueError(f"spine header: magic is {header.magic:#x}, not {MAGIC:#x}; "
                         "this buffer holds no spine: format it first")
    if header.version != VERSION:
        raise ValueError(f"spine header: version is {header.version}, this build reads {VERSION}; "
                         "run the same build on both sides")
    _check_shape(header.capacity, header.slot_size, header.cursors)
    cdef size_t need = _header_bytes(<int>header.cursors) + header.capacity * header.slot_size
    if window.size < need:
        raise ValueError(f"spine header: {header.capacity} slots of {header.slot_size} bytes need {need} bytes, the "
                         f"buffer has {window.size}; attach to the whole buffer")
