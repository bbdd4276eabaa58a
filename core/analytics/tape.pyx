# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The tape: see tape.pxd. It reads pages that others have written, decides nothing, and is no part of the state."""
from libc.string cimport memcpy

from core.analytics import layout
from core.messages cimport (
    BF_BOOKED, A_NEW, K_ACCOUNT, K_DEPTH, K_INSTRUMENT, K_NAME, K_ORDER, K_QUOTE, K_REPORT, K_TRADE, K_VENUE,
    K_VENUE_STATE, NONE, OF_CHILD_OVER, OF_ENDED, OF_FILL_APPLIED, PAGE_SIZE, SF_SENT, SIDE_BUY, T_LIMIT, VS_UP,
    X_NONE, X_REJECTED, X_TRADE, X_TRADE_CORRECT, Outcome, ReportEvent,
)
from core.market.view cimport Level, SymbolMarket
from core_ext.tables cimport Arena

from core.capacity import DEFAULT

MOST = 50_000_000
"""Rows that a tape keeps of each kind."""

cdef double FEE_UNITS = 1e16


cdef uint32_t row_at(Rows rows, uint64_t index) noexcept:
    """What an index was given; 0: nothing."""
    return (<uint32_t*>rows.at(index))[0] if index < rows.count else 0


cdef int give(Rows rows, uint64_t index, uint32_t row) except -1:
    while rows.count <= index:
        rows.add()
    (<uint32_t*>rows.at(index))[0] = row
    return 0


