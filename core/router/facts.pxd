"""What the router knows of venues beside their books: fees, latencies, rates, queues; and who is silent or throttled.

All of it comes by events: what a venue was declared with, `facts` that replace some of it, and reports. A fact that
was never told costs nothing: its policies see what was declared, or 0.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Emitter
from core.market.view cimport MarketView
from core.messages cimport FactsEvent, Page
from core_ext.tables cimport Arena

cdef enum:
    MILLION = 1000000               # shares are told in 10^-6
    NO_ROW = 0
    STEPS = 4                       # into which the way from one value of an outflow to the next is cut
    STEPS_MAX = 68                  # of 16 values, and behind the last

cdef struct VenueSymbol:            # 2368: one venue in one symbol
    uint32_t given                  # bits: Fact
    uint32_t pad
    int64_t values[16]              # by Fact
    uint32_t steps[2]               # [side] of its queue; 0: nothing was told of it
    int64_t pad2[6]
    int64_t reach[2][68]            # [side] how far each step goes: what leaves the best queue, ascending
    int64_t leaves[2][68]           # [side] 10^-6: how likely so much leaves

cdef struct VenueLife:              # 64: one venue
    int64_t silence_ns              # 0: it is never taken for silent
    int64_t interval_ns             # between two children, on the average; 0: no throttle
    int64_t burst_ns                # how far ahead of that children may go
    int64_t free_ns                 # when the average allows the next
    int64_t asked_ns                # the first send since its last word
    uint64_t asked                  # there is one
    uint64_t silent
    uint64_t watched                # a timer is running

@cython.final
cdef class Facts:
    cdef MarketView view
    cdef Emitter emitter
    cdef uint32_t* rows             # [slot x max_symbols + symbol] 1 + index of its VenueSymbol; 0: nothing was told
    cdef VenueSymbol* known
    cdef int64_t* unfilled          # [2 x symbol + side] 10^-8 bps
    cdef VenueLife* lives           # [venue]
    cdef uint64_t* counts           # [0] rows in use, [1] facts that found no row, [2] bit a silent venue, [3] whole venues told of
    cdef uint32_t max_symbols
    cdef uint32_t max_rows
    cdef void on_event(self, Page* page) noexcept nogil
    cdef void _told(self, VenueSymbol* row, const FactsEvent* told) noexcept nogil
    cdef void _queue(self, VenueSymbol* row, const FactsEvent* told) noexcept nogil
    cdef VenueSymbol* _row(self, uint32_t symbol, int slot) noexcept nogil
    cdef void _venue(self, const FactsEvent* told) noexcept nogil
    cdef int64_t latency(self, uint32_t symbol, int slot) noexcept nogil
    cdef bint stale(self, uint32_t symbol, int slot, int64_t now_ns) noexcept nogil
    cdef bint throttled(self, uint16_t venue, int64_t now_ns) noexcept nogil
    cdef int64_t due(self, uint16_t venue, int64_t now_ns) noexcept nogil
    cdef void spoken(self, Page* page) noexcept nogil
    cdef void silence_due(self, Page* page) noexcept nogil
    cdef void _asked(self, Page* page, uint16_t venue) noexcept nogil
    cdef void _heard(self, uint16_t venue) noexcept nogil
    cdef void _derive(self, Page* page, uint16_t kind, uint16_t venue, int64_t due_ns) noexcept nogil

    # What was told of the venue in the symbol; NULL: nothing.
    cdef inline const VenueSymbol* row(self, uint32_t symbol, int slot) noexcept nogil:
        cdef uint32_t i = self.rows[<uint32_t>slot * self.max_symbols + symbol]
        return NULL if i == NO_ROW else &self.known[i - 1]

    cdef inline int64_t fact(self, uint32_t symbol, int slot, int what) noexcept nogil:
        cdef const VenueSymbol* row = self.row(symbol, slot)
        return row.values[what] if row != NULL else 0

    cdef inline int64_t taker_fee(self, uint32_t symbol, int slot) noexcept nogil:
        cdef const VenueSymbol* row = self.row(symbol, slot)
        if row != NULL and row.given & 1:
            return row.values[0]
        return self.view.venues[self.view.top(symbol, slot).venue].taker_fee

    cdef inline int64_t maker_fee(self, uint32_t symbol, int slot) noexcept nogil:
        cdef const VenueSymbol* row = self.row(symbol, slot)
        if row != NULL and row.given & 2:
            return row.values[1]
        return self.view.venues[self.view.top(symbol, slot).venue].maker_fee
