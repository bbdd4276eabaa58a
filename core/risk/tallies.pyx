# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What groups of limits count: see tallies.pxd."""
from libc.string cimport memset

from core.messages cimport (
    AD_SETTLEMENT, AD_SPLIT, AdjustEvent, NONE, NONE16, R_NONE, R_NO_FX_RATE, R_NO_MARKET, R_OVERFLOW, SC_ACCOUNT,
    SC_ALL, UNKNOWN,
)
from core.positions.ledger cimport Adjustment, Position, adjust, book
from core.risk.limits cimport Group, Limits, N_BOOK, N_COUNTS, N_POSITION, N_VALUE, is_account_group
from core.risk.values cimport Values, pays_value
from core_ext.wide cimport div_half_even


cdef class Tallies:
    """Tallies and their cells. Every change comes as a difference, so that order and number of changes don't matter."""

    def __cinit__(self, Arena arena, object capacity, Limits limits, Values values):
        self.limits = limits
        self.values = values
        self.max_tallies = capacity.counters
        self.max_cells = capacity.cells
        self.max_positions = capacity.positions
        self.tallies = <Tally*>arena.table("risk.tallies", sizeof(Tally), capacity.counters)
        self.cells = <Cell*>arena.table("risk.cells", sizeof(Cell), capacity.cells)
        self.books = <Position*>arena.table("risk.books", sizeof(Position), capacity.cells)
        self.recent = <uint32_t*>arena.table("risk.recent", sizeof(uint32_t), capacity.positions)
        arena.derived("risk.recent")
        self.currencies = <uint16_t*>arena.table("risk.tally_currencies", sizeof(uint16_t), capacity.accounts)
        self.counts = limits.counts_of(2)
        self.tally_of = Map64(arena, "risk.tally_of", capacity.counters)
        self.cell_of = Map64(arena, "risk.cell_of", capacity.cells)
        arena.used_by("risk.tallies", &self.counts[0])
        arena.used_by("risk.cells", &self.counts[1])
        arena.used_by("risk.books", &self.counts[1])

    # ---- finding ------------------------------------------------------------------------------------------------

    cdef uint32_t _tally(self, uint32_t group, uint32_t key) noexcept nogil:
        cdef uint64_t name = (<uint64_t>group << 32) | key
        cdef Group* of = &self.limits.groups[group]
        cdef uint32_t found = self.tally_of.find(name)
        cdef Tally* tally
        if found != NONE:
            return found
        if self.counts[0] >= self.max_tallies or not self.tally_of.put(name, <uint32_t>self.counts[0]):
            self.counts[2] += 1
            return NONE
        found = <uint32_t>self.counts[0]
        self.counts[0] += 1
        tally = &self.tallies[found]
        tally.group = group
        tally.key = key
        tally.first_cell = NONE
        tally.currency = of.currency
        if of.currency == NONE16:
            if of.each == SC_ACCOUNT:
                tally.currency = self.currencies[key]
            elif of.scope.account < UNKNOWN and not is_account_group(of.scope.account):
                tally.currency = self.currencies[of.scope.account]
        if of.each == SC_ALL:
            of.tally = found
        return found

    cdef uint32_t cell(self, uint32_t tally, uint32_t symbol) noexcept nogil:
        """The cell of (tally, symbol), made when first asked for; NONE: the table is full."""
        cdef uint64_t name = (<uint64_t>tally << 32) | symbol
        cdef uint32_t found
        if tally == NONE:
            return NONE
        found = self.cell_of.find(name)
        if found != NONE:
            return found
        if self.counts[1] >= self.max_cells or not self.cell_of.put(name, <uint32_t>self.counts[1]):
            self.counts[2] += 1
            return NONE
        found = <uint32_t>self.counts[1]
        self.counts[1] += 1
        self.cells[found].tally = tally
        self.cells[found].symbol = symbol
        self.cells[found].scale = self.values.instruments[symbol].scale
        self.cells[found].next = self.tallies[tally].first_cell
        self.tallies[tally].first_cell = found
        self.books[found].last_fill = NONE
        return found

    # ---- moving -------------------------------------------------------------------------------------------------

    cdef void move(self, uint32_t group, uint32_t tally, uint32_t cell, const Move* move) noexcept nogil:
        """What one event changes of what a group counts."""
        cdef uint32_t needs = self.limits.groups[group].needs
        cdef Tally* counted
        cdef Cell* held
        cdef i128 before
        if tally == NONE:
            return
        counted = &self.tallies[tally]
        if needs & N_COUNTS:
            counted.live += <uint32_t>move.live
            counted.day_orders += <uint32_t>move.orders
            counted.messages += <uint32_t>move.messages
            counted.day_fills += <uint32_t>move.fills
            counted.day_cancels += <uint32_t>move.cancels
        if cell == NONE:
            return
        if needs & N_POSITION and (move.working or move.filled or move.working_value or move.day_value):
            held = &self.cells[cell]
            if not self._move_simply(counted, held, needs, move):
                self._sums(cell, -1)
                before = worst(held.qty, held.buys, held.sells)
                move_cell(held, needs, move)
                counted.worst += (worst(held.qty, held.buys, held.sells) - before) * <i128>held.scale
                self._sums(cell, 1)
            if needs & N_VALUE:
                counted.day_qty += (<i128>move.day_filled + <i128>move.working) * <i128>held.scale
        if needs & N_BOOK and move.books:
            self._book(tally, cell, move)

    cdef bint _move_simply(self, Tally* counted, Cell* held, uint32_t needs, const Move* move) noexcept nogil:
        """A cell and its tally's sums by the difference alone, where that is exact: one currency, whole units. 0: it
        isn't, and nothing was done."""
        cdef i128 unit
        cdef i128 change
        if counted.epoch == 0 or counted.epoch != self.values.facts[0]:
            return 0
        unit = self.values.unit_at_reference(held.symbol, counted.currency)
        if unit <= <i128>0:
            return 0
        change = worst(held.qty, held.buys, held.sells)
        move_cell(held, needs, move)
        change = worst(held.qty, held.buys, held.sells) - change
        counted.worst += change * <i128>held.scale
        change *= unit
        counted.gross += change
        counted.margined += change * <i128>self.values.instruments[held.symbol].margin
        if move.buys:
            counted.up += (<i128>move.filled + <i128>move.working) * unit
            counted.down += <i128>move.filled * unit
        else:
            counted.up -= <i128>move.filled * unit
            counted.down -= (<i128>move.filled + <i128>move.working) * unit
        if not needs & N_VALUE:
            return 1
        change = move.working_value + move.day_value
        counted.day_value += change
        if move.buys:
            counted.day_buys += change
            if pays_value(self.values.instruments[held.symbol].kind):
                counted.buying += move.working_value
        return 1

    cdef void measure(self, uint32_t group, uint32_t tally, uint32_t cell, const Move* move) noexcept nogil:
        """`move` for a group whose needs are only what it counts anew. Its sums at references are made anew."""
        cdef uint32_t more = self.limits.groups[group].needs
        cdef Cell* held
        if tally == NONE or cell == NONE:
            return
        self.tallies[tally].epoch = 0
        self.move(group, tally, cell, move)
        if more & N_VALUE and not more & N_POSITION:
            held = &self.cells[cell]        # positions are counted already: only today's, and what works in money
            held.day_qty += move.day_filled
            held.day_value += move.day_value
            if move.buys:
                held.buying += move.working_value
                held.day_buys += move.day_value
            else:
                held.selling += move.working_value
            self.tallies[tally].day_qty += (<i128>move.day_filled + <i128>move.working) * <i128>held.scale

    cdef void join(self, uint32_t cell, int64_t qty, i128 cost, i128 realized, i128 fees, i128 paid) noexcept nogil:
        """Another book joins a cell's, which is then worth what both are. Where one is long and one short, costs are
        taken as paid: what is open has none."""
        cdef Position* own
        cdef bint inverse
        if cell == NONE:
            return
        inverse = self.values.instruments[self.cells[cell].symbol].inverse
        own = &self.books[cell]
        self._books(cell, -1)
        own.realized += realized
        own.fees += fees
        own.paid += paid
        if own.qty == 0 or (own.qty > 0) == (qty > 0):
            own.cost += cost
        else:
            own.realized += (cost if (qty > 0) == inverse else -cost) + (
                own.cost if (own.qty > 0) == inverse else -own.cost)
            own.cost = 0
        own.qty += qty
        self._books(cell, 1)

    cdef void begin_books(self, uint32_t group) noexcept nogil:
        """Losses of a group that is set on a later day begin now."""
        cdef uint32_t i
        if not self.limits.groups[group].needs & N_BOOK or not self.counts[4]:
            return
        for i in range(self.counts[0]):
            if self.tallies[i].group == group and not self.profit(i, &self.tallies[i].base):
                self.tallies[i].base = 0

    cdef void shift(self, uint32_t cell, int64_t qty) noexcept nogil:
        """Quantity that no order brought."""
        cdef Cell* held
        cdef i128 before
        if cell == NONE or qty == 0:
            return
        held = &self.cells[cell]
        self._sums(cell, -1)
        before = worst(held.qty, held.buys, held.sells)
        held.qty += qty
        self.tallies[held.tally].worst += (worst(held.qty, held.buys, held.sells) - before) * <i128>held.scale
        self._sums(cell, 1)

    cdef void _book(self, uint32_t tally, uint32_t cell, const Move* move) noexcept nogil:
        """Fills into the cell's own book; a loss of what reduces is counted."""
        cdef Position* own = &self.books[cell]
        cdef uint32_t symbol = self.cells[cell].symbol
        cdef i128 realized
        cdef bint reduces
        cdef int i
        self._books(cell, -1)
        for i in range(move.books):
            realized = own.realized
            reduces = own.qty != 0 and (own.qty > 0) != (move.book_qty[i] > 0)
            book(own, &self.values.contracts[symbol], move.book_qty[i], move.book_px[i])
            own.fees += move.book_fee[i]
            if reduces and move.fills:
                self.tallies[tally].streak = self.tallies[tally].streak + 1 if own.realized < realized else 0
        self._books(cell, 1)

    # ---- sums at references -------------------------------------------------------------------------------------

    cdef void _sums(self, uint32_t cell, int sign) noexcept nogil:
        """Takes a cell's share out of its tally's sums (sign -1), or puts it in (1). Where it has no reference price, or
        no rate, the sums are left to be made anew."""
        cdef Cell* held = &self.cells[cell]
        cdef Tally* tally = &self.tallies[held.tally]
        cdef const Group* group = &self.limits.groups[tally.group]
        cdef uint32_t symbol = held.symbol
        cdef uint16_t settled = self.values.instruments[symbol].settle_currency
        cdef int64_t reference = self.values.instruments[symbol].reference2
        cdef i128 up
        cdef i128 down
        cdef i128 gross
        cdef i128 share = 0
        cdef i128 bought = 0
        cdef i128 working = 0
        if tally.epoch == 0 or tally.epoch != self.values.facts[0]:
            return
        if tally.currency == NONE16:
            tally.epoch = 0
            return
        if held.qty or held.buys or held.sells:
            if (reference == 0 or not self.values.money2(symbol, <i128>held.qty + <i128>held.buys, reference, &up)
                    or not self.values.money2(symbol, <i128>held.qty - <i128>held.sells, reference, &down)
                    or not self.values.convert(up, settled, tally.currency, &up)
                    or not self.values.convert(down, settled, tally.currency, &down)):
                tally.epoch = 0
                return
            gross = larger(up, down)
            tally.up += up * <i128>sign
            tally.down += down * <i128>sign
            tally.gross += gross * <i128>sign
            tally.margined += gross * <i128>self.values.instruments[symbol].margin * <i128>sign
        if group.needs & N_VALUE:
            if (not self.values.convert(held.day_value + held.buying + held.selling, settled, tally.currency, &share)
                    or not self.values.convert(held.day_buys + held.buying, settled, tally.currency, &bought)
                    or not self.values.convert(held.buying, settled, tally.currency, &working)):
                tally.epoch = 0
                return
            tally.day_value += share * <i128>sign
            tally.day_buys += bought * <i128>sign
            if pays_value(self.values.instruments[symbol].kind):
                tally.buying += working * <i128>sign

    cdef void _books(self, uint32_t cell, int sign) noexcept nogil:
        """The same of what a cell's book is worth."""
        cdef Tally* tally = &self.tallies[self.cells[cell].tally]
        cdef i128 worth = 0
        cdef i128 moving = 0
        if tally.epoch == 0 or tally.epoch != self.values.facts[0]:
            return
        if tally.currency == NONE16 or not self.values.share(self.cells[cell].symbol, &self.books[cell], tally.currency,
                                                             &worth, &moving):
            tally.epoch = 0
            return
        tally.worth += worth * <i128>sign
        tally.moving += moving * <i128>sign

    cdef bint _refresh(self, uint32_t index) noexcept nogil:
        cdef Tally* tally = &self.tallies[index]
        cdef uint32_t i = tally.first_cell
        tally.epoch = <uint32_t>self.values.facts[0]
        tally.gross = 0
        tally.up = 0
        tally.down = 0
        tally.margined = 0
        tally.day_value = 0
        tally.day_buys = 0
        tally.buying = 0
        tally.worth = 0
        tally.moving = 0
        while i != NONE and tally.epoch:
            self._sums(i, 1)
            if self.limits.groups[tally.group].needs & N_BOOK:
                self._books(i, 1)
            i = self.cells[i].next
        return tally.epoch != 0

    cdef bint profit(self, uint32_t index, i128* out) noexcept nogil:
        """Realised and unrealised less fees of the tally's fills, in its currency. 0: a mark or rate is missing."""
        cdef Tally* tally = &self.tallies[index]
        cdef uint32_t i = tally.first_cell
        cdef i128 share = 0
        out[0] = 0
        while i != NONE:
            if (not self.values.profit(self.cells[i].symbol, &self.books[i], &share)
                    or not self.values.convert(share, self.values.instruments[self.cells[i].symbol].settle_currency,
                                               tally.currency, &share)):
                return 0
            out[0] += share
            i = self.cells[i].next
        return 1

    cdef uint8_t exposures(self, uint32_t index, uint32_t changed, int64_t buys, int64_t sells,
                           Exposure* out) noexcept nogil:
        """What the tally is exposed to at the marks of now, if so much more of the changed cell worked. R_NONE, or what
        it can't be said for: R_NO_MARKET without a mark, R_NO_FX_RATE, R_OVERFLOW."""
        cdef uint16_t currency = self.tallies[index].currency
        cdef uint32_t i = self.tallies[index].first_cell
        cdef Cell* cell
        cdef uint8_t reason
        memset(out, 0, sizeof(Exposure))
        while i != NONE:
            cell = &self.cells[i]
            if i == changed:
                reason = self._expose(cell, cell.buys + buys, cell.sells + sells, currency, out)
            else:
                reason = self._expose(cell, cell.buys, cell.sells, currency, out)
            if reason != R_NONE:
                return reason
            i = cell.next
        return R_NONE

    cdef uint8_t _expose(self, const Cell* cell, int64_t buys, int64_t sells, uint16_t currency,
                         Exposure* out) noexcept nogil:
        cdef int64_t mark = 0
        cdef i128 up = 0
        cdef i128 down = 0
        cdef i128 gross
        cdef uint16_t settled = self.values.instruments[cell.symbol].settle_currency
        if cell.qty == 0 and buys == 0 and sells == 0:
            return R_NONE
        if not self.values.mark2(cell.symbol, &mark):
            return R_NO_MARKET
        if (not self.values.money2(cell.symbol, <i128>cell.qty + <i128>buys, mark, &up)
                or not self.values.money2(cell.symbol, <i128>cell.qty - <i128>sells, mark, &down)):
            return R_OVERFLOW
        if (not self.values.convert(up, settled, currency, &up)
                or not self.values.convert(down, settled, currency, &down)):
            return R_NO_FX_RATE
        gross = larger(up, down)
        out.gross += gross
        out.up += up
        out.down += down
        out.margined += margin_of(gross, self.values.instruments[cell.symbol].margin)
        return R_NONE

    cdef uint8_t turnover(self, uint32_t index, uint8_t what, i128* out) noexcept nogil:
        """Money filled today and working (TURNED), bought of it (BOUGHT), or working buys of what pays value (BUYING)."""
        cdef uint16_t currency = self.tallies[index].currency
        cdef uint32_t i = self.tallies[index].first_cell
        cdef Cell* cell
        cdef i128 share
        out[0] = 0
        while i != NONE:
            cell = &self.cells[i]
            share = cell.buying
            if what == TURNED:
                share += cell.selling + cell.day_value
            elif what == BOUGHT:
                share += cell.day_buys
            elif not pays_value(self.values.instruments[cell.symbol].kind):
                share = 0
            if not self.values.convert(share, self.values.instruments[cell.symbol].settle_currency, currency, &share):
                return R_NO_FX_RATE
            out[0] += share
            i = cell.next
        return R_NONE

    # ---- a new day, what happens to an instrument -----------------------------------------------------------------

    cdef void day(self, uint32_t orders) noexcept nogil:
        """Daily counts and losses begin again; what works goes on."""
        cdef uint32_t i
        cdef Tally* tally
        cdef Cell* cell
        self.counts[3] = orders
        self.counts[4] += 1
        for i in range(self.counts[0]):
            tally = &self.tallies[i]
            tally.day_orders = 0
            tally.messages = 0
            tally.day_fills = 0
            tally.day_cancels = 0
            tally.day_qty = 0
            tally.epoch = 0
            if self.limits.groups[tally.group].needs & N_BOOK and not self.profit(i, &tally.base):
                tally.base = 0
        for i in range(self.counts[1]):
            cell = &self.cells[i]
            cell.day_qty = 0
            cell.day_value = 0
            cell.day_buys = 0
            if self.limits.groups[self.tallies[cell.tally].group].needs & N_VALUE:
                self.tallies[cell.tally].day_qty += (<i128>cell.buys + <i128>cell.sells) * <i128>cell.scale

    cdef void adjust(self, const AdjustEvent* event, const Adjustment* done) noexcept nogil:
        """Every book of the instrument, and the quantities of groups that don't count positions whole (those hear of each
        position by an event): split, to the whole, or settled."""
        cdef uint32_t i
        cdef int64_t before
        for i in range(self.counts[1]):
            if self.cells[i].symbol != event.symbol:
                continue
            self._books(i, -1)
            adjust(&self.books[i], &self.values.contracts[event.symbol], done)
            self._books(i, 1)
            if self.limits.groups[self.tallies[self.cells[i].tally].group].by_position:
                continue
            before = self.cells[i].qty
            self.shift(i, adjusted(before, event) - before)


cdef void move_cell(Cell* held, uint32_t needs, const Move* move) noexcept nogil:
    if move.buys:
        held.qty += move.filled
        held.buys += move.working
    else:
        held.qty -= move.filled
        held.sells += move.working
    if not needs & N_VALUE:
        return
    held.day_qty += move.day_filled
    held.day_value += move.day_value
    if move.buys:
        held.buying += move.working_value
        held.day_buys += move.day_value
    else:
        held.selling += move.working_value


cdef int64_t adjusted(int64_t qty, const AdjustEvent* event) noexcept nogil:
    """What a quantity is after a split, to the whole, or a settlement."""
    if event.what == AD_SPLIT:
        return <int64_t>(<i128>qty * <i128>event.a / <i128>event.b)
    return 0 if event.what == AD_SETTLEMENT else qty


cdef i128 larger(i128 a, i128 b) noexcept nogil:
    """The larger of two sizes."""
    a = -a if a < <i128>0 else a
    b = -b if b < <i128>0 else b
    return a if a > b else b


cdef i128 margin_of(i128 gross, uint32_t margin) noexcept nogil:
    """Margin in 10^-4 bps."""
    if margin == 100000000:
        return gross
    return div_half_even(gross * <i128>margin, <i128>100000000)
