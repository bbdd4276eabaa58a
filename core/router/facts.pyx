# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Facts of venues: see facts.pxd."""
from libc.string cimport memset

from core.engine cimport Emitter
from core.messages cimport (
    A_NONE, FA_LATENCY, FA_SENDS, FA_SILENCE, FA_STALE, FA_WINDOW, FACTS, H_SUPPRESSED, K_REPORT, K_SILENCE, K_SWEEP,
    MAX_SYMBOL_VENUES, MAX_VENUES, NONE, OF_HELD, OUTFLOWS, Outcome, P_BY_PERSON, SW_ASK, SweepEvent,
)

cdef enum:
    PATIENCE = 1000000000           # ns that a child may wait for its venue's throttle; else the venue isn't seen


cdef extern from *:
    """
    #define NACRE_FAR ((int64_t)1 << 60)
    """
    const int64_t FAR "NACRE_FAR"


cdef class Facts:
    """Tables in the router's arena, and what follows from them."""

    def __cinit__(self, Arena arena, Emitter emitter, MarketView view, object capacity):
        self.emitter = emitter
        self.view = view
        self.max_symbols = capacity.symbols
        self.max_rows = capacity.facts
        self.rows = <uint32_t*>arena.table("router.facts_rows", sizeof(uint32_t), capacity.symbols * MAX_SYMBOL_VENUES)
        self.known = <VenueSymbol*>arena.table("router.facts", sizeof(VenueSymbol), self.max_rows)
        self.unfilled = <int64_t*>arena.table("router.unfilled", sizeof(int64_t), 2 * capacity.symbols)
        self.lives = <VenueLife*>arena.table("router.venues", sizeof(VenueLife), MAX_VENUES)
        self.counts = <uint64_t*>arena.table("router.facts_counts", sizeof(uint64_t), 8)
        arena.used_by("router.facts", &self.counts[0])

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef const FactsEvent* told = &page.request.facts
        cdef int slot
        cdef VenueSymbol* row
        if told.symbol == NONE:
            self._venue(told)
            return
        slot = self.view.slot_of(told.symbol, told.venue)
        row = self._row(told.symbol, slot) if slot >= 0 else NULL
        if row == NULL:
            return
        if told.queue:
            self._queue(row, told)
        else:
            self._told(row, told)

    cdef VenueSymbol* _row(self, uint32_t symbol, int slot) noexcept nogil:
        cdef uint32_t* row = &self.rows[<uint32_t>slot * self.max_symbols + symbol]
        if row[0] == NO_ROW:
            if self.counts[0] >= self.max_rows:
                self.counts[1] += 1     # full: what was declared goes on to count, and the number is shown
                return NULL
            self.counts[0] += 1
            row[0] = <uint32_t>self.counts[0]
        return &self.known[row[0] - 1]

    cdef void _told(self, VenueSymbol* row, const FactsEvent* told) noexcept nogil:
        cdef int i
        for i in range(FACTS):
            if (told.given >> i) & 1:
                row.values[i] = told.values[i]
        row.given |= told.given

    cdef void _queue(self, VenueSymbol* row, const FactsEvent* told) noexcept nogil:
        """Its steps: from each value to the next, and behind the last."""
        cdef int side = told.side != 0
        cdef int64_t n = told.count if told.count <= OUTFLOWS else OUTFLOWS
        cdef int i
        row.steps[side] = <uint32_t>(STEPS * (n + 1)) if n else 0
        for i in range(STEPS_MAX):
            row.reach[side][i] = 0
            row.leaves[side][i] = 0
            if i < <int>row.steps[side]:
                row.reach[side][i] = reach_of(&told.values[0], n, i / STEPS, i % STEPS)
                row.leaves[side][i] = leaves(n, i / STEPS, i % STEPS)
        self.unfilled[2 * told.symbol + <uint32_t>side] = told.unfilled

    cdef void _venue(self, const FactsEvent* told) noexcept nogil:
        cdef VenueLife* life = &self.lives[told.venue]
        self.counts[3] += 1
        if (told.given >> FA_SILENCE) & 1:
            life.silence_ns = told.values[<int>FA_SILENCE]
            if not life.silence_ns:
                self._heard(told.venue)
        if (told.given >> FA_SENDS) & 1:
            life.interval_ns = 0
            life.free_ns = 0
            if told.values[<int>FA_SENDS] > 0:
                life.interval_ns = told.values[<int>FA_WINDOW] / told.values[<int>FA_SENDS]
            life.burst_ns = told.values[<int>FA_WINDOW] - life.interval_ns

    # ---- what follows -----------------------------------------------------------------------------------------

    cdef int64_t latency(self, uint32_t symbol, int slot) noexcept nogil:
        cdef const VenueSymbol* row = self.row(symbol, slot)
        if row != NULL and (row.given >> FA_LATENCY) & 1:
            return row.values[<int>FA_LATENCY]
        return self.view.venues[self.view.top(symbol, slot).venue].latency_ns

    cdef bint stale(self, uint32_t symbol, int slot, int64_t now_ns) noexcept nogil:
        cdef int64_t most = self.fact(symbol, slot, FA_STALE)
        return most > 0 and now_ns - self.view.top(symbol, slot).quoted_ns > most

    # ---- the throttle: so many children in a window, by the time at which the average allows the next --------------

    cdef bint throttled(self, uint16_t venue, int64_t now_ns) noexcept nogil:
        """Whether a child would have to wait too long."""
        cdef VenueLife* life = &self.lives[venue]
        return life.interval_ns > 0 and life.free_ns - life.burst_ns > now_ns + PATIENCE

    cdef int64_t due(self, uint16_t venue, int64_t now_ns) noexcept nogil:
        """When one child more may go there, now or later; it counts."""
        cdef VenueLife* life = &self.lives[venue]
        cdef int64_t at = now_ns
        if life.interval_ns <= 0:
            return at
        if life.free_ns - life.burst_ns > at:
            at = life.free_ns - life.burst_ns
        life.free_ns = (life.free_ns if life.free_ns > now_ns else now_ns) + life.interval_ns
        return at

    # ---- silence ----------------------------------------------------------------------------------------------

    cdef void spoken(self, Page* page) noexcept nogil:
        """An event about an order: something was heard from a venue, or goes to one."""
        cdef Outcome* outcome = &page.outcome
        if page.header.kind == K_REPORT:
            if (not page.header.flags & H_SUPPRESSED and not page.request.report.flags & P_BY_PERSON
                    and page.request.report.venue < MAX_VENUES):
                self._heard(page.request.report.venue)
        elif outcome.order != NONE and outcome.action != A_NONE and not outcome.flags & OF_HELD:
            self._asked(page, outcome.venue)

    cdef void _asked(self, Page* page, uint16_t venue) noexcept nogil:
        """A timer is to look whether the venue has said anything since."""
        cdef VenueLife* life = &self.lives[venue]
        if not life.silence_ns:
            return
        if not life.asked:
            life.asked = 1
            life.asked_ns = page.header.time_ns
        if not life.watched:
            life.watched = 1
            self._derive(page, K_SILENCE, venue, page.header.time_ns + life.silence_ns)

    cdef void _heard(self, uint16_t venue) noexcept nogil:
        """It said something: it is back."""
        cdef VenueLife* life = &self.lives[venue]
        if life.asked:
            life.asked = 0
            life.silent = 0
            self.counts[2] &= ~(<uint64_t>1 << venue)

    cdef void silence_due(self, Page* page) noexcept nogil:
        """The timer: the venue is silent, or has spoken and was asked again since."""
        cdef uint16_t venue = <uint16_t>page.request.sweep.scope.venue
        cdef VenueLife* life = &self.lives[venue]
        life.watched = 0
        if not life.asked or not life.silence_ns or life.silent:
            return
        if page.header.time_ns < life.asked_ns + life.silence_ns:
            life.watched = 1
            self._derive(page, K_SILENCE, venue, life.asked_ns + life.silence_ns)
            return
        life.silent = 1
        self.counts[2] |= <uint64_t>1 << venue
        self._derive(page, K_SWEEP, venue, 0)

    cdef void _derive(self, Page* page, uint16_t kind, uint16_t venue, int64_t due_ns) noexcept nogil:
        """The timer; or a sweep that asks about each child that the venue hasn't answered."""
        cdef SweepEvent event
        memset(&event, 0, sizeof(SweepEvent))
        memset(&event.scope, 0xFF, sizeof(event.scope))
        event.scope.venue = venue
        event.kind = SW_ASK
        self.emitter.emit(page, kind, &event, sizeof(SweepEvent), due_ns)


cdef int64_t reach_of(const int64_t* values, int64_t n, int64_t i, int64_t step) noexcept nogil:
    """How much the end of that step before the i-th of n values is. The last steps lie behind the last value: twice as
    far as from the one before it, as in an exponential tail."""
    cdef int64_t start = values[i - 1] if i else 0
    cdef int64_t way
    if i < n:
        way = values[i] - start
        return start + way / STEPS * (step + 1) + way % STEPS * (step + 1) / STEPS
    way = values[n - 1] - values[n - 2] if n > 1 else 0
    return start + way / 2 * (step + 1) if way < FAR else start


cdef int64_t leaves(int64_t n, int64_t i, int64_t step) noexcept nogil:
    """How likely (10^-6) as much leaves as lies in that step before the i-th of n values. The values are the middles of
    n equal parts of the distribution; between them, before the first and behind the last, it is taken as even."""
    if i == 0:
        return MILLION * (4 * STEPS * n - (2 * step + 1)) / (4 * STEPS * n)
    if i == n:
        return MILLION * (2 * STEPS - (2 * step + 1)) / (4 * STEPS * n)
    return MILLION * (STEPS * (2 * n - 2 * i + 1) - (2 * step + 1)) / (2 * STEPS * n)
