"""The `sweep` policy: a pure function of an order, the books and the venues' facts."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.messages cimport MAX_SYMBOL_VENUES
from core.router.facts cimport Facts

cdef enum:
    LEGS_MAX = 33                   # a taking and a resting leg a venue, and the rest

cdef struct Ask:                    # what a policy is asked
    uint32_t symbol
    uint8_t policy                  # a Policy
    uint8_t buys
    uint8_t limited                 # it has a limit price
    uint8_t rests                   # it may stay in a book
    int64_t limit
    int64_t qty
    int64_t lot
    int64_t tick
    uint64_t left_out               # bit a slot: venues that it doesn't see

cdef struct Leg:                    # 40
    int64_t qty
    int64_t price                   # the worst price taken there; where it rests
    int64_t delay_ns                # after the others
    uint32_t slot                   # the venue's place among those that list the symbol
    uint8_t rests
    uint8_t pad[3]

cdef bint seen(Facts facts, const Ask* ask, uint32_t slot) noexcept nogil
cdef inline bint within(const Ask* ask, int64_t px) noexcept nogil:
    return not ask.limited or (px <= ask.limit if ask.buys else px >= ask.limit)

cdef int sweep(Facts facts, const Ask* ask, Leg* legs, int64_t* rest) noexcept nogil
cdef int one_venue(Facts facts, const Ask* ask, Leg* leg) noexcept nogil
cdef int cheapest_to_post(Facts facts, uint32_t symbol, uint64_t left_out, uint8_t state) noexcept nogil
