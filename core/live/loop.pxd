"""The fused core in live order: what arrives first is sequenced first."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Derived
from core.fused cimport Fused
from core.messages cimport Header, Page, QuoteEvent, Response, ScopeKeys, Send
from core.orders.life cimport Life, Order
from core.recovery.replay cimport Replay
from core.sequencer.engine cimport Input
from core.sequencer.schedule cimport Due, Schedule
from core.venues.gateway cimport Gateway
from core.venues.simulated cimport Simulated
from core_ext.journal cimport JournalWriter
from core_ext.killpage cimport KillPage
from core_ext.ring cimport Ring, RingHeader
from core_ext.spine cimport Spine, SpineHeader

cdef enum:
    SEATS = 64                      # sessions at once
    SEAT_BUDGET = 64                # requests of one session before the next one's turn
    DUE_BUDGET = 256                # reports, timers and messages to venues before the sessions' turn

cdef enum SeatFault:
    SEAT_WELL = 0
    SEAT_BROKEN = 1                 # its ring's indices can't be
    SEAT_GAP = 2                    # its source_seq left one out

cdef enum Wait:
    WAIT_SPIN = 0
    WAIT_YIELD = 1
    WAIT_SLEEP = 2

cdef struct QuoteSlot:              # 64: the slot of a session's quote ring
    uint64_t seq
    int64_t time_ns
    uint32_t symbol
    uint16_t venue
    uint16_t pad
    int64_t bid_px
    int64_t bid_qty
    int64_t ask_px
    int64_t ask_qty
    uint64_t pad2

cdef struct Seat:                   # a session's memory; shapes are the core's own copies
    RingHeader* ring
    char* requests
    uint64_t head
    uint64_t capacity
    SpineHeader* response_head
    char* responses
    uint64_t response_mask
    uint64_t response_seq
    SpineHeader* quote_head
    char* quotes
    uint64_t quote_mask
    uint64_t quote_seq
    uint64_t client_seq             # the client's own count, last taken
    const uint8_t* rights           # [account] 1: may trade it
    uint32_t session
    uint32_t person
    uint8_t open
    uint8_t every                   # may trade every account
    uint8_t fault                   # a SeatFault

cdef class Restore(Replay):
    cdef Gateway gateway
    cdef Simulated venues

cdef class Live:
    cdef readonly object capacity
    cdef readonly Fused core
    cdef readonly Schedule schedule
    cdef readonly Gateway gateway
    cdef readonly Simulated venues
    cdef readonly KillPage kill_page
    cdef readonly uint64_t inputs   # taken from sessions in this run
    cdef readonly uint64_t gateway_reports
    cdef JournalWriter journal
    cdef Seat seats[64]
    cdef uint8_t* seat_of           # [session] seat + 1, 0: nobody listens
    cdef bytearray _seat_of
    cdef list _kept                 # [seat] what keeps its memory
    cdef uint64_t told              # responses of egress copied to sessions
    cdef uint64_t kill_seen
    cdef int64_t now
    cdef uint64_t idle              # turns without work in a row
    cdef int wait
    cdef bint group
    cdef uint32_t max_sessions
    cdef uint32_t due_room          # beyond so many messages under way no request is taken: clients see `busy`
    cdef uint32_t symbols           # how many of each are declared: what a client names beyond is unknown
    cdef uint32_t venue_count
    cdef uint32_t accounts
    cdef uint32_t strategies

    cdef uint64_t _cycle(self) noexcept nogil
    cdef bint _kill_changed(self) noexcept nogil
    cdef void _pause(self) noexcept nogil
    cdef uint64_t _poll_seat(self, Seat* seat, uint64_t budget) noexcept nogil
    cdef void _request(self, Seat* seat, Input* item) noexcept nogil
    cdef bint _check_order(self, Seat* seat, Input* item) noexcept nogil
    cdef void _check_rights(self, Seat* seat, char* orig) noexcept nogil
    cdef void _cancel_all(self, Seat* seat, Input* item) noexcept nogil
    cdef void _feed(self, Input* item) noexcept nogil
    cdef void _drain(self) noexcept nogil
    cdef void _settle(self) noexcept nogil
    cdef void _commit(self) noexcept nogil
    cdef void _flush(self) noexcept nogil
    cdef void _pass(self, const Send* send) noexcept nogil
    cdef void _suppress(self, const Send* send) noexcept nogil
    cdef void _tell(self) noexcept nogil
    cdef void _show_quote(self, const QuoteEvent* quote) noexcept nogil
    cdef void _put_quote(self, Seat* seat, const QuoteEvent* quote, int64_t time_ns) noexcept nogil
    cdef void _ask_timer(self, Derived* item, uint8_t engine) noexcept nogil
    cdef uint64_t _run_due(self) noexcept nogil
    cdef void _report(self, Due* due) noexcept nogil
    cdef object _order_row(self, uint32_t index)
    cdef object _child_rows(self, uint32_t index)
