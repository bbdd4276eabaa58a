# What a source hands to the sequencer: the slot of an input ring, and of a session's request ring.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef struct Input:                  # 304: the slot of an input ring
    int64_t time_ns
    uint64_t source_seq
    uint16_t kind
    uint16_t length
    uint32_t session
    uint8_t source
    uint8_t flags                   # of a replayed header: what the first run had marked
    uint8_t pad[6]
    uint64_t pad2[2]
    char request[256]
