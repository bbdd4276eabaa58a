# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The teller: see teller.pxd.

A response's number follows from the stream: who comes back after a crash writes the same bytes into the same slot.
Nobody can hold this back: rings of responses and of the market are overwritten, and who is lapped sees the gap.

The market ring has quotes, and for who asked for it all that a strategy hears beside its answers:

    kind       symbol   venue   values
    quote      it       it      bid_px, bid_qty, ask_px, ask_qty
    trade      it       it      px, qty, aggressor
    depth      it       it      px, qty, side
    signal     or NONE  what    mantissa, exponent, at_ns, name | who sent it << 32
    report     it       fill's  account, qty that is held now, session of the order or NONE, the fill's fee in 10^-8:
                                a position has changed

A slot's event is its place on the spine, as a response's is: with both, who reads two rings brings them into the
order of the spine. An event's market slot is there before its responses are.
"""
from libc.stdint cimport INT64_MAX, int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

from core.live.seats cimport MarketSlot
from core.messages cimport (
    BF_BOOKED, K_ADJUSTED, K_BOOK, K_DEPTH, K_QUOTE, K_REPORT, K_SIGNAL, K_TRADE, NONE, Page, Response,
)
from core_ext.atomics cimport fence_release, load_acquire, load_relaxed, store_relaxed, store_release
from core_ext.fault_points cimport SEAT_CLAIM, fault_after, fault_before
from core_ext.spine cimport Spine, publish, published
from core_ext.wide cimport div_half_even, i128

cdef enum:
    SEATS = 64


cdef class Teller(EngineStage):
    """The egress engine, and the seats that it tells."""

    def __init__(self, str name, Egress engine not None, Spine spine not None, faults not None):
        EngineStage.__init__(self, name, engine, spine, faults)
        for kind in (K_QUOTE, K_TRADE, K_DEPTH, K_SIGNAL, K_BOOK, K_ADJUSTED):
            self.also_take(kind)
        self.egress = engine
        self.max_sessions = engine.max_sessions
        self._seat_of = bytearray(self.max_sessions)
        self.seat_of = <uint8_t*><char*>self._seat_of
        self._kept = [None] * SEATS
        memset(self.seats, 0, sizeof(self.seats))

    def open_seat(self, int i, uint32_t session, Spine responses not None, Spine quotes not None, bint hears_all=False,
                  rights=None) -> None:
        """Tells that session there what became of its orders since its connect. See teller.pyi."""
        cdef ResponseSeat* seat = &self.seats[i]
        cdef bytes held = b"" if rights is None else bytes(rights)
        if session >= self.max_sessions or self.seat_of[session] not in (0, i + 1):
            raise ValueError(f"session {session} has a seat, or is beyond the {self.max_sessions} of Capacity.sessions")
        seat.response_head = responses._header
        seat.responses = responses._slots
        seat.response_mask = responses._mask
        seat.quote_head = quotes._header
        seat.quotes = quotes._slots
        seat.quote_mask = quotes._mask
        seat.quote_seq = load_acquire(&quotes._header.claimed.value)
        seat.session = session
        seat.hears_all = hears_all
        seat.accounts = <uint32_t>len(held)
        seat.rights = NULL if rights is None else <const uint8_t*><const char*>held
        self._kept[i] = (responses, quotes, held)
        self.open_seats += not seat.open
        seat.open = 1
        self.seat_of[session] = <uint8_t>(i + 1)
        self._tell_since(seat)

    cdef void _tell_since(self, ResponseSeat* seat) noexcept:
        """What became of the session's orders between its connect and now. The ring says where it begins, if egress
        doesn't keep all of it, and nobody has told the rest before."""
        cdef uint32_t session = seat.session
        cdef uint64_t seq = self.egress.counts[1]
        cdef uint64_t first = seq + 1
        cdef uint64_t missing = self.egress.told[session]
        cdef uint64_t kept = self.egress.responses._capacity
        cdef const Response* response
        while missing and seq and self.egress.counts[1] - seq < kept:
            response = <const Response*>self.egress.responses.slot(seq)
            if not published(<const char*>response, seq):
                break                   # from before a snapshot: those are in none
            if response.session == session:
                first = seq
                missing -= 1
            seq -= 1
        if missing > load_acquire(&seat.response_head.claimed.value):
            store_release(&seat.response_head.gating + 1, missing + 1)      # `first`, see core_ext/spine.pxd
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
        if self.open_seats:
            self._show(page)
        while told < self.egress.counts[1]:
            told += 1
            self._tell(<const Response*>self.egress.responses.slot(told))

    cdef void _tell(self, const Response* response) noexcept nogil:
        cdef ResponseSeat* seat
        cdef char* slot
        cdef uint64_t claimed
        if response.session >= self.max_sessions or not self.seat_of[response.session]:
            return
        seat = &self.seats[self.seat_of[response.session] - 1]
        claimed = load_relaxed(&seat.response_head.claimed.value)
        if response.number + seat.response_mask < claimed:
            return                      # told again, by who came back: its slot has a newer one by now, which stays
        slot = seat.responses + (response.number & seat.response_mask) * sizeof(Response)
        if claimed < response.number:   # else it is told again
            fault_before(SEAT_CLAIM)
            store_relaxed(&seat.response_head.claimed.value, response.number)
            fence_release()
            fault_after(SEAT_CLAIM)
        memcpy(slot + 8, <char*>response + 8, sizeof(Response) - 8)
        publish(slot, response.number)

    cdef void _show(self, const Page* page) noexcept nogil:
        """What the event is to those who hear more than answers; nothing, mostly."""
        cdef MarketSlot what
        cdef int i
        if not make_slot(page, &what):
            return
        for i in range(SEATS):
            if self.seats[i].open and self._concerns(&self.seats[i], &what):
                self._show_at(&self.seats[i], &what)

    cdef bint _concerns(self, const ResponseSeat* seat, const MarketSlot* what) noexcept nogil:
        if what.kind == K_QUOTE:
            return 1
        if not seat.hears_all:
            return 0
        if what.kind == K_SIGNAL:
            return <uint32_t>what.seq in (<uint32_t>NONE, seat.session)
        if what.kind == K_REPORT and seat.rights != NULL:
            return what.values[0] < seat.accounts and seat.rights[what.values[0]]
        return 1

    cdef void _show_at(self, ResponseSeat* seat, const MarketSlot* what) noexcept nogil:
        cdef char* slot
        seat.quote_seq += 1
        slot = seat.quotes + (seat.quote_seq & seat.quote_mask) * sizeof(MarketSlot)
        store_relaxed(&seat.quote_head.claimed.value, seat.quote_seq)
        fence_release()
        memcpy(slot + 8, <const char*>what + 8, sizeof(MarketSlot) - 8)
        publish(slot, seat.quote_seq)


