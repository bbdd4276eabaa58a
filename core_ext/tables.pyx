# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Maps without pointers, carved from an Arena: IdTable (text to dense index) and Map64 (layout: tables.pxd)."""
from libc.string cimport memset

import core_ext.arena as _arena

# Re-exported. By hand: in Cython, importing a name that is cimported too sets the C type, not the module's name.
globals().update(Arena=_arena.Arena, ArenaFull=_arena.ArenaFull)

DEFAULT_SEED = 0x6E61637265  # "nacre"


cdef class IdTable:
    """Text keys to dense indices 0, 1, 2, ... in order of arrival, inside an arena. Never removes."""

    def __init__(self, Arena arena not None, str name not None, uint32_t capacity, *, uint64_t seed=DEFAULT_SEED,
                 size_t key_size=40, size_t record_size=0):
        """Carves (or finds again) a table for `capacity` keys of `key_size` bytes (a multiple of 8, up to 256).

        record_size: bytes from one key to the next (a multiple of 8), where its user keeps something beside each.
        ArenaFull: it does not fit. ValueError: a bad shape, or it exists with another shape or seed.
        """
        _check_capacity(name, capacity)
        if key_size == 0 or key_size % 8 or key_size > 256:
            raise ValueError(f"table {name!r}: key size {key_size} is not a multiple of 8 up to 256; round it up")
        if record_size and (record_size < key_size or record_size % 8):
            raise ValueError(f"table {name!r}: record size {record_size} is not a multiple of 8 from the key's {key_size} "
                             "bytes on; round it up")
        cdef uint64_t slots = _slots_for(capacity)
        self._arena = arena
        self._name = name
        self._head = _open_head(arena, name, capacity, seed, key_size, slots)
        self._stride = record_size or key_size
        self._keys = arena.table(name + ".keys", self._stride, capacity)
        arena.used_by(name + ".keys", &self._head.used)
        self._slots = <IdSlot*>arena.table(name + ".index", sizeof(IdSlot), slots)
        arena.derived(name + ".index")
        self._spread = <uint64_t*>arena.table(name + ".spread", 64, 1)
        arena.derived(name + ".spread")
        arena.used_by(name + ".index", self._spread)
        if self._spread[0] == 0:
            self._spread[0] = min(slots, <uint64_t>SPREAD_FROM)
        self._seed = seed
        self._key_size = key_size
        self._capacity = capacity

    @staticmethod
    def bytes_needed(uint32_t capacity, size_t key_size=40, size_t record_size=0):
        """Bytes that the table takes of its arena."""
        _check_capacity("?", capacity)
        return (sizeof(TableHead) + _line_up((record_size or key_size) * capacity)
                + _line_up(sizeof(IdSlot) * _slots_for(capacity)) + 64)

    cdef void _double(self) noexcept nogil:
        """Twice the slots, as long as there are more: every key finds a new place."""
        cdef uint64_t slots = self._spread[0]
        cdef uint32_t index
        cdef uint64_t hash
        cdef IdSlot* slot
        if slots >= self._head.slots:
            return
        memset(self._slots, 0, sizeof(IdSlot) * slots)
        self._spread[0] = 2 * slots
        for index in range(self.count()):
            hash = self.hash(self.key(index))
            slot = self._probe(self.key(index), hash)
            slot.print = <uint32_t>(hash >> 32)
            slot.index1 = index + 1

    cdef bytes _key_of(self, str text):
        cdef bytes raw = text.encode()
        if <size_t>len(raw) >= self._key_size or len(raw) > 255:
            raise ValueError(f"table {self._name!r}: key {text!r} has {len(raw)} bytes; "
                             f"{min(<size_t>(self._key_size - 1), <size_t>255)} are possible: shorten it")
        return (bytes([len(raw)]) + raw).ljust(self._key_size, b"\0")

    @property
    def capacity(self):
        """How many keys it holds at most."""
        return self._capacity

    @property
    def key_size(self):
        """Bytes a key: one length byte and the text."""
        return self._key_size

    def __len__(self):
        return <Py_ssize_t>self.count()

    def get(self, str text not None):
        """The key's index, or None."""
        cdef bytes key = self._key_of(text)
        cdef uint32_t index = self.find(key)
        return None if index == NONE else index

    def add(self, str text not None):
        """The key's index, new or existing; None when the table is full."""
        cdef bytes key = self._key_of(text)
        cdef bint existed = False
        cdef uint32_t index = self.put(key, &existed)
        return None if index == NONE else index

    def text(self, uint32_t index):
        """The text of the key at `index`. IndexError when there is none."""
        if index >= self.count():
            raise IndexError(f"table {self._name!r}: index {index} of {self.count()} keys")
        cdef const char* key = self.key(index)
        cdef size_t size = min(<size_t><uint8_t>key[0], <size_t>(self._key_size - 1))
        return key[1:1 + size].decode()

    def clear(self):
        """Forgets every key. Off the path: it zeroes the whole table."""
        memset(self._keys, 0, self._stride * self._capacity)
        memset(self._slots, 0, sizeof(IdSlot) * self._spread[0])
        self._head.used = 0


