"""An order that somebody asks for, or a replace as the whole order that it asks for."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from core_ext.wide cimport i128

cdef struct Proposal:
    uint32_t account                # from here on as in Keys (core.risk.limits)
    uint32_t symbol
    uint32_t strategy
    uint32_t session
    uint16_t venue
    uint8_t side
    uint8_t ord_type
    bint has_price
    int64_t qty
    int64_t price
    uint32_t position
    uint32_t order                  # of a replace: the order; else NONE
    int64_t old_working             # what the order that it replaces has working
    int64_t new_working
    i128 old_value                  # the same in the symbol's own money
    i128 new_value
    i128 value                      # of the whole quantity
    bint has_value                  # there is a price to value it at, and it fits
    uint8_t no_value                # else why not, a Reason
    uint8_t wrong
    uint8_t px_digits
    uint8_t qty_digits
    bint needs_price
    bint missing                    # a stop without its price, a trailing stop without its trail
    bint has_stop
    int64_t stop_px
    bint has_floor
    int64_t floor
    bint auction                    # opg, cls: a venue that collects will do
    bint reduce_only
    bint leg                        # it waits for its list's entry: no market is needed yet
    bint held                       # it waits in the core: it goes to no market yet
    # what limits make of it
    bint protects
    int64_t protected               # a market order goes no further than this
    uint32_t waits_limit            # self-trade prevention by which it waits; NONE: it doesn't
    uint32_t waits_key
    int meets                       # how many own orders it would meet
    bint decrements
