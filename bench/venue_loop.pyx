# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The timed loop of `bench venue` (see venue_loop.pxd)."""
from libc.string cimport memset

from core.messages cimport A_CANCEL, A_NEW, K_INSTRUMENT, K_LISTING, K_VENUE, T_LIMIT, TIF_DAY, V_MATCH, Request
from core.sequencer.schedule cimport Due
from core_ext.arena cimport Arena
from core_ext.clock cimport ticks, ticks_to_ns

from core.venues.simulated import venues_bytes

cdef enum:
    ANSWERS = 4096                  # more than a block asks for


cdef class Desk:
    """A venue of its own, and what a desk sends to it."""

    def __init__(self, object capacity):
        self.schedule = Schedule(ANSWERS)
        self.venue = Simulated(Arena(venues_bytes(capacity)), capacity, self.schedule)
        memset(&self.send, 0, sizeof(Send))
        self.send.ord_type = T_LIMIT
        self.send.time_in_force = TIF_DAY
        self.send.n = 1
        self.send.first_id[0] = 1
        self.send.first_id[1] = c"1"
        self._declare()
        prefault(self.venue.arena)

    def _declare(self):
        cdef Request request
        memset(&request, 0, sizeof(Request))
        request.instrument.tick = request.instrument.lot = 1
        self.venue.on_event(K_INSTRUMENT, &request, 0)
        memset(&request, 0, sizeof(Request))
        request.venue.mode = V_MATCH
        request.venue.text[0] = 1
        request.venue.text[1] = c"V"
        self.venue.on_event(K_VENUE, &request, 0)
        memset(&request, 0, sizeof(Request))
        self.venue.on_event(K_LISTING, &request, 0)

    def run(self, const uint8_t[::1] ops, const uint32_t[::1] children, const uint8_t[::1] sides,
            const int64_t[::1] prices, int64_t qty):
        """Messages in their order, each timed with what the venue answers; the mean ns of each kind."""
        cdef Py_ssize_t i
        cdef int64_t t
        cdef int what
        memset(self.spent, 0, sizeof(self.spent))
        memset(self.counts, 0, sizeof(self.counts))
        with nogil:
            for i in range(ops.shape[0]):
                t = ticks()
                if ops[i] == OP_CANCEL:
                    self._cancel(children[i])
                else:
                    self._order(children[i], sides[i], prices[i], qty)
                self.spent[ops[i]] += ticks() - t
                self.counts[ops[i]] += 1
                self._drain()
        names = ("add", "cancel", "match")
        return {names[what]: ticks_to_ns(self.spent[what]) / self.counts[what] for what in range(3)
                if self.counts[what]}

    cdef void _order(self, uint32_t child, uint8_t side, int64_t price, int64_t qty) noexcept nogil:
        self.send.action = A_NEW
        self.send.child = child
        self.send.side = side
        self.send.price = price
        self.send.qty = qty
        self.venue.on_send(&self.send, 0)

    cdef void _cancel(self, uint32_t child) noexcept nogil:
        self.send.action = A_CANCEL
        self.send.child = child
        self.venue.on_send(&self.send, 0)

    cdef void _drain(self) noexcept nogil:
        """What the venue answered: nobody reads it."""
        cdef Due due
        while self.schedule.count:
            self.schedule.pop(&due)


cdef void prefault(Arena arena):
    """Takes every page of an arena's tables from the machine now."""
    cdef size_t at
    cdef volatile char* base = arena.base
    for at in range(0, arena._header.used, 4096):
        base[at] = base[at]
