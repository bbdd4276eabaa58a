# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The world of a core: see world.pxd. What happens seldom is written in Python: see play.py."""
from libc.string cimport memset

from core.engine cimport DERIVES_MAX, E_RISK
from core.messages cimport H_DERIVED, H_TIMER, Header, Page
from core.simulation.dice cimport below, chance, roll
from core.simulation.marks cimport (
    M_LOOPBACK_FULL, M_REPEATED_DROPPED, M_REPORTS_FULL, M_SENDS_FULL, M_SPINE_FULL, M_SPILL_USED, MARKS_END,
)
from core.simulation.outside cimport Outside
from core.stage cimport Stage
from core_ext.ring cimport Ring

from core.simulation.marks import MARKS
from core_ext.clock import held_at

cdef enum:
    LOOK = 16                       # steps between two looks at how full rings are
    FROM_SESSIONS = 128

BEGIN_NS = 1_700_000_000_000_000_000
if MARKS_END != len(MARKS):
    raise ImportError(f"marks.pxd has {MARKS_END} marks, marks.py {len(MARKS)}")


cdef class World:
    """seed: decides everything. rates: of 65536, how often a step is a request, a quote, a turn of a venue's gateway,
    a trade at a venue, a fault; else it is a worker's poll."""

    def __init__(self, uint64_t seed, capacity, dict rates, int64_t tick_ns):
        self.dice.state = seed * <uint64_t>0x9E3779B97F4A7C15 + 1
        memset(self.marks, 0, sizeof(self.marks))
        memset(self.stalled, 0, sizeof(self.stalled))
        self.clock = <int64_t*><size_t>held_at()
        self.now = BEGIN_NS
        self.clock[0] = self.now
        self.tick_ns = tick_ns
        self.firsts, self.outsides = [], []
        self.next_due = 1 << 63
        self.request_to = rates["request"]
        self.quote_to = self.request_to + rates["quote"]
        self.outside_to = self.quote_to + rates["outside"]
        self.trade_to = self.outside_to + rates["trade"]
        self.fault_to = self.trade_to + rates["fault"]
        self.checker = Checker(capacity, <size_t>&self.marks[0])

    def be_calm(self) -> None:
        """Nothing new comes in, nothing strikes any more."""
        self.request_to = self.quote_to = self.outside_to = self.trade_to = self.fault_to = 0

    def addresses(self) -> tuple[int, int]:
        """Of the dice and of the marks."""
        return <size_t>&self.dice, <size_t>&self.marks[0]

    def trade_with(self, Traffic traffic not None) -> None:
        """Where inputs come from."""
        self.traffic = traffic

    def mark(self, int place) -> None:
        """One more of a rare branch."""
        self.marks[place] += 1

    def reached(self) -> dict[str, int]:
        """How often each rare branch was come to."""
        return {name: self.marks[i] for i, name in enumerate(MARKS)}

    def below(self, uint64_t n) -> int:
        """A draw, from 0 to before n."""
        return below(&self.dice, n)

    def stall(self, int worker, uint64_t until) -> None:
        """Its processor is somebody else's up to that step."""
        self.stalled[worker] = until

    def unstall(self) -> None:
        memset(self.stalled, 0, sizeof(self.stalled))

    def pass_time(self, int64_t ns) -> None:
        """The clock is put forward, or back."""
        self.now += ns
        self.clock[0] = self.now

    def let_go_of_clock(self) -> None:
        """Realtime is real again."""
        self.clock[0] = 0

    def half_claim(self) -> None:
        """The sequencer died while it wrote an event: the place is claimed, and has something of it."""
        cdef uint64_t seq = self.board.last() + 1
        if self.board.spine.can_claim(seq):
            self.board.spine.claim(seq)
            memset((<Page*>self.board.spine.slot(seq)).request.bytes, 0xAA, 64)

    def poll_and_untake(self, Stage intake not None) -> bool:
        """The sequencer died when its last event was on the spine, and the slot that it came from not given back."""
        cdef uint64_t before[8]
        cdef list rings = [self.board.desk, self.board.feed, self.board.reports, *self.loopbacks]
        cdef uint64_t last = self.board.last()
        cdef const Header* header
        cdef Ring ring = None
        cdef int i
        for i in range(len(rings)):
            before[i] = (<Ring>rings[i])._header.head
        intake.poll(64)
        if self.board.last() == last or self.board.words.intake.waiting:
            return False
        header = &(<const Page*>self.board.spine.slot(self.board.last())).header
        if header.flags & H_TIMER:
            return False
        if header.source >= FROM_SESSIONS:
            return self.traffic.untake(header.source - FROM_SESSIONS)
        if header.flags & H_DERIVED:
            i = 3 + header.engine - E_RISK
        else:
            i = 0 if header.source == 0 else 1 if header.source == 1 else 2
        ring = <Ring>rings[i]
        if ring._header.head == before[i]:
            return False
        ring._header.head -= 1
        return True

    def flood(self, int which) -> None:
        """More than a ring holds: of trades at a venue, of the market, of what the desk says, of reports, of requests."""
        cdef Outside outside
        cdef int i
        if which == 2 and self.outsides:
            outside = <Outside>self.outsides[0]
            for i in range(64):
                outside.trade()
        elif which == 1:
            while self.traffic.quote():
                pass
        elif which == 3:
            for i in range(1100):
                self.traffic.say_quote()
        elif which == 4:
            while self.traffic.report_nobody():
                pass
        else:
            for i in range(64):
                self.traffic.request(<int>below(&self.dice, self.clients))

    def mind_outsides(self) -> None:
        """A venue's gateway is dead. See play.py."""

    def count_at_end(self) -> None:
        """What is counted elsewhere."""
        self.marks[<int>M_REPEATED_DROPPED] += self.board.words.intake.repeated

    def due(self) -> None:
        """A step that something was put off to. See play.py."""

    def strike(self) -> None:
        """A fault. See play.py."""

    # ---- steps -------------------------------------------------------------------------------------------------------

    def run(self, uint64_t steps) -> None:
        """So many steps. Raises a Violation or a CoreFault; `step_no` says at which."""
        cdef uint64_t end = self.step_no + steps
        while self.step_no < end:
            self.step_no += 1
            self.checker.step_no = self.step_no
            self._step()

    def turn_all(self) -> int:
        """A step of everybody who lives, in order; how much was done. Nothing is left to chance."""
        cdef uint64_t done = 0
        cdef Outside outside
        cdef object first
        self.step_no += 1
        self.checker.step_no = self.step_no
        self.pass_time(self.tick_ns)
        self.traffic.flush()
        for first in self.firsts:
            if first is not None:
                done += (<Stage>first).turn(64)
                self.checker.step()
        for outside in self.outsides:
            while outside.work() or outside.deliver():
                done += 1
        self.traffic.hear_all()
        return done + (self.traffic.pushed != self.traffic.said)

    cdef int _step(self) except -1:
        cdef uint64_t what = roll(&self.dice) >> 48
        self.now += 1 + <int64_t>below(&self.dice, self.tick_ns)
        self.clock[0] = self.now
        if self.step_no >= self.next_due:
            self.due()
        if what >= self.fault_to:
            self._poll()
        elif what < self.request_to:
            self.traffic.request(<int>below(&self.dice, self.clients))
        elif what < self.quote_to:
            self.traffic.quote()
        elif what < self.outside_to:
            self._outside()
        elif what < self.trade_to:
            if self.outsides:
                (<Outside>self.outsides[below(&self.dice, len(self.outsides))]).trade()
        else:
            self.strike()
        self.traffic.flush()
        self.checker.step()
        if not self.slow_readers or chance(&self.dice, 8):
            self.traffic.hear_all()
        return self._look() if self.step_no % LOOK == 0 else 0

    cdef int _poll(self) except -1:
        cdef uint64_t i = below(&self.dice, len(self.firsts))
        cdef object first = self.firsts[i]
        if first is not None and self.stalled[i] <= self.step_no:
            (<Stage>first).turn(1 + below(&self.dice, 64 if roll(&self.dice) & 1 else 4))
        return 0

    cdef int _outside(self) except -1:
        cdef Outside outside
        if not self.outsides:
            return 0
        outside = <Outside>self.outsides[below(&self.dice, len(self.outsides))]
        return outside.work() if roll(&self.dice) & 1 else outside.deliver()

    cdef int _look(self) except -1:
        """How full it is."""
        cdef uint64_t claimed = self.board.spine.claimed()
        self.marks[<int>M_REPORTS_FULL] += not self.board.reports.has_room(3)
        self.marks[<int>M_SENDS_FULL] += not self.board.sends.has_room(1)
        self.marks[<int>M_SPINE_FULL] += not self.board.spine.can_claim(claimed + 2)
        self.marks[<int>M_SPILL_USED] += self.board.words.intake.waiting != 0
        for ring in self.loopbacks:
            self.marks[<int>M_LOOPBACK_FULL] += not (<Ring>ring).has_room(DERIVES_MAX)
        for outside in self.outsides:
            if (<Outside>outside).dead and chance(&self.dice, 32):
                self.mind_outsides()
        return 0

    def watch(self, Board board not None) -> None:
        """The core's board."""
        self.board = board
        self.loopbacks = list(board.loopbacks.values())
