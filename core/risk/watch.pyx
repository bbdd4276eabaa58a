# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What follows from what happened: see watch.pxd."""
from libc.string cimport memcmp, memset

from core.messages cimport (
    AlertEvent, HaltEvent, K_ALERT, K_HALT, NONE, Page, RS_HALTED, R_CANCEL_RATE, R_DAILY_LOSS, R_DUPLICATE_CONTENT,
    R_LIMIT_70,    R_LIMIT_90, R_LOSING_STREAK, R_MARGIN, R_MAX_DAILY_CANCELS, R_NONE, R_ORDER_RATE, R_OVERRIDE, R_REPEATED_EXECUTION, SC_ACCOUNT, SC_ALL,
    SC_GROUP, SC_SESSION, SC_STRATEGY, SC_SYMBOL, SC_VENUE, ScopeKeys, U_COUNT, U_MONEY,
)
from core.risk.checks cimport content_of, keys_asked, place_of, unit_of
from core.risk.counted cimport Change
from core.risk.contents cimport Content
from core.risk.limits cimport CHAINS, N_BOOK, N_POSITION, bit_of, is_own_account, warns
from core.risk.own cimport set_key
from core.risk.tallies cimport Tally

cdef enum:
    WARN = 0                        # levels of an alert
    HALT = 1


