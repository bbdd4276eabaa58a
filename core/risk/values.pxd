"""What quantities are worth: instruments, exchange rates, marks, and money in units of 10^-12 of a currency.

For the sums over many positions that risk keeps, each symbol has a reference price beside its mark, and all of them
one bound on how far any mark has moved from its reference since (`drift`). A sum at the references, and that bound, say
most times that a limit holds; only where they don't are the positions summed at the marks of now.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.market.view cimport MarketView
from core.messages cimport Page
from core.positions.ledger cimport Contract, Position
from core_ext.wide cimport i128

cdef enum:
    DRIFT_BITS = 20                 # drift is in 2^-20 of a reference
    DRIFT_MAX = 1 << 18             # a quarter: beyond it references are set anew
    DRIFT_STEP = 1 << 14            # 1.6 %: what rooms allow for at first

cdef struct Instrument:             # 96
    uint8_t declared
    uint8_t kind
    uint8_t inverse
    uint8_t price_precision
    uint8_t qty_precision
    uint8_t multiplier_precision
    uint16_t currency
    uint16_t settle_currency
    uint16_t sector
    uint32_t margin                 # 10^-4 bps
    int64_t tick
    int64_t lot
    int64_t min_qty
    int64_t multiplier
    int64_t notional_scale          # qty x price in money of 10^-12: times this; 0: it takes a division, or is inverse
    int64_t last_fill               # our last fill's price: the last resort of a mark
    uint8_t has_fill
    uint8_t pad[7]
    int64_t reference2              # twice the price that sums are kept at; 0: there is none yet
    uint64_t scale                  # 10^(12 - qty_precision)
    int64_t pad2

cdef struct Rate:                   # 16: quote for one base, in 10^-digits
    int64_t rate
    uint64_t digits

@cython.final
cdef class Values:
    cdef MarketView view
    cdef Instrument* instruments    # [symbol]
    cdef Contract* contracts        # [symbol] the same, as the ledger takes it
    cdef Rate* rates                # [base x currencies + quote]
    cdef uint64_t* facts            # [0] epoch: grows where references are set anew, [1] drift, [2] 1: sums are kept,
                                    # [3] version of rooms, [4] the drift up to which they hold
    cdef uint32_t max_currencies
    cdef uint32_t max_symbols
    cdef void declare(self, Page* page) noexcept nogil
    cdef void _instrument(self, Page* page) noexcept nogil
    cdef bint mark2(self, uint32_t symbol, int64_t* out) noexcept nogil
    cdef void moved(self, uint32_t symbol) noexcept nogil
    cdef void filled(self, uint32_t symbol, int64_t px) noexcept nogil
    cdef void refer(self) noexcept nogil
    cdef bint money(self, uint32_t symbol, int64_t qty, int64_t px, i128* out) noexcept nogil
    cdef bint money2(self, uint32_t symbol, i128 qty, int64_t px2, i128* out) noexcept nogil
    cdef bint _long_money2(self, uint32_t symbol, i128 qty, int64_t px2, i128* out) noexcept nogil
    cdef bint booked(self, uint32_t symbol, i128 units, i128* out) noexcept nogil
    cdef bint profit(self, uint32_t symbol, const Position* book, i128* out) noexcept nogil
    cdef bint share(self, uint32_t symbol, const Position* book, uint16_t currency, i128* worth, i128* moving) noexcept nogil
    cdef void keep_sums(self) noexcept nogil
    cdef void _drift_to(self, uint64_t drift) noexcept nogil
    cdef bint traded(self, uint32_t symbol, i128 notional, i128* out) noexcept nogil
    cdef bint cash(self, uint32_t symbol, const Position* book, i128* out) noexcept nogil
    cdef bint _converted(self, i128 money, uint16_t base, uint16_t quote, i128* out) noexcept nogil

    # Money of `base` in `quote`, by the pair's rate, else the reverse pair's; no crosses. 0: no rate.
    cdef inline bint convert(self, i128 money, uint16_t base, uint16_t quote, i128* out) noexcept nogil:
        if base == quote:
            out[0] = money
            return 1
        return self._converted(money, base, quote, out)

    # Sees to it that references are near the marks; whether there are any.
    cdef inline bint ready(self) noexcept nogil:
        if self.facts[1] > DRIFT_MAX and self.facts[2]:
            self.refer()
        return self.facts[2] != 0

    # What one unit of quantity is worth at the symbol's reference, where that is exact and simple in `currency`; else 0.
    cdef inline i128 unit_at_reference(self, uint32_t symbol, uint16_t currency) noexcept nogil:
        cdef const Instrument* instrument = &self.instruments[symbol]
        if instrument.notional_scale & 1 or instrument.settle_currency != currency:
            return 0
        return <i128>instrument.reference2 * <i128>(instrument.notional_scale >> 1)

cdef bint pays_value(uint8_t kind) noexcept nogil
