# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""How long a message is under way: see delays.pxd."""
from core.messages cimport MAX_VENUES
from core.venues.queue_model cimport log2_of
from core_ext.wide cimport i128

cdef enum:
    LN2_16 = 45426                  # ln 2 in 2^-16


cdef uint64_t mixed(uint64_t x) noexcept nogil:
    """A well spread 64-bit number (splitmix64)."""
    x += <uint64_t>0x9E3779B97F4A7C15u
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9u
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EBu
    return x ^ (x >> 31)


cdef int64_t drawn_ns(int64_t mean_ns, uint64_t seed, uint64_t number) noexcept nogil:
    """The number-th exponential draw: -mean x ln(u), u in (0, 1] as 64 bits; at most 44 means."""
    cdef int64_t bits
    if mean_ns <= 0:
        return 0
    bits = (<int64_t>64 << 16) - log2_of(mixed(mixed(seed) ^ number) | 1)
    return <int64_t>((<i128>mean_ns * <i128>(bits * LN2_16)) >> 32)


cdef int64_t in_turn(int64_t* last_ns, int64_t due_ns) noexcept nogil:
    if due_ns > last_ns[0]:
        last_ns[0] = due_ns
    return last_ns[0]


cdef class Delays:
    """One line each way, by venue."""

    def __cinit__(self, Arena arena not None):
        self.delays = <Delay*>arena.table("venues.delays", sizeof(Delay), MAX_VENUES)

    cdef void declare(self, const VenueEvent* venue) noexcept nogil:
        cdef Delay* delay = &self.delays[venue.venue]
        delay.send_ns = venue.latency_ns
        delay.report_ns = venue.latency_ns
        delay.jitter_ns = venue.jitter_ns
        delay.seed = venue.seed

    cdef void record(self, uint16_t venue, int64_t send_ns, int64_t report_ns) noexcept nogil:
        """From now on it takes this long there and back."""
        self.delays[venue].send_ns = send_ns
        self.delays[venue].report_ns = report_ns

    cdef int64_t send_arrives_ns(self, const Send* send, int64_t now_ns) noexcept nogil:
        """When a message of the core that is sent now arrives at the venue."""
        cdef Delay* delay = &self.delays[send.venue]
        return in_turn(&delay.last_send_ns,
                       now_ns + delay.send_ns + drawn_ns(delay.jitter_ns, delay.seed, 2 * send.seq))

    cdef int64_t report_arrives_ns(self, uint16_t venue, int64_t now_ns) noexcept nogil:
        """When what the venue says now arrives at the core."""
        cdef Delay* delay = &self.delays[venue]
        delay.reports += 1
        return in_turn(&delay.last_report_ns,
                       now_ns + delay.report_ns + drawn_ns(delay.jitter_ns, delay.seed, 2 * delay.reports + 1))


def drawn(int64_t mean_ns, uint64_t seed, uint64_t number):
    """drawn_ns, from Python."""
    return drawn_ns(mean_ns, seed, number)
