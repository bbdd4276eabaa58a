"""What must hold after every step, looked at as far as it has changed."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.board cimport Board
from core.messages cimport HaltEvent, Page, ScopeKeys, Send
from core.venues.gateway cimport Intent
from core_ext.memory cimport Memory
from core_ext.spine cimport Spine

cdef enum:
    KILLS_MAX = 64

cdef struct Kill:
    uint32_t kind
    uint32_t key
    uint64_t epoch

cdef class Checker:
    cdef Board board
    cdef Spine spine
    cdef Intent* intents            # of the core's gateways
    cdef uint64_t max_intents
    cdef uint64_t step_no
    cdef int count                  # cursors
    cdef int journal
    cdef int execution
    cdef int egress
    cdef int gateways
    cdef uint64_t last[16]          # [cursor] where it was
    cdef uint64_t claimed
    cdef uint64_t seen              # events that have been everywhere were looked at up to here
    cdef uint64_t gated             # sends that the gateways have decided on, up to here
    cdef int64_t time_ns
    cdef uint64_t source_seqs[256]
    cdef Kill told[64]              # kills of the stream that are in force
    cdef int told_count
    cdef Kill paged[64]             # kills of the page that are in force
    cdef int paged_count
    cdef uint64_t killed_at         # the step at which the page was last killed
    cdef uint8_t halted[64]         # [venue] on a break with it
    cdef uint64_t owed[64]          # [venue] the event that broke with it, until it is halted; 0: none
    cdef uint64_t ups[64]           # [venue] how often it was said to be up, as a whole or for a symbol
    cdef readonly uint32_t max_orders
    cdef int64_t* order_qty         # [order] the most that was ever asked for
    cdef int64_t* committed         # [order] what its children at the venues outside may come to
    cdef uint8_t* exempt            # [order] a fill was told late: the core could not know
    cdef uint64_t* marks
    cdef Memory _memory
    cdef object _kept
    cdef list outsides

    cdef int step(self) except -1
    cdef int _cursors(self) except -1
    cdef int _gate(self, uint64_t end) except -1
    cdef int _decided(self, const Page* page) except -1
    cdef int _observe(self, uint64_t end) except -1
    cdef int _event(self, const Page* page) except -1
    cdef int _order(self, const Page* page) except -1
    cdef int _sent(self, const Send* send) except -1
    cdef int commit(self, uint32_t order, int64_t change) except -1
    cdef void _kill(self, const Page* page)
    cdef void _rearm(self, const Page* page)
    cdef void _break(self, const Page* page) noexcept nogil
    cdef void _halt(self, const HaltEvent* halt) noexcept nogil
    cdef bint _is_halted(self, uint32_t venue) noexcept nogil
    cdef int fail(self, str what) except -1

cdef uint32_t key_of(uint8_t kind, const ScopeKeys* scope) noexcept nogil