cdef class Tape:
    """Keeps what of the stream executions are measured by. capacity: of the core that it observes."""

    def __init__(self, capacity=DEFAULT, uint64_t most=MOST):
        self.arena = Arena((1 << 20) + 2048 * capacity.symbols + 64 * 1024 * capacity.depths)
        self.view = MarketView(self.arena, capacity.symbols, capacity.depths)
        self.mids, self.trades = Rows(layout.MID, most), Rows(layout.TRADE, most)
        self.orders, self.children = Rows(layout.ORDER, most), Rows(layout.CHILD, most)
        self.fills, self.levels = Rows(layout.FILL, most), Rows(layout.LEVEL, most)
        self.row_of_order, self.row_of_child, self.row_of_fill, self.last_mid = (Rows("<u4", 1 << 32) for _ in range(4))
        self.names = {}

    def page(self, bytes raw not None) -> None:
        """One event, after every engine was done with it. MemoryError: it has as many rows as it may."""
        if len(raw) != PAGE_SIZE:
            raise ValueError(f"a page of {len(raw)} bytes: it has {PAGE_SIZE}")
        self.take(<const Page*><const char*>raw)

    cdef int take(self, const Page* page) except -1:
        cdef uint16_t kind = page.header.kind
        cdef uint32_t row
        self.last_seq, self.last_ns = page.header.seq, page.header.time_ns
        if kind == K_QUOTE or kind == K_DEPTH or kind == K_TRADE or kind == K_VENUE_STATE:
            return self._market(page)
        if kind == K_NAME or kind == K_INSTRUMENT or kind == K_VENUE or kind == K_ACCOUNT:
            self.names[kind, len(self.names)] = page.request.bytes[:page.header.length]
        if self.view.on_event(<Page*>page) or page.outcome.seq != page.header.seq or page.outcome.order == NONE:
            return 0
        if kind == K_ORDER:
            self._order(page)
        row = row_at(self.row_of_order, page.outcome.order)
        if row == 0:
            return 0
        if kind == K_REPORT and page.outcome.child_exec_type != X_NONE:
            self._report(page, row - 1)
        self._settle(page, row - 1)
        if page.send.seq == page.header.seq and page.send.flags & SF_SENT and page.send.action == A_NEW:
            self._sent(page, row - 1)
        return 0

    # ---- the market -------------------------------------------------------------------------------------------

    cdef int _market(self, const Page* page) except -1:
        cdef TradeRow* trade
        cdef uint32_t symbol
        self.view.on_event(<Page*>page)
        if page.header.kind == K_TRADE:
            trade = <TradeRow*>self.trades.add()
            trade.seq, trade.time_ns = page.header.seq, page.header.time_ns
            trade.px, trade.qty = page.request.trade.px, page.request.trade.qty
            trade.symbol, trade.venue = page.request.trade.symbol, page.request.trade.venue
        elif page.header.kind == K_VENUE_STATE and page.request.venue_state.symbol == NONE:
            for symbol in range(self.view.max_symbols):
                if self.view.symbols[symbol].listings:
                    self._changed(page, symbol)
        elif page.header.kind == K_VENUE_STATE:
            self._changed(page, page.request.venue_state.symbol)
        else:
            self._changed(page, page.request.quote.symbol)      # quote and depth begin alike
        return 0

    cdef int _changed(self, const Page* page, uint32_t symbol) except -1:
        """The symbol's best prices may have changed; a row where they have."""
        cdef MidRow now
        cdef MidRow* last
        cdef uint32_t row = row_at(self.last_mid, symbol)
        now.sides = self._best(symbol, &now.bid_px, &now.ask_px)
        if row:
            last = <MidRow*>self.mids.at(row - 1)
            if last.sides == now.sides and last.bid_px == now.bid_px and last.ask_px == now.ask_px:
                return 0
        now.seq, now.time_ns, now.symbol = page.header.seq, page.header.time_ns, symbol
        (<MidRow*>self.mids.add())[0] = now
        return give(self.last_mid, symbol, <uint32_t>self.mids.count)

    cdef uint8_t _best(self, uint32_t symbol, int64_t* bid_px, int64_t* ask_px) noexcept:
        """The consolidated best prices, 0 where there is none; which there are."""
        cdef SymbolMarket* market = &self.view.symbols[symbol]
        bid_px[0] = market.bid_px if market.bid_qty > 0 else 0
        ask_px[0] = market.ask_px if market.ask_qty > 0 else 0
        return (BID if market.bid_qty > 0 else 0) | (ASK if market.ask_qty > 0 else 0)

    # ---- orders -----------------------------------------------------------------------------------------------

    cdef int _order(self, const Page* page) except -1:
        """A new order, and what it met."""
        cdef const Outcome* outcome = &page.outcome
        cdef OrderRow* order = <OrderRow*>self.orders.add()
        order.seq, order.time_ns = page.header.seq, page.header.time_ns
        order.order, order.symbol = outcome.order, outcome.symbol
        order.account, order.strategy = outcome.account, outcome.strategy
        order.side, order.algo = outcome.side, page.request.order.algo
        memcpy(order.id, page.request.order.cl_ord_id, sizeof(order.id))
        order.sides = self._best(order.symbol, &order.bid_px, &order.ask_px)
        give(self.row_of_order, outcome.order, <uint32_t>self.orders.count)
        return self._levels(page, <uint32_t>self.orders.count - 1)

    cdef int _levels(self, const Page* page, uint32_t row) except -1:
        """The other side's best levels of each venue, beyond its quantity too: a replace, or a venue, may let it take more."""
        cdef uint32_t symbol = page.outcome.symbol
        cdef bint buys = page.outcome.side == SIDE_BUY
        cdef uint32_t slot, i
        cdef Level level
        cdef LevelRow* out
        for slot in range(self.view.symbols[symbol].listings):
            i = 0
            if self.view.top(symbol, <int>slot).state != VS_UP:
                continue
            while i < LEVELS_A_VENUE and self.view.level(symbol, <int>slot, buys, i, &level):
                out = <LevelRow*>self.levels.add()
                out.px, out.qty, out.row = level.px, level.qty, row
                out.venue = self.view.top(symbol, <int>slot).venue
                i += 1
        return 0

    cdef void _settle(self, const Page* page, uint32_t row) noexcept:
        """What the order is after this event."""
        cdef OrderRow* order = <OrderRow*>self.orders.at(row)
        order.order_qty, order.cum_qty = page.outcome.order_qty, page.outcome.cum_qty
        order.status = page.outcome.status
        if not page.outcome.flags & OF_ENDED:
            order.end_seq = 0           # a bust lets it live again
        elif order.end_seq == 0:
            order.end_seq, order.end_ns = page.header.seq, page.header.time_ns
            order.end_sides = self._best(order.symbol, &order.end_bid_px, &order.end_ask_px)

    # ---- children ---------------------------------------------------------------------------------------------

    cdef int _sent(self, const Page* page, uint32_t row) except -1:
        cdef ChildRow* child = <ChildRow*>self.children.add()
        cdef OrderRow* order = <OrderRow*>self.orders.at(row)
        child.row, child.n, child.venue = row, page.send.n, page.send.venue
        child.sent_ns, child.sent_seq = page.header.time_ns, page.header.seq
        child.order_qty, child.price = page.send.qty, page.send.price
        child.ahead_qty = self._ahead(page, &child.posted)
        give(self.row_of_child, page.send.child, <uint32_t>self.children.count)
        if order.first_seq == 0:
            order.first_seq, order.first_ns = page.header.seq, page.header.time_ns
            order.first_sides = self._best(order.symbol, &order.first_bid_px, &order.first_ask_px)
        return 0

    cdef int64_t _ahead(self, const Page* page, uint8_t* posted) noexcept:
        """What is shown at a posted child's price: its queue. posted: no price of the other side there meets it."""
        cdef int slot = self.view.slot_of(page.send.symbol, page.send.venue)
        cdef bint buys = page.send.side == SIDE_BUY
        cdef Level level
        cdef uint32_t i = 0
        posted[0] = 0
        if slot < 0 or page.send.ord_type != T_LIMIT:
            return 0
        if self.view.level(page.send.symbol, slot, buys, 0, &level) and (
                level.px <= page.send.price if buys else level.px >= page.send.price):
            return 0
        posted[0] = 1
        while self.view.level(page.send.symbol, slot, not buys, i, &level):
            if level.px == page.send.price:
                return level.qty
            i += 1
        return 0

    cdef int _report(self, const Page* page, uint32_t row) except -1:
        """A report that applies to a child."""
        cdef uint32_t index = row_at(self.row_of_child, page.outcome.child)
        cdef ChildRow* child
        cdef uint8_t said = page.outcome.child_exec_type
        if index == 0:
            return 0
        child = <ChildRow*>self.children.at(index - 1)
        child.cum_qty, child.order_qty = page.outcome.child_cum_qty, page.outcome.child_order_qty
        if child.acked_ns == 0 and said != X_REJECTED:
            child.acked_ns = page.header.time_ns
        if child.end_ns == 0 and (page.outcome.flags & OF_CHILD_OVER or child.cum_qty >= child.order_qty):
            child.end_ns, child.ended_by = page.header.time_ns, said
        if page.outcome.flags & OF_FILL_APPLIED:
            return self._filled(page, row, index - 1)
        return 0

    cdef int _filled(self, const Page* page, uint32_t row, uint32_t child) except -1:
        """A fill, or what became of one."""
        cdef const ReportEvent* report = &page.request.report
        cdef uint32_t old = row_at(self.row_of_fill, page.resolved.ref_fill)
        cdef ChildRow* of_child = <ChildRow*>self.children.at(child)
        cdef FillRow* fill
        cdef double fee = <double>page.booking.fee / FEE_UNITS if page.booking.flags & BF_BOOKED else 0.0
        if report.exec_type == X_TRADE:
            fill = <FillRow*>self.fills.add()
            fill.seq, fill.time_ns, fill.row, fill.child = page.header.seq, page.header.time_ns, row, child
            fill.qty, fill.px, fill.venue, fill.maker = report.last_qty, report.last_px, report.venue, report.maker
            fill.sides = self._best(page.outcome.symbol, &fill.bid_px, &fill.ask_px)
            give(self.row_of_fill, page.resolved.fill, <uint32_t>self.fills.count)
            if of_child.first_fill_ns == 0:
                of_child.first_fill_ns = fill.time_ns
        elif old:
            fill = <FillRow*>self.fills.at(old - 1)
            fill.qty = report.last_qty if report.exec_type == X_TRADE_CORRECT else 0
            fill.px = report.last_px
        else:
            return 0
        fill.fee += fee
        return 0
