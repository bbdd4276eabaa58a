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
# Here are the bytes and what checks them; a segment in memory is `mapped`, the files of a directory are `files`.
from libc.stdint cimport uint32_t, uint64_t

from core_ext.atomics cimport load_acquire, store_release
from core_ext.crc32c cimport crc32c_update, crc32c_words
from core_ext.fault_points cimport JOURNAL_RECORD, fault_after, fault_before

cdef extern from * nogil:
    """
    #ifndef NACRE_JOURNAL_H
    #define NACRE_JOURNAL_H
    #include <stddef.h>
    #include <stdint.h>
    #define NACRE_JOURNAL_MAGIC 0x4c4e524a5243414eULL               /* "NACRJRNL" */
    #define NACRE_JOURNAL_FORMAT 1u
    #define NACRE_JOURNAL_END 0xffffffffu
    #define NACRE_JOURNAL_GROUP (1ULL << 63)
    #define NACRE_JOURNAL_SEQUENCE ((1ULL << 40) - 1)
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
    const uint64_t MAGIC "NACRE_JOURNAL_MAGIC"
    const uint32_t FORMAT "NACRE_JOURNAL_FORMAT"
    const uint32_t END "NACRE_JOURNAL_END"                  # the length that marks an end record
    const uint64_t GROUP "NACRE_JOURNAL_GROUP"              # in `durable` of a segment: there is a word of it
    const uint64_t SEQUENCE "NACRE_JOURNAL_SEQUENCE"        # of it the sequence; between them 23 bits that check it

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


cdef inline size_t padded(size_t length) noexcept nogil:
    return sizeof(Record) + ((length + 7) & ~<size_t>7)


cdef inline void seal_record(Record* record, size_t size, uint32_t length, uint64_t seq) noexcept nogil:
    """Publishes a record of `size` bytes whose body is in place: crc and length in one word, last."""
    cdef uint32_t crc = crc32c_words(length, seq, <const uint64_t*>(<char*>record + sizeof(Record)),
                                     (size - sizeof(Record)) >> 3)
    record.sequence = seq
    fault_before(JOURNAL_RECORD)
    store_release(<uint64_t*>record, <uint64_t>length << 32 | crc)
    fault_after(JOURNAL_RECORD)


cdef inline uint32_t record_crc(const Record* record, size_t size) noexcept nogil:
    return crc32c_update(0, &record.length, size - 4)


cdef inline uint32_t header_crc(const SegmentHeader* header) noexcept nogil:
    """Of all but `durable`, which changes while the segment is written."""
    cdef uint64_t zero = 0
    cdef uint32_t crc = crc32c_update(0, header, 80)
    crc = crc32c_update(crc, &zero, sizeof(zero))
    return crc32c_update(crc, <const char*>header + 88, 124 - 88)


cdef inline uint64_t durable_word(uint64_t seq) noexcept nogil:
    """One word, so that it is stored at once; it checks itself."""
    seq &= SEQUENCE
    return GROUP | <uint64_t>(crc32c_update(0, &seq, sizeof(seq)) & 0x7FFFFF) << 40 | seq


cdef inline bint durable_good(const SegmentHeader* header) noexcept nogil:
    cdef uint64_t durable = load_acquire(&header.durable)
    return durable == 0 or durable == durable_word(durable)
