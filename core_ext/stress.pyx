# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Loops without the interpreter that drive a ring or a spine from two processes at full speed.

Memory ordering shows only so: each slot is filled with words made from its sequence, and every reader checks all of
them. Every loop ends at its deadline, so that a lost message fails a test instead of hanging it.
"""
from libc.stdint cimport int64_t, uint64_t

from core_ext.atomics cimport cpu_relax
from core_ext.clock cimport mono_ns
from core_ext.ring cimport Ring
from core_ext.spine cimport Spine, publish, published

cdef extern from "sched.h" nogil:
    int sched_yield()


cdef inline uint64_t _word(uint64_t seq, size_t i) noexcept nogil:
    return (seq + i) * <uint64_t>0x9E3779B97F4A7C15 ^ (seq >> 7)


cdef void _fill(uint64_t* words, size_t begin, size_t count, uint64_t seq) noexcept nogil:
    cdef size_t i
    for i in range(begin, count):
        words[i] = _word(seq, i)


cdef bint _whole(const uint64_t* words, size_t begin, size_t count, uint64_t seq) noexcept nogil:
    cdef size_t i
    for i in range(begin, count):
        if words[i] != _word(seq, i):
            return False
    return True


cdef bint _wait(int* spins, int64_t deadline) noexcept nogil:
    """Spins, then yields (there may be one processor). False at the deadline."""
    spins[0] += 1
    if spins[0] & 255:
        cpu_relax()
        return True
    sched_yield()
    return mono_ns() < deadline


def ring_produce(Ring ring not None, uint64_t count, double seconds=30):
    """Pushes sequences 1..count. How many were pushed before the deadline."""
    cdef int64_t deadline = mono_ns() + <int64_t>(seconds * 1e9)
    cdef uint64_t seq = 0
    cdef int spins = 0
    cdef char* slot
    with nogil:
        while seq < count:
            slot = ring.claim()
            if slot != NULL:
                seq += 1
                _fill(<uint64_t*>slot, 0, ring._slot_size // 8, seq)
                ring.publish()
            elif not _wait(&spins, deadline):
                break
    return seq


def ring_consume(Ring ring not None, uint64_t count, double seconds=30):
    """Pops `count` slots: (popped before the deadline, how many were not exactly the next sequence's words)."""
    cdef int64_t deadline = mono_ns() + <int64_t>(seconds * 1e9)
    cdef uint64_t seq = 0, wrong = 0
    cdef int spins = 0
    cdef char* slot
    with nogil:
        while seq < count:
            slot = ring.peek()
            if slot != NULL:
                seq += 1
                wrong += not _whole(<uint64_t*>slot, 0, ring._slot_size // 8, seq)
                ring.release()
            elif not _wait(&spins, deadline):
                break
    return seq, wrong


def spine_write(Spine spine not None, uint64_t count, double seconds=30):
    """Claims, fills and publishes sequences 1..count, gated by the cursors. How many before the deadline."""
    cdef int64_t deadline = mono_ns() + <int64_t>(seconds * 1e9)
    cdef uint64_t seq = 1
    cdef int spins = 0
    cdef char* slot
    with nogil:
        while seq <= count:
            if spine.can_claim(seq):
                spine.claim(seq)
                slot = spine.slot(seq)
                _fill(<uint64_t*>slot, 1, spine._slot_size // 8, seq)
                publish(slot, seq)
                seq += 1
            elif not _wait(&spins, deadline):
                break
    return seq - 1


def spine_follow(Spine spine not None, int cursor, uint64_t count, double seconds=30):
    """Follows the paragraphs 1..count and moves its cursor: (followed, how many were not whole)."""
    spine._checked(cursor)
    cdef int64_t deadline = mono_ns() + <int64_t>(seconds * 1e9)
    cdef uint64_t seq = 1, wrong = 0
    cdef int spins = 0
    with nogil:
        while seq <= count:
            if published(spine.slot(seq), seq):
                wrong += not _whole(<uint64_t*>spine.slot(seq), 1, spine._slot_size // 8, seq)
                spine.set_cursor(cursor, seq)
                seq += 1
            elif not _wait(&spins, deadline):
                break
    return seq - 1, wrong


def spine_observe(Spine spine not None, int cursor, uint64_t count, double seconds=30):
    """Copies what `cursor` is done with, as fast as it can, until that is `count`, lagging on purpose.

    (whole copies, refused copies, copies that `copy` called good and that were not whole: must be 0).
    """
    spine._checked(cursor)
    cdef bytearray room = bytearray(spine._slot_size)
    cdef char* out = room
    cdef int64_t deadline = mono_ns() + <int64_t>(seconds * 1e9)
    cdef uint64_t done = 0, seq, good = 0, refused = 0, torn = 0
    cdef int spins = 0
    with nogil:
        while done < count:
            done = spine.cursor(cursor)
            # the oldest slot that may still be there: the claimer is about to overwrite it
            seq = done - spine._capacity + 1 if done >= spine._capacity else done
            if seq and spine.copy(seq, out):
                good += 1
                torn += not _whole(<uint64_t*>out, 1, spine._slot_size // 8, seq)
            else:
                refused += 1
            if not _wait(&spins, deadline):
                break
    return good, refused, torn
