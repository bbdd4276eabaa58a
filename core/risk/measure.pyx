# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What an order is worth, and what a new limit counts: see measure.pxd."""
from libc.string cimport memset

from core.messages cimport (
    NONE, NONE16, P_HAS_FEE, Page, R_NO_MARKET, R_OVERFLOW, ReportEvent, SIDE_BUY, X_TRADE, X_TRADE_CANCEL,
)
from core.orders.order cimport B_EXISTS, B_HAS_PRICE, B_PENDING_REPLACE, order_ended
from core.positions.ledger cimport Position, fee_of
from core.risk.limits cimport N_BOOK, N_COUNTS, N_POSITION, N_VALUE, keys_of, needs_of


cdef class Measure:
    """A limit may come at any time: what it counts is counted from the orders, positions and books as they stand."""

    def __cinit__(self, Arena arena, object capacity, MarketView view, Life life, Values values, Limits limits,
                  Tallies tallies, Holdings holdings, Checks checks):
        self.view = view
        self.life = life
        self.values = values
        self.limits = limits
        self.tallies = tallies
        self.holdings = holdings
        self.checks = checks
        self.openings = <Opening*>arena.table("risk.openings", sizeof(Opening), capacity.positions)
        self.prices = <int64_t*>arena.table("risk.order_prices", sizeof(int64_t), capacity.orders)
        self.counts = limits.counts_of(6)
        arena.used_by("risk.openings", &self.counts[0])
        arena.used_by("risk.order_prices", &life.counts[0])

    cdef bint has_fills(self) noexcept nogil:
        return self.counts[3] != 0

    # ---- what an order is worth -----------------------------------------------------------------------------------

    cdef void value(self, Proposal* asked) noexcept nogil:
        """Fills in what the order, and what it replaces, is worth in its symbol's own money."""
        cdef int64_t price = 0
        asked.value = 0
        asked.new_value = 0
        asked.old_value = 0
        asked.has_value = 0
        asked.no_value = R_NO_MARKET
        if not self.checks.value_price(asked, &price):
            return
        asked.no_value = R_OVERFLOW
        if self.values.instruments[asked.symbol].inverse and price <= 0:
            asked.no_value = R_NO_MARKET
            return
        if not self.values.money(asked.symbol, asked.qty, price, &asked.value):
            return
        asked.new_value = asked.value
        if asked.new_working != asked.qty and not self.values.money(asked.symbol, asked.new_working, price,
                                                                    &asked.new_value):
            return
        if asked.order != NONE:
            asked.old_value = self.working_value(asked.order)
        asked.has_value = 1

    cdef void keep_price(self, const Proposal* asked, uint32_t order) noexcept nogil:
        """What an order without a price is valued at as long as it works."""
        cdef int64_t price = 0
        if not asked.has_price and self.checks.value_price(asked, &price):
            self.prices[order] = price

    cdef int64_t _price(self, const Order* order, uint32_t index) noexcept nogil:
        return order.price if order.bits & B_HAS_PRICE else self.prices[index]

    cdef i128 working_value(self, uint32_t index) noexcept nogil:
        """What of the order may still fill, at its price: of a pending replace the larger. What doesn't fit, or has no
        price, is 0: such an order was not accepted where a limit counts it."""
        cdef const Order* order = &self.life.orders[index]
        cdef int64_t price = self._price(order, index)
        cdef i128 value = 0
        cdef i128 other = 0
        cdef int64_t working = self.life.working(index)
        if working == 0:
            return 0
        if not order.bits & B_PENDING_REPLACE:
            return value if self.values.money(order.symbol, working, price, &value) else <i128>0
        if order.order_qty > order.cum_qty and not self.values.money(
                order.symbol, order.order_qty - order.cum_qty, price, &value):
            value = 0
        if order.bits & B_HAS_PRICE:
            price = order.pend_price
        if order.pend_qty > order.cum_qty and not self.values.money(
                order.symbol, order.pend_qty - order.cum_qty, price, &other):
            other = 0
        return value if value > other else other

    # ---- a fill -----------------------------------------------------------------------------------------------------

    cdef void fill(self, Page* page, const Order* order, Move* move) noexcept nogil:
        """What a trade, bust or correction that was applied brings to the books and to today's sums."""
        cdef ReportEvent* report = &page.request.report
        cdef int64_t side = 1 if order.side == SIDE_BUY else -1
        cdef i128 value = 0
        cdef bint today
        if report.exec_type != X_TRADE:
            today = page.resolved.ref_fill == NONE or page.resolved.ref_fill >= self.counts[2]
            move.book_qty[0] = -side * page.resolved.ref_qty
            move.book_px[0] = page.resolved.ref_px
            if page.resolved.ref_fill < self.holdings.max_fills:
                move.book_fee[0] = -self.holdings.fees[page.resolved.ref_fill]
            move.books = 1
            if today and self.values.money(order.symbol, page.resolved.ref_qty, page.resolved.ref_px, &value):
                move.day_value -= value
                move.day_filled -= page.resolved.ref_qty
            if report.exec_type == X_TRADE_CANCEL:
                self.holdings.keep_fee(page.resolved.ref_fill, 0)
                return
        else:
            today = 1
            move.fills = 1
            self.counts[3] = 1
            if page.resolved.fill != NONE and page.resolved.fill >= self.counts[1]:
                self.counts[1] = page.resolved.fill + 1
        move.book_qty[move.books] = side * report.last_qty
        move.book_px[move.books] = report.last_px
        move.book_fee[move.books] = self._fee(page, order.symbol)
        self.holdings.keep_fee(page.resolved.fill if report.exec_type == X_TRADE else page.resolved.ref_fill,
                               move.book_fee[move.books])
        move.books += 1
        if today and self.values.money(order.symbol, report.last_qty, report.last_px, &value):
            move.day_value += value
            move.day_filled += report.last_qty

    cdef i128 _fee(self, Page* page, uint32_t symbol) noexcept nogil:
        cdef ReportEvent* report = &page.request.report
        if report.flags & P_HAS_FEE:
            return report.fee
        return fee_of(&self.values.contracts[symbol], report.last_qty, report.last_px,
                      self.view.venues[report.venue].maker_fee if report.maker else self.view.venues[report.venue].taker_fee,
                      self.view.venues[report.venue].fee_precision)

    # ---- a new limit ------------------------------------------------------------------------------------------------

    cdef void keep(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil:
        """Quantity that no order brought, for the limits that are set later."""
        self.openings[position].account = account
        self.openings[position].symbol = symbol
        self.openings[position].qty += delta
        if position >= self.counts[0]:
            self.counts[0] = position + 1

    cdef void need(self, uint32_t limit) noexcept nogil:
        """The limit's group counts from now on what the limit needs; what it doesn't count yet is measured."""
        cdef uint32_t group = self.limits.limits[limit].group
        cdef uint32_t more
        if group == NONE:
            return
        more = needs_of(self.limits.limits[limit].check) & ~self.limits.groups[group].needs
        if not more:
            return
        if more & N_POSITION:
            self.values.keep_sums()
        self.limits.groups[group].needs = self.limits.groups[group].needs | more
        if more & N_POSITION:
            self._from_openings(group)
        if more & (N_POSITION | N_VALUE | N_COUNTS):
            self._from_orders(group, more)
        if more & N_BOOK and self.limits.groups[group].by_position:
            self.values.keep_sums()
            self._from_books(group)
        self.tallies.begin_books(group)

    cdef void _from_openings(self, uint32_t group) noexcept nogil:
        cdef Keys keys
        cdef uint32_t tally
        cdef uint64_t i
        if not self.limits.groups[group].by_position:
            return
        for i in range(self.counts[0]):
            keys_like(self.openings[i].account, self.openings[i].symbol, &keys)
            if self.openings[i].qty and self.limits.matches(&self.limits.groups[group].scope, &keys):
                tally = self.tallies.tally(group, self.limits.key(self.limits.groups[group].each, &keys))
                self.tallies.shift(self.tallies.cell(tally, keys.symbol), self.openings[i].qty)

    cdef void _from_orders(self, uint32_t group, uint32_t more) noexcept nogil:
        """Every order that there is moves the group as it would have; only what is new counts."""
        cdef uint32_t i
        cdef Order* order
        cdef Move move
        cdef uint32_t tally
        cdef uint32_t needs = self.limits.groups[group].needs
        self.limits.groups[group].needs = more
        for i in range(self.life.count()):
            order = &self.life.orders[i]
            if not order.bits & B_EXISTS or not self.limits.matches(
                    &self.limits.groups[group].scope, keys_of(order)):
                continue
            memset(&move, 0, sizeof(Move))
            move.buys = order.side == SIDE_BUY
            if more & N_POSITION:
                move.working = self.life.working(i)
                move.filled = order.cum_qty
            move.live = not order_ended(order)
            if i >= self.tallies.counts[3]:
                move.orders = 1
                move.messages = 1
                move.day_filled = order.cum_qty
                if more & N_VALUE and order.cum_qty:
                    self.values.traded(order.symbol, order.notional, &move.day_value)
            if more & N_VALUE:
                move.working = self.life.working(i)
                move.working_value = self.working_value(i)
            tally = self.tallies.tally(group, self.limits.key(self.limits.groups[group].each, keys_of(order)))
            self.tallies.measure(group, tally, self.tallies.cell(tally, order.symbol), &move)
        self.limits.groups[group].needs = needs

    cdef void _from_books(self, uint32_t group) noexcept nogil:
        cdef uint64_t i
        cdef Keys keys
        cdef const Position* own
        for i in range(self.holdings.counts[0]):
            if not self.holdings.holdings[i].known:
                continue
            own = &self.holdings.books[i]
            keys_like(self.holdings.holdings[i].account, self.holdings.holdings[i].symbol, &keys)
            self._join_book(group, &keys, own.qty, own.cost, own.realized, own.fees, own.paid)

    cdef void open_book(self, Page* page) noexcept nogil:
        """A position that the day begins with joins the books that count positions whole."""
        cdef uint32_t group
        cdef Keys keys
        keys_like(page.request.open_position.account, page.request.open_position.symbol, &keys)
        for group in range(<uint32_t>self.limits.counts[2]):
            if self.limits.groups[group].by_position and self.limits.groups[group].needs & N_BOOK:
                self._join_book(group, &keys, page.request.open_position.qty, page.request.open_position.cost, 0, 0, 0)

    cdef void _join_book(self, uint32_t group, const Keys* keys, int64_t qty, i128 cost, i128 realized, i128 fees,
                         i128 paid) noexcept nogil:
        cdef uint32_t tally
        if not self.limits.matches(&self.limits.groups[group].scope, keys):
            return
        tally = self.tallies.tally(group, self.limits.key(self.limits.groups[group].each, keys))
        self.tallies.join(self.tallies.cell(tally, keys.symbol), qty, cost, realized, fees, paid)


cdef void keys_like(uint32_t account, uint32_t symbol, Keys* out) noexcept nogil:
    """The keys of a position: of no strategy, session or venue."""
    memset(out, 0, sizeof(Keys))
    out.account = account
    out.symbol = symbol
    out.strategy = NONE
    out.session = NONE
    out.venue = NONE16
