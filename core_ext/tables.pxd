# Maps without pointers, carved from an Arena. Full is an answer (NONE or 0), never a crash; nothing allocates.
#
# IdTable: a fixed-width text key -> a dense index 0, 1, 2, ... in order of arrival. Never removes.
#
#   <name>.head   | used u64 | capacity u64 | seed u64 | key_size u64 | slots u64 | zero |     64 bytes, state
#   <name>.keys   | key 0 | key 1 | ...                  key_size bytes each, zero padded      state, `used` of them
#                 or, in records, | key 0 | its user's | key 1 | its user's | ...   record_size bytes each
#   <name>.index  | print u32, index+1 u32 | ...         8 bytes a slot, 8 slots a line        derived
#   <name>.spread | slots in use u64 | zero |            64 bytes                              derived
#
#   A key (of 40 bytes):  | len u8 | text[39], zero padded |
#   `print` is the hash's high half: a probe compares keys only when it matches. index+1 = 0 marks an empty slot.
#
# Map64: u64 key -> u32 value, with removal (backward shift: no tombstones, so probes never grow long).
#
#   <name>.head   as above (key_size 8)
#   <name>.slots  | key u64 | value u32 | taken u32 | ...   16 bytes a slot, 4 slots a line    state
#
# Slots are a power of two, at least twice the keys: the load factor is at most one half, and linear probing stays
# within a line or two. The seed is configuration: one journal must give one layout on every run.
#
# An index that is hit at random takes all its memory with the first keys. One of more than SPREAD_FROM slots begins
# with that many and doubles in place: that put visits every key that is there, once in as many puts.
cimport cython
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core_ext.arena cimport Arena
from core_ext.atomics cimport prefetch_read, prefetch_write

cdef extern from * nogil:
    """
    #ifndef NACRE_TABLES_H
    #define NACRE_TABLES_H
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>
    typedef struct { uint64_t used, capacity, seed, key_size, slots, zero[3]; } nacre_table_head;
    typedef struct { uint32_t print, index1; } nacre_id_slot;
    typedef struct { uint64_t key; uint32_t value, taken; } nacre_map_slot;
    _Static_assert(sizeof(nacre_table_head) == 64, "a table's head is a cache line");
    _Static_assert(sizeof(nacre_id_slot) == 8 && sizeof(nacre_map_slot) == 16, "slots tile a cache line");

    /* wyhash's step: the two halves of a 64 x 64 bit product, folded. */
    static inline uint64_t nacre_mix(uint64_t a, uint64_t b) {
        unsigned __int128 p = (unsigned __int128)a * b;
        return (uint64_t)p ^ (uint64_t)(p >> 64);
    }
    static inline uint64_t nacre_word(const char* p) { uint64_t w; memcpy(&w, p, 8); return w; }

    static inline uint64_t nacre_hash64(uint64_t key, uint64_t seed) {
        return nacre_mix(nacre_mix(key ^ 0xa0761d6478bd642fULL, seed ^ 0xe7037ed1a0b428dbULL),
                         0x8ebc6af09c88c6e3ULL);
    }
    /* Words in pairs, the odd one with the seed. size: a multiple of 8. */
    static inline uint64_t nacre_hash_words(const char* key, size_t size, uint64_t seed) {
        uint64_t h = seed ^ 0x589965cc75374cc3ULL;
        size_t i = 0;
        for (; i + 16 <= size; i += 16)
            h = nacre_mix(nacre_word(key + i) ^ 0xa0761d6478bd642fULL, nacre_word(key + i + 8) ^ h);
        if (i < size)
            h = nacre_mix(nacre_word(key + i) ^ 0xe7037ed1a0b428dbULL, h);
        return nacre_mix(h ^ 0x8ebc6af09c88c6e3ULL, size ^ 0x1d8e4e27c47d124fULL);
    }
    /* 40 and 48 are the common widths: with them known, each of these is some instructions without a loop or a call. */
    static inline uint64_t nacre_hash_key(const char* key, size_t size, uint64_t seed) {
        if (size == 40) return nacre_hash_words(key, 40, seed);
        return size == 48 ? nacre_hash_words(key, 48, seed) : nacre_hash_words(key, size, seed);
    }
    static inline int nacre_same_words(const char* a, const char* b, size_t words) {
        uint64_t differ = 0;
        for (size_t i = 0; i < words; i++)
            differ |= nacre_word(a + 8 * i) ^ nacre_word(b + 8 * i);
        return differ == 0;
    }
    static inline int nacre_same_key(const char* a, const char* b, size_t size) {
        if (size == 40) return nacre_same_words(a, b, 5);
        return size == 48 ? nacre_same_words(a, b, 6) : memcmp(a, b, size) == 0;
    }
    static inline void nacre_copy_key(char* to, const char* key, size_t size) {
        if (size == 40) memcpy(to, key, 40);
        else if (size == 48) memcpy(to, key, 48);
        else memcpy(to, key, size);
    }
    #endif
    """
    ctypedef struct TableHead "nacre_table_head":
        uint64_t used
        uint64_t capacity
        uint64_t seed
        uint64_t key_size
        uint64_t slots
    ctypedef struct IdSlot "nacre_id_slot":
        uint32_t print "print"
        uint32_t index1
    ctypedef struct MapSlot "nacre_map_slot":
        uint64_t key
        uint32_t value
        uint32_t taken
    uint64_t hash_u64 "nacre_hash64" (uint64_t key, uint64_t seed)
    uint64_t hash_key "nacre_hash_key" (const char* key, size_t size, uint64_t seed)
    bint same_key "nacre_same_key" (const char* a, const char* b, size_t size)
    void copy_key "nacre_copy_key" (char* to, const char* key, size_t size)

