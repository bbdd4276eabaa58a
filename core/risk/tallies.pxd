"""What groups of limits count.

    Tally     what one group counts, one for each value of its `each` key
    Cell      a tally's share of one symbol: quantities, what works and what was filled today, in the symbol's own money
    Move      what one event changes of all that

Sums of a tally over its cells are kept where a change moves them by a difference. What marks and rates move as well is
kept at references (core.risk.values), for a glance, and summed over the cells where that glance isn't enough.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport NONE, AdjustEvent
from core.orders.life cimport Life
from core.positions.ledger cimport Adjustment, Position
from core.risk.limits cimport Group, Keys, Limits
from core.risk.values cimport Values
from core_ext.atomics cimport prefetch_read, prefetch_write
from core_ext.tables cimport Arena, Map64
from core_ext.wide cimport i128

cdef struct Tally:                  # 256
    i128 worst                      # sum of worst cases, quantities of 10^-12
    i128 day_qty                    # filled today and working, 10^-12
    uint32_t group
    uint32_t key
    uint32_t first_cell
    uint32_t epoch                  # of the references that the sums below are kept at; 0: they are to be made anew
    uint32_t live                   # orders
    uint32_t day_orders
    uint32_t messages               # orders, replaces, cancels today
    uint32_t day_fills
    i128 gross                      # money of the group's currency at references: worst cases,
    i128 up                         # quantities and working buys,
    i128 down                       # quantities less working sells,
    i128 margined                   # worst cases x margin, in 10^-8 of that
    i128 day_value                  # filled today and working
    i128 day_buys                   # of it, bought
    i128 buying                     # working buys of what pays value
    uint32_t day_cancels
    uint32_t streak                 # reducing fills with a loss in a row
    uint16_t currency               # the group's, or its account's
    uint8_t has_peak
    uint8_t pad
    uint32_t warned                 # how many warnings stand
    i128 base                       # profit when the day began
    i128 peak                       # the most profit that there was
    i128 worth                      # profit at references, and the size of what marks move of it
    i128 moving

cdef struct Cell:                   # 128
    int64_t qty
    int64_t buys                    # working
    int64_t sells
    int64_t day_qty                 # filled today, both sides
    uint32_t tally
    uint32_t symbol
    uint32_t next                   # of the tally
    uint32_t pad
    uint64_t scale                  # 10^(12 - qty_precision)
    uint64_t pad2
    i128 buying                     # working buys and sells, at their prices: 10^-12 of the settle currency
    i128 selling
    i128 day_value                  # filled today
    i128 day_buys

cdef struct Move:
    bint buys
    int64_t working                 # so much more works
    int64_t filled                  # and so much more is filled
    int64_t day_filled              # of it, of today
    i128 working_value
    i128 day_value
    int live                        # orders
    int orders                      # accepted
    int messages
    int fills
    int cancels
    bint unbooked                   # a bust or correction: what it makes of books is told later
    int books                       # fills to book: of a correction, the old one back and the new one
    int64_t book_qty[2]             # signed
    int64_t book_px[2]
    i128 book_fee[2]

cdef struct Exposure:               # money of the tally's currency, at the marks of now
    i128 gross
    i128 up
    i128 down
    i128 margined

cdef enum Turnover:
    TURNED = 0
    BOUGHT = 1
    BUYING = 2

@cython.final
cdef class Tallies:
    cdef Limits limits
    cdef Values values
    cdef Tally* tallies
    cdef Cell* cells
    cdef Position* books            # [cell]
    cdef Map64 tally_of
    cdef Map64 cell_of
    cdef uint32_t* recent           # [position] the cell of an own group that was looked for last
    cdef uint16_t* currencies       # [account]
    cdef uint64_t* counts           # [0] tallies, [1] cells, [2] refused: a table full, [3] the first order of the day,
                                    # [4] days that began
    cdef uint32_t max_tallies
    cdef uint32_t max_cells
    cdef uint32_t max_positions
    cdef uint32_t _tally(self, uint32_t group, uint32_t key) noexcept nogil
    cdef uint32_t cell(self, uint32_t tally, uint32_t symbol) noexcept nogil
    cdef void move(self, uint32_t group, uint32_t tally, uint32_t cell, const Move* move) noexcept nogil
    cdef void measure(self, uint32_t group, uint32_t tally, uint32_t cell, const Move* move) noexcept nogil
    cdef void join(self, uint32_t cell, int64_t qty, i128 cost, i128 realized, i128 fees, i128 paid) noexcept nogil
    cdef void begin_books(self, uint32_t group) noexcept nogil
    cdef void shift(self, uint32_t cell, int64_t qty) noexcept nogil
    cdef void _sums(self, uint32_t cell, int sign) noexcept nogil
    cdef void _book(self, uint32_t tally, uint32_t cell, const Move* move) noexcept nogil
    cdef void _books(self, uint32_t cell, int sign) noexcept nogil
    cdef bint _refresh(self, uint32_t tally) noexcept nogil
    cdef bint _move_simply(self, Tally* counted, Cell* held, uint32_t needs, const Move* move) noexcept nogil
    cdef bint profit(self, uint32_t tally, i128* out) noexcept nogil
    cdef uint8_t exposures(self, uint32_t tally, uint32_t changed, int64_t buys, int64_t sells,
          Exposure* out) noexcept nogil
    cdef uint8_t _expose(self, const Cell* cell, int64_t buys, int64_t sells, uint16_t currency,
          Exposure* out) noexcept nogil
    cdef uint8_t turnover(self, uint32_t tally, uint8_t what, i128* out) noexcept nogil
    cdef void day(self, uint32_t orders) noexcept nogil
    cdef void adjust(self, const AdjustEvent* event, const Adjustment* done) noexcept nogil

    # Asks for the lines that an order's limits will need: what leads to them, then they themselves.
    cdef inline void prefetch(self, uint32_t position) noexcept nogil:
        prefetch_read(&self.recent[position])

    cdef inline void prefetch_cell(self, uint32_t position) noexcept nogil:
        cdef uint32_t cell = self.recent[position]
        if cell < self.counts[1]:
            prefetch_write(&self.cells[cell])
            prefetch_write(<char*>&self.cells[cell] + 64)

    # Whether the tally's sums are kept at the references of now; where they aren't they are made anew. 0: they can't be,
    # since a price or rate is missing.
    cdef inline bint fresh(self, uint32_t tally) noexcept nogil:
        return self.tallies[tally].epoch == self.values.facts[0] or self._refresh(tally)

    # The tally of one key, made when first asked for; NONE: the table is full.
    cdef inline uint32_t tally(self, uint32_t group, uint32_t key) noexcept nogil:
        cdef uint32_t found = self.limits.groups[group].tally
        return found if found != NONE else self._tally(group, key)

    # The cell of (tally, symbol), by way of the position where the group is its account's own.
    cdef inline uint32_t cell_at(self, const Group* group, uint32_t tally, uint32_t symbol, uint32_t position) noexcept nogil:
        cdef uint32_t found
        if not group.own or position >= self.max_positions:
            return self.cell(tally, symbol)
        found = self.recent[position]
        if found < self.counts[1] and self.cells[found].tally == tally and self.cells[found].symbol == symbol:
            return found
        found = self.cell(tally, symbol)
        if found != NONE:
            self.recent[position] = found
        return found

cdef i128 larger(i128 a, i128 b) noexcept nogil

# max(|qty + working buys|, |qty - working sells|)
cdef inline i128 worst(int64_t qty, int64_t buys, int64_t sells) noexcept nogil:
    cdef i128 up = <i128>qty + <i128>buys
    cdef i128 down = <i128>qty - <i128>sells
    up = -up if up < <i128>0 else up
    down = -down if down < <i128>0 else down
    return up if up > down else down
