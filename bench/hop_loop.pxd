# The two ends of `bench hop`, over one shared block.
#
#   offset
#        0  +-----------+------+-------+-----------+----------+--------+----------+-----------+------+
#           | block u64 | kind | relax | first u64 | last u64 | ns i64 | line u64 | lines u64 | zero |  the asker's
#      128  +-----------+------+-------+-----------+----------+--------+----------+-----------+------+
#           | done u64 | raw u64 | hops u64 | broken u64 | longest gap, ticks i64 | zero        |  the answerer's
#      256  +----------+---------+----------+------------+------------------------+-------------+
#           | ping 0 u64 | zero (120) | ping 1 | ...  ping 15                                   |  the asker's raw lines
#     2304  +------------+------------+--------+------------------------------------------------+
#           | pong 0 u64 | zero (120) | pong 1 | ...  pong 15                                   |  the answerer's
#     4352  +------------+------------+--------+------------------------------------------------+
#           | a spine: one page a slot, cursor 0 the asker's, cursor 1 the answerer's           |
#           +-----------------------------------------------------------------------------------+
#
# Each line has a pair of lines to itself: the processor may fetch the neighbour of a line along with it. A raw block
# uses one line each way; the next block uses the next, since how far a line travels depends on its address.
from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef extern from * nogil:
    """
    #ifndef NACRE_BENCH_HOP_H
    #define NACRE_BENCH_HOP_H
    #include <stddef.h>
    #include <stdint.h>
    typedef struct { uint64_t value; uint64_t zero[15]; } nacre_hop_line;
    typedef struct {
        uint64_t block;  uint32_t kind;  uint32_t relax;  uint64_t first;  uint64_t last;  int64_t ns;  uint64_t line;
        uint64_t lines;  uint64_t zero0[9];
        uint64_t done;  uint64_t raw;  uint64_t hops;  uint64_t broken;  int64_t gap;  uint64_t zero1[11];
        nacre_hop_line ping[16];
        nacre_hop_line pong[16];
    } nacre_hop_board;
    _Static_assert(offsetof(nacre_hop_board, done) == 128, "what the answerer saw");
    _Static_assert(offsetof(nacre_hop_board, ping) == 256, "the raw lines of the asker");
    _Static_assert(offsetof(nacre_hop_board, pong) == 2304, "the raw lines of the answerer");
    _Static_assert(sizeof(nacre_hop_board) == 4352, "the spine follows");
    #endif
    """
    ctypedef struct RawLine "nacre_hop_line":
        uint64_t value
    ctypedef struct Board "nacre_hop_board":
        uint64_t block
        uint32_t kind
        uint32_t relax
        uint64_t first              # sequence of the block's first round trip
        uint64_t last               # ... and of its last, once it is known
        int64_t ns                  # how long a block of the hiccup meter lasts
        uint64_t line               # which pair of raw lines
        uint64_t lines              # that a hop hands over: the header, and so many of the request
        uint64_t done
        uint64_t raw                # round trips answered
        uint64_t hops
        uint64_t broken             # sequences that came in another order
        int64_t gap
        RawLine ping[16]
        RawLine pong[16]