cdef enum:
    NONE = 0xFFFFFFFF      # no index, no value: not found, or full
    SPREAD_FROM = 1 << 19  # slots: 4 MiB


@cython.final
cdef class IdTable:
    cdef Arena _arena          # keeps the memory alive
    cdef TableHead* _head
    cdef char* _keys
    cdef IdSlot* _slots
    cdef uint64_t* _spread     # slots in use
    cdef uint64_t _seed
    cdef size_t _key_size
    cdef size_t _stride        # from one key to the next
    cdef uint32_t _capacity
    cdef str _name

    cdef bytes _key_of(self, str text)
    cdef void _double(self) noexcept nogil

    # Hash once, prefetch the slot, do something else, prefetch the key, do something else, then find_hashed: hides the
    # two cache misses of a lookup.
    cdef inline uint64_t hash(self, const char* key) noexcept nogil:
        return hash_key(key, self._key_size, self._seed)

    cdef inline void prefetch(self, uint64_t hash) noexcept nogil:
        prefetch_read(&self._slots[hash & (self._spread[0] - 1)])

    cdef inline void prefetch_key(self, uint64_t hash) noexcept nogil:
        cdef uint32_t index1 = self._slots[hash & (self._spread[0] - 1)].index1
        if index1:
            prefetch_read(self.key(index1 - 1))

    # Where the key with that index, which is new, will stand.
    cdef inline void prefetch_new(self, uint32_t index) noexcept nogil:
        if index < self._capacity:
            prefetch_write(self.key(index))

    # The key stored at a dense index below `count()`.
    cdef inline const char* key(self, uint32_t index) noexcept nogil:
        return self._keys + index * self._stride

    # What its user keeps beside that key: record_size less key_size bytes.
    cdef inline char* beside(self, uint32_t index) noexcept nogil:
        return self._keys + index * self._stride + self._key_size

    cdef inline uint32_t count(self) noexcept nogil:
        return <uint32_t>self._head.used

    # The key's slot, or the empty slot where it belongs. Ends: at most half of the slots are taken.
    cdef inline IdSlot* _probe(self, const char* key, uint64_t hash) noexcept nogil:
        cdef uint32_t mark = <uint32_t>(hash >> 32)
        cdef uint64_t mask = self._spread[0] - 1
        cdef uint64_t at = hash & mask
        cdef IdSlot* slot
        while True:
            slot = &self._slots[at]
            if slot.index1 == 0:
                return slot
            if slot.print == mark and same_key(self.key(slot.index1 - 1), key, self._key_size):
                return slot
            at = (at + 1) & mask

    cdef inline uint32_t find_hashed(self, const char* key, uint64_t hash) noexcept nogil:
        return self._probe(key, hash).index1 - 1      # an empty slot's 0 becomes NONE

    cdef inline uint32_t find(self, const char* key) noexcept nogil:
        return self.find_hashed(key, self.hash(key))

    cdef inline uint32_t put_hashed(self, const char* key, uint64_t hash, bint* existed) noexcept nogil:
        cdef IdSlot* slot = self._probe(key, hash)
        cdef uint32_t index
        existed[0] = slot.index1 != 0
        if slot.index1:
            return slot.index1 - 1
        index = self.count()
        if index >= self._capacity:
            return NONE
        copy_key(self._keys + index * self._stride, key, self._key_size)
        slot.print = <uint32_t>(hash >> 32)
        slot.index1 = index + 1
        self._head.used = index + 1
        if 2 * <uint64_t>(index + 1) >= self._spread[0]:
            self._double()
        return index

    cdef inline uint32_t put(self, const char* key, bint* existed) noexcept nogil:
        return self.put_hashed(key, self.hash(key), existed)


@cython.final
cdef class Map64:
    cdef Arena _arena
    cdef TableHead* _head
    cdef MapSlot* _slots
    cdef uint64_t _mask
    cdef uint64_t _seed
    cdef str _name

    # 1 stored (or replaced); 0 full, or the value is NONE.
    cdef bint put(self, uint64_t key, uint32_t value) noexcept nogil
    # 1 removed; 0 was not there.
    cdef bint remove(self, uint64_t key) noexcept nogil

    cdef inline uint64_t hash(self, uint64_t key) noexcept nogil:
        return hash_u64(key, self._seed)

    # Where the key is, or the empty slot where it belongs.
    cdef inline uint64_t _probe(self, uint64_t key) noexcept nogil:
        cdef uint64_t at = self.hash(key) & self._mask
        while self._slots[at].taken and self._slots[at].key != key:
            at = (at + 1) & self._mask
        return at

    cdef inline uint32_t find(self, uint64_t key) noexcept nogil:
        cdef MapSlot* slot = &self._slots[self._probe(key)]
        return slot.value if slot.taken else <uint32_t>NONE

    cdef inline void prefetch(self, uint64_t hash) noexcept nogil:
        prefetch_read(&self._slots[hash & self._mask])

    cdef inline uint32_t count(self) noexcept nogil:
        return <uint32_t>self._head.used
