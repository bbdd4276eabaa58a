"""The cheapest way to deal a quantity out: streams of parts that never get cheaper, merged lot by lot."""
from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.market.view cimport Level
from core.router.facts cimport Facts, VenueSymbol
from core.router.sweep cimport Ask, Leg
from core_ext.wide cimport i128

cdef enum:
    STREAMS_MAX = 32                # of each venue what is shown, and a place in its queue

cdef struct Stream:
    i128 cost                       # of one lot of the next part
    i128 base                       # of a queue: of one lot that is never filled,
    i128 slope                      # and by how much one that is filled is dearer
    int64_t qty                     # how much of it there is, in whole lots
    int64_t px
    const Level* levels             # what is shown; of a queue NULL
    const VenueSymbol* known
    Level one
    uint32_t count
    uint32_t next
    int64_t left                    # of the level that is begun
    int64_t fee
    int64_t share                   # 10^-6: what one gets of what is shown, or of sends that are taken
    int64_t ahead                   # of a queue: what stands before us
    int64_t dealt                   # of a queue: how much of it is behind us
    uint32_t slot
    uint8_t rests

cdef bint carries(const Ask* ask, int64_t px) noexcept nogil
cdef int64_t bounded(int64_t fee) noexcept nogil
cdef i128 cost_of(bint buys, int64_t px, int64_t fee) noexcept nogil
cdef void rest_at(const Ask* ask, Stream* stream, int64_t px, i128 unfilled) noexcept nogil
cdef int taking(Facts facts, const Ask* ask, Stream* streams, bint expected, i128 unfilled) noexcept nogil
cdef int cheapest(const Ask* ask, Stream* streams, int takes, int count, bint expected, i128 unfilled, Leg* legs,
                  int64_t* rest) noexcept nogil
cdef bint advance(const Ask* ask, Stream* stream, bint expected, i128 unfilled) noexcept nogil
