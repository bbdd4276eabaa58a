# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The intake: see intake.pxd.

One poll takes, each with a budget: the desk's commands (kills among them), what gateways heard, timers that came due,
derived events, the sessions' requests, market data. It appends a copy, and gives the slot back only then: whoever
comes back after a crash finds it again, and drops what is on the spine already, by the source's own number.

Derived events are never refused: while the spine is full they are taken off their rings into the spill, so that
engines that wait for room go on. New work from outside waits until the spill is empty. One place on the spine is left
to reports: gateways that wait for room for theirs hold the spine back, and nothing else could make room.
"""
from libc.string cimport memcpy, memset

from core.engine cimport DERIVES_MAX, E_EXECUTION, E_ORDERS, E_POSITIONS, E_RISK, E_ROUTER
from core.faults cimport FAULT_LOOPBACK, FAULT_SCHEDULE
from core.live.seats cimport (
    SEAT_BROKEN, SEAT_GAP, check_cancel, check_cancel_all, check_market, check_order, check_replace, check_signal,
)
from core.messages cimport K_CANCEL, K_CANCEL_ALL, K_ORDER, K_REPLACE, K_SIGNAL, OrderEvent
from core.recovery.catchup cimport Catchup
from core.sequencer.schedule cimport DUE_TIMER, Due
from core.timing cimport EVERY
from core_ext.atomics cimport load_acquire, store_release
from core_ext.clock cimport now_ns, ticks
from core_ext.fault_points cimport SEAT_HEAD, fault_after, fault_before
from core_ext.memory cimport Memory

from core.capacity import SPILLED

SOURCE_DESK = 0
SOURCE_FEED = 1
SOURCE_GATEWAY = 2  # what the gateway says itself: a send that it held back
SOURCE_VENUES = 64  # and the venue's index
SOURCE_SESSIONS = 128  # and the seat

cdef enum:
    FROM_SESSIONS = 128
    SEATS = 64
    CROWDED = 4                     # reports for which there is room, or fewer: gateways may wait for it
    DESK_BUDGET = 64
    REPORT_BUDGET = 256
    DERIVED_BUDGET = 256
    SEAT_BUDGET = 64                # requests of one session before the next one's turn
    FEED_BUDGET = 256
    TIMER_BUDGET = 256
    REQUEST_AT_SLOT = 48            # where in an Input its request begins


cdef inline void copy_request(Input* item, const Input* slot) noexcept nogil:
    """The copy that is checked: of a new order no more than it has, for its lines come from another processor."""
    cdef size_t size = sizeof(OrderEvent) if slot.kind == K_ORDER else sizeof(slot.request)
    memcpy(item, slot, REQUEST_AT_SLOT + size)


cdef class Intake(Stage):
    """The sequencer's stage of a live core. kill_page: or None."""

    def __init__(self, Board board not None, KillPage kill_page=None):
        cdef dict loopbacks = board.loopbacks
        self.name = "sequencer"
        self.board = board
        self.spine = board.spine
        self.faults = board.faults
        self.sequencer = Sequencer(board.spine, board.faults)
        self.sequencer.short_of_space = &board.words.journal.short_of_space
        self.kill_page = kill_page
        self.desk, self.feed, self.reports = board.desk, board.feed, board.reports
        self.risk, self.orders = loopbacks["risk"], loopbacks["orders"]
        self.router, self.execution = loopbacks["router"], loopbacks["execution"]
        self.positions = loopbacks["positions"]
        self.timers = Schedule(2 * board.capacity.orders + 65536)
        self.spill = Ring.format(Memory(Ring.bytes_needed(SPILLED, sizeof(Derived))), SPILLED, sizeof(Derived))
        self._kept = [None] * SEATS
        memset(self.seats, 0, sizeof(self.seats))

    def resume(self, Catchup past not None) -> None:
        """Goes on where a core that has lived through the past is: its counts, its timers, what it derived last."""
        cdef uint8_t engine
        cdef Due due
        cdef Derived* item
        self.sequencer.take_over(past.core.sequencer)
        self.next = self.sequencer.seq + 1
        self.cut = self.sequencer.seq
        while past.schedule.count:
            past.schedule.pop(&due)
            self.timers.push(due.due_ns, DUE_TIMER, due.data, due.length)
        for engine in range(E_RISK, E_POSITIONS + 1):
            item = past.waiting.first(engine)
            while item != NULL:
                self._put_aside(item, engine)
                past.waiting.drop(engine)
                item = past.waiting.first(engine)
        self._told()

    def hush(self) -> None:
        """Takes nothing from outside any more: what is left is what engines derive."""
        self.hushed = 1

    cdef void _put_aside(self, Derived* item, uint8_t engine) noexcept nogil:
        cdef Derived* slot = <Derived*>self.spill.claim()
        if slot == NULL:
            self.faults.fail(FAULT_LOOPBACK, engine, 0, self.sequencer.seq)
            return
        slot[0] = item[0]
        slot.pad = engine
        self.spill.publish()
        self.board.words.intake.waiting = self.spill.count()
        self.board.words.intake.spilled += 1

    # ---- one poll -------------------------------------------------------------------------------------------------

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        cdef uint64_t taken
        if self.faults.code():
            return 0
        self.now = 0
        if self.kill_page is not None:
            if self.kill_page.changed():
                self.kill_page.refresh()
            self.sequencer.kill = self.kill_page._epoch
        taken = self._poll_crowded()
        if not self.hushed:
            taken += self._poll_ring(self.desk, DESK_BUDGET)
            taken += self._poll_ring(self.reports, REPORT_BUDGET)
            taken += self._poll_timers(TIMER_BUDGET)
        taken += self._poll_derived(DERIVED_BUDGET)
        if not self.hushed:
            taken += self._poll_seats(0, SEAT_BUDGET)
            taken += self._poll_ring(self.feed, FEED_BUDGET)
            taken += self._poll_seats(1, FEED_BUDGET)
        if taken:
            self._told()
        return taken

    cdef int64_t _now(self) noexcept nogil:
        """One time for all that a poll takes; a poll that takes nothing asks no clock."""
        if self.now == 0:
            self.now = now_ns()
        return self.now

    cdef void _told(self) noexcept nogil:
        self.next = self.sequencer.seq + 1
        self.board.words.intake.timers = self.timers.count
        self.board.words.intake.waiting = self.spill.count()

    cdef void _mark(self) noexcept nogil:
        """The time of the next event, if it is a timed one: before the others can see it."""
        if self.sequencer.seq + 1 >= self.timed:
            if self.sequencer.seq + 1 == self.timed:
                self.timing.mark(self.timed, ticks())
            self.timed += EVERY

    cdef bint _has_place(self) noexcept nogil:
        """Whether the spine takes one more, beside the one for a report."""
        return self.spine.can_claim(self.sequencer.seq + 2)

    cdef bint _can_take(self) noexcept nogil:
        """Whether an event from outside has its place: on the spine, and for all that comes of it."""
        return (self.spill.count() == 0 and self._has_place() and not self.faults.code()
                and self.timers.count < self.timers.capacity // 2)

    cdef uint64_t _poll_crowded(self) noexcept nogil:
        """One report of a ring that is nearly full, whatever else waits."""
        cdef Input* item = <Input*>self.reports.peek()
        cdef uint64_t taken = 0
        if (item != NULL and not self.reports.has_room(CROWDED) and self.spine.can_claim(self.sequencer.seq + 1)
                and not self.faults.code()):
            taken = self._take(item)
            self.reports.release()
        return taken

    cdef uint64_t _poll_ring(self, Ring ring, uint64_t budget) noexcept nogil:
        """A ring of the core's own processes: each item says its source and its number."""
        cdef uint64_t taken = 0
        cdef Input* item
        while taken < budget and self._can_take():
            item = <Input*>ring.peek()
            if item == NULL:
                break
            taken += self._take(item)
            ring.release()
        return taken

    cdef bint _take(self, Input* item) noexcept nogil:
        """0: it is on the spine already."""
        if item.source_seq <= self.sequencer.source_seqs[item.source]:
            self.board.words.intake.repeated += 1
            return 0
        if item.time_ns == 0:
            item.time_ns = self._now()
        self._mark()
        self.sequencer.input(item)
        return 1

    cdef uint64_t _poll_timers(self, uint64_t budget) noexcept nogil:
        cdef uint64_t taken = 0
        cdef Due due
        cdef Due* top = self.timers.top()
        cdef Derived* item = <Derived*>due.data
        cdef uint8_t engine
        while taken < budget and top != NULL and top.due_ns <= self._now() and self._can_take():
            self.timers.pop(&due)
            engine = <uint8_t>item.pad
            item.pad = 0
            self._mark()
            self.sequencer.derived(item, engine, 1)
            taken += 1
            top = self.timers.top()
        return taken

    # ---- what engines derive ----------------------------------------------------------------------------------------

    cdef uint64_t _poll_derived(self, uint64_t budget) noexcept nogil:
        cdef uint64_t taken = self._poll_spill(budget)
        taken += self._poll_loopback(self.risk, E_RISK, budget)
        taken += self._poll_loopback(self.orders, E_ORDERS, budget)
        taken += self._poll_loopback(self.router, E_ROUTER, budget)
        taken += self._poll_loopback(self.execution, E_EXECUTION, budget)
        return taken + self._poll_loopback(self.positions, E_POSITIONS, budget)

    cdef uint64_t _poll_spill(self, uint64_t budget) noexcept nogil:
        cdef uint64_t taken = 0
        cdef Derived* item
        cdef uint8_t engine
        while taken < budget and self._has_place():
            item = <Derived*>self.spill.peek()
            if item == NULL:
                break
            engine = <uint8_t>item.pad
            item.pad = 0
            self._mark()
            self.sequencer.derived(item, engine, 0)
            self.spill.release()
            taken += 1
        return taken

    cdef uint64_t _poll_loopback(self, Ring ring, uint8_t engine, uint64_t budget) noexcept nogil:
        """In the order in which they were derived: behind what was put aside."""
        cdef uint64_t taken = 0
        cdef Derived* item
        while taken < budget:
            item = <Derived*>ring.peek()
            if item == NULL:
                break
            if item.cause <= self.cut:
                self.board.words.intake.repeated += 1
            elif item.due_ns:
                self._later(item, engine)
            elif self.spill.count() == 0 and self._has_place():
                self._mark()
                self.sequencer.derived(item, engine, 0)
                taken += 1
            elif ring.has_room(DERIVES_MAX):
                break               # its engine can go on: it may stay where it is
            else:
                self._put_aside(item, engine)
            ring.release()
        return taken

    cdef void _later(self, Derived* item, uint8_t engine) noexcept nogil:
        cdef Derived timer = item[0]
        timer.pad = engine
        if not self.timers.push(timer.due_ns, DUE_TIMER, &timer, sizeof(Derived)):
            self.faults.fail(FAULT_SCHEDULE, 0, 0, self.sequencer.seq)

    # ---- sessions -----------------------------------------------------------------------------------------------------

    cdef uint64_t _poll_seats(self, bint feeds, uint64_t budget) noexcept nogil:
        cdef uint64_t taken = 0
        cdef int i
        for i in range(self.seats_end):
            if self.seats[i].open and self.seats[i].feeds == feeds:
                taken += self._poll_seat(&self.seats[i], budget)
        return taken

    cdef uint64_t _poll_seat(self, RequestSeat* seat, uint64_t budget) noexcept nogil:
        """Copies each request, appends the copy, and gives the slot back."""
        cdef Input item
        cdef uint64_t taken = 0
        cdef uint64_t tail = load_acquire(&seat.ring.tail)
        cdef uint8_t* fault = &self.board.words.intake.seat_faults[seat.source - FROM_SESSIONS]
        if tail != seat.head:
            self._look()
        if tail - seat.head > seat.capacity:
            fault[0] = SEAT_BROKEN
        while taken < budget and seat.head != tail and not fault[0] and self._can_take():
            copy_request(&item, <const Input*>(seat.requests + (seat.head & (seat.capacity - 1)) * sizeof(Input)))
            if item.source_seq != seat.head + 1:
                fault[0] = SEAT_GAP
                break
            if not self._request(seat, &item):
                fault[0] = SEAT_BROKEN
                break
            self._mark()
            self.sequencer.input(&item)
            seat.head += 1
            fault_before(SEAT_HEAD)
            store_release(&seat.ring.head, seat.head)
            fault_after(SEAT_HEAD)
            taken += 1
        self.board.words.intake.inputs += taken
        return taken

    cdef void _look(self) noexcept nogil:
        """What is declared. After the ring: a client names what it was told of, and asks for it only then."""
        cdef uint64_t words = load_acquire(<uint64_t*>&self.board.words.declared)
        self.symbols = <uint32_t>words
        self.venues = <uint32_t>(words >> 32)
        self.accounts = self.board.words.declared.accounts
        self.strategies = self.board.words.declared.strategies

    cdef bint _request(self, RequestSeat* seat, Input* item) noexcept nogil:
        """Checks the copy; what a client may not say is made what risk denies by name. 0: no kind that it may send."""
        item.time_ns = self._now()
        item.session = seat.session
        item.source = seat.source
        item.source_seq = seat.base + seat.head + 1
        item.flags = 0
        if seat.feeds:
            return self._market(item)
        if item.kind == K_ORDER:
            check_order(item, seat, self.symbols, self.venues, self.accounts, self.strategies)
        elif item.kind == K_REPLACE:
            check_replace(item)
        elif item.kind == K_CANCEL:
            check_cancel(item)
        elif item.kind == K_CANCEL_ALL:
            check_cancel_all(item, seat)
        elif item.kind == K_SIGNAL:
            return check_signal(item, self.symbols)
        else:
            return 0
        return 1

    cdef bint _market(self, Input* item) noexcept nogil:
        """Market data is nobody's request: it is sequenced as the core's own feed is."""
        item.session = 0
        return check_market(item, self.symbols, self.venues)

    def open_seat(self, int i, uint32_t session, uint32_t person, Ring ring, rights, base=None, bint feeds=False) -> int:
        """Takes requests from that ring; feeds: market data and nothing else, after all others' requests. rights: a byte an account, or None: every account. base: what the source had
        sequenced before this session, as this told when it was first opened; None: now is the first time."""
        cdef RequestSeat* seat = &self.seats[i]
        cdef bytes held = bytes(self.board.capacity.accounts) if rights is None else bytes(rights).ljust(
            self.board.capacity.accounts, b"\0")
        memset(seat, 0, sizeof(RequestSeat))
        seat.source = <uint8_t>(FROM_SESSIONS + i)
        seat.base = self.sequencer.source_seqs[seat.source] if base is None else base
        seat.head = self.sequencer.source_seqs[seat.source] - seat.base
        seat.ring = ring._header
        seat.requests = ring._slots
        seat.capacity = ring._capacity
        seat.session = session
        seat.person = person
        seat.every = rights is None
        seat.feeds = feeds
        self._kept[i] = (ring, held)
        seat.rights = <const uint8_t*><const char*>held
        store_release(&seat.ring.head, seat.head)
        seat.open = 1
        self.seats_end = max(self.seats_end, i + 1)
        return seat.base

    def close_seat(self, int i) -> bool:
        """Lets go of its memory once all that was asked for is taken; False: something is still there."""
        cdef RequestSeat* seat = &self.seats[i]
        if seat.open and not self.board.words.intake.seat_faults[i] and load_acquire(&seat.ring.tail) != seat.head:
            return False
        seat.open = 0
        self._kept[i] = None
        while self.seats_end and not self.seats[self.seats_end - 1].open:
            self.seats_end -= 1
        return True

    def sequenced(self, int source) -> int:
        """Inputs of that source on the spine so far."""
        return self.sequencer.source_seqs[source]
