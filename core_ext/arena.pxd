# One block of memory that typed tables are carved from: indices, never pointers, so it can be copied bit for bit.
#
#   offset
#        0  +-----------+---------+------------+--------------+----------+---------------+
#           | magic u64 | ver u32 | tables u32 | capacity u64 | used u64 | zero          |
#       64  +-----------+---------+------------+--------------+----------+---------------+
#           | directory: 64 entries of 128 bytes                                         |
#           |   name[64] | offset u64 | item_size u64 | count u64 | flags u64 | used_at u64 | zero
#     8256  +----------------------------------------------------------------------------+
#           | table 0, starting on a cache line | zeros | table 1 ...                    |
#           +----------------------------------------------------------------------------+
#
# flags: bit 0 = derived: rebuilt from other tables, so not part of the digest.
# used_at: offset in the arena of a u64 that counts the items in use; 0 = all items count.
cimport cython
from libc.stdint cimport uint32_t, uint64_t

from core_ext.window cimport Window

cdef extern from * nogil:
    """
    #ifndef NACRE_ARENA_H
    #define NACRE_ARENA_H
    #include <stddef.h>
    #include <stdint.h>
    #define NACRE_ARENA_TABLES 64
    typedef struct {
        char name[64];
        uint64_t offset, item_size, count, flags, used_at, zero[3];
    } nacre_arena_table;
    typedef struct {
        uint64_t magic;  uint32_t version;  uint32_t tables;  uint64_t capacity;  uint64_t used;  uint64_t zero[4];
        nacre_arena_table table[NACRE_ARENA_TABLES];
    } nacre_arena;
    _Static_assert(sizeof(nacre_arena_table) == 128, "a directory entry is two cache lines");
    _Static_assert(offsetof(nacre_arena_table, offset) == 64, "numbers follow the name");
    _Static_assert(sizeof(nacre_arena) == 64 + 64 * 128, "the first table starts on a cache line");
    #endif
    """
    enum: ARENA_TABLES "NACRE_ARENA_TABLES"
    ctypedef struct ArenaTable "nacre_arena_table":
        char name[64]
        uint64_t offset
        uint64_t item_size
        uint64_t count
        uint64_t flags
        uint64_t used_at
    ctypedef struct ArenaHeader "nacre_arena":
        uint64_t magic
        uint32_t version
        uint32_t tables
        uint64_t capacity
        uint64_t used
        ArenaTable table[64]


@cython.final
cdef class Arena:
    cdef Window _window
    cdef ArenaHeader* _header
    cdef char* base

    # Carves `count` zeroed items of `item_size` bytes, on a cache line; or finds the table of that name again (an
    # attached or loaded arena). Raises ArenaFull, or ValueError when it exists with another shape. The address holds
    # for the arena's life, through load() too. At start only, never on the path.
    cdef char* table(self, str name, size_t item_size, size_t count) except NULL
    # Leaves the table out of the digest: it is rebuilt from others.
    cdef int derived(self, str name) except -1
    # Only the first *used items are in use; `used` is a u64 inside some table of this arena.
    cdef int used_by(self, str name, const uint64_t* used) except -1

    cdef ArenaTable* _find(self, str name) except? NULL
    cdef ArenaTable* _named(self, str name) except NULL
    cdef uint64_t _items(self, ArenaTable* table) noexcept nogil
    cdef object _content(self, ArenaTable* table)
