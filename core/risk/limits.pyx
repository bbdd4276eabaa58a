# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Limits: see limits.pxd."""
from libc.string cimport memcmp, memset

from core.messages cimport (
    ACCOUNT_GROUP, LimitEvent, NONE, NONE16, OverrideEvent, RS_HALTED, R_CANCEL_RATE, R_CREDIT, R_DAILY_LOSS,
    R_DRAWDOWN, R_DUPLICATE_CONTENT, R_GROSS_EXPOSURE, R_LOSING_STREAK, R_MARGIN, R_MAX_DAILY_CANCELS, R_MAX_DAILY_NOTIONAL,
    R_MAX_DAILY_ORDERS, R_MAX_DAILY_QTY, R_MAX_POSITION, R_MAX_POSITION_NOTIONAL, R_MAX_WORKING_ORDERS, R_MIN_CASH,
    R_NO_LIMIT, R_ORDER_RATE, R_ORDER_TRADE_RATIO, R_PERMISSION, R_RESTRICTED, R_SECTOR_EXPOSURE, R_SELF_TRADE, R_SHORT_SALE, SC_ACCOUNT, SC_ALL,
    SC_SESSION, SC_STRATEGY, SC_SYMBOL, SC_VENUE, ScopeKeys, UNKNOWN,
)
from core_ext.wide cimport pow10_i128

cdef enum:
    NEVER = 0x7FFFFFFFFFFFFFFF


