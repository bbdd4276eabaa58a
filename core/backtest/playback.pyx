# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Playback: see playback.pyi.

After each row of the market, and all that the core makes of it, the strategy is told: first what became of its orders,
then the row. What it asks for is taken before the next row, each request with all its consequences before the next
request. So nothing that a handler sees is later than the time at which it is called.
"""
from heapq import heappop, heappush

from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

import numpy as np

from core.fused cimport Fused
from core.messages cimport (
    BF_BOOKED, K_DEPTH, K_ORDER, K_QUOTE, K_REPORT, K_TRADE, NONE, RK_DENY, X_TRADE, Request, Response,
)
from core.session.market cimport Level, Quote, Trade
from core.session.port cimport has_ended

from core.backtest.bars import NEVER_NS

SOURCE_SESSION = 128
HANDLERS = ("on_quote", "on_trade", "on_depth", "on_bar", "on_order", "on_fill", "on_deny", "on_position", "on_timer")
FILL = np.dtype([
    ("seq", "<u8"), ("time_ns", "<i8"), ("px", "<i8"), ("qty", "<i8"), ("fee_low", "<u8"), ("fee_high", "<i8"),
    ("account", "<u4"), ("symbol", "<u4"), ("order", "<u4"), ("id", "<u4"), ("venue", "<u2"), ("maker", "u1"),
    ("pad", "u1", (13,)),
])

cdef enum:
    FROM_SESSION = 128
    KNOWN_MOST = 65536              # ids of orders whose symbol is remembered


def _opened(Answer answer not None):
    """Oldest first."""
    return answer.raw.order


cdef class Playback(Recorded):
    """A core on recorded time and the one strategy that trades on it."""

    def __cinit__(self, *args, **kwargs):
        self.next_due_ns = NEVER_NS
        self.bars = {}
        self.alarms = []
        self.held = {}
        self.next_answer = 1

    def __dealloc__(self):
        free(self.fills)

    def attach(self, Port port not None, Ring requests not None, uint32_t session, handlers, symbols, places,
               denial, bint watches_marks) -> None:
        """From now on that session is told, and heard. See playback.pyi."""
        self.watches_marks = watches_marks
        self.port = port
        self.open_orders = OpenOrders(self.core.capacity.orders)
        self.requests = requests
        self.fused = <Fused?>self.core
        self.egress = self.fused.egress
        self.session = session
        self.symbols = list(symbols)
        self.denial = denial
        self.venue_count = max((venue for _, venue in places), default=0) + 1
        symbols = max((symbol for symbol, _ in places), default=0) + 1
        self.places = [None] * (symbols * self.venue_count)
        for (symbol, venue), place in places.items():
            self.places[symbol * self.venue_count + venue] = place
        self.on_quote, self.on_trade, self.on_depth = (handlers.get(name) for name in HANDLERS[:3])
        self.on_bar, self.on_order, self.on_fill = (handlers.get(name) for name in HANDLERS[3:6])
        self.on_deny, self.on_position, self.on_timer = (handlers.get(name) for name in HANDLERS[6:])
        self.on_market = self.on_quote is not None or self.on_trade is not None or self.on_depth is not None

    # ---- the market --------------------------------------------------------------------------------------------

    cdef int take_row(self, Input* item) except -1:
        """A row of the market with all that comes of it, in the core and in the strategy."""
        if item.time_ns >= self.next_due_ns:
            self._alarms(item.time_ns)
        Recorded.take_row(self, item)
        self.now_ns = item.time_ns
        self.rows += 1
        if self.port is None:
            return 0
        if self.next_answer <= self.egress.counts[1]:
            self._settle()
        self._tell_market(item)
        if len(self.port.known) > KNOWN_MOST and self.open_orders.count < KNOWN_MOST // 2:
            self.forget()
        if not self._has_said_all():
            self._settle()
        return 0

    cdef bint is_quiet(self, int64_t until) except -1:
        """Nothing but the market itself comes of the rows up to that time, unless the strategy asks for something: no
        order is open, no limit follows the marks. The core may then take many rows at a time, behind the handlers'
        back: what they see is the row alone."""
        cdef Due* due = self.schedule.top()
        self.quiet = (self.port is not None and not self.open_orders.count and not self.watches_marks and self.on_page is None
                      and (due == NULL or due.due_ns > until) and self._has_said_all())
        return self.quiet

    cdef bint _has_said_all(self) noexcept:
        """The strategy has asked for nothing more, and was told everything."""
        return self.requests.peek() == NULL and self.next_answer > self.egress.counts[1]

    cdef int take_quietly(self, Input* item) except -1:
        """A row that nothing comes of; `run_quietly` after BATCH of them at most, and after the last. The first that is
        more than that makes all that follow loud."""
        if self.quiet and item.time_ns >= self.next_due_ns:
            self._wake()
        if not self.quiet:
            return self.take_row(item)
        self.now_ns = item.time_ns
        self.rows += 1
        self.source_seqs[item.source] += 1
        item.source_seq = self.source_seqs[item.source]
        self.venues.on_event(item.kind, <Request*>item.request, item.time_ns)
        self.fused.push(item)
        if self.on_market:
            self._tell_market(item)
            if not self._has_said_all():
                self._wake()
                self._settle()
        return 0

    cdef int _wake(self) except -1:
        """Rows are no longer quiet: the core is at the last of them."""
        self.run_quietly()
        self.quiet = 0
        return 0

    cdef int run_quietly(self) except -1:
        cdef uint8_t engine = 0
        self.fused.run()
        if self.core.faults.code():
            self.core.raise_fault()
        if self.core.next_derived(&engine) != NULL or self.core.sends.peek() != NULL:
            raise RuntimeError(f"row {self.rows}: something came of a row that nobody was to wait for")
        return 0

    cdef int _tell_market(self, Input* item) except -1:
        cdef Request* request = <Request*>item.request
        cdef Place place
        if item.kind == K_QUOTE:
            if self.on_quote is None and not self.bars:
                return 0
            place = <Place>self.places[request.quote.symbol * self.venue_count + request.quote.venue]
            if self.bars:
                self._add_to_bars(item, place)
            if self.on_quote is not None:
                self.on_quote(Quote.of(place, item.time_ns, request.quote.bid_px, request.quote.bid_qty,
                                       request.quote.ask_px, request.quote.ask_qty))
        elif item.kind == K_TRADE:
            place = <Place>self.places[request.trade.symbol * self.venue_count + request.trade.venue]
            if self.bars:
                self._add_to_bars(item, place)
            if self.on_trade is not None:
                self.on_trade(Trade.of(place, item.time_ns, request.trade.px, request.trade.qty, request.trade.aggressor))
        elif item.kind == K_DEPTH and self.on_depth is not None:
            place = <Place>self.places[request.depth.symbol * self.venue_count + request.depth.venue]
            self.on_depth(Level.of(place, item.time_ns, request.depth.side, request.depth.px, request.depth.qty))
        return 0

    # ---- bars and timers -----------------------------------------------------------------------------------------

    def add_bars(self, uint32_t symbol, BarBuilder builder not None) -> None:
        """Bars of that instrument, told by on_bar."""
        self.bars.setdefault(symbol, []).append(builder)
        self.on_market = True

    cdef int _add_to_bars(self, Input* item, Place place) except -1:
        cdef Request* request = <Request*>item.request
        cdef bint is_trade = item.kind == K_TRADE
        cdef BarBuilder builder
        cdef Bar bar
        cdef double price
        cdef double size = 0.0
        if is_trade:
            price = request.trade.px / place.px_unit
            size = request.trade.qty / place.qty_unit
        else:
            price = (request.quote.bid_px / place.px_unit + request.quote.ask_px / place.px_unit) / 2
        for builder in self.bars.get(request.quote.symbol, ()):
            if builder.of_trades != is_trade:
                continue
            begins = builder.bar is None
            bar = builder.add(place, item.time_ns, price, size)
            if bar is not None:
                self._pass_bar(bar)
            elif begins and builder.span_ns:
                self._set_alarm(builder.due_ns(), builder)
        return 0

    cdef int _pass_bar(self, Bar bar) except -1:
        if self.on_bar is not None:
            self.on_bar(bar)
        return 0

    def set_timer(self, int64_t due_ns, name) -> None:
        """on_timer(name, due_ns) at that time; at the next row where it is past already."""
        self._set_alarm(due_ns, name)

    cdef _set_alarm(self, int64_t due_ns, what):
        self.alarms_set += 1
        heappush(self.alarms, (due_ns, self.alarms_set, what))
        self.next_due_ns = self.alarms[0][0]

    cdef int _alarms(self, int64_t until) except -1:
        """Timers and bars that are over, by the time of each."""
        cdef BarBuilder builder
        while self.alarms and self.alarms[0][0] <= until:
            due_ns, _, what = heappop(self.alarms)
            self.advance(max(due_ns, self.now_ns))
            self.now_ns = max(due_ns, self.now_ns)
            self._settle()
            if isinstance(what, BarBuilder):
                builder = what
                self._pass_bar(builder.close())
            elif self.on_timer is not None:
                self.on_timer(what, due_ns)
            self._settle()
        self.next_due_ns = self.alarms[0][0] if self.alarms else NEVER_NS
        return 0

    # ---- requests and answers ------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Takes what the strategy asked for, tells it what became of it, until neither has anything more."""
        self._settle()

    cdef int _settle(self) except -1:
        cdef Input item
        cdef Input* asked
        while True:
            while self.next_answer <= self.egress.counts[1]:
                self._tell(<const Response*>self.egress.responses.slot(self.next_answer))
            asked = <Input*>self.requests.peek()
            if asked == NULL:
                return 0
            memcpy(&item, asked, sizeof(Input))
            self.requests.release()
            item.time_ns = self.now_ns
            item.session = self.session
            item.source = FROM_SESSION
            item.flags = 0
            self.orders_sent += item.kind == K_ORDER
            self._feed(&item)
            if self.core.faults.code():
                self.core.raise_fault()

    cdef int _tell(self, const Response* told) except -1:
        """An answer, as what its handlers are called with; an object is made only where somebody wants it."""
        cdef Answer answer
        cdef bint ended = has_ended(told.status)
        cdef uint8_t kind = told.kind
        cdef uint8_t exec_type = told.exec_type
        if told.seq != self.next_answer:
            raise RuntimeError(f"answer {self.next_answer} was overwritten before it was told: a larger Capacity.spine "
                               "is needed")
        self.next_answer += 1
        if kind == RK_DENY:
            if self.on_deny is not None:
                self.on_deny(self.denial(self._answer(told)))
            return 0
        if ended:
            self.open_orders.remove(told.order)
        else:
            self.open_orders.put(told)
        if self.on_order is None and (exec_type != X_TRADE or (self.on_fill is None and self.on_position is None)):
            return 0
        answer = self._answer(told)
        if self.on_order is not None:
            self.on_order(answer)
        if exec_type == X_TRADE and self.on_fill is not None:
            self.on_fill(answer)
        if exec_type == X_TRADE and self.on_position is not None:
            self.on_position(answer.symbol)
        return 0

    cdef Answer _answer(self, const Response* told):
        cdef Answer answer = self.port.blank()
        answer.raw = told[0]
        if told.order != NONE:
            answer._symbol = self.symbols[self.fused.orders.life.orders[told.order].symbol]
        else:
            answer._symbol = self.port.known.get(answer.cl_ord_id)
        return answer

    def orders(self) -> list:
        """The last answer of each open order."""
        cdef uint32_t i
        return sorted((self._answer(&self.open_orders.answers[i]) for i in range(self.open_orders.count)), key=_opened)

    def forget(self) -> None:
        """Ids of orders that have ended are no longer known by their symbol."""
        known = {answer.cl_ord_id: answer._symbol for answer in self.orders()}
        self.port.known.clear()
        self.port.known.update(known)

    # ---- fills and positions -------------------------------------------------------------------------------------

    cdef int _show(self, Page* page) except -1:
        Recorded._show(self, page)
        if page == NULL or page.header.kind != K_REPORT or page.booking.seq != page.header.seq:
            return 0
        if page.booking.flags & BF_BOOKED:
            self.held[(page.booking.account, page.booking.symbol)] = page.booking.qty
            self._book(page)
        return 0

    def qty(self, uint32_t account, uint32_t symbol) -> int:
        """What is held, in the instrument's units, signed."""
        return self.held.get((account, symbol), 0)

    cdef int _book(self, Page* page) except -1:
        cdef FillRow* row
        cdef uint64_t room
        if self.fill_count == self.fill_room:
            room = 2 * self.fill_room + 4096
            row = <FillRow*>realloc(self.fills, room * sizeof(FillRow))
            if row == NULL:
                raise MemoryError(f"fills: no room for {room:,}")
            self.fills = row
            self.fill_room = room
        row = &self.fills[self.fill_count]
        self.fill_count += 1
        memset(row, 0, sizeof(FillRow))
        row.seq = page.header.seq
        row.time_ns = page.header.time_ns
        row.px = page.request.report.last_px
        row.qty = page.booking.fill_qty
        row.fee = page.booking.fee
        row.account = page.booking.account
        row.symbol = page.booking.symbol
        row.order = page.outcome.order
        row.id = page.outcome.id
        row.venue = page.request.report.venue
        row.maker = page.request.report.maker
        return 0

    def fill_rows(self):
        """Every booking of a report, of dtype FILL, in the order in which they were booked; a copy."""
        cdef Py_ssize_t size = self.fill_count * sizeof(FillRow)
        cdef bytes raw = (<char*>self.fills)[:size] if size else b""
        return np.frombuffer(raw, FILL)
