# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""positions: see engine.pxd; the arithmetic is in ledger.pyx."""
from libc.string cimport memset

from core.engine cimport Emitter
from core.messages cimport (
    BF_BOOKED, BF_HAS_MARK, K_ADJUST, K_ADJUSTED, K_BOOK, K_INSTRUMENT, K_OPEN_POSITION, K_REPORT, K_VENUE, NONE,
    OF_FILL_APPLIED, P_HAS_FEE, SIDE_BUY, VF_APPLIES, VF_HAS_MARK, X_TRADE, X_TRADE_CORRECT, AdjustedEvent, Booking, Page,
    ReportEvent,
)
from core.positions.ledger cimport Adjustment, Contract, Position, adjust, book, fee_of
from core_ext.atomics cimport prefetch_write
from core_ext.spine cimport publish
from core_ext.tables cimport Arena


cdef class Positions(Engine):
    """One position for each (account, symbol), with its fills in order."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity):
        self.arena = arena
        self.emitter = emitter
        self.max_fills = capacity.fills
        self.max_adjustments = capacity.adjustments
        self.contracts = <Contract*>arena.table("positions.contracts", sizeof(Contract), capacity.symbols)
        self.fees = <VenueFees*>arena.table("positions.fees", sizeof(VenueFees), capacity.venues)
        self.positions = <Position*>arena.table("positions.positions", sizeof(Position), capacity.positions)
        self.fills = <Fill*>arena.table("positions.fills", sizeof(Fill), capacity.fills)
        self.adjustments = <Adjustment*>arena.table("positions.adjustments", sizeof(Adjustment), capacity.adjustments)
        self.counts = <uint64_t*>arena.table("positions.counts", sizeof(uint64_t), 8)
        arena.used_by("positions.positions", &self.counts[0])
        arena.used_by("positions.fills", &self.counts[1])
        arena.used_by("positions.adjustments", &self.counts[2])

    cdef void prepare(self, Page** todo, int count) noexcept nogil:
        cdef uint32_t index
        cdef int i
        for i in range(count):
            index = todo[i].resolved.position if todo[i].header.kind == K_REPORT else <uint32_t>NONE
            if index != NONE:
                prefetch_write(&self.positions[index])

    cdef void on_batch(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            self.on_event(todo[i])
            publish(<char*>&todo[i].booking, todo[i].header.seq)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef uint16_t kind = page.header.kind
        page.booking.flags = 0
        if kind == K_REPORT:
            if page.outcome.order != NONE and page.outcome.flags & OF_FILL_APPLIED:
                self._fill(page)
        elif kind == K_ADJUST:
            self._adjust(page)
        elif kind == K_ADJUSTED:
            self._adjusted(page)
        elif kind == K_BOOK:
            if page.verdict.flags & VF_APPLIES:
                self._book(page)
        elif kind == K_INSTRUMENT:
            self._instrument(page)
        elif kind == K_VENUE:
            self.fees[page.request.venue.venue].taker = page.request.venue.taker_fee
            self.fees[page.request.venue.venue].maker = page.request.venue.maker_fee
            self.fees[page.request.venue.venue].precision = page.request.venue.fee_precision
        elif kind == K_OPEN_POSITION and page.resolved.position != NONE:
            self._open(page)

    cdef void _instrument(self, Page* page) noexcept nogil:
        cdef Contract* contract = &self.contracts[page.request.instrument.symbol]
        contract.declared = 1
        contract.kind = page.request.instrument.kind
        contract.inverse = page.request.instrument.inverse
        contract.price_precision = page.request.instrument.price_precision
        contract.qty_precision = page.request.instrument.qty_precision
        contract.multiplier_precision = page.request.instrument.multiplier_precision
        contract.multiplier = page.request.instrument.multiplier
        contract.settle_currency = page.request.instrument.settle_currency
        contract.lot = page.request.instrument.lot
        contract.first_position = NONE
        contract.first_adjustment = NONE
        contract.last_adjustment = NONE

    cdef Position* _position(self, uint32_t index, uint32_t account, uint32_t symbol) noexcept nogil:
        cdef Position* position = &self.positions[index]
        if not position.touched:
            position.touched = 1
            position.account = account
            position.symbol = symbol
            position.last_fill = NONE
            position.next = self.contracts[symbol].first_position
            self.contracts[symbol].first_position = index
            if index >= self.counts[0]:
                self.counts[0] = index + 1
        return position

    cdef void _open(self, Page* page) noexcept nogil:
        cdef Position* position = self._position(
            page.resolved.position, page.request.open_position.account, page.request.open_position.symbol)
        position.base_qty = page.request.open_position.qty
        position.base_cost = page.request.open_position.cost
        position.opened = <uint32_t>self.counts[2]
        self._again(position)

    # ---- fills ------------------------------------------------------------------------------------------------

    cdef void _fill(self, Page* page) noexcept nogil:
        cdef ReportEvent* report = &page.request.report
        cdef uint32_t place = page.resolved.position
        cdef Position* position = self._position(place, page.outcome.account, page.outcome.symbol)
        cdef Contract* contract = &self.contracts[page.outcome.symbol]
        cdef Fill own
        cdef Fill* fill = &own
        cdef uint32_t index = page.resolved.fill if report.exec_type == X_TRADE else page.resolved.ref_fill
        cdef i128 before = position.fees
        cdef int64_t delta = position.qty
        cdef Position was
        if index != NONE:
            fill = &self.fills[index]
        if report.exec_type == X_TRADE:
            memset(fill, 0, sizeof(Fill))
            self._enter(page, fill, contract)
            self._chain(position, index, page.header.seq)
            fill.time_ns = page.header.time_ns
            book(position, contract, fill.qty, fill.px)
            position.fees += fill.fee
        else:
            delta -= fill.qty
            if report.exec_type == X_TRADE_CORRECT:
                self._enter(page, fill, contract)
            else:
                fill.qty = 0
                fill.fee = 0
            was = position[0]
            self._again(position)
            self._owe(page, place, position.qty - (delta + fill.qty), &was)
        if report.exec_type == X_TRADE or report.exec_type == X_TRADE_CORRECT:
            contract.last_fill_px = report.last_px
            contract.has_fill = 1
        self._tell(page, place, page.outcome.account, page.outcome.symbol)
        page.booking.fill_qty = fill.qty
        page.booking.fee = position.fees - before

    cdef void _enter(self, Page* page, Fill* fill, const Contract* contract) noexcept nogil:
        """What a trade, or its correction, says."""
        cdef ReportEvent* report = &page.request.report
        cdef VenueFees* fees = &self.fees[report.venue]
        fill.qty = report.last_qty if page.outcome.side == SIDE_BUY else -report.last_qty
        fill.px = report.last_px
        fill.position = page.resolved.position
        fill.venue = report.venue
        fill.maker = report.maker
        fill.own_fee = (report.flags & P_HAS_FEE) != 0
        if fill.own_fee:
            fill.fee = report.fee
        else:
            fill.fee = fee_of(contract, report.last_qty, report.last_px, fees.maker if report.maker else fees.taker,
                              fees.precision)

    cdef void _book(self, Page* page) noexcept nogil:
        """A fill that a named person books."""
        cdef uint32_t place = page.resolved.position
        cdef Position* position = self._position(place, page.request.book.account, page.request.book.symbol)
        cdef Contract* contract = &self.contracts[page.request.book.symbol]
        cdef Fill* fill = &self.fills[page.resolved.fill]
        memset(fill, 0, sizeof(Fill))
        fill.qty = page.request.book.qty
        fill.px = page.request.book.px
        fill.fee = page.request.book.fee
        fill.own_fee = 1
        fill.position = place
        fill.venue = page.request.book.venue
        self._chain(position, page.resolved.fill, page.header.seq)
        fill.time_ns = page.header.time_ns
        book(position, contract, fill.qty, fill.px)
        position.fees += fill.fee
        self.counts[5] = page.header.seq
        self._tell(page, place, page.request.book.account, page.request.book.symbol)
        page.booking.fill_qty = fill.qty
        page.booking.fee = fill.fee

    cdef void _chain(self, Position* position, uint32_t index, uint64_t seq) noexcept nogil:
        """Behind the position's newest fill; the older fill isn't touched, for it is seldom in the cache."""
        if index == NONE:
            return                  # the table of fills is full: it is booked, but can't be played again
        self.fills[index].seq = seq
        self.fills[index].before = position.last_fill
        position.last_fill = index
        if index >= self.counts[1]:
            self.counts[1] = index + 1

    cdef uint32_t _forward(self, Position* position) noexcept nogil:
        """Links the position's fills in the order in which they were booked; the first."""
        cdef uint32_t i = position.last_fill
        cdef uint32_t after = NONE
        while i != NONE:
            self.fills[i].next = after
            after = i
            i = self.fills[i].before
        return after

    cdef void _again(self, Position* position) noexcept nogil:
        """Plays the position's fills again from what the day began with, with what happened to the instrument between
        them."""
        cdef Contract* contract = &self.contracts[position.symbol]
        cdef uint32_t i = self._forward(position)
        cdef uint32_t done = contract.first_adjustment
        cdef uint64_t until
        cdef Fill* fill
        position.qty = position.base_qty
        position.cost = position.base_cost
        position.realized = 0
        position.fees = 0
        position.paid = 0
        position.has_paid = 0
        position.moved = 0
        while i != NONE or done != NONE:
            until = self.fills[i].seq if i != NONE else <uint64_t>-1
            while done != NONE and self.adjustments[done].seq < until:
                if done >= position.opened:
                    self._adjust_position(position, contract, &self.adjustments[done])
                done = self.adjustments[done].next
            if i == NONE:
                return
            fill = &self.fills[i]
            if fill.qty:
                book(position, contract, fill.qty, fill.px)
            position.fees += fill.fee
            i = fill.next

    # ---- what happens to an instrument ------------------------------------------------------------------------

    cdef void _adjust(self, Page* page) noexcept nogil:
        """All open positions of the instrument at once; then the first of them is told, and tells the next."""
        cdef Contract* contract = &self.contracts[page.request.adjust.symbol]
        cdef uint32_t i = contract.first_position
        cdef Adjustment done
        cdef Position* position
        memset(&done, 0, sizeof(Adjustment))
        done.seq = page.header.seq
        done.symbol = page.request.adjust.symbol
        done.what = page.request.adjust.what
        done.digits = page.request.adjust.digits
        done.a = page.request.adjust.a
        done.b = page.request.adjust.b
        self._mark(page, contract, &done.mark2, &done.has_mark)
        self._keep(contract, &done)
        while i != NONE:
            position = &self.positions[i]
            if position.qty:
                position.owed -= position.qty
                self._adjust_position(position, contract, &done)
                position.owed += position.qty
                position.telling = 1
            i = position.next
        self._tell_next(page, contract.first_position)

    cdef void _adjust_position(self, Position* position, const Contract* contract,
                               const Adjustment* done) noexcept nogil:
        if adjust(position, contract, done):
            self.counts[4] += 1

    cdef void _keep(self, Contract* contract, const Adjustment* done) noexcept nogil:
        """Remembers it, so that a bust plays it again."""
        cdef uint32_t index = <uint32_t>self.counts[2]
        if index >= self.max_adjustments:
            self.counts[3] += 1
            return
        self.counts[2] += 1
        self.adjustments[index] = done[0]
        self.adjustments[index].next = NONE
        if contract.last_adjustment == NONE:
            contract.first_adjustment = index
        else:
            self.adjustments[contract.last_adjustment].next = index
        contract.last_adjustment = index

    cdef void _tell_next(self, Page* page, uint32_t index) noexcept nogil:
        """Derives the event of the next position from `index` on that was adjusted and isn't told yet."""
        cdef AdjustedEvent event
        cdef Position* position
        while index != NONE and not self.positions[index].telling:
            index = self.positions[index].next
        if index == NONE:
            return
        position = &self.positions[index]
        memset(&event, 0, sizeof(AdjustedEvent))
        event.position = index
        event.account = position.account
        event.symbol = position.symbol
        event.order = NONE
        event.delta = position.owed
        position.owed = 0
        position.telling = 0
        self.emitter.emit(page, K_ADJUSTED, &event, sizeof(AdjustedEvent), 0)

    cdef void _adjusted(self, Page* page) noexcept nogil:
        if page.request.adjusted.quiet:
            return
        self._tell(page, page.request.adjusted.position, page.request.adjusted.account, page.request.adjusted.symbol)
        self._tell_next(page, self.positions[page.request.adjusted.position].next)

    cdef void _owe(self, Page* page, uint32_t index, int64_t delta, const Position* was) noexcept nogil:
        """Risk counts a bust by its fill. What a split or settlement made of that fill since, and what playing the fills
        again made of the book, it must be told."""
        cdef AdjustedEvent event
        cdef const Position* now = &self.positions[index]
        memset(&event, 0, sizeof(AdjustedEvent))
        event.position = index
        event.account = self.positions[index].account
        event.symbol = self.positions[index].symbol
        event.quiet = 1
        event.order = page.outcome.order
        event.delta = delta
        event.book_qty = now.qty - was.qty
        event.cost = now.cost - was.cost
        event.realized = now.realized - was.realized
        event.fees = now.fees - was.fees
        event.paid = now.paid - was.paid
        self.emitter.emit(page, K_ADJUSTED, &event, sizeof(AdjustedEvent), 0)

    # ---- what is told -----------------------------------------------------------------------------------------

    cdef void _mark(self, const Page* page, const Contract* contract, int64_t* mark2, uint8_t* has_mark) noexcept nogil:
        """Twice the mark: the market's, else our last fill."""
        has_mark[0] = 1
        if page.verdict.flags & VF_HAS_MARK:
            mark2[0] = page.verdict.mark2
        elif contract.has_fill:
            mark2[0] = 2 * contract.last_fill_px
        else:
            has_mark[0] = 0

    cdef void _tell(self, Page* page, uint32_t index, uint32_t account, uint32_t symbol) noexcept nogil:
        cdef Booking* booking = &page.booking
        cdef const Position* position = &self.positions[index]
        cdef uint8_t has_mark = 0
        booking.flags = BF_BOOKED
        booking.position = index
        booking.account = account
        booking.symbol = symbol
        booking.qty = position.qty
        booking.cost = position.cost
        booking.realized = position.realized
        booking.fees = position.fees
        booking.paid = position.paid if position.has_paid else <i128>0
        booking.mark2 = 0
        booking.fill_qty = 0
        booking.fee = 0
        self._mark(page, &self.contracts[symbol], &booking.mark2, &has_mark)
        if has_mark:
            booking.flags |= BF_HAS_MARK

    def rows(self) -> list[dict[str, int]]:
        """Every position ever touched, as it stands: exact integers in the ledger's units. Not for the path."""
        cdef uint32_t i
        cdef Position* position
        out = []
        for i in range(self.counts[0]):
            position = &self.positions[i]
            if not position.touched:
                continue
            contract = &self.contracts[position.symbol]
            out.append({
                "account": position.account,
                "symbol": position.symbol,
                "qty": position.qty,
                "cost": wide(position.cost),
                "realized": wide(position.realized),
                "cash": cash_of(position),
                "fees": wide(position.fees),
                "paid": wide(position.paid),
                "moved": position.last_fill != NONE or position.moved != 0,
                "last_fill2": 2 * contract.last_fill_px if contract.has_fill else None,
            })
        return out

    def undone(self) -> dict[str, int]:
        """What could not be done: `full`, adjustments that a bust can't play again; `overflow`, amounts that don't fit."""
        return {"full": self.counts[3], "overflow": self.counts[4]}

    def booked_by_hand(self) -> int:
        """The event of the last fill that a person booked; 0: none."""
        return self.counts[5]

    def fill_rows(self) -> list[dict[str, int]]:
        """Every fill that stands, as booked or corrected: its event, place and exact numbers. Not for the path."""
        cdef uint64_t i
        out = []
        for i in range(self.counts[1]):
            fill = &self.fills[i]
            if fill.qty:
                position = &self.positions[fill.position]
                out.append({
                    "seq": fill.seq,
                    "account": position.account,
                    "symbol": position.symbol,
                    "venue": fill.venue,
                    "qty": fill.qty,
                    "px": fill.px,
                    "fee": wide(fill.fee),
                    "maker": fill.maker,
                })
        return out

    def fills_by_venue(self) -> dict[int, tuple[int, int]]:
        """(fills, their quantity) of each venue's index; busted ones don't count."""
        cdef uint64_t i
        out = {}
        for i in range(self.counts[1]):
            fill = &self.fills[i]
            if fill.qty:
                count, qty = out.get(fill.venue, (0, 0))
                out[fill.venue] = (count + 1, qty + abs(fill.qty))
        return out


cdef object cash_of(const Position* position):
    """What fills of an instrument that pays value moved in cash: realised, less what is open at its cost, besides what
    the day began with. The ledger's unit; what was paid comes to it."""
    cost = wide(position.cost) if position.qty > 0 else -wide(position.cost)
    base = wide(position.base_cost) if position.base_qty > 0 else -wide(position.base_cost)
    return wide(position.realized) - cost + base


cdef object wide(i128 value):
    """A 128-bit integer as Python's."""
    return (<object><int64_t>(value >> 64) << 64) | <object><uint64_t>(value & <i128>0xFFFFFFFFFFFFFFFF)
