"""What travels between a proxy and its engine: a head, then rows of the core's own structs.

    proxy -> engine   BEGIN     msgpack: stage, sizes of tables, build
                      PAST      records: seq u64, length u32, pad u32, the record's bytes
                      READY     that was all of the past
                      PAGES     of each event that the engine takes: its page up to the end of the engine's paragraph
                      DIGEST, USAGE, PING, STATE
    engine -> proxy   PAGES     a paragraph an event; then derived events; then sends
                      DIGEST, USAGE, PING, STATE, PAST, READY  answers
                      UNKNOWN   it doesn't know the peer: it began anew, or another one did
"""
from libc.stdint cimport uint32_t, uint64_t

cdef enum What:
    W_BEGIN = 1
    W_PAST = 2
    W_READY = 3
    W_PAGES = 4
    W_DIGEST = 5
    W_USAGE = 6
    W_PING = 7
    W_UNKNOWN = 8
    W_REFUSED = 9

cdef struct BatchHead:              # 64 bytes
    uint32_t what
    uint32_t count                  # of pages, or paragraphs
    uint32_t derived
    uint32_t sends
    uint64_t number                 # of PAGES, from 1, without a gap
    uint64_t pad[5]
