# An append-only log in memory-mapped segment files: 00000001.nacre, 00000002.nacre, ... and a file `lock`.
#
# A segment (all numbers little-endian; the file is zeros where nothing was written):
#
#   offset
#        0  +-----------+------------+------------+-------------------+---------------------+
#           | magic u64 | format u32 | schema u32 | segment_bytes u64 | first sequence u64  |
#       32  +-----------+------------+------------+-------------------+---------------------+
#           | build id, 32 bytes                                                            |
#       64  +---------------+------------+--------------------------------------------------+
#           | run epoch u64 | number u64 | durable u64 | zero                               |
#      112  +---------------+------------+-----------------------------+---------+----------+
#           | zero                                                     | 0   u32 | crc u32  |  crc of bytes 0..124
#      128  +----------------------------------------------------------+---------+----------+
#           | record | record | ... | end record | zeros                                      |
#           +-------------------------------------------------------------------------------+
#
# durable, which the crc takes for zero: in `group` durability the last sequence that was on the disk before the sync
# that is under way, with the highest bit set. After a machine's death pages of what came later may be there in any
# choice, so damage beyond it is a torn tail, whatever stands after it. It is never more than what is on the disk.
#
# A record, starting at a multiple of 8:
#
#        0  +---------+------------+--------------+-------------------------+---------------+
#           | crc u32 | length u32 | sequence u64 | body, `length` bytes    | zeros up to 8 |
#           +---------+------------+--------------+-------------------------+---------------+
#           crc: CRC32C of everything after itself, padding too, so that no flipped byte goes unseen.
#
# crc and length are stored last, as one word, with release: a zero word means "nothing here yet", and a follower in
# another process never sees half a record. Length 0 is not used (its word could be zero); length 0xFFFFFFFF is the
# end record: it closes a full segment and carries the next sequence. A run always starts a segment of its own, so
# that schema and build id hold for all of it.
#
# Appending makes no system call: the next segment is made, mapped and touched ahead by `prepare` (a helper thread,
# or the driver of a fused loop between two polls). Only when nobody did does `append` do it itself (`stalls`).
cimport cython
from libc.stdint cimport uint32_t, uint64_t

from core_ext.atomics cimport load_acquire, store_release
from core_ext.crc32c cimport crc32c_words

cdef extern from * nogil:
    """
    #ifndef NACRE_JOURNAL_H
    #define NACRE_JOURNAL_H
    #include <stddef.h>
    #include <stdint.h>
    typedef struct {
        uint64_t magic;  uint32_t format;  uint32_t schema;  uint64_t segment_bytes;  uint64_t first_sequence;
        char build_id[32];
        uint64_t run_epoch;  uint64_t number;  uint64_t durable;  uint64_t zero[4];  uint32_t zero32;  uint32_t crc;
    } nacre_segment_header;
    typedef struct { uint32_t crc;  uint32_t length;  uint64_t sequence; } nacre_record;
    _Static_assert(sizeof(nacre_segment_header) == 128, "a segment header is two cache lines");
    _Static_assert(offsetof(nacre_segment_header, build_id) == 32, "build id");
    _Static_assert(offsetof(nacre_segment_header, run_epoch) == 64, "run epoch");
    _Static_assert(offsetof(nacre_segment_header, durable) == 80, "durable");
    _Static_assert(offsetof(nacre_segment_header, crc) == 124, "the crc is last");
    _Static_assert(sizeof(nacre_record) == 16, "a record's header is 16 bytes");
    #endif
    """
    ctypedef struct SegmentHeader "nacre_segment_header":
        uint64_t magic
        uint32_t format
        uint32_t schema
        uint64_t segment_bytes
        uint64_t first_sequence
        char build_id[32]
        uint64_t run_epoch
        uint64_t number
        uint64_t durable
        uint32_t crc
    ctypedef struct Record "nacre_record":
        uint32_t crc
        uint32_t length
        uint64_t sequence

cdef enum:
    RETIRED = 64           # full segments that may wait for `prepare` to unmap them

cdef struct Mapped:        # one mapped segment file
    char* base
    size_t size
    int fd
    uint64_t number


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
    cdef Mapped _retired[64]           # full segments: the appender puts, the maintainer takes
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
        cdef size_t need = sizeof(Record) + ((length + 7) & ~<size_t>7)
        if seq != self._last + 1 or length == 0 or self._at + need + keep > self._end:
            return NULL
        return self._current.base + self._at + sizeof(Record)

    cdef inline void end(self, uint64_t seq, uint32_t length) noexcept nogil:
        cdef Record* record = <Record*>(self._current.base + self._at)
        cdef size_t words = (length + 7) >> 3
        record.sequence = seq
        store_release(<uint64_t*>record, <uint64_t>length << 32 | crc32c_words(
            length, seq, <const uint64_t*>(<char*>record + sizeof(Record)), words))
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


@cython.final
cdef class JournalReader:
    cdef Mapped* _segments
    cdef int _count
    cdef int _index                    # current segment
    cdef size_t _at                    # next record in it; 0: its header is not checked yet
    cdef uint64_t _expected            # next sequence; 0: whatever the first segment says
    cdef uint64_t _records
    cdef uint64_t _first
    cdef bint _ended
    cdef bint _torn
    cdef size_t _sealed_at             # where the last end record that was read ends
    cdef uint64_t _unsealed            # run epoch of a segment left without its end record; 0: it had one
    cdef readonly bint follow
    cdef uint64_t _from_number
    cdef const char* _fault            # why, or NULL
    cdef int _fault_index
    cdef size_t _fault_at
    cdef uint32_t _crc_expected
    cdef uint32_t _crc_found
    cdef uint64_t _sequence_found
    cdef object _path

    # 1: a record, whose body stays mapped while the reader lives; 0: the end (or, following, nothing yet);
    # -1: corrupt, `check()` raises it.
    cdef int next(self, uint64_t* seq, char** body, uint32_t* length) noexcept nogil
    cdef int check(self) except -1

    cdef int _enter(self) noexcept nogil
    cdef int _read(self, uint64_t* seq, char** body, uint32_t* length) noexcept nogil
    cdef int _stop_here(self) noexcept nogil
    cdef bint _has_come(self) noexcept nogil
    cdef int _leave(self) noexcept nogil
    cdef bint _zero_word(self) noexcept nogil
    cdef bint _next_began(self) noexcept nogil
    cdef bint _zero_from(self, int index, size_t at) noexcept nogil
    cdef int _fail(self, const char* why) noexcept nogil
    cdef bint _valid_later(self) noexcept nogil
    cdef bint _lost_its_end(self) noexcept nogil
    cdef bint _is_beyond_durable(self) noexcept nogil
    cdef void _unmap(self) noexcept
    cdef object _cut_here(self, bint seal)
    cdef void _drop_unbegun(self) noexcept
    cdef object _map_new(self)
