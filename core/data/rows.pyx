# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows as another reader made them: see rows.pyi."""
from libc.stdint cimport int32_t, uint32_t

from core.data.book cimport Level
from core.data.decimals cimport MAX_DIGITS, Decimal, rescale
from core.data.reader cimport EVENT_DEPTH, EVENT_LAST, EVENT_QUOTE, EVENT_TRADE, NO_SIDE, Event, Reader, Stream


cdef bint is_row(const Event* row) noexcept nogil:
    """Whether it can be one. What it says of a price is the sender's to know."""
    if row.px_digits > MAX_DIGITS or row.qty_digits > MAX_DIGITS or row.qty < 0 or row.ask_qty < 0:
        return 0
    if row.kind == EVENT_QUOTE:
        return 1
    if row.kind == EVENT_TRADE:
        return row.side <= 1 or row.side == NO_SIDE
    return row.kind == EVENT_DEPTH and row.side <= 1


cdef const Event* rows_at(const unsigned char[::1] raw) noexcept nogil:
    """NULL: there is none."""
    return <const Event*>&raw[0] if raw.shape[0] else NULL


def fit(rows):
    """Whether each of them is a row."""
    cdef const unsigned char[::1] raw = rows.view("u1")
    cdef const Event* first = rows_at(raw)
    cdef Py_ssize_t i
    for i in range(raw.shape[0] // <Py_ssize_t>sizeof(Event)):
        if not is_row(&first[i]):
            return False
    return True


cdef class Rows(Reader):
    """Books, counts and sums of rows that another reader made."""

    def __init__(self, str venue, sink not None, on_place=None):
        Reader.__init__(self, f"{venue} rows", "rows", iter(()), sink, on_place)
        self.venue = venue

    def named(self, str name):
        """The stream of a symbol, made where there is none."""
        cdef Py_ssize_t had = len(self.streams.all)
        cdef Stream stream = self.streams.named(name)
        if <Py_ssize_t>stream.index == had:
            stream.synced = self.whole
        return stream

    def begin(self, bint whole):
        """Another sender."""
        cdef Stream stream
        self.forget_all()
        self.whole = whole
        if whole:
            for stream in self.streams.all:
                self._known(stream)

    def forget_all(self):
        """Nobody knows what the books are now."""
        cdef Stream stream
        for stream in self.streams.all:
            if stream.synced:
                self.forget(stream)
        self.whole = 0
        self.end_row()
        self.flush()

    def lose(self, str reason):
        """Rows are missing."""
        cdef Stream stream
        for stream in self.streams.all:
            if stream.synced:
                self.gap(stream, reason)
        self.forget_all()

    def play(self, rows, const int32_t[::1] to):
        """Rows in their order; False: one of them can be none, and nothing was taken."""
        cdef const unsigned char[::1] raw = rows.view("u1")
        cdef const Event* first = rows_at(raw)
        cdef const Event* row
        cdef Py_ssize_t i
        if not fit(rows):
            return False
        for i in range(raw.shape[0] // <Py_ssize_t>sizeof(Event)):
            row = &first[i]
            if <Py_ssize_t>row.symbol >= to.shape[0] or to[row.symbol] < -1:
                self.unnamed += 1
            elif to[row.symbol] >= 0 and not self.without >> row.kind & 1:
                self._row(<Stream>self.streams.all[to[row.symbol]], row)
            if row.flags & EVENT_LAST:
                self.end_row()
        self.flush()
        return True

    cdef int _row(self, Stream stream, const Event* row) except -1:
        cdef Decimal px, qty, ask_px, ask_qty
        self.rows += 1
        self.time(row.recv_ts_ns)
        self.exchange_ns = row.exchange_ts_ns
        px.units, px.digits = row.px, row.px_digits
        qty.units, qty.digits = row.qty, row.qty_digits
        if row.kind == EVENT_QUOTE:
            ask_px.units, ask_px.digits = row.ask_px, row.px_digits
            ask_qty.units, ask_qty.digits = row.ask_qty, row.qty_digits
            return self.emit_quote(stream, &px, &qty, &ask_px, &ask_qty)
        if row.kind == EVENT_TRADE:
            return self.emit_trade(stream, row.side, &px, &qty)
        stream.has_book = 1
        stream.deltas += 1
        if not stream.synced:
            stream.before_snapshot += 1
            return 0
        if stream.book.set(row.side, &px, &qty):
            return self.bad("a level that has no place in the book", NULL, 0)
        stream.see(&px, &qty)
        self.emit_depth(stream, row.side, px.units, px.digits, qty.units, qty.digits)
        if row.flags & EVENT_LAST and stream.book.crossed():
            self.cross(stream)
        return 0

    def image(self, uint32_t index, rows):
        """All levels of a book as they are now; False: ours was whole, and another one."""
        cdef const unsigned char[::1] raw = rows.view("u1")
        cdef Py_ssize_t count = raw.shape[0] // <Py_ssize_t>sizeof(Event)
        cdef const Event* first = rows_at(raw)
        cdef Stream stream = self.streams.all[index]
        cdef bint was = stream.synced
        if was and self._is(stream, first, count):
            self.checksums_ok += 1
            return True
        if count:
            self.time(first.recv_ts_ns)
        if was:
            self.checksums_bad += 1
            self.gap(stream, "its book isn't the sender's")
            self.forget(stream)
        stream.snapshots += 1
        self._fill(stream, first, count)
        self._known(stream)
        self.emit_book(stream, False)
        if stream.book.crossed():
            self.cross(stream)
        self.end_row()
        self.flush()
        return not was

    cdef void _known(self, Stream stream) noexcept:
        """Its book is whole, again where it was lost."""
        stream.synced = 1
        stream.forgotten = 0
        stream.recoveries += stream.lost
        stream.lost = 0

    cdef int _fill(self, Stream stream, const Event* rows, Py_ssize_t count) except -1:
        cdef Decimal px, qty
        cdef Py_ssize_t i
        stream.book.clear()
        for i in range(count):
            px.units, px.digits = rows[i].px, rows[i].px_digits
            qty.units, qty.digits = rows[i].qty, rows[i].qty_digits
            stream.has_book = 1
            stream.see(&px, &qty)
            if stream.book.set(rows[i].side, &px, &qty):
                self.bad("a level that has no place in the book", NULL, 0)
        return 0

    cdef bint _is(self, Stream stream, const Event* rows, Py_ssize_t count) noexcept nogil:
        """Whether our book has these levels and no others."""
        cdef Py_ssize_t i, bids = stream.book.sides[0].count
        cdef int64_t px
        cdef const Level* level
        cdef bint ask
        if count != bids + <Py_ssize_t>stream.book.sides[1].count:
            return 0
        for i in range(count):
            ask = i >= bids
            level = &stream.book.sides[ask].levels[i - bids if ask else i]
            if rows[i].side != ask or not rescale(rows[i].px, rows[i].px_digits, stream.book.px_digits, &px):
                return 0
            if px != level.px or rows[i].qty != level.qty or rows[i].qty_digits != level.qty_digits:
                return 0
        return 1

    def tell_book(self, uint32_t index, sink):
        """Hands one book to another sink, as levels: bids, then asks, the best of each last."""
        self.flush()
        kept, self.sink = self.sink, sink
        try:
            self.emit_book(<Stream>self.streams.all[index], False)
            self.end_row()
            self.flush()
        finally:
            self.sink = kept

    cdef int run_some(self) except -1:
        return 0
