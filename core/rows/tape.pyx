# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Tapes: see tape.pxd and tape.pyi."""
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from core.messages cimport K_DEPTH, K_QUOTE, K_TRADE, DepthEvent, Header, QuoteEvent, TradeEvent
from core.rows.rows cimport Hearer

cdef int64_t EXACT = <int64_t>1 << 53     # whole numbers below are floats exactly
cdef int EXACT_DIGITS = 22                # so are powers of ten up to it
cdef int BUY = 0
cdef int SELL = 1


cdef class Tape:
    cdef bint has_room(self, int kind) noexcept:
        if kind == K_QUOTE:
            return not self.all_quotes or self.quote_count < ROOM
        if kind == K_TRADE:
            return not self.all_trades or self.trade_count < ROOM
        return not self.all_levels or self.level_count < ROOM

    cdef void put_quote(self, double bid, double bid_qty, double ask, double ask_qty) noexcept:
        cdef Bought* row
        if not self.all_quotes:
            self.quote_count = 0
        row = &self.quotes[self.quote_count]
        row.bid, row.bid_qty, row.ask, row.ask_qty = bid, bid_qty, ask, ask_qty
        self.quote_count += 1

    cdef void put_trade(self, double px, double qty, double side) noexcept:
        cdef Sided* row
        if not self.all_trades:
            self.trade_count = 0
        row = &self.trades[self.trade_count]
        row.px, row.qty, row.side = px, qty, side
        self.trade_count += 1

    cdef void put_level(self, double px, double qty, double side) noexcept:
        cdef Sided* row
        if self.all_levels:
            row = &self.levels[self.level_count]
            row.px, row.qty, row.side = px, qty, side
            self.level_count += 1

    def add_quote(self, double bid, double bid_qty, double ask, double ask_qty):
        if not self.has_room(K_QUOTE):
            return False
        self.put_quote(bid, bid_qty, ask, ask_qty)
        return True

    def add_trade(self, double px, double qty, int side):
        if not self.has_room(K_TRADE):
            return False
        self.put_trade(px, qty, side)
        return True

    def add_level(self, int side, double px, double qty):
        if not self.has_room(K_DEPTH):
            return False
        self.put_level(px, qty, side)
        return True

    def take_quotes(self):
        cdef bytes found = (<const char*>&self.quotes[0])[:self.quote_count * sizeof(Bought)]
        self.quote_count = 0
        return found

    def take_trades(self):
        found = [
            (self.trades[i].px, self.trades[i].qty, <int>self.trades[i].side) for i in range(self.trade_count)
        ]
        self.trade_count = 0
        return found

    def take_levels(self):
        found = [
            (<int>self.levels[i].side, self.levels[i].px, self.levels[i].qty) for i in range(self.level_count)
        ]
        self.level_count = 0
        return found


cdef class Place:
    """Of a symbol at a venue."""


cdef class Tapes(Hearer):
    def __cinit__(self, *_words, **_more):
        self.kinds = 1 << K_QUOTE | 1 << K_TRADE | 1 << K_DEPTH
        self.places = {}

    def at(self, uint32_t symbol, uint16_t venue, precisions, tapes):
        cdef Place place = Place()
        if max(precisions) > EXACT_DIGITS:
            return
        place.px_unit, place.qty_unit = (float(10**precision) for precision in precisions)
        place.tapes = list(tapes)
        self.places[key_of(symbol, venue)] = place

    def knows(self, uint32_t symbol, uint16_t venue):
        return key_of(symbol, venue) in self.places

    cdef bint is_for(self, const Header* header, const char* request) noexcept:
        cdef const TradeEvent* event = <const TradeEvent*>request     # all three begin with symbol and venue
        cdef const QuoteEvent* quote = <const QuoteEvent*>request
        if header.time_ns >= self.until_ns:
            return False
        self.found = self.places.get(key_of(event.symbol, event.venue))
        if self.found is None:
            return False
        for tape in self.found.tapes:
            if not (<Tape>tape).has_room(header.kind):
                return False
        if header.kind == K_QUOTE:
            return (is_exact(quote.bid_px) and is_exact(quote.bid_qty)
                    and is_exact(quote.ask_px) and is_exact(quote.ask_qty))
        return is_exact(event.px) and is_exact(event.qty)

    cdef void put(self, const Header* header, const char* request) noexcept:
        if header.kind == K_QUOTE:
            put_quote(self, self.found, <const QuoteEvent*>request)
        elif header.kind == K_TRADE:
            put_trade(self, self.found, <const TradeEvent*>request)
        else:
            put_level(self, self.found, <const DepthEvent*>request)


cdef void put_quote(Tapes self, Place place, const QuoteEvent* row) noexcept:
    if row.bid_qty <= 0 or row.ask_qty <= 0:
        return
    for tape in place.tapes:
        self.moved = True
        (<Tape>tape).put_quote(
            <double>row.bid_px / place.px_unit, <double>row.bid_qty / place.qty_unit,
            <double>row.ask_px / place.px_unit, <double>row.ask_qty / place.qty_unit,
        )


cdef void put_trade(Tapes self, Place place, const TradeEvent* row) noexcept:
    cdef double side = 1.0 if row.aggressor == BUY else -1.0 if row.aggressor == SELL else 0.0
    if row.qty <= 0:
        return
    for tape in place.tapes:
        self.moved = True
        (<Tape>tape).put_trade(<double>row.px / place.px_unit, <double>row.qty / place.qty_unit, side)


cdef void put_level(Tapes self, Place place, const DepthEvent* row) noexcept:
    for tape in place.tapes:
        if (<Tape>tape).all_levels:
            self.moved = True
            (<Tape>tape).put_level(<double>row.px / place.px_unit, <double>row.qty / place.qty_unit, row.side)


cdef inline bint is_exact(int64_t units) noexcept:
    return -EXACT < units < EXACT


cdef inline uint64_t key_of(uint32_t symbol, uint16_t venue) noexcept:
    return <uint64_t>symbol << 16 | venue
