# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Best prices, depth, venue states, marks: see view.pxd."""
from libc.string cimport memmove

from core.messages cimport (
    K_DEPTH, K_LISTING, K_MARK, K_QUOTE, K_REFERENCE, K_TRADE, K_VENUE, K_VENUE_STATE, NONE, SIDE_BUY, VS_DOWN, VS_UP,
    Page,
)


cdef class MarketView:
    """Tables in the engine's arena; `on_event` applies one event and says whether it was market data."""

    def __cinit__(self, Arena arena, uint32_t max_symbols, uint32_t max_depths):
        self.max_symbols = max_symbols
        self.max_depths = max_depths
        self.symbols = <SymbolMarket*>arena.table("market.symbols", sizeof(SymbolMarket), max_symbols)
        self.tops = <Top*>arena.table("market.tops", sizeof(Top), max_symbols * MAX_SYMBOL_VENUES)
        self.ladders = <Ladder*>arena.table("market.ladders", sizeof(Ladder), 2 * max_depths)
        self.venues = <VenueFacts*>arena.table("market.venues", sizeof(VenueFacts), MAX_VENUES)
        self.counts = <uint32_t*>arena.table("market.counts", sizeof(uint32_t), 16)

    cdef bint on_event(self, Page* page) noexcept nogil:
        cdef uint16_t kind = page.header.kind
        if kind == K_QUOTE:
            self._quote(page)
        elif kind == K_TRADE:
            self.symbols[page.request.trade.symbol].last_px = page.request.trade.px
            self.symbols[page.request.trade.symbol].has_trade = 1
        elif kind == K_DEPTH:
            self._depth(page)
        elif kind == K_MARK:
            self.symbols[page.request.price.symbol].mark = page.request.price.px
            self.symbols[page.request.price.symbol].has_mark = 1
        elif kind == K_REFERENCE:
            self.symbols[page.request.price.symbol].reference = page.request.price.px
            self.symbols[page.request.price.symbol].has_reference = 1
        elif kind == K_VENUE_STATE:
            self._venue_state(page)
        elif kind == K_VENUE:
            self._venue(page)
        elif kind == K_LISTING:
            self._listing(page)
        else:
            return 0
        return 1

    cdef void _venue(self, Page* page) noexcept nogil:
        cdef VenueFacts* venue = &self.venues[page.request.venue.venue]
        venue.declared = 1
        venue.mode = page.request.venue.mode
        venue.halts = page.request.venue.halts
        venue.asks_ended = page.request.venue.asks_ended
        venue.fee_precision = page.request.venue.fee_precision
        venue.taker_fee = page.request.venue.taker_fee
        venue.maker_fee = page.request.venue.maker_fee
        venue.latency_ns = page.request.venue.latency_ns

    cdef void _listing(self, Page* page) noexcept nogil:
        cdef uint32_t symbol = page.request.listing.symbol
        cdef SymbolMarket* market = &self.symbols[symbol]
        cdef Top* top
        if market.listings >= MAX_SYMBOL_VENUES:
            return                  # the bound is checked, and told, where the file or configuration is read
        top = self.top(symbol, <int>market.listings)
        top.venue = page.request.listing.venue
        market.venues[market.listings] = top.venue
        top.depth = NONE
        market.listings += 1

    cdef void _quote(self, Page* page) noexcept nogil:
        cdef uint32_t symbol = page.request.quote.symbol
        cdef int slot = self.slot_of(symbol, page.request.quote.venue)
        cdef Top* top
        if slot < 0:
            return
        top = self.top(symbol, slot)
        top.quoted = 1
        top.quoted_ns = page.header.time_ns
        self.symbols[symbol].quoted = 1
        self.symbols[symbol].quoted_ns = page.header.time_ns
        if top.depth != NONE:
            return                  # a venue that sends depth is known by its depth
        top.bid_px = page.request.quote.bid_px
        top.bid_qty = page.request.quote.bid_qty
        top.ask_px = page.request.quote.ask_px
        top.ask_qty = page.request.quote.ask_qty
        self.consolidate(symbol)

    cdef void _depth(self, Page* page) noexcept nogil:
        cdef uint32_t symbol = page.request.depth.symbol
        cdef int slot = self.slot_of(symbol, page.request.depth.venue)
        cdef Top* top
        cdef Ladder* ladder
        cdef bint ask = page.request.depth.side != SIDE_BUY
        if slot < 0:
            return
        top = self.top(symbol, slot)
        if top.depth == NONE:
            if self.counts[0] >= self.max_depths:
                self.counts[1] += 1  # full: this venue stays known by its quotes, and the count is shown
                return
            top.depth = self.counts[0]
            self.counts[0] += 1
            top.bid_qty = 0
            top.ask_qty = 0
        top.quoted = 1
        top.quoted_ns = page.header.time_ns
        self.symbols[symbol].quoted = 1
        self.symbols[symbol].quoted_ns = page.header.time_ns
        ladder = &self.ladders[2 * top.depth + ask]
        ladder_set(ladder, ask, page.request.depth.px, page.request.depth.qty)
        if ask:
            top.ask_px = ladder.levels[0].px
            top.ask_qty = ladder.levels[0].qty if ladder.count else 0
        else:
            top.bid_px = ladder.levels[0].px
            top.bid_qty = ladder.levels[0].qty if ladder.count else 0
        self.consolidate(symbol)

    cdef void _venue_state(self, Page* page) noexcept nogil:
        cdef uint32_t symbol = page.request.venue_state.symbol
        cdef uint16_t venue = page.request.venue_state.venue
        cdef uint8_t state = page.request.venue_state.state
        self.came_back = 0
        if symbol != NONE:
            self._set_state(page, symbol, venue, state)
            return
        self.venues[venue].state = state
        for symbol in range(self.max_symbols):
            if self.symbols[symbol].listings:
                self._set_state(page, symbol, venue, state)

    cdef void _set_state(self, const Page* page, uint32_t symbol, uint16_t venue, uint8_t state) noexcept nogil:
        cdef int slot = self.slot_of(symbol, venue)
        cdef Top* top
        if slot < 0:
            return
        top = self.top(symbol, slot)
        top.state = state
        if state == VS_DOWN:
            top.was_down = 1
        elif state == VS_UP and top.was_down:
            top.was_down = 0
            top.back_at = page.header.seq
            self.came_back = 1
        self.consolidate(symbol)

    cdef void consolidate(self, uint32_t symbol) noexcept nogil:
        """The best bid and ask over the venues that are up; at one price the first declared gives the quantity."""
        cdef SymbolMarket* market = &self.symbols[symbol]
        cdef Top* top
        cdef uint32_t i
        market.bid_qty = 0
        market.ask_qty = 0
        for i in range(market.listings):
            top = self.top(symbol, <int>i)
            if top.state != VS_UP:
                continue
            if top.bid_qty > 0 and (market.bid_qty == 0 or top.bid_px > market.bid_px):
                market.bid_px = top.bid_px
                market.bid_qty = top.bid_qty
            if top.ask_qty > 0 and (market.ask_qty == 0 or top.ask_px < market.ask_px):
                market.ask_px = top.ask_px
                market.ask_qty = top.ask_qty

    cdef int level(self, uint32_t symbol, int slot, bint ask, uint32_t i, Level* out) noexcept nogil:
        """The i-th level of one side at one venue, best first; 0 when there is none."""
        cdef Top* top = self.top(symbol, slot)
        cdef Ladder* ladder
        if top.depth == NONE:
            if i:
                return 0
            out.px = top.ask_px if ask else top.bid_px
            out.qty = top.ask_qty if ask else top.bid_qty
            return out.qty > 0
        ladder = &self.ladders[2 * top.depth + ask]
        if i >= ladder.count:
            return 0
        out[0] = ladder.levels[i]
        return 1

    def book(self, uint32_t symbol, int64_t now_ns, uint32_t depth=LADDER_LEVELS) -> dict:
        """The symbol's consolidated book, not for the path: venues by slot (venue, state, age_ns or None), bids and asks as
        (px, qty, slot) of the venues that are up, best first; the market is "", "locked" or "crossed"."""
        cdef SymbolMarket* market = &self.symbols[symbol]
        cdef Top* top
        cdef Level level
        cdef uint32_t slot
        cdef uint32_t i
        venues, sides = [], ([], [])
        for slot in range(market.listings):
            top = self.top(symbol, <int>slot)
            venues.append((top.venue, top.state, now_ns - top.quoted_ns if top.quoted else None))
            for ask in range(2):
                i = 0
                while top.state == VS_UP and i < depth and self.level(symbol, <int>slot, ask, i, &level):
                    sides[ask].append((level.px, level.qty, slot))
                    i += 1
        bids, asks = sorted(sides[0], key=lambda row: (-row[0], row[2])), sorted(sides[1], key=lambda row: (row[0], row[2]))
        both = bool(bids and asks)
        locked = both and bids[0][0] == asks[0][0]
        crossed = both and bids[0][0] > asks[0][0]
        return {"venues": venues, "bids": bids, "asks": asks, "market": "crossed" if crossed else "locked" if locked else ""}

    def levels_at(self, uint16_t venue) -> list:
        """What that venue shows of each symbol, not for the path: (symbol, 0 bid or 1 ask, px, qty), best first."""
        cdef uint32_t symbol, i
        cdef int slot, ask
        cdef Level level
        found = []
        for symbol in range(self.max_symbols):
            slot = self.slot_of(symbol, venue)
            for ask in range(2 if slot >= 0 else 0):
                i = 0
                while self.level(symbol, slot, ask, i, &level):
                    found.append((symbol, ask, level.px, level.qty))
                    i += 1
        return found

    def last_quotes(self) -> list:
        """The best of each symbol at each venue that ever quoted it, not for the path: (symbol, venue, quoted_ns, bid_px,
        bid_qty, ask_px, ask_qty)."""
        cdef uint32_t symbol, slot
        cdef Top* top
        found = []
        for symbol in range(self.max_symbols):
            for slot in range(self.symbols[symbol].listings):
                top = self.top(symbol, <int>slot)
                if top.quoted:
                    found.append((symbol, top.venue, top.quoted_ns, top.bid_px, top.bid_qty, top.ask_px, top.ask_qty))
        return found

    cdef bint mark2(self, uint32_t symbol, int64_t* out) noexcept nogil:
        """Twice the mark: the last `mark`, else the mid of the consolidated best, else the last trade; 0: none."""
        cdef SymbolMarket* market = &self.symbols[symbol]
        if market.has_mark:
            out[0] = 2 * market.mark
        elif market.bid_qty > 0 and market.ask_qty > 0:
            out[0] = market.bid_px + market.ask_px
        elif market.has_trade:
            out[0] = 2 * market.last_px
        else:
            return 0
        return 1


cdef void ladder_set(Ladder* ladder, bint ask, int64_t px, int64_t qty) noexcept nogil:
    """Sets the level at px to qty, 0 removes it. Full: the worst level goes, and is counted."""
    cdef uint32_t i = 0
    while i < ladder.count and (ladder.levels[i].px < px if ask else ladder.levels[i].px > px):
        i += 1
    if i < ladder.count and ladder.levels[i].px == px:
        if qty > 0:
            ladder.levels[i].qty = qty
            return
        ladder.count -= 1
        memmove(&ladder.levels[i], &ladder.levels[i + 1], (ladder.count - i) * sizeof(Level))
        ladder.levels[ladder.count].px = 0
        ladder.levels[ladder.count].qty = 0
        return
    if qty <= 0 or i >= LADDER_LEVELS:
        ladder.dropped += qty > 0
        return
    if ladder.count == LADDER_LEVELS:
        ladder.count -= 1
        ladder.dropped += 1
    memmove(&ladder.levels[i + 1], &ladder.levels[i], (ladder.count - i) * sizeof(Level))
    ladder.levels[i].px = px
    ladder.levels[i].qty = qty
    ladder.count += 1
