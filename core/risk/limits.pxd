"""Limits and what they count.

    Limit     one line of configuration: a check, a value, a scope; chained by account, in the order of testing
    Counter   what one limit counts, one for each value of its `each` key
    Cell      a counter's quantities in one symbol, since max(|q + buys|, |q - sells|) is taken a symbol
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport NONE, SC_ALL, AdjustEvent, LimitEvent, Page, ScopeKeys
from core.orders.life cimport Life, Order
from core_ext.tables cimport Arena, Map64
from core_ext.wide cimport i128

cdef struct Keys:                   # 20: what scopes ask of an order; the same fields follow each other in Order
    uint32_t account
    uint32_t symbol
    uint32_t strategy
    uint32_t session
    uint16_t venue
    uint8_t side
    uint8_t ord_type

cdef struct Limit:                  # 128
    ScopeKeys scope
    uint16_t check
    uint8_t each
    uint8_t active
    uint16_t currency
    uint8_t whole                   # it is on all orders of its chain: no key but the account is given
    uint8_t pad
    i128 value
    int64_t window_ns
    uint32_t index                  # order of declaration
    uint32_t next                   # in its chain
    i128 warns_from[2]              # the least value that is 70 % of the limit, and 90 %
    uint32_t counter                # of a limit without `each`: its counter, NONE until it is first asked for
    uint32_t pad2[7]

cdef struct Chain:                  # 16: the limits of one account, by check, then by declaration
    uint32_t first
    uint32_t rates                  # where those begin that count messages
    uint32_t positions              # where those begin that count positions
    uint32_t pad

cdef struct Counter:                # 64
    i128 sum                        # 10^-12
    uint32_t limit
    uint32_t key
    uint32_t first_time             # rate: a ring of time stamps in `times`
    uint32_t times
    uint32_t head
    uint32_t held
    uint8_t warned                  # 1: at 70 %, 2: at 90 %
    uint8_t pad[7]
    uint64_t pad2[2]

cdef struct Cell:                   # 48
    int64_t qty
    int64_t buys
    int64_t sells
    uint32_t counter
    uint32_t symbol
    uint64_t scale                  # 10^(12 - qty_precision)
    uint64_t pad

cdef struct Opening:                # 16: what of a position no order brought: what the day began with, adjustments
    uint32_t account
    uint32_t symbol
    int64_t qty

@cython.final
cdef class Limits:
    cdef Limit* limits
    cdef Counter* counters
    cdef Cell* cells
    cdef int64_t* times
    cdef Chain* chains              # [account], and one for limits on no one account
    cdef uint32_t* sectors          # [symbol]
    cdef uint64_t* scales           # [symbol]
    cdef Map64 counter_of
    cdef Map64 cell_of
    cdef Opening* openings          # [position]
    cdef uint32_t* recent           # [position] the cell that was looked for last: what is in it says whether it is the one
    cdef uint32_t max_positions
    cdef uint64_t* counts           # [0] limits, [1] counters, [2] cells, [3] time stamps, [4] refused: a table full,
                                    # [5] openings' end
    cdef uint32_t max_limits
    cdef uint32_t max_counters
    cdef uint32_t max_cells
    cdef uint32_t max_times
    cdef uint32_t max_accounts

    cdef void set(self, const LimitEvent* event, Life life, uint32_t orders) noexcept nogil
    cdef void open(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t qty) noexcept nogil
    cdef void _open(self, uint32_t limit, const Opening* opening) noexcept nogil
    cdef void keep(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil
    cdef bint counts_position(self, uint32_t limit) noexcept nogil
    cdef uint32_t count(self, uint32_t limit, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil
    cdef void rescale(self, const AdjustEvent* event) noexcept nogil
    cdef bint matches(self, const Limit* limit, const Keys* keys) noexcept nogil
    cdef uint32_t _counter(self, uint32_t limit, uint32_t key) noexcept nogil
    cdef uint32_t cell(self, uint32_t counter, uint32_t symbol) noexcept nogil
    cdef i128 rate(self, uint32_t counter, int64_t now_ns, int64_t window_ns) noexcept nogil
    cdef void count_message(self, uint32_t counter, int64_t now_ns) noexcept nogil
    cdef void move(self, uint32_t cell, int64_t qty, int64_t buys, int64_t sells) noexcept nogil
    cdef i128 with_change(self, uint32_t cell, int64_t buys, int64_t sells) noexcept nogil
    cdef void _measure(self, uint32_t limit, Life life, uint32_t orders) noexcept nogil
    cdef void _chain(self, uint32_t index) noexcept nogil
    cdef uint32_t _from(self, uint32_t index, uint16_t check) noexcept nogil

    # Whether a limit of an order's own chain, or of the one for all accounts, is on the order.
    cdef inline bint applies(self, const Limit* limit, const Keys* keys) noexcept nogil:
        return limit.active and (limit.whole or self.matches(limit, keys))

    # The cell of (counter, symbol) where it was the last that was looked for with that position; NONE: look for it.
    cdef inline uint32_t recent_cell(self, uint32_t position, uint32_t counter, uint32_t symbol) noexcept nogil:
        cdef uint32_t found
        if position >= self.max_positions:
            return NONE
        found = self.recent[position]
        if found < self.counts[2] and self.cells[found].counter == counter and self.cells[found].symbol == symbol:
            return found
        return NONE

    # `cell`, by way of the event's position.
    cdef inline uint32_t cell_at(self, uint32_t position, uint32_t counter, uint32_t symbol) noexcept nogil:
        cdef uint32_t found = self.recent_cell(position, counter, symbol)
        if found == NONE:
            found = self.cell(counter, symbol)
            if found != NONE and position < self.max_positions:
                self.recent[position] = found
        return found

    cdef inline uint32_t key(self, const Limit* limit, const Keys* keys) noexcept nogil:
        return 0 if limit.each == SC_ALL else each_key(limit.each, keys)

    # The counter of one key, made when first asked for; NONE: the table is full.
    cdef inline uint32_t counter(self, uint32_t index, uint32_t key) noexcept nogil:
        cdef uint32_t found = self.limits[index].counter
        return found if found != NONE else self._counter(index, key)

cdef uint32_t each_key(uint8_t each, const Keys* keys) noexcept nogil

# max(|qty + working buys|, |qty - working sells|)
cdef inline i128 worst(int64_t qty, int64_t buys, int64_t sells) noexcept nogil:
    cdef i128 up = <i128>qty + <i128>buys
    cdef i128 down = <i128>qty - <i128>sells
    up = -up if up < 0 else up
    down = -down if down < 0 else down
    return up if up > down else down

cdef inline const Keys* keys_of(const Order* order) noexcept nogil:
    return <const Keys*>&order.account
