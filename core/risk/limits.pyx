# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Limits and what they count: see limits.pxd."""
from libc.string cimport memcmp, memset

from core.messages cimport (
    AD_SPLIT, K_INSTRUMENT, NONE, NONE16, R_MAX_POSITION, R_ORDER_RATE, SC_ACCOUNT, SC_ALL, SC_SESSION, SC_STRATEGY,
    SC_SYMBOL, SC_VENUE, SIDE_BUY, AdjustEvent, LimitEvent, ScopeKeys,
)
from core.orders.life cimport B_EXISTS, Life, Order


cdef class Limits:
    """The limits in force. Setting one measures anew what it counts, so a limit may come at any time."""

    def __cinit__(self, Arena arena, object capacity):
        self.max_limits = capacity.limits
        self.max_counters = capacity.counters
        self.max_cells = capacity.cells
        self.max_times = capacity.rate_times
        self.max_accounts = capacity.accounts
        self.limits = <Limit*>arena.table("risk.limits", sizeof(Limit), capacity.limits)
        self.counters = <Counter*>arena.table("risk.counters", sizeof(Counter), capacity.counters)
        self.cells = <Cell*>arena.table("risk.cells", sizeof(Cell), capacity.cells)
        self.times = <int64_t*>arena.table("risk.times", sizeof(int64_t), capacity.rate_times)
        self.chains = <Chain*>arena.table("risk.chains", sizeof(Chain), capacity.accounts + 1)
        self.sectors = <uint32_t*>arena.table("risk.sectors", sizeof(uint32_t), capacity.symbols)
        self.scales = <uint64_t*>arena.table("risk.scales", sizeof(uint64_t), capacity.symbols)
        self.openings = <Opening*>arena.table("risk.openings", sizeof(Opening), capacity.positions)
        self.recent = <uint32_t*>arena.table("risk.recent", sizeof(uint32_t), capacity.positions)
        arena.derived("risk.recent")
        self.max_positions = capacity.positions
        self.counts = <uint64_t*>arena.table("risk.counts", sizeof(uint64_t), 8)
        self.counter_of = Map64(arena, "risk.counter_of", capacity.counters)
        self.cell_of = Map64(arena, "risk.cell_of", capacity.cells)
        arena.used_by("risk.limits", &self.counts[0])
        arena.used_by("risk.counters", &self.counts[1])
        arena.used_by("risk.cells", &self.counts[2])
        arena.used_by("risk.times", &self.counts[3])
        arena.used_by("risk.openings", &self.counts[5])
        memset(self.chains, 0xFF, (capacity.accounts + 1) * sizeof(Chain))

    cdef void set(self, const LimitEvent* event, Life life, uint32_t orders) noexcept nogil:
        """A limit with the same check, scope and each replaces the older in its place; off removes it."""
        cdef uint32_t i
        cdef Limit* limit
        for i in range(self.counts[0]):
            limit = &self.limits[i]
            if (limit.check == event.check and limit.each == event.each
                    and memcmp(&limit.scope, &event.scope, sizeof(ScopeKeys)) == 0):
                break
        else:
            if event.off:
                return
            if self.counts[0] >= self.max_limits:
                self.counts[4] += 1
                return
            i = <uint32_t>self.counts[0]
            self.counts[0] += 1
            limit = &self.limits[i]
            limit.scope = event.scope
            limit.check = event.check
            limit.each = event.each
            limit.index = i
            limit.counter = NONE
            limit.whole = (limit.scope.symbol == NONE and limit.scope.strategy == NONE and limit.scope.venue == NONE
                           and limit.scope.session == NONE and limit.scope.sector == NONE)
            self._chain(i)
        limit.active = not event.off
        limit.currency = event.currency
        limit.window_ns = event.window_ns
        limit.value = event.value
        limit.warns_from[0] = part_of(event.value, 70)
        limit.warns_from[1] = part_of(event.value, 90)
        self._measure(i, life, orders)

    cdef void _chain(self, uint32_t index) noexcept nogil:
        """Into its account's chain, by check, then by declaration."""
        cdef Limit* limit = &self.limits[index]
        cdef uint32_t account = limit.scope.account
        cdef Chain* chain = &self.chains[self.max_accounts if account == NONE else account]
        cdef uint32_t* link = &chain.first
        while link[0] != NONE and self.limits[link[0]].check <= limit.check:
            link = &self.limits[link[0]].next
        limit.next = link[0]
        link[0] = index
        chain.rates = self._from(chain.first, R_ORDER_RATE)
        chain.positions = self._from(chain.first, R_MAX_POSITION)

    cdef uint32_t _from(self, uint32_t index, uint16_t check) noexcept nogil:
        """The first of that check in a chain, or NONE."""
        while index != NONE and self.limits[index].check < check:
            index = self.limits[index].next
        return index if index != NONE and self.limits[index].check == check else <uint32_t>NONE

    cdef void _measure(self, uint32_t index, Life life, uint32_t orders) noexcept nogil:
        """What a limit counts is counted from the orders as they stand; rate counters start empty."""
        cdef Limit* limit = &self.limits[index]
        cdef Counter* counter
        cdef Order* order
        cdef uint32_t i
        cdef uint32_t counter_of
        cdef int64_t working
        for i in range(self.counts[1]):
            counter = &self.counters[i]
            if counter.limit == index:
                counter.sum = 0
                counter.warned = 0
                counter.held = 0
                counter.times = 0
        for i in range(self.counts[2]):
            if self.counters[self.cells[i].counter].limit == index:
                self.cells[i].qty = 0
                self.cells[i].buys = 0
                self.cells[i].sells = 0
        if not limit.active or limit.check != R_MAX_POSITION:
            return
        for i in range(self.counts[5]):
            self._open(index, &self.openings[i])
        for i in range(orders):
            order = &life.orders[i]
            if not order.bits & B_EXISTS or not self.matches(limit, keys_of(order)):
                continue
            working = life.working(i)
            counter_of = self.counter(index, self.key(limit, keys_of(order)))
            if order.side == SIDE_BUY:
                self.move(self.cell(counter_of, order.symbol), order.cum_qty, working, 0)
            else:
                self.move(self.cell(counter_of, order.symbol), -order.cum_qty, 0, working)

    cdef void open(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t qty) noexcept nogil:
        """A position that the day begins with counts in every limit that names no strategy, venue or session."""
        cdef uint32_t i
        cdef int64_t delta
        if position == NONE:
            return
        delta = qty - self.openings[position].qty
        self.keep(position, account, symbol, delta)
        for i in range(self.counts[0]):
            if self.limits[i].active and self.limits[i].check == R_MAX_POSITION:
                self.count(i, account, symbol, delta)

    cdef void keep(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil:
        """Quantity that no order brought, for the limits that are set later."""
        self.openings[position].account = account
        self.openings[position].symbol = symbol
        self.openings[position].qty += delta
        if position >= self.counts[5]:
            self.counts[5] = position + 1

    cdef bint counts_position(self, uint32_t index) noexcept nogil:
        """Whether the limit counts positions whole: it names no strategy, session or venue."""
        cdef Limit* limit = &self.limits[index]
        return (limit.active and limit.check == R_MAX_POSITION and limit.scope.strategy == NONE
                and limit.scope.session == NONE and limit.scope.venue == NONE
                and limit.each not in (SC_STRATEGY, SC_SESSION, SC_VENUE))

    cdef uint32_t count(self, uint32_t index, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil:
        """Counts quantity that no order brought; the counter, NONE where the limit isn't about that position."""
        cdef Limit* limit = &self.limits[index]
        cdef uint32_t counter
        cdef Keys like
        memset(&like, 0, sizeof(Keys))
        like.account = account
        like.symbol = symbol
        like.strategy = NONE
        like.session = NONE
        like.venue = NONE16
        if not self.matches(limit, &like):
            return NONE
        counter = self.counter(index, self.key(limit, &like))
        self.move(self.cell(counter, symbol), delta, 0, 0)
        return counter

    cdef void rescale(self, const AdjustEvent* event) noexcept nogil:
        """What a limit of a strategy, session or venue counts of its own fills: split, to the whole, or settled."""
        cdef uint32_t i
        cdef Cell* cell
        cdef i128 qty
        for i in range(self.counts[2]):
            cell = &self.cells[i]
            if cell.symbol != event.symbol or self.counts_position(self.counters[cell.counter].limit):
                continue
            qty = <i128>cell.qty * <i128>event.a / <i128>event.b if event.what == AD_SPLIT else <i128>0
            self.move(i, <int64_t>qty - cell.qty, 0, 0)

    cdef void _open(self, uint32_t index, const Opening* opening) noexcept nogil:
        if opening.qty:
            self.count(index, opening.account, opening.symbol, opening.qty)

    cdef bint matches(self, const Limit* limit, const Keys* keys) noexcept nogil:
        cdef const ScopeKeys* scope = &limit.scope
        return (
            (scope.account == NONE or scope.account == keys.account)
            and (scope.symbol == NONE or scope.symbol == keys.symbol)
            and (scope.strategy == NONE or scope.strategy == keys.strategy)
            and (scope.venue == NONE or (keys.venue != NONE16 and scope.venue == keys.venue))
            and (scope.session == NONE or scope.session == keys.session)
            and (scope.sector == NONE or scope.sector == self.sectors[keys.symbol])
        )

    cdef uint32_t _counter(self, uint32_t limit, uint32_t key) noexcept nogil:
        cdef uint64_t name = (<uint64_t>limit << 32) | key
        cdef uint32_t found = self.counter_of.find(name)
        cdef Counter* counter
        if found != NONE:
            return found
        if self.counts[1] >= self.max_counters or not self.counter_of.put(name, <uint32_t>self.counts[1]):
            self.counts[4] += 1
            return NONE
        found = <uint32_t>self.counts[1]
        self.counts[1] += 1
        counter = &self.counters[found]
        counter.limit = limit
        counter.key = key
        if self.limits[limit].each == SC_ALL:
            self.limits[limit].counter = found
        return found

    cdef uint32_t cell(self, uint32_t counter, uint32_t symbol) noexcept nogil:
        cdef uint64_t name = (<uint64_t>counter << 32) | symbol
        cdef uint32_t found
        if counter == NONE:
            return NONE
        found = self.cell_of.find(name)
        if found != NONE:
            return found
        if self.counts[2] >= self.max_cells or not self.cell_of.put(name, <uint32_t>self.counts[2]):
            self.counts[4] += 1
            return NONE
        found = <uint32_t>self.counts[2]
        self.counts[2] += 1
        self.cells[found].counter = counter
        self.cells[found].symbol = symbol
        self.cells[found].scale = self.scales[symbol]
        return found

    cdef void move(self, uint32_t index, int64_t qty, int64_t buys, int64_t sells) noexcept nogil:
        """Moves a cell and, with it, its counter's sum of worst cases."""
        cdef Cell* cell
        cdef Counter* counter
        cdef i128 before
        if index == NONE:
            return
        cell = &self.cells[index]
        counter = &self.counters[cell.counter]
        before = worst(cell.qty, cell.buys, cell.sells)
        cell.qty += qty
        cell.buys += buys
        cell.sells += sells
        counter.sum += (worst(cell.qty, cell.buys, cell.sells) - before) * <i128>cell.scale

    cdef i128 with_change(self, uint32_t index, int64_t buys, int64_t sells) noexcept nogil:
        """What the counter's sum would be if so much more were working."""
        cdef Cell* cell = &self.cells[index]
        cdef i128 change = (worst(cell.qty, cell.buys + buys, cell.sells + sells)
                            - worst(cell.qty, cell.buys, cell.sells))
        return self.counters[cell.counter].sum + change * <i128>cell.scale

    cdef i128 rate(self, uint32_t index, int64_t now_ns, int64_t window_ns) noexcept nogil:
        """Messages counted in (now - window, now]; drops those that are older."""
        cdef Counter* counter = &self.counters[index]
        while counter.held:
            if self.times[counter.first_time + counter.head] > now_ns - window_ns:
                break
            drop_oldest(counter)
        return <i128>counter.held

    cdef void count_message(self, uint32_t index, int64_t now_ns) noexcept nogil:
        """Remembers one message. A counter's ring holds as many as its limit allows, taken at its first use."""
        cdef Counter* counter
        cdef Limit* limit
        cdef uint32_t size
        cdef uint32_t at
        if index == NONE:
            return
        counter = &self.counters[index]
        limit = &self.limits[counter.limit]
        if counter.times == 0:
            size = <uint32_t>limit.value + 1 if limit.value < <i128>self.max_times else self.max_times
            if self.counts[3] + size > self.max_times:
                self.counts[4] += 1
                return
            counter.first_time = <uint32_t>self.counts[3]
            counter.times = size
            counter.head = 0
            counter.held = 0
            self.counts[3] += size
        if counter.held == counter.times:
            drop_oldest(counter)
        at = counter.head + counter.held
        if at >= counter.times:
            at -= counter.times
        self.times[counter.first_time + at] = now_ns
        counter.held += 1


cdef void drop_oldest(Counter* counter) noexcept nogil:
    counter.head += 1
    if counter.head == counter.times:
        counter.head = 0
    counter.held -= 1


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


cdef i128 part_of(i128 value, int percent) noexcept nogil:
    """The least whole number that is at least that part of a value; nothing is reached by 0 or less."""
    return (value * <i128>percent + <i128>99) / <i128>100 if value > 0 else <i128>1