cdef class Limits:
    """The limits in force, in the order in which they are tested."""

    def __cinit__(self, Arena arena, object capacity):
        self.max_limits = capacity.limits
        self.max_counters = capacity.counters
        self.max_times = capacity.rate_times
        self.max_accounts = capacity.accounts
        chains = capacity.accounts + 1 + ACCOUNT_GROUPS
        self.limits = <Limit*>arena.table("risk.limits", sizeof(Limit), capacity.limits)
        self.groups = <Group*>arena.table("risk.groups", sizeof(Group), capacity.limits)
        self.counters = <Counter*>arena.table("risk.counters", sizeof(Counter), capacity.counters)
        self.times = <int64_t*>arena.table("risk.times", sizeof(int64_t), capacity.rate_times)
        self.chains = <Chain*>arena.table("risk.chains", sizeof(Chain), chains)
        self.memberships = <uint8_t*>arena.table("risk.memberships", MEMBERSHIPS, capacity.accounts)
        self.sectors = <uint32_t*>arena.table("risk.sectors", sizeof(uint32_t), capacity.symbols)
        self.counts = <uint64_t*>arena.table("risk.counts", sizeof(uint64_t), 8 * COUNTS)
        self.counter_of = Map64(arena, "risk.counter_of", capacity.counters)
        arena.used_by("risk.limits", &self.counts[0])
        arena.used_by("risk.groups", &self.counts[2])
        arena.used_by("risk.counters", &self.counts[1])
        arena.used_by("risk.times", &self.counts[3])
        memset(self.chains, 0xFF, chains * sizeof(Chain))

    # ---- setting ----------------------------------------------------------------------------------------------

    cdef uint32_t find(self, uint16_t check, uint8_t each, const ScopeKeys* scope) noexcept nogil:
        """The limit with that check, scope and each, active or not; NONE: there never was one."""
        cdef uint32_t i = self.chains[self.chain_of(scope)].first
        while i != NONE:
            if (self.limits[i].check == check and self.limits[i].each == each
                    and memcmp(&self.limits[i].scope, scope, sizeof(ScopeKeys)) == 0):
                return i
            i = self.limits[i].next
        return NONE

    cdef uint32_t set(self, const LimitEvent* event) noexcept nogil:
        """A limit with the same check, scope and each replaces the older in its place; off removes it. The limit, NONE
        where there is none: nothing to remove, or the table is full."""
        cdef uint32_t i = self.find(event.check, event.each, &event.scope)
        cdef Limit* limit
        cdef Group* group
        if i == NONE:
            if event.off:
                return NONE
            if self.counts[0] >= self.max_limits or self.chain_of(&event.scope) == NONE:
                self.counts[4] += 1
                return NONE
            i = <uint32_t>self.counts[0]
            self.counts[0] += 1
            limit = &self.limits[i]
            limit.scope = event.scope
            limit.check = event.check
            limit.each = event.each
            limit.index = i
            limit.counter = NONE
            limit.group = NONE
            self._chain(i)
        limit = &self.limits[i]
        self._count_kind(limit.check, <int>(not event.off) - <int>limit.active)
        if limit.group != NONE:
            self.groups[limit.group].checks &= ~bit_of(limit.check)
        limit.active = not event.off
        limit.currency = event.currency
        limit.window_ns = event.window_ns
        limit.value = event.value
        limit.soft = event.soft
        limit.action = event.action if event.action else RS_HALTED
        limit.denies = event.denies
        limit.until_ns = 0
        if limit.check != R_NO_LIMIT:
            limit.group = self._group(event)
            if limit.active:
                group = &self.groups[limit.group]
                group.checks |= bit_of(limit.check)
                group.bounds[limit.check - R_RESTRICTED] = limit.value
                if R_CANCEL_RATE <= limit.check <= R_MAX_DAILY_CANCELS and not limit.denies:
                    group.bounds[limit.check - R_RESTRICTED] = pow10_i128(37)
                group.limits[limit.check - R_RESTRICTED] = i
        self._forget(i)
        return i

    cdef void _count_kind(self, uint16_t check, int more) noexcept nogil:
        if check == R_NO_LIMIT:
            self.counts[5] += more
        elif check == R_SELF_TRADE:
            self.counts[7] += more
        elif R_DAILY_LOSS <= check <= R_LOSING_STREAK:
            self.counts[6] += more

    cdef void _forget(self, uint32_t index) noexcept nogil:
        """A limit that is set anew has warned of nothing, and has seen nothing go by."""
        cdef uint32_t i
        if self.limits[index].each == SC_ALL:
            i = self.limits[index].counter
            if i != NONE:
                forget_counter(&self.counters[i])
                self._settle(&self.counters[i])
            return
        for i in range(self.counts[1]):
            if self.counters[i].limit == index:
                forget_counter(&self.counters[i])
                self._settle(&self.counters[i])

    cdef uint32_t _group(self, const LimitEvent* event) noexcept nogil:
        """The group of that scope, each and currency, made where there is none."""
        cdef Chain* chain = &self.chains[self.chain_of(&event.scope)]
        cdef uint32_t* link = &chain.groups
        cdef Group* group
        while link[0] != NONE:
            group = &self.groups[link[0]]
            if (group.each == event.each and group.currency == event.currency
                    and memcmp(&group.scope, &event.scope, sizeof(ScopeKeys)) == 0):
                return link[0]
            link = &group.next
        link[0] = <uint32_t>self.counts[2]       # there are never more groups than limits
        self.counts[2] += 1
        group = &self.groups[link[0]]
        group.scope = event.scope
        group.each = event.each
        group.currency = event.currency
        group.next = NONE
        group.tally = NONE
        group.content = NONE
        group.orders = NONE
        group.cancels = NONE
        group.whole = (event.scope.symbol == NONE and event.scope.strategy == NONE and event.scope.venue == NONE
                       and event.scope.session == NONE and event.scope.sector == NONE)
        group.own = group.whole and (event.each == SC_ACCOUNT or (
            event.each == SC_ALL and event.scope.account < UNKNOWN and not is_account_group(event.scope.account)))
        group.by_position = (event.scope.strategy == NONE and event.scope.session == NONE and event.scope.venue == NONE
                             and event.each not in (SC_STRATEGY, SC_SESSION, SC_VENUE))
        return link[0]

    cdef uint32_t chain_of(self, const ScopeKeys* scope) noexcept nogil:
        """Which chain such a limit stands in; NONE: there is no such account group."""
        cdef uint32_t group
        if scope.account == NONE:
            return self.max_accounts
        if not is_account_group(scope.account):
            return scope.account
        group = scope.account - ACCOUNT_GROUP
        return self.max_accounts + 1 + group if group < ACCOUNT_GROUPS else <uint32_t>NONE

    cdef void _chain(self, uint32_t index) noexcept nogil:
        """Into its chain, by check, then by declaration."""
        cdef Limit* limit = &self.limits[index]
        cdef uint32_t* link = &self.chains[self.chain_of(&limit.scope)].first
        while link[0] != NONE and self.limits[link[0]].check <= limit.check:
            link = &self.limits[link[0]].next
        limit.next = link[0]
        link[0] = index

    cdef bint lift(self, const OverrideEvent* event, uint32_t start, uint32_t* found) noexcept nogil:
        """Lifts the next soft limit, from `start` on, with that check and scope. 0: there is none."""
        cdef uint32_t i = start
        cdef Limit* limit
        while i < self.counts[0]:
            limit = &self.limits[i]
            if (limit.active and limit.soft and limit.check == event.check
                    and memcmp(&limit.scope, &event.scope, sizeof(ScopeKeys)) == 0):
                limit.lifted = event.value
                limit.until_ns = event.until_ns
                self._seen_tighter(limit)
                found[0] = i
                return 1
            i += 1
        return 0

    cdef void _seen_tighter(self, const Limit* limit) noexcept nogil:
        """Whoever glances at an override that tightens must see it; afterwards he looks closer than he need."""
        cdef uint32_t i
        cdef i128* bound = &self.groups[limit.group].bounds[limit.check - R_RESTRICTED]
        if limit.check == R_MIN_CASH or limit.check == R_DUPLICATE_CONTENT:
            bound[0] = limit.lifted if limit.lifted > bound[0] else bound[0]
        else:
            bound[0] = limit.lifted if limit.lifted < bound[0] else bound[0]
        for i in range(self.counts[1]):
            if self.counters[i].limit == limit.index:
                self._settle(&self.counters[i])

    # ---- whose --------------------------------------------------------------------------------------------------

    cdef bint join(self, uint32_t account, uint32_t group) noexcept nogil:
        """The account is in that account group; 0: it is in as many as it may be."""
        cdef uint8_t* groups = self.memberships + account * MEMBERSHIPS
        cdef int i
        for i in range(MEMBERSHIPS):
            if groups[i] == group + 1:
                return 1
            if not groups[i]:
                groups[i] = <uint8_t>(group + 1)
                return 1
        return 0

    cdef int _groups_of(self, uint32_t account, uint32_t* out) noexcept nogil:
        """Behind the account's own chain and the one for all: those of its groups."""
        cdef const uint8_t* groups = self.memberships + account * MEMBERSHIPS
        cdef int count = 2
        cdef int i
        for i in range(MEMBERSHIPS):
            if not groups[i]:
                break
            out[count] = self.max_accounts + groups[i]
            count += 1
        return count

    cdef bint has_any(self, uint32_t account) noexcept nogil:
        """Whether any limit is on the account; that it may not trade something is none."""
        cdef uint32_t chains[CHAINS]
        cdef int count = self.chains_of(account, chains)
        cdef int i
        cdef uint32_t limit
        for i in range(count):
            limit = self.chains[chains[i]].first
            while limit != NONE:
                if self.limits[limit].active and self.limits[limit].check > R_PERMISSION and (
                        self.limits[limit].check != R_NO_LIMIT):
                    return 1
                limit = self.limits[limit].next
        return 0

    cdef bint _member(self, uint32_t account, uint32_t group) noexcept nogil:
        cdef int i
        for i in range(MEMBERSHIPS):
            if self.memberships[account * MEMBERSHIPS + i] == group + 1:
                return 1
        return 0

    cdef bint of(self, uint32_t account, uint32_t scope_account) noexcept nogil:
        """Whether the account is the scope's, or in the scope's group, or the scope names none."""
        return (scope_account == NONE or scope_account == account or (
            is_account_group(scope_account) and self._member(account, scope_account - ACCOUNT_GROUP)))

    cdef bint matches(self, const ScopeKeys* scope, const Keys* keys) noexcept nogil:
        return (
            (scope.account == keys.account or self.of(keys.account, scope.account))
            and (scope.symbol == NONE or scope.symbol == keys.symbol)
            and (scope.strategy == NONE or scope.strategy == keys.strategy)
            and (scope.venue == NONE or (keys.venue != NONE16 and scope.venue == keys.venue))
            and (scope.session == NONE or scope.session == keys.session)
            and (scope.sector == NONE or scope.sector == self.sectors[keys.symbol])
        )

    # ---- what one limit counts ----------------------------------------------------------------------------------

    cdef uint32_t _counter(self, uint32_t limit, uint32_t key) noexcept nogil:
        cdef uint64_t name = (<uint64_t>limit << 32) | key
        cdef uint32_t found = self.counter_of.find(name)
        if found != NONE:
            return found
        if self.counts[1] >= self.max_counters or not self.counter_of.put(name, <uint32_t>self.counts[1]):
            self.counts[4] += 1
            return NONE
        found = <uint32_t>self.counts[1]
        self.counts[1] += 1
        self.counters[found].limit = limit
        self.counters[found].key = key
        if self.limits[limit].each == SC_ALL:
            self.limits[limit].counter = found
            remember_counter(&self.groups[self.limits[limit].group], self.limits[limit].check, found)
        self._settle(&self.counters[found])
        return found

    cdef i128 rate(self, uint32_t index, int64_t now_ns, int64_t window_ns) noexcept nogil:
        """Time stamps in (now - window, now]; drops those that are older."""
        cdef Counter* counter = &self.counters[index]
        while counter.held:
            if self.times[counter.first_time + counter.head] > now_ns - window_ns:
                break
            drop_oldest(counter)
        return <i128>counter.held

    cdef int64_t passes_from(self, uint32_t index) noexcept nogil:
        """From when on a rate lets an order pass, as things stand: when the one that is one too many has left the
        window."""
        cdef const Counter* counter
        cdef uint32_t at
        if index == NONE:
            return NEVER
        counter = &self.counters[index]
        if <int64_t>counter.held < counter.stops:
            return 0
        if counter.stops <= 0:
            return NEVER
        at = counter.head + counter.held - <uint32_t>counter.stops
        if at >= counter.times:
            at -= counter.times
        return self.times[counter.first_time + at] + counter.window_ns

    cdef void _settle(self, Counter* counter) noexcept nogil:
        """What its limit asks of it, beside it: so that counting looks at no limit."""
        cdef const Limit* limit = &self.limits[counter.limit]
        cdef i128 bound
        counter.size = ring_size(limit, self.max_times)
        counter.window_ns = limit.window_ns
        counter.stops = NEVER
        if limit.group == NONE or (limit.check != R_ORDER_RATE and not (limit.check == R_CANCEL_RATE and limit.denies)):
            return
        bound = self.groups[limit.group].bounds[limit.check - R_RESTRICTED] + <i128>(limit.check == R_CANCEL_RATE)
        if bound <= <i128>self.max_times:
            counter.stops = <int64_t>bound if bound > <i128>0 else 0

    cdef void count_time(self, uint32_t index, int64_t now_ns) noexcept nogil:
        """Remembers one time stamp. A counter's ring holds as many as its limit must tell apart, and grows where that is
        lifted."""
        cdef Counter* counter
        cdef uint32_t at
        if index == NONE:
            return
        counter = &self.counters[index]
        if not self._has_room(counter):
            return
        if counter.held == counter.times:
            drop_oldest(counter)
        at = counter.head + counter.held
        if at >= counter.times:
            at -= counter.times
        self.times[counter.first_time + at] = now_ns
        counter.held += 1

    cdef bint _has_room(self, Counter* counter) noexcept nogil:
        """Takes a ring of the size that the limit asks for, with what is remembered. 0: no room is left at all."""
        cdef uint32_t size = counter.size
        cdef uint32_t i
        cdef uint32_t at
        if counter.times >= size:
            return 1
        if self.counts[3] + size > self.max_times:
            self.counts[4] += 1
            return counter.times != 0
        for i in range(counter.held):
            at = counter.head + i
            if at >= counter.times:
                at -= counter.times
            self.times[self.counts[3] + i] = self.times[counter.first_time + at]
        counter.first_time = <uint32_t>self.counts[3]
        counter.times = size
        counter.head = 0
        self.counts[3] += size
        return 1


