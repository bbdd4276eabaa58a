"""What an observer keeps of the stream: orders, children, fills, the market. The rows of layout.py, in C."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.analytics.rows cimport Rows
from core.market.view cimport MarketView
from core.messages cimport Page

cdef enum:
    BID = 1
    ASK = 2
    LEVELS_A_VENUE = 16             # of what an order met

cdef struct MidRow:                 # 40
    uint64_t seq
    int64_t time_ns
    int64_t bid_px
    int64_t ask_px
    uint32_t symbol
    uint32_t sides

cdef struct TradeRow:               # 40
    uint64_t seq
    int64_t time_ns
    int64_t px
    int64_t qty
    uint32_t symbol
    uint32_t venue

cdef struct OrderRow:               # 176
    uint64_t seq
    int64_t time_ns
    int64_t order_qty
    int64_t cum_qty
    int64_t bid_px
    int64_t ask_px
    uint64_t end_seq
    int64_t end_ns
    int64_t end_bid_px
    int64_t end_ask_px
    uint64_t first_seq
    int64_t first_ns
    int64_t first_bid_px
    int64_t first_ask_px
    char id[40]
    uint32_t account
    uint32_t symbol
    uint32_t strategy
    uint32_t order
    uint8_t sides
    uint8_t end_sides
    uint8_t first_sides
    uint8_t side
    uint8_t algo
    uint8_t status
    uint8_t pad[2]

cdef struct ChildRow:               # 88
    int64_t sent_ns
    int64_t acked_ns
    int64_t end_ns
    int64_t first_fill_ns
    int64_t order_qty
    int64_t cum_qty
    int64_t price
    int64_t ahead_qty
    uint64_t sent_seq
    uint32_t row
    uint32_t n
    uint16_t venue
    uint8_t ended_by
    uint8_t posted
    uint32_t pad

cdef struct FillRow:                # 72
    uint64_t seq
    int64_t time_ns
    int64_t qty
    int64_t px
    int64_t bid_px
    int64_t ask_px
    double fee
    uint32_t row
    uint32_t child
    uint16_t venue
    uint8_t maker
    uint8_t sides
    uint32_t pad

cdef struct LevelRow:               # 24
    int64_t px
    int64_t qty
    uint32_t row
    uint32_t venue

cdef class Tape:
    cdef readonly Rows mids
    cdef readonly Rows trades
    cdef readonly Rows orders
    cdef readonly Rows children
    cdef readonly Rows fills
    cdef readonly Rows levels
    cdef readonly dict names        # (what, index) -> its declaration's bytes
    cdef readonly uint64_t last_seq
    cdef readonly int64_t last_ns
    cdef object arena
    cdef MarketView view
    cdef Rows row_of_order          # [order] its row + 1
    cdef Rows row_of_child
    cdef Rows row_of_fill
    cdef Rows last_mid              # [symbol] its last row of `mids` + 1
    cdef int take(self, const Page* page) except -1
    cdef int _market(self, const Page* page) except -1
    cdef int _changed(self, const Page* page, uint32_t symbol) except -1
    cdef int _order(self, const Page* page) except -1
    cdef int _levels(self, const Page* page, uint32_t row) except -1
    cdef int _sent(self, const Page* page, uint32_t row) except -1
    cdef int64_t _ahead(self, const Page* page, uint8_t* posted) noexcept
    cdef int _report(self, const Page* page, uint32_t row) except -1
    cdef int _filled(self, const Page* page, uint32_t row, uint32_t child) except -1
    cdef void _settle(self, const Page* page, uint32_t row) noexcept
    cdef uint8_t _best(self, uint32_t symbol, int64_t* bid_px, int64_t* ask_px) noexcept
