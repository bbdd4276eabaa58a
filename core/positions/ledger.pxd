"""The ledger: pure functions of a position, an instrument and a fill. Rules: docs/scenarios.md, "Money"."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core_ext.wide cimport i128

cdef enum:
    PAID_DIGITS = 20                # of what is paid otherwise than by fills

cdef struct Contract:               # 64: what of an instrument money depends on
    int64_t multiplier
    uint8_t declared
    uint8_t kind
    uint8_t inverse
    uint8_t price_precision
    uint8_t qty_precision
    uint8_t multiplier_precision
    uint16_t settle_currency
    int64_t last_fill_px
    uint8_t has_fill
    uint8_t pad[7]
    int64_t lot
    uint32_t first_position         # all positions in it
    uint32_t first_adjustment       # all that happened to it
    uint32_t last_adjustment
    uint32_t pad2
    int64_t pad3

cdef struct Position:               # 128: a fill needs the first line alone
    i128 cost                       # >= 0 where prices are; 10^-(price + qty precision + 6), inverse 10^-16
    i128 realized                   # by fills: the same unit, without the multiplier (inverse: with it)
    i128 fees                       # 10^-16
    int64_t qty
    uint32_t last_fill              # its fills from the newest back, so that busts can be played again
    uint8_t touched
    uint8_t moved                   # cash moved otherwise than by fills
    uint8_t telling                 # adjusted, and its line not printed yet
    uint8_t has_paid                # something was paid otherwise than by fills
    i128 base_cost                  # what the day began with
    i128 paid                       # realised by funding, dividends, parts of lots: 10^-PAID_DIGITS
    int64_t base_qty
    int64_t owed                    # quantity by adjustments that risk hasn't counted yet
    uint32_t account
    uint32_t symbol
    uint32_t next                   # position of the symbol
    uint32_t opened                 # adjustments before this one were before what the day began with

cdef struct Adjustment:             # 64: what happened to an instrument, with the mark of then
    uint64_t seq
    int64_t a
    int64_t b
    int64_t mark2
    uint32_t next                   # of the same symbol
    uint32_t symbol
    uint8_t what                    # an Adjust
    uint8_t digits
    uint8_t has_mark
    uint8_t pad[5]
    uint64_t pad2[2]

cdef i128 value_of(const Contract* contract, int64_t qty, int64_t px) noexcept nogil
cdef void book(Position* position, const Contract* contract, int64_t qty, int64_t px) noexcept nogil
cdef i128 fee_of(const Contract* contract, int64_t qty, int64_t px, int64_t rate, int precision) noexcept nogil
cdef bint adjust(Position* position, const Contract* contract, const Adjustment* done) noexcept nogil
