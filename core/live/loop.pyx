# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The live loop: see loop.pxd.

One turn takes, in this order and each with a budget: what came due (messages to simulated venues, their reports,
timers), then the sessions' requests, one session after the other. All that the engines derive from an event is
sequenced before the next input. The kill page is read before every send, by the gateway itself; a change of it
ends the batch, so that it is sequenced next. Desk commands and market data come between batches, by `feed`.

In `group` durability sends and responses wait until their events are on the disk: one sync a turn covers them all.
"""
from libc.string cimport memcpy, memset

from core.capacity import DEFAULT
from core.engine cimport Derived
from core.fused import arena_bytes
from core.messages cimport (
    A_NEW, H_SUPPRESSED, K_CANCEL, K_CANCEL_ALL, K_DEPTH, K_INSTRUMENT, K_LISTING, K_ORDER, K_QUOTE, K_REPLACE,
    K_REPORT, K_TRADE, K_VENUE, K_VENUE_STATE, NONE, NONE16, O_HAS_EXPIRE, O_HAS_PRICE, O_HAS_QTY, O_POST_ONLY,
    REQUEST_SIZE, SIDE_SELL_SHORT, T_LIMIT, T_MARKET, TIF_GTD, UNKNOWN, UNKNOWN16, V_MATCH, W_ID_TOO_LONG,
    W_UNSUPPORTED, X_CANCEL_REJECTED, X_REJECTED, CancelEvent, FilterEvent, OrderEvent, ReplaceEvent, ReportEvent,
    Request,
)
from core.orders.life cimport B_EXISTS, Child, child_live, leaves_of, order_ended, order_leaves, status_of
from core.faults cimport FAULT_JOURNAL, FAULT_NONE, FAULT_SCHEDULE
from core.sequencer.schedule cimport DUE_REPORT, DUE_SEND, DUE_TIMER, DUE_VENUE
from core.venues.gateway cimport SUPPRESSED, child_name
from core_ext.arena cimport Arena
from core_ext.atomics cimport cpu_relax, fence_release, load_acquire, store_relaxed, store_release
from core_ext.clock cimport mono_ns, now_ns
from core_ext.journal cimport JournalReader
from core_ext.spine cimport publish

cdef extern from "sched.h" nogil:
    int sched_yield()

cdef extern from "time.h" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int nanosleep(const timespec* asked, timespec* left)

SOURCE_DESK = 0
SOURCE_FEED = 1
SOURCE_GATEWAY = 2  # what the gateway says itself: a send that it held back
SOURCE_VENUES = 64  # and the venue's index
SOURCE_SESSIONS = 128  # and the seat
WAITS = ("spin", "yield", "sleep")
MAX_SESSIONS = SEATS

cdef enum:
    FROM_GATEWAY = 2
    FROM_VENUES = 64
    FROM_SESSIONS = 128
    YIELDS = 100                    # turns without work that yield before the thread sleeps
    NAP_NS = 50000
    LONG_NAP_NS = 500000
    NAPS = 2000                     # turns without work after which it sleeps longer


cdef bint for_venues(uint16_t kind) noexcept nogil:
    return (kind == K_QUOTE or kind == K_DEPTH or kind == K_TRADE or kind == K_VENUE_STATE or kind == K_VENUE
            or kind == K_LISTING or kind == K_INSTRUMENT)


cdef bint tidy_id(char* field) noexcept nogil:
    """Makes a client's id field one that tables can take; 0: it was none."""
    cdef uint8_t length = <uint8_t>field[0]
    if length > 39:
        field[0] = 39
        return 0
    memset(field + 1 + length, 0, 39 - length)
    return length > 0


