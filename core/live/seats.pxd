"""A session's memory as the core's processes see it: requests at the intake, responses and quotes at egress.

Shapes are the core's own copies: a client that writes over its headers hurts only itself.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.sequencer.engine cimport Input
from core_ext.ring cimport RingHeader
from core_ext.spine cimport SpineHeader

cdef enum SeatFault:
    SEAT_WELL = 0
    SEAT_BROKEN = 1                 # its ring's indices can't be, or a request is of no kind that a session may send
    SEAT_GAP = 2                    # its source_seq left one out

cdef struct RequestSeat:
    RingHeader* ring
    char* requests
    uint64_t head                   # requests taken; the client's own count
    uint64_t capacity
    uint64_t base                   # what its source had sequenced before this session
    const uint8_t* rights           # [account] 1: may trade it
    uint32_t session
    uint32_t person
    uint8_t source
    uint8_t open
    uint8_t every                   # may trade every account
    uint8_t feeds                   # it sends market data, and nothing else

cdef struct MarketSlot:             # 64: the slot of a session's market ring
    uint64_t seq
    int64_t time_ns
    uint32_t symbol                 # or NONE
    uint16_t venue                  # of a signal: its SignalWhat
    uint16_t kind
    int64_t values[4]               # by kind, see core.live.teller
    uint64_t event                  # on the spine; 0: from before the session

cdef struct ResponseSeat:
    SpineHeader* response_head
    char* responses
    uint64_t response_mask
    SpineHeader* quote_head
    char* quotes
    uint64_t quote_mask
    uint64_t quote_seq
    const uint8_t* rights           # [account] 1: may know of it; NULL: of every account
    uint32_t accounts
    uint32_t session
    uint8_t open
    uint8_t hears_all               # trades, depth, positions and signals too

cdef bint check_order(Input* item, const RequestSeat* seat, uint32_t symbols, uint32_t venues, uint32_t accounts,
                      uint32_t strategies) noexcept nogil
cdef void check_replace(Input* item) noexcept nogil
cdef void check_cancel(Input* item) noexcept nogil
cdef bint check_signal(Input* item, uint32_t symbols) noexcept nogil
cdef bint check_market(Input* item, uint32_t symbols, uint32_t venues) noexcept nogil
cdef void check_cancel_all(Input* item, const RequestSeat* seat) noexcept nogil