cdef bint make_slot(const Page* page, MarketSlot* out) noexcept nogil:
    """The market slot of an event, its `seq` the session that a signal is for; 0: it has none."""
    cdef uint16_t kind = page.header.kind
    memset(out, 0, sizeof(MarketSlot))
    out.seq = NONE
    out.time_ns = page.header.time_ns
    out.event = page.header.seq
    out.kind = kind
    if kind == K_QUOTE or kind == K_TRADE or kind == K_DEPTH:
        make_market(page, out)
    elif kind == K_SIGNAL:
        make_signal(page, out)
    elif (kind == K_REPORT or kind == K_ADJUSTED or kind == K_BOOK) and page.booking.flags & BF_BOOKED:
        out.kind = K_REPORT
        out.symbol = page.booking.symbol
        out.values[0] = page.booking.account
        out.values[1] = page.booking.qty
        out.values[2] = page.outcome.session if kind == K_REPORT else <uint32_t>NONE
        if kind == K_REPORT:
            out.venue = page.request.report.venue
            out.values[3] = shown_fee(page.booking.fee)
    else:
        return 0
    return 1


cdef inline int64_t shown_fee(i128 fee) noexcept nogil:
    """A fee as money is shown, at 8 digits; 0 where it doesn't fit: who must know it exactly asks for executions."""
    cdef i128 shown = div_half_even(fee, 100_000_000)
    return <int64_t>shown if -INT64_MAX <= shown <= INT64_MAX else 0


cdef void make_market(const Page* page, MarketSlot* out) noexcept nogil:
    out.symbol = page.request.quote.symbol      # all three begin alike
    out.venue = page.request.quote.venue
    if out.kind == K_QUOTE:
        out.values[0] = page.request.quote.bid_px
        out.values[1] = page.request.quote.bid_qty
        out.values[2] = page.request.quote.ask_px
        out.values[3] = page.request.quote.ask_qty
        return
    out.values[0] = page.request.trade.px       # a depth's stand in the same places
    out.values[1] = page.request.trade.qty
    out.values[2] = page.request.trade.aggressor


cdef void make_signal(const Page* page, MarketSlot* out) noexcept nogil:
    out.symbol = page.request.signal.symbol
    out.venue = page.request.signal.what
    out.values[0] = page.request.signal.mantissa
    out.values[1] = page.request.signal.exponent
    out.values[2] = page.request.signal.at_ns
    out.values[3] = <int64_t>(page.request.signal.name | <uint64_t>page.header.session << 32)
    out.seq = page.request.signal.to