cdef class Restore(Replay):
    """Plays a journal into a core, and tells the gateway and the venues what they had heard. What the last events
    derived and a crash cut off stays on the rings: who goes on from here sequences it, and records it."""

    def __init__(self, capacity, Gateway gateway, Simulated venues):
        Replay.__init__(self, capacity)
        self.gateway = gateway
        self.venues = venues

    cdef void _input(self, const Header* header, const char* request) noexcept nogil:
        if header.kind == K_REPORT:
            self.gateway.heard(<const ReportEvent*>request)
        elif for_venues(header.kind):
            self.venues.on_event(header.kind, <const Request*>request, header.time_ns)
        Replay._input(self, header, request)

    cdef void _discard_sends(self) noexcept nogil:
        cdef Send* send
        while True:
            send = <Send*>self.core.sends.peek()
            if send == NULL:
                return
            if self.gateway.begin(send) == FAULT_NONE:
                self.gateway.done()
            self.core.sends.release()

    cdef void _complete(self) noexcept nogil:
        pass


cdef class Live:
    """A fused core on the wall clock. `start` it once; then `run` in turns, `feed` between them."""

    def __init__(self, capacity=DEFAULT, KillPage kill_page=None, Arena kept=None, str wait="sleep", bint group=False):
        """kept: an arena that outlives the process, for the gateway's intents. group: send and tell after the disk."""
        self.capacity = capacity
        self.wait = WAITS.index(wait)
        self.group = group
        self.kill_page = kill_page
        self.max_sessions = capacity.sessions
        self.due_room = 2 * capacity.orders + 16384
        self.schedule = Schedule(2 * self.due_room + 65536)
        self.gateway = Gateway(Arena(arena_bytes(capacity)), capacity, True, kept)
        self.venues = Simulated(Arena(arena_bytes(capacity)), capacity, self.schedule)
        self._seat_of = bytearray(self.max_sessions)
        self.seat_of = <uint8_t*><char*>self._seat_of
        self._kept = [None] * SEATS
        memset(self.seats, 0, sizeof(self.seats))

    def start(self, JournalWriter journal) -> None:
        """Begins a new journal."""
        self.journal = journal
        self.core = Fused(self.capacity, journal)
        self.now = now_ns()
        self.core.begin()
        self.core.raise_fault()
        self.gateway.kill_page = self.kill_page

    def restore(self, JournalReader reader) -> int:
        """Lives through a journal; how many events it had. `go_on` comes next."""
        cdef Restore restore = Restore(self.capacity, self.gateway, self.venues)
        cdef Due due
        cdef int i
        restore.play(reader)
        self.core = restore.core
        while restore.schedule.count:
            restore.schedule.pop(&due)
            self.schedule.push(due.due_ns, DUE_TIMER, due.data, due.length)
        for i in range(64):
            # the venue's numbers go on: none that it gave may come again
            self.venues.venues[i].messages = self.core.sequencer.source_seqs[FROM_VENUES + i]
            self.venues.venues[i].executions = self.venues.venues[i].messages
        self.told = self.core.egress.counts[1]
        return restore.events

    def go_on(self, JournalWriter journal) -> None:
        """Continues the restored core in its journal: first what a crash cut off."""
        self.journal = journal
        self.core.use(journal)
        self.now = now_ns()
        self.gateway.kill_page = self.kill_page
        with nogil:
            self._drain()
            self._commit()
        self.core.raise_fault()

    # ---- the loop ---------------------------------------------------------------------------------------------

    def run(self, int64_t for_ns) -> int:
        """Turns for that long, or until the kill page changes; how many events they took. Raises a CoreFault."""
        cdef int64_t until = mono_ns() + for_ns
        cdef uint64_t taken = 0
        cdef uint64_t n
        with nogil:
            while not self._kill_changed() and not self.core.faults.code():
                n = self._cycle()
                taken += n
                if n:
                    self.idle = 0
                else:
                    self._pause()
                    self.idle += 1
                if mono_ns() >= until:
                    break
        self.core.raise_fault()
        return taken

    def kill_changed(self) -> bool:
        """Whether the kill page changed since this was last asked."""
        if not self._kill_changed():
            return False
        self.kill_seen = load_acquire(&self.kill_page._header.changes)
        return True

    cdef bint _kill_changed(self) noexcept nogil:
        return self.kill_page is not None and load_acquire(&self.kill_page._header.changes) != self.kill_seen

    cdef uint64_t _cycle(self) noexcept nogil:
        cdef uint64_t taken
        cdef int i
        self.now = now_ns()
        if self.kill_page is not None:
            if self.kill_page.changed():
                self.kill_page.refresh()
            self.core.sequencer.kill = self.kill_page._epoch
        taken = self._run_due()
        for i in range(SEATS):
            if self.seats[i].open:
                taken += self._poll_seat(&self.seats[i], SEAT_BUDGET)
        if taken:
            self._commit()
        return taken

    cdef void _pause(self) noexcept nogil:
        cdef timespec nap
        if self.wait == WAIT_SPIN:
            cpu_relax()
        elif self.wait == WAIT_YIELD or self.idle < YIELDS:
            sched_yield()
        else:
            nap.tv_sec = 0
            nap.tv_nsec = NAP_NS if self.idle < NAPS else LONG_NAP_NS
            nanosleep(&nap, NULL)

    # ---- sessions -----------------------------------------------------------------------------------------------

    cdef uint64_t _poll_seat(self, Seat* seat, uint64_t budget) noexcept nogil:
        """Copies each request, gives the slot back, and takes the copy."""
        cdef Input item
        cdef uint64_t taken = 0
        cdef uint64_t tail = load_acquire(&seat.ring.tail)
        if tail - seat.head > seat.capacity:
            seat.fault = SEAT_BROKEN
        while (taken < budget and seat.head != tail and not seat.fault and not self.core.faults.code()
               and self.schedule.count < self.due_room):
            memcpy(&item, seat.requests + (seat.head & (seat.capacity - 1)) * sizeof(Input), sizeof(Input))
            seat.head += 1
            store_release(&seat.ring.head, seat.head)
            if item.source_seq != seat.client_seq + 1:
                seat.fault = SEAT_GAP
                break
            seat.client_seq += 1
            self._request(seat, &item)
            taken += 1
        return taken

    cdef void _request(self, Seat* seat, Input* item) noexcept nogil:
        """Checks the copy; what a client may not say is made what risk denies by name."""
        cdef Request* request = <Request*>item.request
        item.time_ns = self.now
        item.session = seat.session
        item.source = <uint8_t>(FROM_SESSIONS + (seat - self.seats))
        item.flags = 0
        self.inputs += 1
        if item.kind == K_ORDER:
            item.length = sizeof(OrderEvent)
            if not self._check_order(seat, item):
                request.order.wrong |= W_UNSUPPORTED
        elif item.kind == K_REPLACE:
            item.length = sizeof(ReplaceEvent)
            request.replace.flags &= O_HAS_PRICE | O_HAS_QTY
            request.replace.pad = 0
            tidy_id(request.replace.orig_cl_ord_id)
            if not tidy_id(request.replace.cl_ord_id) or request.replace.stop_px:
                request.replace.wrong |= W_UNSUPPORTED
            self._check_rights(seat, request.replace.orig_cl_ord_id)
        elif item.kind == K_CANCEL:
            item.length = sizeof(CancelEvent)
            tidy_id(request.cancel.orig_cl_ord_id)
            memset(request.cancel.pad, 0, sizeof(request.cancel.pad))
            if not tidy_id(request.cancel.cl_ord_id):
                request.cancel.wrong |= W_UNSUPPORTED
            self._check_rights(seat, request.cancel.orig_cl_ord_id)
        elif item.kind == K_CANCEL_ALL:
            self._cancel_all(seat, item)
            return
        else:
            seat.fault = SEAT_BROKEN
            return
        self._feed(item)

    cdef bint _check_order(self, Seat* seat, Input* item) noexcept nogil:
        cdef OrderEvent* order = &(<Request*>item.request).order
        cdef bint well = tidy_id(order.cl_ord_id)
        if order.account >= self.accounts or not (seat.every or seat.rights[order.account]):
            order.account = UNKNOWN
        if order.symbol >= self.symbols:
            order.symbol = UNKNOWN
        if order.venue != NONE16 and order.venue >= self.venue_count:
            order.venue = UNKNOWN16
        if order.strategy != NONE and order.strategy >= self.strategies:
            order.strategy = NONE
            well = 0
        if order.side > SIDE_SELL_SHORT:
            order.side = 0
            well = 0
        if order.ord_type != T_MARKET and order.ord_type != T_LIMIT:
            order.ord_type = T_LIMIT
            well = 0
        if order.time_in_force > TIF_GTD:
            order.time_in_force = 0
            well = 0
        if order.flags & ~<uint8_t>(O_HAS_PRICE | O_HAS_QTY | O_POST_ONLY | O_HAS_EXPIRE):
            order.flags &= O_HAS_PRICE | O_HAS_QTY | O_POST_ONLY | O_HAS_EXPIRE
            well = 0
        if (order.stop_px or order.max_floor or order.peg_offset or order.trail or order.policy or order.algo
                or order.peg or order.trail_unit or order.trigger or order.contingency or order.list_id):
            memset(&order.stop_px, 0, sizeof(OrderEvent) - (<char*>&order.stop_px - <char*>order))
            well = 0
        return well

    cdef void _check_rights(self, Seat* seat, char* orig) noexcept nogil:
        """Another account's order is an unknown one."""
        cdef uint32_t id
        cdef uint32_t order
        if seat.every:
            return
        id = self.core.resolve.ids.find(orig)
        order = NONE if id == NONE else self.core.resolve.id_order[id]
        if order != NONE and not seat.rights[self.core.orders.life.orders[order].account]:
            memset(orig, 0, 40)

    cdef void _cancel_all(self, Seat* seat, Input* item) noexcept nogil:
        """For each account that the session may trade, where it may not trade all."""
        cdef FilterEvent* event = &(<Request*>item.request).filter
        cdef uint32_t i
        cdef uint32_t asked = event.scope.account
        item.length = sizeof(FilterEvent)
        event.by = seat.person
        event.kind = 0
        event.cancel_on_disconnect = 0
        event.pad = 0
        event.epoch = 0
        if seat.every:
            self._feed(item)
            return
        for i in range(self.accounts):
            if seat.rights[i] and (asked == NONE or asked == i):
                event.scope.account = i
                self._feed(item)

    def open_seat(self, int i, uint32_t session, uint32_t person, Ring ring, Spine responses, Spine quotes,
                  rights) -> None:
        """Gives a session its seat. rights: a byte an account, or None: every account."""
        cdef Seat* seat = &self.seats[i]
        cdef bytes held = bytes(self.accounts) if rights is None else bytes(rights)
        if session >= self.max_sessions or self.seat_of[session]:
            raise ValueError(f"session {session} has a seat, or is beyond the {self.max_sessions} of Capacity.sessions")
        memset(seat, 0, sizeof(Seat))
        seat.ring = ring._header
        seat.requests = ring._slots
        seat.capacity = ring._capacity
        seat.response_head = responses._header
        seat.responses = responses._slots
        seat.response_mask = responses._mask
        seat.quote_head = quotes._header
        seat.quotes = quotes._slots
        seat.quote_mask = quotes._mask
        seat.session = session
        seat.person = person
        seat.every = rights is None
        self._kept[i] = (ring, responses, quotes, held)
        seat.rights = <const uint8_t*><const char*>held
        seat.open = 1
        self.seat_of[session] = <uint8_t>(i + 1)

    def close_seat(self, int i) -> None:
        """Takes what the session still had asked for, and lets go of its memory."""
        cdef Seat* seat = &self.seats[i]
        if not seat.open:
            return
        with nogil:
            self.now = now_ns()
            self._poll_seat(seat, seat.capacity)
            self._commit()
        seat.open = 0
        self.seat_of[seat.session] = 0
        self._kept[i] = None
        self.core.raise_fault()

    def seat_fault(self, int i) -> str:
        """What the session did wrong; "": nothing."""
        return ("", "its request ring is overwritten", "a request is missing: source_seq left a number out")[
            self.seats[i].fault]

    def seat_counts(self, int i) -> dict[str, int]:
        seat = &self.seats[i]
        return {"requests": seat.client_seq, "responses": seat.response_seq, "quotes": seat.quote_seq}

    # ---- events -------------------------------------------------------------------------------------------------

    def feed(self, int kind, const unsigned char[::1] request, uint32_t session=0, uint8_t source=0) -> int:
        """One input and all that is derived from it at once; its sequence. Raises a CoreFault."""
        cdef Input item
        cdef uint64_t seq
        if request.shape[0] > REQUEST_SIZE:
            raise ValueError(f"request of {request.shape[0]} bytes: at most {REQUEST_SIZE}")
        memset(&item, 0, sizeof(Input))
        self.now = now_ns()
        item.kind = <uint16_t>kind
        item.time_ns = self.now
        item.session = session
        item.source = source
        item.length = <uint16_t>request.shape[0]
        if item.length:
            memcpy(item.request, &request[0], item.length)
        seq = self.core.sequencer.seq + 1
        with nogil:
            self._feed(&item)
            self._commit()
        self.core.raise_fault()
        return seq

    cdef void _feed(self, Input* item) noexcept nogil:
        """Each source's own count goes on by one: the core takes what it copied."""
        item.source_seq = self.core.sequencer.source_seqs[item.source] + 1
        if item.kind != K_REPORT and for_venues(item.kind):
            self.venues.on_event(item.kind, <const Request*>item.request, item.time_ns)
        self.core.input(item)
        if item.kind == K_QUOTE:
            self._show_quote(&(<Request*>item.request).quote)
        self._settle()
        self._drain()

    cdef void _drain(self) noexcept nogil:
        cdef uint8_t engine = 0
        cdef Derived* item
        while not self.core.faults.code():
            item = self.core.next_derived(&engine)
            if item == NULL:
                break
            if item.due_ns:
                self._ask_timer(item, engine)
            else:
                self.core.step(item, engine)
                self._settle()
        self._settle()

    cdef void _settle(self) noexcept nogil:
        """Passes on what the last event said; in group durability, when so much waits that a ring could fill."""
        if not self.group:
            self._flush()
        elif (self.core.sends.count() * 2 > self.core.sends._capacity
              or (self.core.egress.counts[1] - self.told) * 2 > self.core.egress.responses._capacity):
            self._commit()

    cdef void _commit(self) noexcept nogil:
        if self.group and (self.core.sends.count() or self.core.egress.counts[1] != self.told):
            if self.journal.sync_now() != 0:
                self.core.faults.fail(FAULT_JOURNAL, 0, self.core.sequencer.seq, 0)
                return
        self._flush()

    cdef void _flush(self) noexcept nogil:
        cdef Send* send
        while not self.core.faults.code():
            send = <Send*>self.core.sends.peek()
            if send == NULL:
                break
            self._pass(send)
            self.core.sends.release()
        self._tell()

    cdef void _pass(self, const Send* send) noexcept nogil:
        cdef int fault = self.gateway.begin(send)
        if fault == SUPPRESSED:
            self._suppress(send)
            return
        if fault != FAULT_NONE:
            self.core.faults.fail(fault, send.venue, self.gateway.counts[1], send.seq)
            return
        if self.venues.is_match(send.venue):
            if not self.schedule.push(self.now + self.venues.latency_ns(send.venue), DUE_SEND, send, sizeof(Send)):
                self.core.faults.fail(FAULT_SCHEDULE, 0, 0, send.seq)
        self.gateway.done()

    cdef void _suppress(self, const Send* send) noexcept nogil:
        """A send that was held back comes back as an event: the venue never had it."""
        cdef ReportEvent report
        memset(&report, 0, sizeof(ReportEvent))
        report.venue = send.venue
        report.exec_type = X_REJECTED if send.action == A_NEW else X_CANCEL_REJECTED
        child_name(send, report.child_id)
        report.text[0] = 6
        memcpy(report.text + 1, b"killed", 6)
        if not self.schedule.push(self.now, DUE_REPORT, &report, sizeof(ReportEvent)):
            self.core.faults.fail(FAULT_SCHEDULE, 0, 0, send.seq)

    cdef void _tell(self) noexcept nogil:
        """Copies responses to the sessions that they belong to; nobody can hold this back."""
        cdef Response* response
        cdef Seat* seat
        cdef char* slot
        while self.told < self.core.egress.counts[1]:
            self.told += 1
            response = <Response*>self.core.egress.responses.slot(self.told)
            if response.session >= self.max_sessions or not self.seat_of[response.session]:
                continue
            seat = &self.seats[self.seat_of[response.session] - 1]
            seat.response_seq += 1
            slot = seat.responses + (seat.response_seq & seat.response_mask) * sizeof(Response)
            store_relaxed(&seat.response_head.claimed.value, seat.response_seq)
            fence_release()
            memcpy(slot + 8, <char*>response + 8, sizeof(Response) - 8)
            publish(slot, seat.response_seq)

    cdef void _show_quote(self, const QuoteEvent* quote) noexcept nogil:
        cdef int i
        for i in range(SEATS):
            if self.seats[i].open:
                self._put_quote(&self.seats[i], quote, self.core.sequencer.time_ns)

    cdef void _put_quote(self, Seat* seat, const QuoteEvent* quote, int64_t time_ns) noexcept nogil:
        cdef QuoteSlot* slot
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

    def show_quote(self, int i, const unsigned char[::1] request, int64_t time_ns) -> None:
        """Tells one session a quote that it missed by coming later. request: a QuoteEvent's bytes."""
        if request.shape[0] != sizeof(QuoteEvent):
            raise ValueError(f"a quote has {sizeof(QuoteEvent)} bytes, not {request.shape[0]}")
        self._put_quote(&self.seats[i], <const QuoteEvent*>&request[0], time_ns)

    # ---- what comes due -------------------------------------------------------------------------------------------

    cdef void _ask_timer(self, Derived* item, uint8_t engine) noexcept nogil:
        cdef Derived later = item[0]
        later.pad = engine
        if not self.schedule.push(item.due_ns, DUE_TIMER, &later, sizeof(Derived)):
            self.core.faults.fail(FAULT_SCHEDULE, 0, 0, self.core.sequencer.seq)
        self.core.release(engine)

    cdef uint64_t _run_due(self) noexcept nogil:
        cdef Due due
        cdef Due* top
        cdef Derived* item
        cdef uint8_t engine
        cdef uint64_t taken = 0
        while taken < DUE_BUDGET and not self.core.faults.code():
            top = self.schedule.top()
            if top == NULL or top.due_ns > self.now:
                break
            self.schedule.pop(&due)
            taken += 1
            if due.kind == DUE_SEND:
                self.venues.on_send(<Send*>due.data, due.due_ns)
            elif due.kind == DUE_VENUE:
                self.venues.on_timer((<uint32_t*>due.data)[0], due.due_ns)
            elif due.kind == DUE_TIMER:
                item = <Derived*>due.data
                engine = <uint8_t>item.pad
                item.pad = 0
                self.core.timer(item, engine)
                self._settle()
                self._drain()
            else:
                self._report(&due)
        if self.schedule.overflows:
            self.core.faults.fail(FAULT_SCHEDULE, 0, 0, self.core.sequencer.seq)
        return taken

    cdef void _report(self, Due* due) noexcept nogil:
        """A venue's message; one without the venue's number is the gateway's own."""
        cdef ReportEvent* report = <ReportEvent*>due.data
        cdef Input item
        memset(&item, 0, sizeof(Input))
        item.kind = K_REPORT
        item.time_ns = self.now
        item.length = sizeof(ReportEvent)
        if report.venue_seq:
            item.source = <uint8_t>(FROM_VENUES + report.venue)
        else:
            item.source = FROM_GATEWAY
            item.flags = H_SUPPRESSED
            self.gateway_reports += 1
        memcpy(item.request, report, sizeof(ReportEvent))
        self.gateway.heard(report)
        self._feed(&item)

    def next_due_ns(self) -> int:
        """When the next message or timer comes due; 0: none waits."""
        return self.schedule.top().due_ns if self.schedule.count else 0

    # ---- questions: between batches ---------------------------------------------------------------------------------

    def declared(self, uint32_t symbols, uint32_t venues, uint32_t accounts, uint32_t strategies) -> None:
        """How many of each there are: an index beyond is unknown."""
        self.symbols = symbols
        self.venue_count = venues
        self.accounts = accounts
        self.strategies = strategies

    def source_counts(self) -> dict[int, int]:
        """Inputs sequenced by source, over the whole journal."""
        return {i: self.core.sequencer.source_seqs[i] for i in range(256) if self.core.sequencer.source_seqs[i]}

    def open_orders(self, int kind=0, uint32_t key=0) -> int:
        """How many live orders are in a scope: a Scope and the index of what it names."""
        cdef Life life = self.core.orders.life
        cdef Order* order
        cdef uint32_t i
        cdef uint64_t found = 0
        for i in range(life.count()):
            order = &life.orders[i]
            if not order.bits & B_EXISTS or order_ended(order) or order_leaves(order) == 0:
                continue
            found += kind == 0 or key == (order.account, order.strategy, order.symbol, order.venue,
                                          order.session)[kind - 1]
        return found

    def order_rows(self, account=None, symbol=None, bint live_only=False, int most=10000) -> list[dict[str, object]]:
        """Orders as integers, the newest first. account, symbol: an index, or None for any."""
        cdef Life life = self.core.orders.life
        cdef Order* order
        cdef int64_t i
        out = []
        for i in range(<int64_t>life.count() - 1, -1, -1):
            order = &life.orders[i]
            if (not order.bits & B_EXISTS or (account is not None and order.account != account)
                    or (symbol is not None and order.symbol != symbol)
                    or (live_only and (order_ended(order) or order_leaves(order) == 0))):
                continue
            out.append(self._order_row(<uint32_t>i))
            if len(out) >= most:
                break
        return out

    cdef object _order_row(self, uint32_t index):
        cdef Order* order = &self.core.orders.life.orders[index]
        notional = (<object><int64_t>(order.notional >> 64) << 64) | <object><uint64_t>order.notional
        return {
            "id": order.id_current, "id_first": order.id_first, "account": order.account, "symbol": order.symbol,
            "strategy": order.strategy, "session": order.session, "venue": order.venue, "side": order.side,
            "ord_type": order.ord_type, "time_in_force": order.time_in_force, "order_qty": order.order_qty,
            "cum_qty": order.cum_qty, "leaves_qty": order_leaves(order), "price": order.price, "notional": notional,
            "ord_status": status_of(order.bits, order.order_qty, order.cum_qty),
            "children": self._child_rows(index),
        }

    cdef object _child_rows(self, uint32_t index):
        cdef Life life = self.core.orders.life
        cdef uint32_t i = life.orders[index].first_child
        cdef Child* child
        out = []
        while i != NONE and life.children[i].bits & B_EXISTS and len(out) < 256:
            child = &life.children[i]
            out.append({
                "n": child.n, "venue": child.venue, "order_qty": child.order_qty, "cum_qty": child.cum_qty,
                "leaves_qty": leaves_of(child.bits, child.order_qty, child.cum_qty), "price": child.price,
                "ord_status": status_of(child.bits, child.order_qty, child.cum_qty), "live": child_live(child),
            })
            i = child.next
        return out
