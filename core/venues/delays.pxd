"""How long a message is under way, each way.

    constant    the venue's latency
    sampled     the latency and, on top, an exponential draw with a mean of its own, seeded
    recorded    events say what the latency is from now on

A draw is a function of the seed and of the message's number, so it is the same in every replay. Messages one way go
over one line: none overtakes another.
"""
from libc.stdint cimport int64_t, uint16_t, uint64_t

from core.messages cimport Send, VenueEvent
from core_ext.tables cimport Arena

cdef struct Delay:                  # 64: of one venue
    int64_t send_ns
    int64_t report_ns
    int64_t jitter_ns               # mean of what is drawn
    uint64_t seed
    int64_t last_send_ns            # when the last message arrived, or will
    int64_t last_report_ns
    uint64_t reports                # drawn so far
    uint64_t pad

cdef class Delays:
    cdef Delay* delays
    cdef void declare(self, const VenueEvent* venue) noexcept nogil
    cdef void record(self, uint16_t venue, int64_t send_ns, int64_t report_ns) noexcept nogil
    cdef int64_t send_arrives_ns(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef int64_t report_arrives_ns(self, uint16_t venue, int64_t now_ns) noexcept nogil