cdef class Watch:
    """Moves what groups count by what one event changed, and says what a desk must hear."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity, Limits limits, Tallies tallies, Checks checks,
                  Glance glance, Gate gate):
        self.emitter = emitter
        self.limits = limits
        self.tallies = tallies
        self.checks = checks
        self.glance = glance
        self.gate = gate
        self.losses = <uint32_t*>arena.table("risk.losses", sizeof(uint32_t), capacity.limits)
        self.counts = limits.counts_of(5)
        arena.used_by("risk.losses", &self.counts[0])

    cdef void began(self, uint32_t index) noexcept nogil:
        """A limit was set: those on losses are looked at after fills and marks."""
        cdef uint64_t i
        cdef uint16_t check = self.limits.limits[index].check
        if not R_DAILY_LOSS <= check <= R_LOSING_STREAK:
            return
        for i in range(self.counts[0]):
            if self.losses[i] == index:
                return
        self.losses[self.counts[0]] = index
        self.counts[0] += 1

    # ---- what passes is remembered ----------------------------------------------------------------------------------

    cdef void accepted(self, Page* page, const Proposal* asked, uint32_t order) noexcept nogil:
        """Orders and replaces that pass count against the rates that they are in, and their contents are remembered."""
        cdef uint32_t chains[CHAINS]
        cdef int count = self.limits.chains_of(asked.account, chains)
        cdef uint32_t group
        cdef int i
        for i in range(count):
            group = self.limits.chains[chains[i]].groups
            while group != NONE:
                if (self.limits.groups[group].checks & (bit_of(R_ORDER_RATE) | bit_of(R_DUPLICATE_CONTENT))
                        and self.limits.applies(&self.limits.groups[group], keys_asked(asked))):
                    self._accepted_by(page, asked, group, order)
                group = self.limits.groups[group].next

    cdef void _accepted_by(self, Page* page, const Proposal* asked, uint32_t index, uint32_t order) noexcept nogil:
        cdef const Group* group = &self.limits.groups[index]
        cdef uint32_t key = self.limits.key(group.each, keys_asked(asked))
        cdef Content content
        cdef uint32_t counter
        cdef uint32_t tally
        if group.checks & bit_of(R_ORDER_RATE):
            counter = self.limits.orders_counter(group, key)
            self.limits.count_time(counter, page.header.time_ns)
            tally = self.tallies.tally(index, key)
            if tally != NONE:
                self.glance.rooms.rated(tally, counter)
        if group.checks & bit_of(R_DUPLICATE_CONTENT):
            content_of(asked, self.limits.content_counter(group, key), &content)
            self.checks.contents.note(&content, order, page.header.time_ns)

    # ---- counting ---------------------------------------------------------------------------------------------------

    cdef void count(self, Page* page, const Keys* keys, uint32_t position, const Move* move) noexcept nogil:
        """The difference in every group that the order is in, and the warnings that follow."""
        cdef uint32_t chains[CHAINS]
        cdef int count = self.limits.chains_of(keys.account, chains)
        cdef uint32_t index
        cdef bint calm = 1
        cdef bint moves = (move.working or move.filled or move.working_value or move.day_value or move.live
                           or move.messages > move.cancels)
        cdef int i
        for i in range(count):
            index = self.limits.chains[chains[i]].groups
            while index != NONE:
                if self.limits.applies(&self.limits.groups[index], keys) and not self._count_group(
                        page, keys, position, move, index):
                    calm = 0
                index = self.limits.groups[index].next
        if not calm and moves:
            self._warn_all(page, keys, position, move.unbooked)

    cdef bint _count_group(self, Page* page, const Keys* keys, uint32_t position, const Move* move,
                           uint32_t index) noexcept nogil:
        """One group's counts; whether it is surely far from warning."""
        cdef const Group* group = &self.limits.groups[index]
        cdef uint32_t tally
        cdef uint32_t cell = NONE
        if not group.needs and not group.checks & (bit_of(R_REPEATED_EXECUTION) | bit_of(R_CANCEL_RATE)):
            return 1
        tally = self.tallies.tally(index, self.limits.key(group.each, keys))
        if group.needs & (N_POSITION | N_BOOK):
            cell = self.tallies.cell_at(group, tally, keys.symbol, position)
        self.tallies.move(index, tally, cell, move)
        if tally != NONE:
            self.glance.rooms.spend(tally, keys.symbol, move)
        if move.fills and group.checks & bit_of(R_REPEATED_EXECUTION):
            self._fills(page, keys, group)
        if move.cancels:
            self._cancels(page, keys, group, tally)
        return tally == NONE or self.glance.calm(group, tally)

    cdef void shift(self, Page* page, const Keys* keys, uint32_t position, int64_t qty) noexcept nogil:
        """Quantity that no order brought, in the groups that count positions whole."""
        cdef uint32_t chains[CHAINS]
        cdef int count = self.limits.chains_of(keys.account, chains)
        cdef uint32_t index
        cdef uint32_t tally
        cdef const Group* group
        cdef int i
        for i in range(count):
            index = self.limits.chains[chains[i]].groups
            while index != NONE:
                group = &self.limits.groups[index]
                if group.by_position and group.needs & N_POSITION and self.limits.applies(group, keys):
                    tally = self.tallies.tally(index, self.limits.key(group.each, keys))
                    self.tallies.shift(self.tallies.cell_at(group, tally, keys.symbol, position), qty)
                index = group.next

    # ---- warnings ---------------------------------------------------------------------------------------------------

    cdef void _warn_all(self, Page* page, const Keys* keys, uint32_t position, bint unbooked) noexcept nogil:
        """Limit by limit, in the order of testing: at 70 % and at 90 %, each once until the value falls below again.
        unbooked: the account's equity isn't known yet."""
        cdef uint32_t cursors[CHAINS]
        cdef int count = self.checks.begin_merge(keys.account, cursors)
        cdef uint32_t index
        cdef uint32_t key
        cdef uint32_t tally
        cdef uint32_t cell
        cdef const Limit* limit
        cdef const Group* group
        cdef Change none
        cdef Finding found
        memset(&none, 0, sizeof(Change))
        while self.checks.merge(cursors, count, &index):
            limit = &self.limits.limits[index]
            if not limit.active or not warns(limit.check) or limit.check >= R_DAILY_LOSS or limit.group == NONE:
                continue
            group = &self.limits.groups[limit.group]
            if not self.limits.applies(group, keys) or (unbooked and limit.check == R_MARGIN):
                continue
            key = self.limits.key(limit.each, keys)
            tally = self.tallies.tally(limit.group, key)
            cell = self.tallies.cell_at(group, tally, keys.symbol, position)
            if cell == NONE:
                continue
            memset(&found, 0, sizeof(Finding))
            found.bound = self.limits.bound(limit, page.header.time_ns)
            self.checks.counted.measure(index, tally, cell, key, keys.account, keys.symbol, &none, &found)
            if found.reason == R_NONE and not found.unknown:
                self._warn(page, index, key, tally, keys.symbol, &found)

    cdef void _warn(self, Page* page, uint32_t index, uint32_t key, uint32_t tally, uint32_t symbol,
                    const Finding* found) noexcept nogil:
        cdef uint32_t counter = self.limits.counter(index, key)
        cdef Tally* counted = &self.tallies.tallies[tally]
        cdef uint8_t* warned
        cdef int step
        cdef uint8_t bit
        if counter == NONE:
            return
        warned = &self.limits.counters[counter].warned
        for step in range(2):
            bit = <uint8_t>(1 << step)
            if found.value < part_of(found.bound, 90 if step else 70):
                if warned[0] & bit:
                    warned[0] &= ~bit
                    counted.warned -= 1
            elif not warned[0] & bit:
                warned[0] |= bit
                counted.warned += 1
                self._alert(page, index, key, R_LIMIT_90 if step else R_LIMIT_70, WARN, symbol, found)

    cdef void _alert(self, Page* page, uint32_t index, uint32_t key, uint8_t reason, uint8_t level, uint32_t symbol,
                     const Finding* found) noexcept nogil:
        cdef AlertEvent alert
        cdef const Limit* limit = &self.limits.limits[index]
        memset(&alert, 0, sizeof(AlertEvent))
        alert.scope = limit.scope
        set_key(&alert.scope, limit.each, key)
        alert.check = limit.check
        alert.reason = reason
        alert.level = level
        alert.unit = found.unit
        alert.limit = found.bound
        alert.value = found.value
        alert.symbol = symbol
        self.emitter.emit(page, K_ALERT, &alert, sizeof(AlertEvent), 0)

    # ---- rates of fills and cancels -----------------------------------------------------------------------------------

    cdef void _fills(self, Page* page, const Keys* keys, const Group* group) noexcept nogil:
        """Too many fills in the window: the order's strategy, else its account, is halted until it is armed again."""
        cdef uint32_t index = group.limits[place_of(R_REPEATED_EXECUTION)]
        cdef const Limit* limit = &self.limits.limits[index]
        cdef uint32_t key = self.limits.key(limit.each, keys)
        cdef uint32_t counter = self.limits.counter(index, key)
        cdef Finding found
        cdef HaltEvent halt
        if counter == NONE:
            return
        self.limits.count_time(counter, page.header.time_ns)
        memset(&found, 0, sizeof(Finding))
        found.unit = U_COUNT
        found.bound = self.limits.bound(limit, page.header.time_ns)
        found.value = self.limits.rate(counter, page.header.time_ns, limit.window_ns)
        memset(&halt, 0, sizeof(HaltEvent))
        memset(&halt.scope, 0xFF, sizeof(ScopeKeys))
        halt.kind = SC_STRATEGY if keys.strategy != NONE else SC_ACCOUNT
        if keys.strategy != NONE:
            halt.scope.strategy = keys.strategy
        else:
            halt.scope.account = keys.account
        if found.value <= found.bound:
            return
        halt.state = RS_HALTED
        halt.reason = R_REPEATED_EXECUTION
        self._halt(page, &halt, index, key, keys.symbol, &found)

    cdef void _cancels(self, Page* page, const Keys* keys, const Group* group, uint32_t tally) noexcept nogil:
        """Too many cancels are told; none is ever refused."""
        cdef uint32_t key = self.limits.key(group.each, keys)
        cdef uint32_t index
        cdef uint32_t counter
        cdef Finding found
        memset(&found, 0, sizeof(Finding))
        found.unit = U_COUNT
        if group.checks & bit_of(R_CANCEL_RATE):
            index = group.limits[place_of(R_CANCEL_RATE)]
            counter = self.limits.cancels_counter(group, key)
            if counter != NONE:
                self.limits.count_time(counter, page.header.time_ns)
                if tally != NONE:
                    self.glance.rooms.canceled(tally, counter)
                found.bound = self.limits.bound(&self.limits.limits[index], page.header.time_ns)
                found.value = self.limits.rate(counter, page.header.time_ns, self.limits.limits[index].window_ns)
                if found.value > found.bound:
                    self._alert(page, index, key, R_CANCEL_RATE, WARN, keys.symbol, &found)
        if group.checks & bit_of(R_MAX_DAILY_CANCELS) and tally != NONE:
            index = group.limits[place_of(R_MAX_DAILY_CANCELS)]
            found.bound = self.limits.bound(&self.limits.limits[index], page.header.time_ns)
            found.value = <i128>self.tallies.tallies[tally].day_cancels
            if found.value > found.bound:
                self._alert(page, index, key, R_MAX_DAILY_CANCELS, WARN, keys.symbol, &found)

    # ---- losses -------------------------------------------------------------------------------------------------------

    cdef void filled(self, Page* page, const Keys* keys) noexcept nogil:
        """After a fill: the limits on losses that its order is in, in the order of testing."""
        cdef uint32_t cursors[CHAINS]
        cdef int count = self.checks.begin_merge(keys.account, cursors)
        cdef uint32_t index
        cdef uint32_t key
        cdef const Limit* limit
        while self.checks.merge(cursors, count, &index):
            limit = &self.limits.limits[index]
            if (limit.active and R_DAILY_LOSS <= limit.check <= R_LOSING_STREAK
                    and self.limits.applies(&self.limits.groups[limit.group], keys)):
                key = self.limits.key(limit.each, keys)
                self._loss(page, index, key, self.tallies.tally(limit.group, key), keys.symbol)

    cdef void marked(self, Page* page, uint32_t symbol) noexcept nogil:
        """After a mark: every limit on losses that has something of the symbol."""
        cdef uint64_t i
        cdef uint64_t j
        cdef uint32_t index
        cdef uint32_t group
        for i in range(self.counts[0]):
            index = self.losses[i]
            group = self.limits.limits[index].group
            if not self.limits.limits[index].active or self.limits.limits[index].check == R_LOSING_STREAK:
                continue
            if self.limits.limits[index].each == SC_ALL:
                if self.limits.groups[group].tally != NONE:
                    self._loss(page, index, 0, self.limits.groups[group].tally, symbol)
                continue
            for j in range(self.tallies.counts[0]):
                if self.tallies.tallies[j].group == group:
                    self._loss(page, index, self.tallies.tallies[j].key, <uint32_t>j, symbol)

    cdef void _loss(self, Page* page, uint32_t index, uint32_t key, uint32_t tally, uint32_t symbol) noexcept nogil:
        """One of them: a warning, or the stop of its scope, which stays until it is armed again."""
        cdef Limit* limit = &self.limits.limits[index]
        cdef Finding found
        if tally == NONE or self.tallies.cell_of.find((<uint64_t>tally << 32) | symbol) == NONE or (
                self._far(limit, tally)):
            return
        memset(&found, 0, sizeof(Finding))
        found.bound = self.limits.bound(limit, page.header.time_ns)
        self._measure_loss(page, index, tally, &found)
        if found.unknown:
            return
        if warns(limit.check):
            self._warn(page, index, key, tally, symbol, &found)
        if found.value > found.bound:
            self._stop(page, index, key, symbol, &found)

    cdef bint _far(self, const Limit* limit, uint32_t index) noexcept nogil:
        """Whether a loss is surely below every warning: by the profit at references, and how far marks have moved since."""
        cdef Tally* tally = &self.tallies.tallies[index]
        cdef i128 moved
        cdef i128 bound = limit.value
        if tally.warned or limit.check == R_LOSING_STREAK or not self.tallies.values.ready() or (
                not self.tallies.fresh(index)):
            return 0
        moved = self.glance.drifted(tally.moving) - tally.moving
        if limit.check == R_DAILY_LOSS:
            return (tally.base - tally.worth + moved) * <i128>10 < bound * <i128>7
        return (tally.has_peak and tally.worth + moved <= tally.peak
                and (tally.peak - tally.worth + moved) * <i128>10 < bound * <i128>7)

    cdef void _measure_loss(self, const Page* page, uint32_t index, uint32_t tally, Finding* found) noexcept nogil:
        cdef const Limit* limit = &self.limits.limits[index]
        cdef Tally* counted = &self.tallies.tallies[tally]
        cdef i128 profit = 0
        found.unit = U_MONEY
        if limit.check == R_LOSING_STREAK:
            found.unit = U_COUNT
            found.value = <i128>counted.streak
            return
        if not self.tallies.profit(tally, &profit):
            found.unknown = 1           # without a mark or a rate nothing is known to be lost
            return
        if limit.check == R_DAILY_LOSS:
            found.value = counted.base - profit
            return
        if not counted.has_peak or profit > counted.peak:
            counted.has_peak = 1
            counted.peak = profit
        found.value = counted.peak - profit

    cdef void _stop(self, Page* page, uint32_t index, uint32_t key, uint32_t symbol, const Finding* found) noexcept nogil:
        """The scope's state, unless it is as bad or worse already."""
        cdef const Limit* limit = &self.limits.limits[index]
        cdef HaltEvent halt
        cdef ScopeKeys scope = limit.scope
        set_key(&scope, limit.each, key)
        memset(&halt, 0, sizeof(HaltEvent))
        memset(&halt.scope, 0xFF, sizeof(ScopeKeys))
        halt.kind = narrow(&scope, &halt.scope)
        halt.state = limit.action
        halt.reason = <uint8_t>limit.check
        self._halt(page, &halt, index, key, symbol, found)

    cdef void _halt(self, Page* page, HaltEvent* halt, uint32_t index, uint32_t key, uint32_t symbol,
                    const Finding* found) noexcept nogil:
        """The alert and the halt, unless the scope stands as badly already, or this event said so of it just now."""
        if self.gate.state(halt.kind, &halt.scope) >= halt.state or (
                self.said.state >= halt.state and self.said.kind == halt.kind
                and memcmp(&self.said.scope, &halt.scope, sizeof(ScopeKeys)) == 0):
            return
        halt.by = NONE
        self.said = halt[0]
        self._alert(page, index, key, halt.reason, HALT, symbol, found)
        self.emitter.emit(page, K_HALT, halt, sizeof(HaltEvent), 0)

    # ---- overrides ----------------------------------------------------------------------------------------------------

    cdef void lift(self, Page* page) noexcept nogil:
        """A soft limit is another one for a while; that is told for each that is lifted."""
        cdef uint32_t index = 0
        cdef Finding found
        cdef const Limit* limit
        while self.limits.lift(&page.request.over, index, &index):
            limit = &self.limits.limits[index]
            memset(&found, 0, sizeof(Finding))
            found.unit = unit_of(limit.check)
            found.bound = limit.value
            found.value = limit.lifted
            self._alert(page, index, NONE, R_OVERRIDE, WARN, 0, &found)
            index += 1


cdef i128 part_of(i128 value, int percent) noexcept nogil:
    """The least whole number that is at least that part of a value; nothing is reached by 0 or less."""
    return (value * <i128>percent + <i128>99) / <i128>100 if value > <i128>0 else <i128>1


cdef uint8_t narrow(const ScopeKeys* scope, ScopeKeys* out) noexcept nogil:
    """The one key of a scope that its state is kept by: strategy, else account or group of accounts, symbol,
    venue, session; else all."""
    if scope.strategy != NONE:
        out.strategy = scope.strategy
        return SC_STRATEGY
    if is_own_account(scope.account):
        out.account = scope.account
        return SC_ACCOUNT
    if scope.account != NONE:
        out.account = scope.account
        return SC_GROUP
    if scope.symbol != NONE:
        out.symbol = scope.symbol
        return SC_SYMBOL
    if scope.venue != NONE:
        out.venue = scope.venue
        return SC_VENUE
    if scope.session != NONE:
        out.session = scope.session
        return SC_SESSION
    return SC_ALL
