"""A gateway: the last thing before a venue. Stores its intent before each write and done after; guards once more."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport ReportEvent, Send
from core.resolve.engine cimport FillKey, fill_key
from core_ext.fence cimport Fence
from core_ext.killpage cimport KillPage
from core_ext.tables cimport Arena, IdTable

cdef enum:
    SUPPRESSED = 255                # beside the faults: the kill page holds the send back
    FENCED = 254                    # the lease is another host's, or nobody's: so does the fence
    LATEST = 4096                   # intents that are kept where they don't outlive the process

cdef enum IntentState:
    INTENT = 1                      # about to be written, or written: unknown until the venue is asked
    DONE = 2
    HELD = 3                        # about to be told that it was held back, or told: as unknown
    TOLD = 4

cdef struct Intent:                 # 32, at seq modulo the table's size; who wrote half of it has left no seq
    uint64_t seq                    # of the event that asked for the send; stored last
    uint64_t venue_seq              # the venue's own number for the message
    uint32_t child
    uint16_t venue
    uint8_t action
    uint8_t state
    uint64_t pad

cdef struct Committed:              # 64: a child as this gateway knows it
    int64_t qty                     # the most it may come to
    int64_t agreed_qty              # what the venue has agreed to: a refused replace goes back to it
    int64_t cum_qty
    int64_t asked_qty               # of a replace that isn't answered; 0: none
    uint32_t order
    uint16_t venue
    uint8_t ended
    uint8_t pad
    uint64_t pad2[3]

cdef struct Heard:                  # 16: a fill, so that a repeat counts once and a bust gives back
    int64_t qty
    uint32_t child
    uint32_t base                   # the fill that a bust or correction is about; of a trade: itself

cdef void child_name(const Send* send, char* out) noexcept nogil

cdef class Gateway:
    cdef readonly Arena arena
    cdef readonly Arena kept        # of the intents: it outlives the process
    cdef IdTable children           # child_id -> index into `committed`
    cdef IdTable fills              # (venue, exec_id) -> index into `heard_fills`
    cdef Committed* committed
    cdef Heard* heard_fills
    cdef int64_t* orders            # [order] sum over its children of what they may come to
    cdef Intent* intents
    cdef Intent* last               # the one that isn't done
    cdef uint64_t* counts           # [0] intents, [1] last seq, [2] doubled, [3] refused, [4] suppressed, by venue from [16]
    cdef uint64_t max_intents
    cdef uint32_t max_orders
    cdef readonly bint guarded
    cdef public KillPage kill_page  # or None
    cdef public Fence fence         # or None: this host needs no lease

    cdef int begin(self, const Send* send) noexcept nogil
    cdef void done(self) noexcept nogil
    cdef void lived_through(self, const Send* send) noexcept nogil
    cdef void _store(self, const Send* send, uint8_t state) noexcept nogil
    cdef Intent* _slot(self, uint64_t seq) noexcept nogil
    cdef void heard(self, const ReportEvent* report) noexcept nogil
    cdef uint64_t next_venue_seq(self, uint16_t venue) noexcept nogil
    cdef bint _killed(self, const Send* send) noexcept nogil
    cdef bint _fenced(self, const Send* send) noexcept nogil
    cdef bint _bounded(self, const Send* send) noexcept nogil
    cdef void _recount(self, Committed* child) noexcept nogil
    cdef void _trade(self, const ReportEvent* report, uint32_t index) noexcept nogil
    cdef void _amend(self, const ReportEvent* report, uint32_t index) noexcept nogil