cdef class Map64:
    """u64 keys to u32 values below 0xFFFFFFFF, with removal, inside an arena."""

    def __init__(self, Arena arena not None, str name not None, uint32_t capacity, *, uint64_t seed=DEFAULT_SEED,
                 bint derived=False):
        """Carves (or finds again) a map for `capacity` keys. derived: rebuilt from other tables, not in the digest.

        ArenaFull: it does not fit. ValueError: a bad shape, or it exists with another shape or seed.
        """
        _check_capacity(name, capacity)
        cdef uint64_t slots = _slots_for(capacity)
        self._arena = arena
        self._name = name
        self._head = _open_head(arena, name, capacity, seed, 8, slots)
        self._slots = <MapSlot*>arena.table(name + ".slots", sizeof(MapSlot), slots)
        if derived:
            arena.derived(name + ".head")
            arena.derived(name + ".slots")
        self._mask = slots - 1
        self._seed = seed

    @staticmethod
    def bytes_needed(uint32_t capacity):
        """Bytes that the map takes of its arena."""
        _check_capacity("?", capacity)
        return sizeof(TableHead) + _line_up(sizeof(MapSlot) * _slots_for(capacity))

    cdef bint put(self, uint64_t key, uint32_t value) noexcept nogil:
        cdef MapSlot* slot = &self._slots[self._probe(key)]
        if value == <uint32_t>NONE or (not slot.taken and self._head.used >= self._head.capacity):
            return False
        if not slot.taken:
            self._head.used += 1
        slot.key = key
        slot.value = value
        slot.taken = 1
        return True

    cdef bint remove(self, uint64_t key) noexcept nogil:
        cdef uint64_t hole = self._probe(key)
        cdef uint64_t at = hole
        if not self._slots[hole].taken:
            return False
        while True:      # pull back every later key of the run that may sit in the hole
            at = (at + 1) & self._mask
            if not self._slots[at].taken:
                break
            # its home is at or before the hole (cyclically): moving it cannot take it before its home
            if ((at - self.hash(self._slots[at].key)) & self._mask) >= ((at - hole) & self._mask):
                self._slots[hole] = self._slots[at]
                hole = at
        memset(&self._slots[hole], 0, sizeof(MapSlot))
        self._head.used -= 1
        return True

    @property
    def capacity(self):
        """How many keys it holds at most."""
        return self._head.capacity

    def __len__(self):
        return <Py_ssize_t>self.count()

    def get(self, uint64_t key):
        """The key's value, or None."""
        cdef uint32_t value = self.find(key)
        return None if value == <uint32_t>NONE else value

    def set(self, uint64_t key, uint32_t value):
        """Stores or replaces. False when the map is full or the value is 0xFFFFFFFF."""
        return self.put(key, value)

    def discard(self, uint64_t key):
        """Removes the key. False when it was not there."""
        return self.remove(key)

    def clear(self):
        """Forgets every key. Off the path: it zeroes the whole map."""
        memset(self._slots, 0, sizeof(MapSlot) * (self._mask + 1))
        self._head.used = 0


cdef inline size_t _line_up(size_t n) noexcept nogil:
    return (n + 63) & ~<size_t>63


cdef uint64_t _slots_for(uint32_t capacity) noexcept nogil:
    cdef uint64_t slots = 8
    while slots < 2 * <uint64_t>capacity:
        slots *= 2
    return slots


cdef _check_capacity(str name, uint32_t capacity):
    if not 0 < capacity <= <uint32_t>1 << 30:
        raise ValueError(f"table {name!r}: capacity {capacity}; 1 to 2**30 are possible")


cdef TableHead* _open_head(Arena arena, str name, uint32_t capacity, uint64_t seed, size_t key_size,
                           uint64_t slots) except NULL:
    cdef TableHead* head = <TableHead*>arena.table(name + ".head", sizeof(TableHead), 1)
    if head.slots == 0:
        head.capacity = capacity
        head.seed = seed
        head.key_size = key_size
        head.slots = slots
    elif (head.capacity, head.seed, head.key_size) != (capacity, seed, key_size):
        raise ValueError(f"table {name!r}: made for {head.capacity} keys of {head.key_size} bytes with seed "
                         f"{head.seed}, opened for {capacity} of {key_size} with {seed}; use one configuration")
    return head
