# The one writer of a journal directory (layout: format.pxd).
#
# Appending makes no system call: the next segment is made, mapped and touched ahead by `prepare` (a helper thread,
# or the driver of a fused loop between two polls). Only when nobody did does `append` do it itself (`stalls`).
cimport cython
from libc.stdint cimport uint32_t, uint64_t

from core_ext.atomics cimport load_acquire, store_release
from core_ext.journal.format cimport Record, SegmentHeader, padded, seal_record
from core_ext.journal.mapped cimport Mapped

cdef enum:
    RETIRED = 64           # full segments that may wait for `prepare` to unmap them


@cython.final
cdef class JournalWriter:
    cdef Mapped _current
    cdef size_t _at                    # where the next record goes
    cdef size_t _end                   # where records must end: leaves room for the end record
    cdef uint64_t _last                # last sequence appended
    cdef uint64_t _synced              # last sequence on the disk
    cdef bint _group
    cdef size_t _segment_bytes
    cdef size_t _reserve
    cdef uint64_t _max_bytes
    cdef uint64_t _total_bytes         # of all segment files
    cdef SegmentHeader _stamp          # what every new segment's header says
    cdef Mapped _next
    cdef uint64_t _next_ready          # 1: _next is whole; the appender takes it and stores 0
    cdef uint64_t _busy                # held by whoever prepares, syncs or unmaps
    cdef Mapped _retired[RETIRED]           # full segments: the appender puts, the maintainer takes
    cdef uint64_t _retired_tail
    cdef uint64_t _retired_head
    cdef uint64_t _current_fd          # for sync, while the appender may be rolling
    cdef uint64_t _no_room             # errno of the last failed preparation, 0 when it went well
    cdef readonly uint64_t stalls      # how often append had to prepare a segment itself
    cdef bytes _directory
    cdef char* _path                   # directory, as C text
    cdef object _lock
    cdef object __weakref__
    cdef object _helper
    cdef object _stop

    # 0 done; -1 no room (the caller denies `journal_full`); -2 wrong: not the next sequence, or empty or too long.
    cdef int append(self, uint64_t seq, const void* a, uint32_t a_len, const void* b, uint32_t b_len) noexcept nogil
    # The same for what the reserve is kept for: cancels, reports.
    cdef int append_reserved(self, uint64_t seq, const void* a, uint32_t a_len, const void* b,
                             uint32_t b_len) noexcept nogil
    # The same in two halves, without a copy: where the body of the next record goes, NULL where `append` would not give
    # 0 at once (call that then); and the word that publishes it. keep: bytes that must stay free.
    cdef inline char* begin(self, uint64_t seq, uint32_t length, size_t keep) noexcept nogil:
        cdef size_t need = padded(length)
        if seq != self._last + 1 or length == 0 or self._at + need + keep > self._end:
            return NULL
        return self._current.base + self._at + sizeof(Record)

    cdef inline void end(self, uint64_t seq, uint32_t length) noexcept nogil:
        cdef Record* record = <Record*>(self._current.base + self._at)
        cdef size_t words = (length + 7) >> 3
        seal_record(record, sizeof(Record) + 8 * words, length, seq)
        self._at += sizeof(Record) + 8 * words
        store_release(&self._last, seq)

    # 1 when a record with n bytes of body would be taken now.
    cdef bint room(self, uint32_t n) noexcept nogil
    # 0, or the errno of fdatasync. On return `durable()` covers what was appended before the call.
    cdef int sync_now(self) noexcept nogil
    # 0, or why there is no next segment: an errno (ENOSPC also for max_bytes).
    cdef int prepare_now(self, bint touch) noexcept nogil

    cdef inline uint64_t last(self) noexcept nogil:
        return load_acquire(&self._last)

    # Async: what is appended survives the process. Group: what is on the disk.
    cdef inline uint64_t durable(self) noexcept nogil:
        return load_acquire(&self._synced) if self._group else load_acquire(&self._last)

    cdef int _place(self, uint64_t seq, size_t need, size_t keep) noexcept nogil
    cdef bint _have_next(self) noexcept nogil
    cdef void _roll(self) noexcept nogil
    cdef void _tell_durable(self) noexcept nogil
    cdef void _begin(self) noexcept nogil
    cdef int _make_next(self, bint touch) noexcept nogil
    cdef int _drain(self, bint sync) noexcept nogil
    cdef void _acquire(self) noexcept nogil
    cdef void _release(self) noexcept nogil
