"""The market data of one venue as it goes into a live core: over a ring of its own, conflated where that is full.

Of a symbol three things go: each trade, its last quote, and the best levels of its book. What the core has of a book is
kept here; the difference to what the reader has goes out as far as there is room. So nothing here grows: a quote that
waits is overwritten by a newer one, a book that waits is looked at later, and trades that wait run together.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.data.book cimport Ladder
from core.data.reader cimport Event, Stream
from core.sequencer.input cimport Input
from core_ext.ring cimport Ring

cdef enum:
    MAX_SHOWN = 128                 # levels of a side: as many as the core's view keeps

cdef struct Shown:                  # 16
    int64_t px                      # in units of the instrument
    int64_t qty

cdef struct Place:                  # one symbol
    uint32_t symbol                 # the core's index
    int px_to
    int qty_to
    uint8_t listed                  # the core knows it
    uint8_t dirty                   # its book may differ from what the core has
    uint8_t waits                   # ... since an earlier message: what came in between is conflated
    uint8_t quoted                  # its quote waits
    uint32_t counts[2]
    Shown shown[2][128]             # what the core has, best first
    Event quote

cdef class Feed:
    cdef Ring requests
    cdef uint16_t venue
    cdef uint32_t depth
    cdef list streams
    cdef Place* places              # by the reader's symbol index
    cdef uint32_t count
    cdef Event* trades              # those that wait, a ring
    cdef uint32_t trade_first, trade_count
    cdef readonly uint64_t sent     # the last source_seq
    cdef readonly uint64_t conflated_quotes, conflated_trades, conflated_books
    cdef readonly uint64_t dropped_trades
    cdef readonly uint64_t unfit    # numbers that the instrument's precision can't hold
    cdef readonly uint64_t unlisted # events of symbols that the core doesn't know

    cdef Place* _place(self, uint32_t stream) except NULL
    cdef int _take(self, const Event* row) except -1
    cdef bint _push(self, const Event* row, const Place* place) noexcept nogil
    cdef void _keep_trade(self, const Event* row) noexcept nogil
    cdef bint _push_trades(self) noexcept nogil
    cdef bint _level(self, const Place* place, int ask, int64_t px, int64_t qty) noexcept nogil
    cdef bint _book(self, Stream stream, Place* place) noexcept nogil
    cdef bint _side(self, Place* place, int ask, const Shown* now, uint32_t count) noexcept nogil
    cdef uint32_t _best(self, Stream stream, const Place* place, int ask, Shown* out) noexcept nogil