cdef uint32_t ring_size(const Limit* limit, uint32_t most) noexcept nogil:
    """Room for what a limit must tell apart."""
    cdef i128 size = limit.value
    if limit.until_ns and limit.lifted > size:
        size = limit.lifted
    size += <i128>1 if limit.check == R_ORDER_RATE else <i128>1024   # of what isn't denied more than the limit comes
    return <uint32_t>size if size < <i128>most else most


cdef void remember_counter(Group* group, uint16_t check, uint32_t counter) noexcept nogil:
    """Beside the group, where every order asks for it."""
    if check == R_DUPLICATE_CONTENT:
        group.content = counter
    elif check == R_ORDER_RATE:
        group.orders = counter
    elif check == R_CANCEL_RATE:
        group.cancels = counter


cdef void forget_counter(Counter* counter) noexcept nogil:
    counter.warned = 0
    counter.held = 0
    counter.times = 0


cdef void drop_oldest(Counter* counter) noexcept nogil:
    counter.head += 1
    if counter.head == counter.times:
        counter.head = 0
    counter.held -= 1


cdef bint is_account_group(uint32_t account) noexcept nogil:
    """Whether a scope's account means a group of accounts."""
    return ACCOUNT_GROUP <= account < UNKNOWN


cdef bint is_own_account(uint32_t account) noexcept nogil:
    """Whether a scope's account is a single one."""
    return account < UNKNOWN and not is_account_group(account)


