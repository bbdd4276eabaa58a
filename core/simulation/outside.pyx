# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Venues outside: see outside.pxd.

The gateway finds each send in the journal, and writes it where the core's gateways have stored an intent. What it has
begun to write and not marked done before it died, it doesn't write again. The venue fills as chance has it. Of its
reports a fill may come late, behind the report of a cancel too; any may come twice, or not at all until it is asked. And
it may break with the core: with fills of nobody's order, of more than was ordered, by an id that stands for another one.

Sends wait for the gateway in the journal, as many as there are: no more than events. A venue whose reports nobody takes has
room for so many, and takes no orders and trades nothing until there is room for what comes of one: as over a connection.
The core asks about a child when its venue is up again, and then once.
"""
from libc.string cimport memcmp, memcpy, memset

from core.messages cimport (
    A_CANCEL, A_NEW, A_REPLACE, A_STATUS, K_REPORT, P_HAS_PRICE, P_HAS_QTY, T_LIMIT, T_MARKET, TIF_FOK, TIF_IOC,
    X_CANCEL_REJECTED, X_CANCELED, X_NEW, X_REJECTED, X_REPLACED, X_TRADE, X_UNKNOWN_ORDER,
)
from core.simulation.dice cimport below, chance
from core.simulation.marks cimport (
    M_CANCEL_REJECTED, M_INTENT_ASKED_BEFORE_WRITTEN, M_LATE_FILL_AFTER_CANCEL, M_LOST_REPORT_TOLD_ON_STATUS,
    M_OUTSIDE_DIED, M_OUTSIDE_DIED_IN_WRITE, M_REJECTED, M_REPLACED, M_REPLACED_DROPPED, M_REPORT_DROPPED,
    M_REPORT_OVERTAKEN, M_REPORT_REPEATED, M_REQUEST_CAME_TO_NOTHING, M_UNKNOWN_ORDER_TOLD,
)
from core.venues.gateway cimport DONE, INTENT, Intent, child_name
from core.venues.place cimport put_numbered

cdef enum:
    LIVE = 1
    ENDED = 2
    LATE_STEPS = 400


cdef class Outside:
    """One venue. marks, dice: addresses that the whole seed shares."""

    def __init__(self, int venue, capacity, Checker checker not None, Traffic traffic not None, size_t dice, size_t marks):
        self.venue = <uint16_t>venue
        self.late_qty = 1
        self.checker, self.traffic = checker, traffic
        self.dice, self.marks = <Dice*>dice, <uint64_t*>marks
        self.max_children = capacity.orders + capacity.more_children
        self._memory = Memory(self.max_children * (sizeof(Kid) + 8) + (SAID + LOST) * sizeof(Said))
        self.kids = <Kid*>self._memory.base
        self.said = <Said*>(self.kids + self.max_children)
        self.lost = self.said + SAID
        self.live = <uint32_t*>(self.lost + LOST)
        self.asked = self.live + self.max_children
        self.max_found = PENDING
        self._found = Memory(self.max_found * sizeof(Found))
        self.found = <Found*>self._found.base

    def meet(self, uint64_t run) -> None:
        """A core that came back: what it lost of the stream it may ask again."""
        self.run = run
        memset(self.asked, 0, self.max_children * sizeof(uint32_t))

    def die(self) -> None:
        """Its gateway. What it noted stays in its file."""
        self.dead = 1
        self.marks[<int>M_OUTSIDE_DIED] += 1

    def come_back(self) -> None:
        """Its gateway; it tells first what fills were lost."""
        self.dead = 0
        self._again(0xFFFFFFFF, 1)

    def be_true(self) -> None:
        """From now on nothing goes astray."""
        self.drop = self.repeat = self.late = self.reject = self.reject_cancel = self.die_in_write = 0
        self.stray = self.other_ids = self.excess = 0

    @property
    def waiting(self) -> int:
        """Sends and reports on their way."""
        return self.found_tail - self.found_head + self.said_count

    # ---- the gateway -------------------------------------------------------------------------------------------------

    cdef int find(self, const Send* send) except -1:
        cdef Found* found
        if send.action == A_STATUS:
            self._count_question(send)
        if self.found_tail - self.found_head >= self.max_found:
            self._have_more()
        found = &self.found[self.found_tail % self.max_found]
        found.send = send[0]
        found.run = self.run
        found.written = 0
        self.found_tail += 1
        return 0

    cdef void _have_more(self):
        """Twice the room for sends."""
        cdef Memory more = Memory(2 * self.max_found * sizeof(Found))
        cdef Found* found = <Found*>more.base
        cdef uint64_t i
        for i in range(self.found_head, self.found_tail):
            found[i % (2 * self.max_found)] = self.found[i % self.max_found]
        self._found, self.found = more, found
        self.max_found *= 2

    cdef int _count_question(self, const Send* send) except -1:
        """About a child, at most as often as the venue was said to be up."""
        if send.child >= self.max_children:
            return self.checker.fail(f"send {send.seq} is of child {send.child}, beyond the tables")
        self.asked[send.child] += 1
        if self.asked[send.child] > self.checker.ups[self.venue]:
            return self.checker.fail(f"send {send.seq} asks about child {send.child} for the {self.asked[send.child]}th "
                                     f"time, venue {self.venue} was up {self.checker.ups[self.venue]} times")
        return 0

    cdef bint _can_say(self) noexcept nogil:
        """Whether there is room for all that may come of a send or a trade; what was held back is told sooner or later."""
        return self.said_count + self.lost_count + FROM_A_SEND <= SAID

    cdef int work(self) except -1:
        """The next send, if the core's gateways have come to it."""
        cdef Found* found = &self.found[self.found_head % self.max_found]
        cdef Intent* intent
        if self.dead or self.found_head == self.found_tail or not self._can_say():
            return 0
        intent = &self.checker.intents[found.send.seq % self.checker.max_intents]
        if intent.seq < found.send.seq and found.run == self.run:
            return 0
        if intent.seq == found.send.seq and intent.state == INTENT and (not found.written or self.resends):
            if self._write(found):
                return 0
            intent.state = DONE
        elif intent.seq == found.send.seq and intent.state == INTENT:
            intent.state = DONE     # nobody knows whether it was: the core asks, now that the venue is there again
        elif intent.seq == found.send.seq and intent.state == DONE and not found.written:
            self.marks[<int>M_INTENT_ASKED_BEFORE_WRITTEN] += 1
        self.found_head += 1
        return 1

    cdef int _write(self, Found* found) except -1:
        """1: it died, before or after the venue had it."""
        cdef bint dies = self.die_in_write and chance(self.dice, self.die_in_write)
        found.written = 1
        if dies and chance(self.dice, 512):
            self.die()
            return 1
        self._on_send(&found.send)
        if dies:
            self.die()
            self.marks[<int>M_OUTSIDE_DIED_IN_WRITE] += 1
        return dies

    # ---- the venue ---------------------------------------------------------------------------------------------------

    cdef int _on_send(self, const Send* send) except -1:
        cdef char name[56]
        cdef Kid* kid
        if send.child >= self.max_children:
            return self.checker.fail(f"send {send.seq} is of child {send.child}, beyond the tables")
        kid = &self.kids[send.child]
        child_name(send, name)
        if kid.state and memcmp(kid.name, name, 56) != 0:
            return self.checker.fail(f"send {send.seq}: child {send.child} is another one than it was")
        if send.action == A_NEW:
            return self._new(send, kid)
        if send.action == A_CANCEL:
            return self._cancel(send, kid)
        if send.action == A_REPLACE:
            return self._replace(send, kid)
        return self._status(send, kid)

    cdef int _new(self, const Send* send, Kid* kid) except -1:
        cdef ReportEvent report
        if kid.state:
            return self.checker.fail(f"send {send.seq}: child {send.child} was sent to venue {self.venue} twice")
        child_name(send, kid.name)
        kid.qty, kid.cum, kid.price = send.qty, 0, send.price
        kid.order, kid.account, kid.symbol, kid.side = send.order, send.account, send.symbol, send.side
        kid.state = ENDED
        if send.ord_type > T_LIMIT or send.time_in_force > TIF_FOK or chance(self.dice, self.reject):
            report = self._report(send.child, X_REJECTED)
            self.marks[<int>M_REJECTED] += 1
            return self._say(&report, send.child, 0)
        self.checker.commit(kid.order, kid.qty)
        kid.state = LIVE
        kid.at = self.live_count
        self.live[self.live_count] = send.child
        self.live_count += 1
        report = self._report(send.child, X_NEW)
        self._say(&report, send.child, 0)
        if send.ord_type == T_MARKET or (send.time_in_force == TIF_FOK and chance(self.dice, 512)):
            return self._fill(send.child, kid.qty)
        if send.time_in_force != TIF_FOK and chance(self.dice, 256):
            self._fill(send.child, 1 + below(self.dice, kid.qty))
        if kid.state == LIVE and (send.time_in_force == TIF_IOC or send.time_in_force == TIF_FOK):
            self._end(send.child)
            report = self._report(send.child, X_CANCELED)
            return self._say(&report, send.child, 0)
        return 0

    cdef int _cancel(self, const Send* send, Kid* kid) except -1:
        cdef ReportEvent report
        cdef bint fills = self.late and chance(self.dice, self.late)
        if kid.state != LIVE or chance(self.dice, self.reject_cancel):
            report = self._report(send.child, X_CANCEL_REJECTED)
            child_name(send, report.child_id)
            self.marks[<int>M_CANCEL_REJECTED] += 1
            return self._say(&report, send.child, 0)
        if fills and kid.qty - kid.cum > 1:
            self.checker.exempt[kid.order] = 1
            kid.cum += 1
            report = self._report(send.child, X_TRADE)
            report.last_qty = self.late_qty
            self._push(&report, send.child, self.checker.step_no + LATE_STEPS)
            self.marks[<int>M_LATE_FILL_AFTER_CANCEL] += 1
        self._end(send.child)
        report = self._report(send.child, X_CANCELED)
        return self._say(&report, send.child, 0)

    cdef int _replace(self, const Send* send, Kid* kid) except -1:
        cdef ReportEvent report
        cdef bint grows = send.qty > kid.qty
        if kid.state != LIVE or send.qty <= kid.cum or chance(self.dice, self.reject_cancel):
            report = self._report(send.child, X_CANCEL_REJECTED)
            child_name(send, report.child_id)
            return self._say(&report, send.child, 0)
        self.checker.commit(kid.order, send.qty - kid.qty)
        kid.qty, kid.price = send.qty, send.price
        self.marks[<int>M_REPLACED] += 1
        report = self._report(send.child, X_REPLACED)
        report.flags, report.order_qty, report.price = P_HAS_QTY | P_HAS_PRICE, kid.qty, kid.price
        return self._say(&report, send.child, grows)

    cdef int _status(self, const Send* send, Kid* kid) except -1:
        cdef ReportEvent report
        if not kid.state:
            memset(&report, 0, sizeof(report))
            report.venue, report.exec_type = self.venue, X_UNKNOWN_ORDER
            child_name(send, report.child_id)
            self.marks[<int>M_UNKNOWN_ORDER_TOLD] += 1
            return self._push(&report, send.child, self.checker.step_no)
        if self._again(send.child, 0) or kid.state == LIVE or self._is_on_its_way(send.child):
            return 0
        report = self._report(send.child, X_CANCEL_REJECTED)    # what else could be asked of one that has ended
        child_name(send, report.child_id)
        self.marks[<int>M_REQUEST_CAME_TO_NOTHING] += 1
        return self._push(&report, send.child, self.checker.step_no)

    cdef bint _is_on_its_way(self, uint32_t child) noexcept nogil:
        """Whether a report of it is."""
        cdef uint32_t i
        for i in range(self.said_count):
            if self.said[i].child == child:
                return 1
        return 0

    cdef int _end(self, uint32_t child) except -1:
        cdef Kid* kid = &self.kids[child]
        kid.state = ENDED
        self.live_count -= 1
        self.live[kid.at] = self.live[self.live_count]
        self.kids[self.live[kid.at]].at = kid.at
        return self.checker.commit(kid.order, kid.cum - kid.qty)

    cdef int _fill(self, uint32_t child, int64_t qty) except -1:
        cdef Kid* kid = &self.kids[child]
        cdef ReportEvent report
        if self.excess and kid.cum + qty == kid.qty and chance(self.dice, self.excess):
            self.checker.exempt[kid.order] = 1
            qty += 1
        kid.cum += qty
        report = self._report(child, X_TRADE)
        report.last_qty = qty
        if kid.cum >= kid.qty:
            self._end(child)
        return self._say(&report, child, 0)

    cdef int _break(self, const ReportEvent* fill, uint32_t child) except -1:
        """Beside a fill that is on its way: what can't be, and what nothing may be booked of."""
        cdef ReportEvent report = fill[0]
        if self.other_ids and chance(self.dice, self.other_ids):
            report.last_qty += 1
            self._push(&report, child, self.checker.step_no + LATE_STEPS)
        if self.stray and chance(self.dice, self.stray):
            self.fills += 1
            put_numbered(report.exec_id, 40, b"\x01F", c'-', self.fills)
            put_numbered(report.child_id, 56, b"\x01X", c'-', self.fills)
            self._push(&report, child, self.checker.step_no)
        return 0

    cdef int trade(self) except -1:
        """Somebody takes some of an order that is live."""
        cdef uint32_t child
        if not self.live_count or not self._can_say():
            return 0
        child = self.live[below(self.dice, self.live_count)]
        return self._fill(child, 1 + below(self.dice, self.kids[child].qty - self.kids[child].cum))

    # ---- what it says ------------------------------------------------------------------------------------------------

    cdef ReportEvent _report(self, uint32_t child, uint8_t exec_type):
        cdef ReportEvent report
        cdef Kid* kid = &self.kids[child]
        memset(&report, 0, sizeof(report))
        report.venue, report.exec_type = self.venue, exec_type
        memcpy(report.child_id, kid.name, 56)
        report.last_px = kid.price if kid.price else 1000
        if exec_type == X_TRADE:
            self.fills += 1
            put_numbered(report.exec_id, 40, b"\x01F", c'-', self.fills)
        else:
            report.last_px = 0
        return report

    cdef int _say(self, const ReportEvent* report, uint32_t child, bint must_come) except -1:
        cdef uint64_t due = self.checker.step_no
        if report.exec_type == self.forgets:
            return 0
        if (self.drop and not must_come and self.lost_count < LOST
                and chance(self.dice, self.drop)):  # who misses a larger quantity takes a fill for too much, and never asks
            self.lost[self.lost_count].report = report[0]
            self.lost[self.lost_count].child = child
            self.lost_count += 1
            self.checker.exempt[self.kids[child].order] = 1
            self.marks[<int>M_REPORT_DROPPED] += 1
            self.marks[<int>M_REPLACED_DROPPED] += report.exec_type == X_REPLACED
            return 0
        if self.late and report.exec_type == X_TRADE and chance(self.dice, self.late):
            due += below(self.dice, LATE_STEPS)
            self.checker.exempt[self.kids[child].order] = 1
        self._push(report, child, due)
        if report.exec_type == X_TRADE:
            self._break(report, child)
        if self.repeat and chance(self.dice, self.repeat):
            self.marks[<int>M_REPORT_REPEATED] += 1
            self._push(report, child, due)
        return 0

    cdef int _push(self, const ReportEvent* report, uint32_t child, uint64_t due) except -1:
        if self.said_count >= SAID:
            return self.checker.fail(f"venue {self.venue}: more than {SAID} reports are on their way")
        self.said[self.said_count].report = report[0]
        self.said[self.said_count].due = due
        self.said[self.said_count].child = child
        self.said_count += 1
        return 0

    cdef bint _again(self, uint32_t child, bint fills_only) except -1:
        """What was lost, of a child or of any, in the order in which it was said; whether there was something."""
        cdef uint32_t i = 0, kept = 0
        cdef uint32_t before = self.lost_count
        for i in range(before):
            if (child in (self.lost[i].child, <uint32_t>0xFFFFFFFF)
                    and (not fills_only or self.lost[i].report.exec_type == X_TRADE)):
                self._push(&self.lost[i].report, self.lost[i].child, self.checker.step_no)
                self.marks[<int>M_LOST_REPORT_TOLD_ON_STATUS] += 1
            else:
                self.lost[kept] = self.lost[i]
                kept += 1
        self.lost_count = kept
        return kept != before

    cdef int deliver(self) except -1:
        """The first report that is due goes to the core, if that takes it."""
        cdef uint32_t i
        for i in range(self.said_count):
            if self.said[i].due <= self.checker.step_no:
                break
        else:
            return 0
        if self.dead:
            return 0
        self.number += 1
        self.said[i].report.venue_seq = self.number
        if not self.traffic.say(K_REPORT, 0, &self.said[i].report, sizeof(ReportEvent)):
            return 0
        self.marks[<int>M_REPORT_OVERTAKEN] += i != 0
        self.said_count -= 1
        while i < self.said_count:
            self.said[i] = self.said[i + 1]
            i += 1
        return 1

    # ---- what it holds -----------------------------------------------------------------------------------------------

    def children(self) -> list[tuple[int, int, int, bool, int]]:
        """(child, quantity, filled, whether it is live, price) of every one that ever came."""
        return [(i, self.kids[i].qty, self.kids[i].cum, self.kids[i].state == LIVE, self.kids[i].price)
                for i in range(self.max_children) if self.kids[i].state]

    def positions(self) -> dict[tuple[int, int], int]:
        """What was traded, by account and symbol."""
        out: dict = {}
        for i in range(self.max_children):
            if self.kids[i].state:
                key = (self.kids[i].account, self.kids[i].symbol)
                out[key] = out.get(key, 0) + (self.kids[i].cum if self.kids[i].side == 0 else -self.kids[i].cum)
        return out
