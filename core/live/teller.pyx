# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The teller: see teller.pxd.

A response's number follows from the stream: who comes back after a crash writes the same bytes into the same slot.
Nobody can hold this back: rings of responses and quotes are overwritten, and who is lapped sees the gap.
"""
from libc.string cimport memcpy, memset

from core.live.seats cimport QuoteSlot
from core.messages cimport K_QUOTE, Page, QuoteEvent, Response
from core_ext.atomics cimport fence_release, load_acquire, load_relaxed, store_relaxed
from core_ext.fault_points cimport SEAT_CLAIM, fault_after, fault_before
from core_ext.spine cimport Spine, publish

cdef enum:
    SEATS = 64


cdef class Teller(EngineStage):
    """The egress engine, and the seats that it tells."""

    def __init__(self, str name, Egress engine not None, Spine spine not None, faults not None):
        EngineStage.__init__(self, name, engine, spine, faults)
        self.also_take(K_QUOTE)
        self.egress = engine
        self.max_sessions = engine.max_sessions
        self._seat_of = bytearray(self.max_sessions)
        self.seat_of = <uint8_t*><char*>self._seat_of
        self._kept = [None] * SEATS
        memset(self.seats, 0, sizeof(self.seats))

    def open_seat(self, int i, uint32_t session, Spine responses not None, Spine quotes not None) -> None:
        """Tells that session there what became of its orders since its connect."""
        cdef ResponseSeat* seat = &self.seats[i]
        if session >= self.max_sessions or self.seat_of[session] not in (0, i + 1):
            raise ValueError(f"session {session} has a seat, or is beyond the {self.max_sessions} of Capacity.sessions")
        seat.response_head = responses._header
        seat.responses = responses._slots
        seat.response_mask = responses._mask
        seat.quote_head = quotes._header
        seat.quotes = quotes._slots
        seat.quote_mask = quotes._mask
        seat.quote_seq = load_acquire(&quotes._header.claimed.value)
        self._kept[i] = (responses, quotes)
        self.open_seats += not seat.open
        seat.open = 1
        self.seat_of[session] = <uint8_t>(i + 1)
        self._tell_since(session)

    cdef void _tell_since(self, uint32_t session) noexcept:
        """What became of the session's orders between its connect and now."""
        cdef uint64_t seq = self.egress.counts[1]
        cdef uint64_t first = seq + 1
        cdef uint64_t missing = self.egress.told[session]
        cdef uint64_t kept = self.egress.responses._capacity
        cdef const Response* response
        while missing and seq and self.egress.counts[1] - seq < kept:
            response = <const Response*>self.egress.responses.slot(seq)
            if response.session == session:
                first = seq
                missing -= 1
            seq -= 1
        for seq in range(first, self.egress.counts[1] + 1):
            response = <const Response*>self.egress.responses.slot(seq)
            if response.session == session:
                self._tell(response)

    def close_seat(self, int i) -> None:
        """Lets go of its memory."""
        if not self.seats[i].open:
            return
        self.seats[i].open = 0
        self.open_seats -= 1
        for session in range(self.max_sessions):
            if self.seat_of[session] == i + 1:
                self.seat_of[session] = 0
        self._kept[i] = None

    cdef void _handle(self, Page* page) noexcept nogil:
        cdef uint64_t told = self.egress.counts[1]
        EngineStage._handle(self, page)
        while told < self.egress.counts[1]:
            told += 1
            self._tell(<const Response*>self.egress.responses.slot(told))
        if page.header.kind == K_QUOTE and self.open_seats:
            self._show_quote(&page.request.quote, page.header.time_ns)

    cdef void _tell(self, const Response* response) noexcept nogil:
        cdef ResponseSeat* seat
        cdef char* slot
        if response.session >= self.max_sessions or not self.seat_of[response.session]:
            return
        seat = &self.seats[self.seat_of[response.session] - 1]
        slot = seat.responses + (response.number & seat.response_mask) * sizeof(Response)
        if load_relaxed(&seat.response_head.claimed.value) < response.number:   # else it is told again
            fault_before(SEAT_CLAIM)
            store_relaxed(&seat.response_head.claimed.value, response.number)
            fence_release()
            fault_after(SEAT_CLAIM)
        memcpy(slot + 8, <char*>response + 8, sizeof(Response) - 8)
        publish(slot, response.number)

    cdef void _show_quote(self, const QuoteEvent* quote, int64_t time_ns) noexcept nogil:
        cdef ResponseSeat* seat
        cdef QuoteSlot* slot
        cdef int i
        for i in range(SEATS):
            seat = &self.seats[i]
            if not seat.open:
                continue
            seat.quote_seq += 1
            slot = <QuoteSlot*>(seat.quotes + (seat.quote_seq & seat.quote_mask) * sizeof(QuoteSlot))
            store_relaxed(&seat.quote_head.claimed.value, seat.quote_seq)
            fence_release()
            slot.time_ns = time_ns
            slot.symbol = quote.symbol
            slot.venue = quote.venue
            slot.pad = 0
            slot.bid_px = quote.bid_px
            slot.bid_qty = quote.bid_qty
            slot.ask_px = quote.ask_px
            slot.ask_qty = quote.ask_qty
            publish(<char*>slot, seat.quote_seq)
