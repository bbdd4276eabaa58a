"""A message of rows, as it is on the wire: little-endian, eight bytes a step, so that rows can be looked at where they are.

     0  'D'  flags  frames(2)      0(4)         left_out(8)
    16  after(8)                   through(8)
    32  digest(16)                              what was at `through`
    48  topic(4) bytes(4)   a frame each, then the frames' rows in the same order
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    ROWS = 68               # 'D'
    DIGEST_BYTES = 16

cdef struct Head:
    uint8_t kind
    uint8_t flags
    uint16_t frames
    uint32_t zero
    uint64_t left_out
    uint64_t after
    uint64_t through
    uint8_t digest[16]

cdef struct Frame:
    uint32_t topic
    uint32_t bytes
