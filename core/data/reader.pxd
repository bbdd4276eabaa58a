"""What every reader of a recording has: its place, its counts, the errors that it found, the events that it makes."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.data.book cimport Book
from core.data.decimals cimport Decimal
from core.data.pull cimport Pull

cdef enum:
    EVENT_QUOTE = 9                 # as core.messages' Kind
    EVENT_TRADE = 10
    EVENT_DEPTH = 11
    EVENT_ORDER = 30                # a change of one order: ask_px its id, ask_qty what (core.messages' Simulate)
    ORDER_ADD = 8
    ORDER_CANCEL = 9
    ORDER_EXECUTE = 10
    ORDERS_CLEAR = 11
    EVENT_LAST = 1                  # the last event of its row: the book is whole again
    NO_SIDE = 255
    NO_TIME = -4611686018427387904  # a row without a time of its own

cdef struct Event:                  # 72
    int64_t recv_ts_ns              # the recorder's clock; the exchange's, where that is all there is
    int64_t exchange_ts_ns          # NO_TIME: the row has none
    int64_t row                     # from 1
    int64_t px                      # of a quote: the bid's
    int64_t qty
    int64_t ask_px                  # of a quote
    int64_t ask_qty
    uint32_t symbol                 # index in the reader's symbols
    uint8_t kind
    uint8_t side                    # 0 buy, 1 sell: a level's side, a trade's aggressor
    uint8_t px_digits
    uint8_t qty_digits
    uint8_t flags
    uint8_t pad[7]

cdef class Stream:                  # what is known of one symbol
    cdef readonly str symbol
    cdef readonly uint32_t index
    cdef readonly Book book
    cdef public bint synced         # the book is whole: no gap since its snapshot
    cdef public bint lost           # it was whole once, and a gap came
    cdef public bint has_book
    cdef bint forgotten             # the connection that its book came over is gone: until a snapshot, nothing counts
    cdef public int64_t quotes, trades, deltas, snapshots, snapshots_late, gaps, trade_gaps, recoveries, crossed
    cdef public int64_t before_snapshot
    cdef int64_t last_id            # of the book's sequence, -1: none yet
    cdef int64_t snapshot_id        # the sequence that the book stands at, when no delta came after it yet
    cdef int64_t last_trade
    cdef int64_t last_agg_trade
    cdef int64_t volume             # of trades, in units of 10^-volume_digits; what would not fit is in `more`
    cdef uint8_t volume_digits
    cdef object more
    cdef Decimal bid_px, bid_qty, ask_px, ask_qty   # the last quote
    cdef object pending             # core.data.sync.Pending, or None
    cdef uint8_t px_seen, qty_seen  # the finest digits that it came with

    cdef void add_volume(self, const Decimal* qty)
    cdef void see(self, const Decimal* px, const Decimal* qty) noexcept nogil

cdef class Streams:
    cdef dict by_name
    cdef readonly list all
    cdef Stream last
    cdef const char* last_name
    cdef Py_ssize_t last_size
    cdef object kept                # the bytes that last_name points into
    cdef readonly int64_t left_out
    cdef Stream get(self, const char* name, Py_ssize_t size)

cdef class Reader:
    cdef readonly str file
    cdef readonly str format
    cdef public str venue
    cdef public str clock           # of first and last
    cdef readonly Pull pull
    cdef readonly Streams streams
    cdef public int64_t rows, errors, gaps, trade_gaps, crossed, unordered, unterminated
    cdef public int64_t checksums_ok, checksums_bad, transitions_ok, transitions_bad
    cdef public int64_t first, last
    cdef int64_t latest
    cdef public int64_t limit       # rows of a later time wait
    cdef readonly int64_t waiting_ns    # the time of the row that waits
    cdef bint has_time
    cdef readonly dict kinds        # rows by what they are
    cdef readonly list places       # of errors, the first ones
    cdef readonly list gap_places
    cdef object on_place            # called with each place, or None
    cdef object sink                # called with a view of events, or None
    cdef public bint by_orders      # events of single orders are made too, where the recording has them
    cdef Event* events
    cdef int event_count
    cdef int row_from               # first event of this row
    cdef int64_t recv_ns            # of this row
    cdef int64_t exchange_ns
    cdef bint row_bad
    cdef bint reported
    cdef int64_t* tallies           # by one byte: counted here, named in `kinds` at the end

    cdef int run_some(self) except -1
    cdef int bad(self, str reason, const char* p, Py_ssize_t n) except -1
    cdef int bad_at(self, str reason, uint64_t place, const char* p, Py_ssize_t n) except -1
    cdef int gap(self, Stream stream, str reason) except -1
    cdef int time(self, int64_t ns) except -1
    cdef bint later(self, int64_t ns) noexcept nogil
    cdef int kind(self, str name) except -1
    cdef int cross(self, Stream stream) except -1
    cdef Event* _event(self, Stream stream, uint8_t kind, uint8_t side) except NULL
    cdef int emit_depth(self, Stream stream, bint ask, int64_t px, int px_digits, int64_t qty, int qty_digits) except -1
    cdef int emit_order(self, Stream stream, int what, uint64_t id, bint ask, int64_t px, int px_digits, int64_t qty,
                        int qty_digits) except -1
    cdef int emit_trade(self, Stream stream, uint8_t side, const Decimal* px, const Decimal* qty) except -1
    cdef int emit_quote(self, Stream stream, const Decimal* bid_px, const Decimal* bid_qty, const Decimal* ask_px,
                        const Decimal* ask_qty) except -1
    cdef int emit_book(self, Stream stream, bint removed) except -1
    cdef int forget(self, Stream stream) except -1
    cdef int end_row(self) except -1
    cdef int flush(self) except -1

cdef class LineReader(Reader):
    cdef int64_t line_no
    cdef int64_t skip_lines         # a header's
    cdef int line(self, const char* p, Py_ssize_t n) except -1
    cdef int header(self, const char* p, Py_ssize_t n) except -1
