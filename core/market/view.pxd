"""What an engine knows of the market: per symbol, each venue's best prices and state, and what follows from them.

Risk and the router each keep one of their own (an engine reads no other engine's memory); both are fed by the same
events, so both are the same.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport MAX_SYMBOL_VENUES, MAX_VENUES, NONE, VS_DOWN, Page
from core_ext.tables cimport Arena

cdef struct Level:                  # 16
    int64_t px
    int64_t qty

cdef struct Top:                    # 64: one venue's market in one symbol
    int64_t bid_px
    int64_t bid_qty                 # 0: that side is empty
    int64_t ask_px
    int64_t ask_qty
    int64_t quoted_ns
    uint32_t depth                  # index of its levels, NONE where the venue sent only quotes
    uint16_t venue
    uint8_t state                   # a VenueState
    uint8_t quoted
    uint64_t was_down               # since it was last up
    uint64_t back_at                # the event by which it was up again after that

cdef struct Ladder:                 # levels of one side, best first
    uint32_t count
    uint32_t dropped                # levels beyond the bound: the worst go
    int64_t pad
    Level levels[128]

cdef enum:
    LADDER_LEVELS = 128

cdef struct SymbolMarket:           # 128
    uint32_t listings               # venues that list it, in the order of declaration
    uint8_t has_trade
    uint8_t has_mark
    uint8_t has_reference
    uint8_t quoted
    int64_t bid_px                  # consolidated over the venues that are up
    int64_t bid_qty
    int64_t ask_px
    int64_t ask_qty
    int64_t last_px
    int64_t mark
    int64_t reference
    int64_t quoted_ns
    uint16_t venues[16]             # of its slots
    int64_t pad[3]

cdef struct VenueFacts:             # 64
    uint8_t declared
    uint8_t mode
    uint8_t fee_precision
    uint8_t state
    uint8_t halts                   # on a break between it and the core
    uint8_t asks_ended              # see VenueEvent
    uint8_t pad[2]
    int64_t taker_fee
    int64_t maker_fee
    int64_t latency_ns
    int64_t pad2[4]

@cython.final
cdef class MarketView:
    cdef SymbolMarket* symbols
    cdef Top* tops                  # [slot x max_symbols + symbol]: few slots are used, so those lie close together
    cdef Ladder* ladders            # [2 x depth + side]
    cdef VenueFacts* venues
    cdef uint32_t* counts           # [0]: ladders' pairs in use
    cdef uint32_t max_symbols
    cdef uint32_t max_depths
    cdef bint came_back             # by the last venue state: up again after it was down

    cdef bint on_event(self, Page* page) noexcept nogil
    cdef int level(self, uint32_t symbol, int slot, bint ask, uint32_t i, Level* out) noexcept nogil
    cdef void consolidate(self, uint32_t symbol) noexcept nogil
    cdef bint mark2(self, uint32_t symbol, int64_t* out) noexcept nogil
    cdef void _venue(self, Page* page) noexcept nogil
    cdef void _listing(self, Page* page) noexcept nogil
    cdef void _quote(self, Page* page) noexcept nogil
    cdef void _depth(self, Page* page) noexcept nogil
    cdef void _venue_state(self, Page* page) noexcept nogil
    cdef void _set_state(self, const Page* page, uint32_t symbol, uint16_t venue, uint8_t state) noexcept nogil

    cdef inline Top* top(self, uint32_t symbol, int slot) noexcept nogil:
        return &self.tops[<uint32_t>slot * self.max_symbols + symbol]

    # One side at one venue, best first, and how many levels that is; `one` has room for a quote's.
    cdef inline const Level* ladder(self, uint32_t symbol, int slot, bint ask, Level* one, uint32_t* count) noexcept nogil:
        cdef Top* top = self.top(symbol, slot)
        cdef Ladder* held
        if top.depth != NONE:
            held = &self.ladders[2 * top.depth + ask]
            count[0] = held.count
            return held.levels
        one.px = top.ask_px if ask else top.bid_px
        one.qty = top.ask_qty if ask else top.bid_qty
        count[0] = one.qty > 0
        return one

    # The venue's place among those that list the symbol, or -1.
    cdef inline int slot_of(self, uint32_t symbol, uint16_t venue) noexcept nogil:
        cdef SymbolMarket* market = &self.symbols[symbol]
        cdef uint32_t i
        for i in range(market.listings):
            if market.venues[i] == venue:
                return <int>i
        return -1

    cdef inline uint8_t state(self, uint32_t symbol, uint16_t venue) noexcept nogil:
        cdef int slot = self.slot_of(symbol, venue)
        return VS_DOWN if slot < 0 else self.top(symbol, slot).state
