"""What comes into the core from outside: sessions' requests, the market, and all that the desk says."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.board cimport Board
from core.messages cimport QuoteEvent, Response
from core.sequencer.engine cimport Input
from core.simulation.dice cimport Dice
from core_ext.memory cimport Memory
from core_ext.ring cimport Ring
from core_ext.spine cimport Spine

cdef enum:
    OUTBOX = 16384                  # what the desk has said and may have to say again
    CLIENTS = 8
    IDS = 16384                     # cl_ord_ids that one seed may use

cdef enum Told:                     # what a session was told of a cl_ord_id
    TOLD_ACCEPTED = 1
    TOLD_DENIED = 2

cdef struct Client:
    uint64_t sent                   # requests in its ring
    uint64_t heard                  # the last response
    uint32_t session
    uint8_t open
    uint8_t slow                    # reads seldom
    uint8_t pad[2]

cdef class Traffic:
    cdef Board board
    cdef Dice* dice
    cdef uint64_t* marks
    cdef Input* outbox
    cdef readonly uint64_t said     # by the desk; pushed: onto its ring
    cdef readonly uint64_t pushed
    cdef uint64_t fed               # market data
    cdef uint64_t strange           # reports of nobody's orders
    cdef Client clients[8]
    cdef list requests              # [client] Ring
    cdef list responses             # [client] Spine
    cdef readonly uint32_t ids      # cl_ord_ids used
    cdef uint8_t* told              # [id] Told
    cdef readonly uint64_t accepted
    cdef readonly uint64_t denied
    cdef uint32_t symbols
    cdef uint32_t venues
    cdef uint32_t accounts
    cdef bint durable               # nothing is told that isn't on the disk
    cdef int journal
    cdef Memory _memory

    cdef bint say(self, uint16_t kind, uint32_t session, const void* data, size_t size) noexcept nogil
    cdef void flush(self) noexcept nogil
    cdef int quote(self) except -1
    cdef void _fill_quote(self, QuoteEvent* quote) noexcept nogil
    cdef bint say_quote(self) noexcept nogil
    cdef bint report_nobody(self) noexcept nogil
    cdef int request(self, int i) except -1
    cdef void _order(self, Input* item)
    cdef void _change(self, Input* item)
    cdef int hear(self, int i) except -1
    cdef int _heard(self, Client* client, const Response* response, uint64_t number) except -1

cdef uint32_t id_of(const char* field) noexcept nogil