cdef bint warns(uint16_t check) noexcept nogil:
    """Whether it warns at 70 % and 90 %."""
    return (check == R_MAX_DAILY_ORDERS or R_MAX_POSITION <= check <= R_MAX_POSITION_NOTIONAL
            or R_MARGIN <= check <= R_CREDIT or check == R_DAILY_LOSS or check == R_DRAWDOWN)


cdef uint32_t needs_of(uint16_t check) noexcept nogil:
    """What a group must count for it."""
    if R_MAX_POSITION <= check <= R_SHORT_SALE or R_GROSS_EXPOSURE <= check <= R_SECTOR_EXPOSURE or check == R_MARGIN:
        return N_POSITION
    if check == R_MAX_DAILY_QTY or check == R_MAX_DAILY_NOTIONAL or check == R_CREDIT or check == R_MIN_CASH:
        return N_POSITION | N_VALUE
    if R_DAILY_LOSS <= check <= R_LOSING_STREAK:
        return N_BOOK
    if R_MAX_WORKING_ORDERS <= check <= R_ORDER_TRADE_RATIO or check == R_MAX_DAILY_CANCELS:
        return N_COUNTS
    return 0


cdef uint32_t each_key(uint8_t each, const Keys* keys) noexcept nogil:
    """Which of its counters an order counts in, of a limit with one for each value of a key."""
    if each == SC_ACCOUNT:
        return keys.account
    if each == SC_SYMBOL:
        return keys.symbol
    if each == SC_STRATEGY:
        return keys.strategy
    if each == SC_VENUE:
        return keys.venue
    if each == SC_SESSION:
        return keys.session
    return 0
