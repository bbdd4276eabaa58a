# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Checks of every step: see checker.pxd.

Cursors never go back and are never ahead of what they follow. An event that has been everywhere is whole, in order, and
its source's numbers have no gap. Nothing new in a killed scope is let through, by the stream or by the gateways. A venue
that broke with the core is halted, and has nothing new until it is armed again. What
the children of an order may come to at the venues is never more than the order.
"""
from libc.string cimport memset

from core.alerts cimport is_break
from core.messages cimport (
    A_NEW, A_REPLACE, D_CONFLICT, H_DERIVED, K_HALT, K_KILL, K_ORDER, K_REARM, K_REPLACE, K_REPORT, K_VENUE_STATE,
    MAX_VENUES, NONE, OF_CHILD_OVER, OF_FILL_APPLIED, OF_OVERFILL, O_HAS_QTY, R_HALTED, R_JOURNAL_FULL, R_KILLED,
    R_TABLE_FULL, SC_ACCOUNT, SC_ALL, SC_SESSION, SC_STRATEGY, SC_SYMBOL, SC_VENUE, SF_SENT, VF_APPLIES, VF_DENIED,
    VF_UNKNOWN, VS_UP, HaltEvent,
    Header,
)
from core.simulation.marks cimport (
    M_BREAK_CONFLICT, M_BREAK_OVERFILL, M_BREAK_UNKNOWN, M_DENIED_HALTED, M_DENIED_JOURNAL_FULL, M_DENIED_KILLED,
    M_KILL_RACED_AN_ORDER, M_MARKET_LATE_FILL, M_SEND_SUPPRESSED, M_TABLE_FULL, M_VENUE_HALTED,
)
from core.simulation.outside cimport Outside
from core.venues.gateway cimport HELD, TOLD, Gateway

from core.simulation.errors import Violation
from core.topology import LIVE_CURSORS

cdef enum:
    RACE = 50                       # steps between a kill and a send that it met
    FROM_VENUES = 64                # sources from here on are simulated venues, up to those of sessions


cdef uint32_t LATE = OF_FILL_APPLIED | OF_CHILD_OVER


cdef bint in_scope(const Kill* kill, uint32_t account, uint32_t strategy, uint32_t symbol, uint32_t venue,
                   uint32_t session) noexcept nogil:
    if kill.kind == SC_ALL:
        return 1
    if kill.kind == SC_ACCOUNT:
        return kill.key == account
    if kill.kind == SC_STRATEGY:
        return kill.key == strategy
    if kill.kind == SC_SYMBOL:
        return kill.key == symbol
    if kill.kind == SC_VENUE:
        return kill.key == venue
    return kill.kind == SC_SESSION and kill.key == session


cdef class Checker:
    """One seed's. `watch` a core's board whenever there is a new one."""

    def __init__(self, capacity, size_t marks):
        self.count = len(LIVE_CURSORS)
        self.journal, self.execution = LIVE_CURSORS.index("journal"), LIVE_CURSORS.index("execution")
        self.egress, self.gateways = LIVE_CURSORS.index("egress"), LIVE_CURSORS.index("gateways")
        self.max_orders = capacity.orders
        self._memory = Memory(17 * self.max_orders)
        self.order_qty = <int64_t*>self._memory.base
        self.committed = self.order_qty + self.max_orders
        self.exempt = <uint8_t*>(self.committed + self.max_orders)
        self.marks = <uint64_t*>marks
        self.outsides = []
        memset(self.source_seqs, 0, sizeof(self.source_seqs))
        memset(self.ups, 0, sizeof(self.ups))
        self.halt_venues([])

    def watch(self, Board board not None, list outsides) -> None:
        """A core's board, whose events begin after the last that its journal has."""
        cdef int i
        self.board, self.spine, self.outsides = board, board.spine, outsides
        self.claimed = self.seen = self.gated = board.spine.claimed()
        for i in range(self.count):
            self.last[i] = board.spine.cursor(i)

    def sources(self, dict counts) -> None:
        """Where each source is: what a machine's death took is to come again."""
        memset(self.source_seqs, 0, sizeof(self.source_seqs))
        for source, number in counts.items():
            self.source_seqs[<int>source] = number

    def orders(self, list quantities) -> None:
        """(order, quantity) of every order of a core that came back: some it may have taken unseen."""
        for order, qty in quantities:
            self.order_qty[<uint32_t>order] = max(self.order_qty[<uint32_t>order], <int64_t>qty)

    def page_kills(self, rows, bint fresh) -> None:
        """The kills that are in force on the page from now on."""
        self.paged_count = 0
        for row in rows[:KILLS_MAX]:
            self.paged[self.paged_count] = Kill(row["kind"], row["key"], row["epoch"])
            self.paged_count += 1
        if fresh:
            self.killed_at = self.step_no

    def stream_kills(self, kills) -> None:
        """The kills of the stream that are in force, as (kind, key, epoch)."""
        self.told_count = 0
        for kind, key, epoch in kills:
            self.told[self.told_count] = Kill(kind, key, epoch)
            self.told_count += 1

    def halt_venues(self, venues) -> None:
        """Those that stand halted on a break, of a core that came back."""
        memset(self.halted, 0, sizeof(self.halted))
        memset(self.owed, 0, sizeof(self.owed))
        for venue in venues:
            self.halted[<int>venue] = 1

    def count_ups(self, dict counts) -> None:
        """How often each venue was said to be up, to a core that came back: of some it may have heard unseen."""
        memset(self.ups, 0, sizeof(self.ups))
        for venue, count in counts.items():
            self.ups[<int>venue % MAX_VENUES] = count

    def halted_venues(self) -> list[int]:
        """Those that are halted on a break by now."""
        return [venue for venue in range(MAX_VENUES) if self.halted[venue]]

    def broken(self) -> list[tuple[int, int]]:
        """(venue, event) of breaks that have halted nobody."""
        return [(venue, self.owed[venue]) for venue in range(MAX_VENUES) if self.owed[venue]]

    def use_intents(self, Gateway gateway not None) -> None:
        """Of gateways that came (back); the memory is a file's, and outlives them."""
        self._kept = gateway.kept
        self.intents, self.max_intents = gateway.intents, gateway.max_intents

    def note_decided(self) -> None:
        """Of gateways that die before their cursor says so: what they decided, by the page as it is."""
        if self.spine.cursor(self.gateways) > self.gated:
            self._gate(self.spine.cursor(self.gateways))

    def note_done(self) -> None:
        """Of a worker that came back: what its cursors say by now, before new events are written over it."""
        self._cursors()

    cdef int fail(self, str what) except -1:
        raise Violation(what)

    cdef int step(self) except -1:
        if self.board.faults.code():
            self.board.faults.raise_first()
        return self._cursors()

    cdef int _cursors(self) except -1:
        cdef uint64_t claimed = self.spine.claimed()
        cdef uint64_t slowest = claimed
        cdef uint64_t at
        cdef int i
        if claimed < self.claimed:
            self.fail(f"the claim went back from {self.claimed} to {claimed}")
        self.claimed = claimed
        for i in range(self.count):
            at = self.spine.cursor(i)
            if at < self.last[i]:
                self.fail(f"{LIVE_CURSORS[i]} went back from {self.last[i]} to {at}")
            self.last[i] = at
            if at > claimed:
                self.fail(f"{LIVE_CURSORS[i]} is at {at}, ahead of the sequencer's {claimed}")
            if at < slowest:
                slowest = at
        if self.last[self.egress] > self.last[self.journal]:
            self.fail(f"egress is at {self.last[self.egress]}, the journal at {self.last[self.journal]}")
        if self.last[self.gateways] > self.last[self.journal] or self.last[self.gateways] > self.last[self.execution]:
            self.fail(f"gateways are at {self.last[self.gateways]}, the journal at {self.last[self.journal]}, "
                      f"execution at {self.last[self.execution]}")
        if claimed - slowest > self.spine._capacity:
            self.fail(f"event {claimed} is over one that somebody at {slowest} has not taken")
        if self.last[self.gateways] > self.gated:
            self._gate(self.last[self.gateways])
        return self._observe(slowest) if slowest > self.seen else 0

    cdef int _gate(self, uint64_t end) except -1:
        cdef const Page* page
        while self.gated < end:
            self.gated += 1
            page = <const Page*>self.spine.slot(self.gated)
            if page.send.seq == self.gated and page.send.flags & SF_SENT:
                self._decided(page)
        return 0

    cdef int _decided(self, const Page* page) except -1:
        """The gateways have an intent of it, or held it back: as the kill page was during this step."""
        cdef const Send* send = &page.send
        cdef const Intent* intent = &self.intents[send.seq % self.max_intents]
        cdef bint held = intent.state == HELD or intent.state == TOLD
        cdef bint killed = 0
        cdef int i
        if intent.seq != send.seq:
            return self.fail(f"the gateways passed send {send.seq} without an intent (its place has {intent.seq})")
        if send.action == A_NEW or send.action == A_REPLACE:
            for i in range(self.paged_count):
                killed |= in_scope(&self.paged[i], send.account, send.strategy, send.symbol, send.venue, send.session)
        if killed != held:
            return self.fail(f"send {send.seq}: the kill page {'blocks' if killed else 'allows'} it, the gateways "
                             f"{'held it back' if held else 'let it go'}")
        if held:
            self.marks[<int>M_SEND_SUPPRESSED] += 1
            if self.step_no - self.killed_at < RACE:
                self.marks[<int>M_KILL_RACED_AN_ORDER] += 1
        return 0

    cdef int _observe(self, uint64_t end) except -1:
        while self.seen < end:
            self.seen += 1
            self._event(<const Page*>self.spine.slot(self.seen))
        return 0

    cdef int _event(self, const Page* page) except -1:
        cdef const Header* header = &page.header
        if header.seq != self.seen:
            return self.fail(f"the place of event {self.seen} has event {header.seq}")
        if header.time_ns < self.time_ns:
            return self.fail(f"event {self.seen} is stamped {self.time_ns - header.time_ns} ns before the one before")
        self.time_ns = header.time_ns
        if not header.flags & H_DERIVED:
            self.source_seqs[header.source] += 1
            if header.source_seq != self.source_seqs[header.source]:
                return self.fail(f"event {self.seen}: source {header.source} is at {header.source_seq}, not at "
                                 f"{self.source_seqs[header.source]}")
        elif header.cause >= header.seq:
            return self.fail(f"event {self.seen} was caused by event {header.cause}")
        if header.kind == K_ORDER:
            self._order(page)
        elif header.kind == K_REPLACE and page.request.replace.flags & O_HAS_QTY and page.resolved.order < self.max_orders:
            self.order_qty[page.resolved.order] = max(self.order_qty[page.resolved.order], page.request.replace.qty)
        elif header.kind == K_REPORT and header.source >= FROM_VENUES:
            self.marks[<int>M_MARKET_LATE_FILL] += (page.outcome.flags & LATE) == LATE
        elif header.kind == K_VENUE_STATE and page.request.venue_state.state == VS_UP:
            self.ups[page.request.venue_state.venue % MAX_VENUES] += 1
        elif header.kind == K_HALT:
            self._halt(&page.request.halt)
        elif header.kind == K_KILL:
            self._kill(page)
        elif header.kind == K_REARM:
            self._rearm(page)
        if header.kind == K_REPORT:
            self._break(page)
        return self._sent(&page.send) if page.send.seq == self.seen and page.send.flags & SF_SENT else 0

    cdef int _order(self, const Page* page) except -1:
        cdef uint32_t order = page.resolved.order
        cdef int i
        if page.verdict.flags & VF_DENIED:
            self.marks[<int>M_DENIED_JOURNAL_FULL] += page.verdict.reason == R_JOURNAL_FULL
            self.marks[<int>M_DENIED_KILLED] += page.verdict.reason == R_KILLED
            self.marks[<int>M_DENIED_HALTED] += page.verdict.reason == R_HALTED
            self.marks[<int>M_TABLE_FULL] += page.verdict.reason == R_TABLE_FULL
            return 0
        for i in range(self.told_count):
            if in_scope(&self.told[i], page.request.order.account, page.request.order.strategy,
                        page.request.order.symbol, page.request.order.venue, page.header.session):
                return self.fail(f"event {self.seen}: an order passed that kill {self.told[i].epoch} forbids")
        if self._is_halted(page.request.order.venue):
            return self.fail(f"event {self.seen}: an order passed to venue {page.request.order.venue}, which is halted")
        if order < self.max_orders:
            self.order_qty[order] = page.request.order.qty
            self.committed[order] = 0
            self.exempt[order] = 0
        return 0

    cdef int _sent(self, const Send* send) except -1:
        cdef Outside outside
        cdef int i
        if send.action == A_NEW:
            for i in range(self.told_count):
                if in_scope(&self.told[i], send.account, send.strategy, send.symbol, send.venue, send.session):
                    return self.fail(f"send {send.seq} is new, and after kill {self.told[i].epoch} that forbids it")
            if self._is_halted(send.venue):
                return self.fail(f"send {send.seq} is new, and venue {send.venue} is halted")
        for outside in self.outsides:
            if outside.venue == send.venue:
                outside.find(send)
        return 0

    cdef int commit(self, uint32_t order, int64_t change) except -1:
        self.committed[order] += change
        if change > 0 and self.committed[order] > self.order_qty[order] and not self.exempt[order]:
            return self.fail(f"the children of order {order} may come to {self.committed[order]}, it is of "
                             f"{self.order_qty[order]}")
        return 0

    cdef void _kill(self, const Page* page):
        cdef uint32_t key = key_of(page.request.filter.kind, &page.request.filter.scope)
        if self.told_count < KILLS_MAX:
            self.told[self.told_count] = Kill(page.request.filter.kind, key, page.request.filter.epoch)
            self.told_count += 1

    cdef void _rearm(self, const Page* page):
        cdef uint32_t key = key_of(page.request.filter.kind, &page.request.filter.scope)
        cdef int i = 0
        if page.request.filter.kind == SC_VENUE and key < MAX_VENUES:
            self.halted[key] = 0
        while i < self.told_count:
            if (self.told[i].kind == page.request.filter.kind and self.told[i].key == key
                    and self.told[i].epoch <= page.request.filter.epoch):
                self.told_count -= 1
                self.told[i] = self.told[self.told_count]
            else:
                i += 1

    cdef void _break(self, const Page* page) noexcept nogil:
        """A report that the core and its venue can't both be right about: it owes a halt."""
        cdef uint32_t venue = page.request.report.venue
        cdef bint unknown = page.verdict.flags & VF_UNKNOWN != 0
        cdef bint conflict = not unknown and page.resolved.flags & D_CONFLICT != 0
        cdef bint overfill = page.verdict.flags & VF_APPLIES and page.outcome.flags & OF_OVERFILL != 0
        self.marks[<int>M_BREAK_UNKNOWN] += unknown
        self.marks[<int>M_BREAK_CONFLICT] += conflict
        self.marks[<int>M_BREAK_OVERFILL] += overfill
        if (unknown or conflict or overfill) and venue < MAX_VENUES and not self.halted[venue]:
            self.owed[venue] = self.seen

    cdef void _halt(self, const HaltEvent* halt) noexcept nogil:
        if is_break(halt):
            self.halted[halt.scope.venue] = 1
            self.owed[halt.scope.venue] = 0
            self.marks[<int>M_VENUE_HALTED] += 1

    cdef bint _is_halted(self, uint32_t venue) noexcept nogil:
        return venue < MAX_VENUES and self.halted[venue]


cdef uint32_t key_of(uint8_t kind, const ScopeKeys* scope) noexcept nogil:
    if kind == SC_ACCOUNT:
        return scope.account
    if kind == SC_STRATEGY:
        return scope.strategy
    if kind == SC_SYMBOL:
        return scope.symbol
    if kind == SC_VENUE:
        return scope.venue
    return scope.session if kind == SC_SESSION else NONE
