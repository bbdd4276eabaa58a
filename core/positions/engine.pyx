# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""positions: see engine.pxd; the arithmetic is in ledger.pyx."""
from libc.string cimport memset

from core.engine cimport Emitter
from core.messages cimport (
    BF_BOOKED, BF_HAS_MARK, K_INSTRUMENT, K_OPEN_POSITION, K_REPORT, K_VENUE, NONE, OF_FILL_APPLIED, P_HAS_FEE,
    SIDE_BUY, VF_HAS_MARK, X_TRADE, X_TRADE_CORRECT, Booking, Page, ReportEvent,
)
from core.positions.ledger cimport Contract, Position, book, fee_of
from core_ext.atomics cimport prefetch_write
from core_ext.tables cimport Arena


cdef class Positions(Engine):
    """One position for each (account, symbol), with its fills in order."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity):
        self.arena = arena
        self.emitter = emitter
        self.max_fills = capacity.fills
        self.contracts = <Contract*>arena.table("positions.contracts", sizeof(Contract), capacity.symbols)
        self.fees = <VenueFees*>arena.table("positions.fees", sizeof(VenueFees), capacity.venues)
        self.positions = <Position*>arena.table("positions.positions", sizeof(Position), capacity.positions)
        self.fills = <Fill*>arena.table("positions.fills", sizeof(Fill), capacity.fills)
        self.steps = 1
        self.counts = <uint64_t*>arena.table("positions.counts", sizeof(uint64_t), 8)
        arena.used_by("positions.positions", &self.counts[0])
        arena.used_by("positions.fills", &self.counts[1])

    cdef void prepare(self, Page* page, int step) noexcept nogil:
        cdef uint32_t index = page.resolved.position if page.header.kind == K_REPORT else <uint32_t>NONE
        if index != NONE:
            prefetch_write(&self.positions[index])
            prefetch_write(<char*>&self.positions[index] + 64)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef uint16_t kind = page.header.kind
        page.booking.flags = 0
        if kind == K_REPORT:
            if page.outcome.order != NONE and page.outcome.flags & OF_FILL_APPLIED:
                self._fill(page)
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

    cdef Position* _position(self, uint32_t index, uint32_t account, uint32_t symbol) noexcept nogil:
        cdef Position* position = &self.positions[index]
        if not position.touched:
            position.touched = 1
            position.account = account
            position.symbol = symbol
            position.first_fill = NONE
            position.last_fill = NONE
            if index >= self.counts[0]:
                self.counts[0] = index + 1
        return position

    cdef void _open(self, Page* page) noexcept nogil:
        cdef Position* position = self._position(
            page.resolved.position, page.request.open_position.account, page.request.open_position.symbol)
        position.base_qty = page.request.open_position.qty
        position.base_cost = page.request.open_position.cost
        self._again(position)

    cdef void _fill(self, Page* page) noexcept nogil:
        cdef ReportEvent* report = &page.request.report
        cdef Position* position = self._position(page.resolved.position, page.outcome.account, page.outcome.symbol)
        cdef Contract* contract = &self.contracts[page.outcome.symbol]
        cdef Fill own
        cdef Fill* fill = &own
        cdef uint32_t index = page.resolved.fill if report.exec_type == X_TRADE else page.resolved.ref_fill
        cdef i128 before = position.fees
        if index != NONE:
            fill = &self.fills[index]
        if report.exec_type == X_TRADE:
            memset(fill, 0, sizeof(Fill))
            self._enter(page, fill, contract)
            self._chain(position, index)
            book(position, contract, fill.qty, fill.px)
            position.fees += fill.fee
        else:
            if report.exec_type == X_TRADE_CORRECT:
                self._enter(page, fill, contract)
            else:
                fill.qty = 0
                fill.fee = 0
            self._again(position)
        if report.exec_type == X_TRADE or report.exec_type == X_TRADE_CORRECT:
            contract.last_fill_px = report.last_px
            contract.has_fill = 1
        self._tell(page, position, contract)
        page.booking.position = page.resolved.position
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

    cdef void _chain(self, Position* position, uint32_t index) noexcept nogil:
        if index == NONE:
            return                  # the table of fills is full: it is booked, but can't be played again
        self.fills[index].next = NONE
        if position.last_fill == NONE:
            position.first_fill = index
        else:
            self.fills[position.last_fill].next = index
        position.last_fill = index
        if index >= self.counts[1]:
            self.counts[1] = index + 1

    cdef void _again(self, Position* position) noexcept nogil:
        """Plays the position's fills again from what the day began with."""
        cdef Contract* contract = &self.contracts[position.symbol]
        cdef uint32_t i = position.first_fill
        cdef Fill* fill
        position.qty = position.base_qty
        position.cost = position.base_cost
        position.realized = 0
        position.flow = 0
        position.fees = 0
        while i != NONE:
            fill = &self.fills[i]
            if fill.qty:
                book(position, contract, fill.qty, fill.px)
            position.fees += fill.fee
            i = fill.next

    cdef void _tell(self, Page* page, const Position* position, const Contract* contract) noexcept nogil:
        cdef Booking* booking = &page.booking
        booking.flags = BF_BOOKED
        booking.account = position.account
        booking.symbol = position.symbol
        booking.qty = position.qty
        booking.cost = position.cost
        booking.realized = position.realized
        booking.flow = position.flow
        booking.fees = position.fees
        booking.mark2 = 0
        if page.verdict.flags & VF_HAS_MARK:
            booking.flags |= BF_HAS_MARK
            booking.mark2 = page.verdict.mark2
        elif contract.has_fill:
            booking.flags |= BF_HAS_MARK
            booking.mark2 = 2 * contract.last_fill_px

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
                "flow": wide(position.flow),
                "fees": wide(position.fees),
                "filled": position.first_fill != NONE,
                "last_fill2": 2 * contract.last_fill_px if contract.has_fill else None,
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


cdef object wide(i128 value):
    """A 128-bit integer as Python's."""
    return (<object><int64_t>(value >> 64) << 64) | <object><uint64_t>(value & <i128>0xFFFFFFFFFFFFFFFF)
