# One ring of fixed-size slots, one claimer, many followers: each follower owns a cursor and follows another.
#
#   offset
#        0  +-----------+---------+----------+----------+-------------+------------+-----------+------+
#           | magic u64 | ver u32 | slot u32 | cap  u64 | cursors u64 | gating u64 | first u64 | zero |  by format
#       64  +-----------+---------+----------+----------+-------------+------------+---------------+
#           | claimed u64 | zero                                                                   |  the claimer
#      128  +-------------+------------------------------------------------------------------------+
#           | cursor 0 u64 | zero                                                                  |  follower 0
#      192  +--------------+-----------------------------------------------------------------------+
#           | ... one line a cursor                                                                |
#  128+64n  +--------------------------------------------------------------------------------------+
#           | slot of sequence 0 (never used first), 1, ... capacity-1; slot_size bytes each       |
#           +--------------------------------------------------------------------------------------+
#
# Sequences start at 1; 0 means none. A cursor is the last sequence its owner is done with. The claimer may take
# sequence s when every gating cursor has reached s - capacity. It stores `claimed = s` before it writes the slot,
# so an observer that copied a slot knows from `claimed` whether what it copied was still whole.
# `first`: what is before that sequence was never written, unless it is there; 0 where nothing is missing (see begin_at).
# A paragraph (part of a slot, written by one follower) begins with its sequence, stored last, with release: who
# waits for the paragraph spins on that word itself, and one cache line travels a hop.
cimport cython
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from core_ext.atomics cimport (fence_acquire, fence_release, load_acquire, load_relaxed, store_relaxed,
                               store_release)
from core_ext.fault_points cimport SPINE_CLAIM, SPINE_CURSOR, SPINE_PUBLISH, fault_after, fault_before
from core_ext.window cimport Window

cdef extern from * nogil:
    """
    #ifndef NACRE_SPINE_H
    #define NACRE_SPINE_H
    #include <stddef.h>
    #include <stdint.h>
    typedef struct { uint64_t value; uint64_t zero[7]; } nacre_cursor_line;
    typedef struct {
        uint64_t magic;  uint32_t version;  uint32_t slot_size;
        uint64_t capacity;  uint64_t cursors;  uint64_t gating;  uint64_t zero0[3];
        nacre_cursor_line claimed;
        nacre_cursor_line cursor[];
    } nacre_spine;
    _Static_assert(sizeof(nacre_cursor_line) == 64, "a cursor is a cache line");
    _Static_assert(offsetof(nacre_spine, claimed) == 64, "the claim cursor has a line of its own");
    _Static_assert(offsetof(nacre_spine, cursor) == 128, "cursors follow");
    #endif
    """
    ctypedef struct CursorLine "nacre_cursor_line":
        uint64_t value
    ctypedef struct SpineHeader "nacre_spine":
        uint64_t magic
        uint32_t version
        uint32_t slot_size
        uint64_t capacity
        uint64_t cursors
        uint64_t gating
        CursorLine claimed
        CursorLine* cursor


cdef inline bint published(const char* paragraph, uint64_t seq) noexcept nogil:
    return load_acquire(<const uint64_t*>paragraph) == seq


cdef inline void publish(char* paragraph, uint64_t seq) noexcept nogil:
    fault_before(SPINE_PUBLISH)
    store_release(<uint64_t*>paragraph, seq)
    fault_after(SPINE_PUBLISH)


@cython.final
cdef class Spine:
    cdef Window _window
    cdef SpineHeader* _header
    cdef CursorLine* _cursors
    cdef char* _slots
    cdef uint64_t _mask
    cdef uint64_t _capacity
    cdef size_t _slot_size
    cdef int _cursor_count
    cdef uint64_t _gating          # bit i: cursor i holds the claimer back
    cdef uint64_t _slowest_seen    # claimer's cached minimum: never ahead of the real one

    cdef void _bind(self, Window window) noexcept
    cdef uint64_t slowest(self) noexcept nogil
    cdef int _checked(self, int i) except -1

    cdef inline char* slot(self, uint64_t seq) noexcept nogil:
        return self._slots + (seq & self._mask) * self._slot_size

    # The claimer. can_claim, then claim, then write the slot, then publish its first paragraph.
    cdef inline bint can_claim(self, uint64_t seq) noexcept nogil:
        if seq <= self._slowest_seen + self._capacity:
            return True
        self._slowest_seen = self.slowest()
        return seq <= self._slowest_seen + self._capacity

    cdef inline void claim(self, uint64_t seq) noexcept nogil:
        fault_before(SPINE_CLAIM)
        store_relaxed(&self._header.claimed.value, seq)
        fence_release()      # the claim is seen before any byte that overwrites the old event
        fault_after(SPINE_CLAIM)

    cdef inline uint64_t claimed(self) noexcept nogil:
        return load_acquire(&self._header.claimed.value)

    # Followers. Each writes its own cursor only. Index i < cursors is the caller's promise (checked at start).
    cdef inline void set_cursor(self, int i, uint64_t seq) noexcept nogil:
        fault_before(SPINE_CURSOR)
        store_release(&self._cursors[i].value, seq)
        fault_after(SPINE_CURSOR)

    cdef inline uint64_t cursor(self, int i) noexcept nogil:
        return load_acquire(&self._cursors[i].value)

    # Observers: never gate. 1 and a whole copy in `out`, or 0 when not claimed yet or already overwritten.
    cdef inline bint copy(self, uint64_t seq, char* out) noexcept nogil:
        cdef uint64_t claimed = self.claimed()
        if seq == 0 or seq > claimed or claimed - seq >= self._capacity:
            return False
        memcpy(out, self.slot(seq), self._slot_size)
        fence_acquire()      # every byte of the copy is read before the claim cursor is read again
        return load_relaxed(&self._header.claimed.value) - seq < self._capacity
