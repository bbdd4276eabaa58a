"""What came of a market in a period, until somebody reckons with it: see tape.pyi."""
from libc.stdint cimport int64_t, uint8_t

from core.rows.rows cimport Hearer

cdef enum:
    ROOM = 256                      # quotes, trades and levels each

cdef struct Bought:                 # 32: a quote
    double bid
    double bid_qty
    double ask
    double ask_qty

cdef struct Sided:                  # 24: a trade, a level
    double px
    double qty
    double side

cdef class Tape:
    cdef public bint all_quotes, all_trades, all_levels     # else the last one; of levels none
    cdef Bought quotes[ROOM]
    cdef Sided trades[ROOM]
    cdef Sided levels[ROOM]
    cdef int quote_count, trade_count, level_count
    cdef bint has_room(self, int kind) noexcept
    cdef void put_quote(self, double bid, double bid_qty, double ask, double ask_qty) noexcept
    cdef void put_trade(self, double px, double qty, double side) noexcept
    cdef void put_level(self, double px, double qty, double side) noexcept

cdef class Place:
    cdef double px_unit, qty_unit
    cdef list tapes

cdef class Tapes(Hearer):
    cdef public bint moved          # whether something came that a tape keeps
    cdef dict places
    cdef Place found
