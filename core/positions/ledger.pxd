"""The ledger: pure functions of a position, an instrument and a fill. Rules: docs/scenarios.md, "Money"."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from core_ext.wide cimport i128

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
    int64_t pad2[4]

cdef struct Position:               # 128
    i128 cost                       # >= 0 where prices are; 10^-(price + qty precision + 6), inverse 10^-16
    i128 realized                   # the same unit, without the multiplier (inverse: with it)
    i128 flow                       # cash of the fills: 10^-(price + qty precision), without the multiplier
    i128 fees                       # 10^-16
    int64_t qty
    uint32_t last_fill
    uint32_t first_fill             # its fills in the order of booking, so that busts can be played again
    i128 base_cost                  # what the day began with
    int64_t base_qty
    uint32_t account
    uint32_t symbol
    uint32_t touched
    uint32_t pad[3]

cdef i128 value_of(const Contract* contract, int64_t qty, int64_t px) noexcept nogil
cdef void book(Position* position, const Contract* contract, int64_t qty, int64_t px) noexcept nogil
cdef i128 fee_of(const Contract* contract, int64_t qty, int64_t px, int64_t rate, int precision) noexcept nogil
