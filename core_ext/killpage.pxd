# The kill switch: one page of shared memory that works while everything else is dead or stopped.
#
#   offset
#        0  +-----------+---------+-----------+------+
#           | magic u64 | ver u32 | lines u32 | zero |                              written once, by format
#       64  +-----------+---------+-----------+------+
#           | given u64: the last epoch given out   | zero |                       any killer, compare-and-swap
#      128  +---------------------------------------+------+
#           | changes u64: bumped after a line or a clearing is whole | zero |      the same
#      192  +---------------------------------------------------------+
#           | line 0: epoch u64 | claim u64 | kind u32 | key u32 | at_ns i64 | by[32] |     the killer that claimed it
#           | ... 62 of them, 64 bytes each                                          |
#     4160  +------------------------------------------------------------------------+
#           | cleared 0: epoch u64 | zero |  ... 62 of them, 64 bytes each                 who re-arms (the core)
#     8128  +------------------------------------------------------------------------+
#
# A line is in force while its epoch is greater than what was cleared. Line 0 blocks everything: it is where a kill
# goes that finds no other line free, so that the bound of the table can only block more, never less. Epochs only
# grow. A reader keeps what is in force as a short list, and reads one word, `changes`, before each use of it.
cimport cython
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core_ext.atomics cimport load_acquire
from core_ext.window cimport Window

cdef enum:
    KILL_LINES = 62
    KILL_KINDS = 8

cdef struct KillHeader:
    uint64_t magic
    uint32_t version
    uint32_t lines
    uint64_t zero[6]
    uint64_t given
    uint64_t zero2[7]
    uint64_t changes
    uint64_t zero3[7]

cdef struct KillLine:               # 64
    uint64_t epoch
    uint64_t claim                  # 0 never used, 1 being written, 2 whole
    uint32_t kind
    uint32_t key
    int64_t at_ns
    char by[32]

cdef struct ClearLine:              # 64
    uint64_t epoch
    uint64_t zero[7]

cdef struct Blocked:
    uint32_t kind
    uint32_t key


@cython.final
cdef class KillPage:
    cdef Window _window
    cdef KillHeader* _header
    cdef KillLine* _lines
    cdef ClearLine* _cleared
    cdef uint64_t _seen             # `changes` as of the list
    cdef int _count
    cdef Blocked _blocked[62]
    cdef uint64_t _epoch            # the highest in force or cleared that the list knows

    cdef void refresh(self) noexcept nogil
    cdef bint in_force(self, int i) noexcept nogil
    cdef uint64_t _bump(self, uint64_t* word) noexcept nogil
    cdef void _change(self) noexcept nogil
    cdef int _claim(self) noexcept nogil

    cdef inline bint changed(self) noexcept nogil:
        return load_acquire(&self._header.changes) != self._seen

    # keys[kind]: what the thing asked about has of that kind; kind 0 is everything.
    cdef inline bint blocks(self, const uint32_t* keys) noexcept nogil:
        cdef int i
        if self.changed():
            self.refresh()
        for i in range(self._count):
            if self._blocked[i].kind == 0 or keys[self._blocked[i].kind] == self._blocked[i].key:
                return 1
        return 0
