# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What comes seldom: see changes.pxd."""
from libc.string cimport memset

from core.market.view cimport SymbolMarket
from core.messages cimport (
    D_DUPLICATE_EXEC, D_TABLE_FULL, K_ACCOUNT, K_ADJUST, K_ADJUSTED, K_BOOK, K_DAY, K_GROUP, K_INSTRUMENT, K_LIMIT,
    K_OPEN_POSITION, K_OVERRIDE, NONE, NONE16, Page, VF_APPLIES, VF_HAS_MARK,
)
from core.positions.ledger cimport Adjustment
from core.risk.limits cimport Keys, keys_of
from core.risk.measure cimport keys_like
from core.risk.tallies cimport Move


cdef class Changes:
    """Sets limits, begins days, takes what happens to positions, and declarations; rooms are measured anew after each."""

    def __cinit__(self, Limits limits, Values values, Tallies tallies, Holdings holdings, Own own, Measure measure,
                  Watch watch, Rooms rooms, Flattens flattens):
        self.limits = limits
        self.values = values
        self.tallies = tallies
        self.holdings = holdings
        self.own = own
        self.measure = measure
        self.watch = watch
        self.rooms = rooms
        self.flattens = flattens

    cdef void on_event(self, Page* page) noexcept nogil:
        """What comes seldom: limits, days, what happens to positions without an order, declarations. Rooms follow none of it."""
        cdef uint16_t kind = page.header.kind
        if kind == K_LIMIT:
            self._limit(page)
        elif kind == K_OVERRIDE:
            self.watch.lift(page)
        elif kind == K_DAY:
            self._day(page)
        elif kind == K_GROUP:
            self.limits.join(page.request.group.account, page.request.group.group)
        elif kind == K_ADJUST:
            self._adjust(page)
        elif kind == K_ADJUSTED:
            self._adjusted(page)
        elif kind == K_BOOK:
            self._book(page)
        elif kind == K_OPEN_POSITION:
            self._open_position(page)
        else:
            self.values.declare(page)
            self._declare(page)
            self.holdings.declare(page)
            self.flattens.declare(page)
            if kind != K_INSTRUMENT and kind != K_ACCOUNT:
                return
        self.rooms.forget()

    # ---- limits, days, declarations ---------------------------------------------------------------------------

    cdef void _limit(self, Page* page) noexcept nogil:
        """A limit is set; what it counts is measured where nobody counted it yet."""
        cdef uint32_t index = self.limits.set(&page.request.limit)
        if index == NONE or page.request.limit.off:
            return
        self.measure.need(index)
        self.watch.began(index)
        if self.limits.counts[7]:
            self.own.keep()

    cdef void _day(self, Page* page) noexcept nogil:
        self.measure.counts[2] = self.measure.counts[1] if self.measure.has_fills() else 0
        self.tallies.day(self.measure.life.count())

    cdef void _open_position(self, Page* page) noexcept nogil:
        cdef uint32_t position = page.resolved.position
        cdef uint32_t account = page.request.open_position.account
        cdef uint32_t symbol = page.request.open_position.symbol
        cdef int64_t delta
        cdef Keys keys
        if position == NONE:
            return
        delta = page.request.open_position.qty - self.measure.openings[position].qty
        self.measure.keep(position, account, symbol, delta)
        self.holdings.open(page)
        keys_like(account, symbol, &keys)
        if self.limits.counts[0]:
            self.watch.shift(page, &keys, position, delta)
            self.measure.open_book(page)

    cdef void _declare(self, Page* page) noexcept nogil:
        cdef uint32_t symbol
        if page.header.kind == K_INSTRUMENT:
            symbol = page.request.instrument.symbol
            self.limits.sectors[symbol] = page.request.instrument.sector
            if page.request.instrument.sector == NONE16:
                self.limits.sectors[symbol] = NONE
        elif page.header.kind == K_ACCOUNT:
            self.tallies.currencies[page.request.account.account] = page.request.account.currency

    cdef void _adjust(self, Page* page) noexcept nogil:
        """What happens to an instrument happens to every book of it at once; positions tell quantities one by one."""
        cdef uint32_t symbol = page.request.adjust.symbol
        cdef Adjustment done
        show_market(self.values.view, page, symbol)
        memset(&done, 0, sizeof(Adjustment))
        done.what = page.request.adjust.what
        done.digits = page.request.adjust.digits
        done.a = page.request.adjust.a
        done.b = page.request.adjust.b
        done.has_mark = self.values.mark2(symbol, &done.mark2)
        self.holdings.adjust_books(symbol, &done)
        self.tallies.adjust(&page.request.adjust, &done)

    cdef void _book(self, Page* page) noexcept nogil:
        """A person's fill: of no order, so it counts like what the day began with."""
        cdef Keys keys
        if page.resolved.flags & (D_DUPLICATE_EXEC | D_TABLE_FULL):
            return
        page.verdict.flags |= VF_APPLIES
        keys_like(page.request.book.account, page.request.book.symbol, &keys)
        self._count_position(page, &keys, page.resolved.position, page.request.book.qty)
        if self.limits.counts[0]:
            self.watch._warn_all(page, &keys, page.resolved.position, 0)
        self._book_by_hand(page)
        show_market(self.values.view, page, page.request.book.symbol)

    cdef void _book_by_hand(self, Page* page) noexcept nogil:
        """The books of what counts positions whole, and the losses that follow."""
        cdef Keys keys
        cdef Move move
        memset(&move, 0, sizeof(Move))
        move.books = 1
        move.book_qty[0] = page.request.book.qty
        move.book_px[0] = page.request.book.px
        move.book_fee[0] = page.request.book.fee
        self.holdings.book(page.resolved.position, move.book_qty[0], move.book_px[0], move.book_fee[0])
        self.holdings.keep_fee(page.resolved.fill, move.book_fee[0])
        if self.limits.counts[6]:
            keys_like(page.request.book.account, page.request.book.symbol, &keys)
            self.watch.count(page, &keys, page.resolved.position, &move)
            self.watch.filled(page, &keys)

    cdef void _adjusted(self, Page* page) noexcept nogil:
        """Quantity that no fill brought: of a split, a settlement, or a bust of a fill from before one; and what playing
        fills again made of a book."""
        cdef uint32_t order = page.request.adjusted.order
        cdef Keys keys
        self.holdings.correct(&page.request.adjusted)
        keys_like(page.request.adjusted.account, page.request.adjusted.symbol, &keys)
        self._count_position(page, &keys, page.request.adjusted.position, page.request.adjusted.delta)
        if self.limits.counts[0]:
            self.watch._warn_all(page, &keys if order == NONE else keys_of(&self.measure.life.orders[order]),
                                 page.request.adjusted.position, 0)
        show_market(self.values.view, page, page.request.adjusted.symbol)

    cdef void _count_position(self, Page* page, const Keys* keys, uint32_t position, int64_t delta) noexcept nogil:
        if delta:
            self.measure.keep(position, keys.account, keys.symbol, delta)
            self.holdings.adjust(position, keys.account, keys.symbol, delta)
            self.watch.shift(page, keys, position, delta)


cdef void show_market(MarketView view, Page* page, uint32_t symbol) noexcept nogil:
    """What a position's line is told at: the best prices, and the mark."""
    cdef SymbolMarket* market = &view.symbols[symbol]
    page.verdict.bid_px = market.bid_px
    page.verdict.bid_qty = market.bid_qty
    page.verdict.ask_px = market.ask_px
    page.verdict.ask_qty = market.ask_qty
    if view.mark2(symbol, &page.verdict.mark2):
        page.verdict.flags |= VF_HAS_MARK
