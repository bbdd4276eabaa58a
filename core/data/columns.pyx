# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows of columns: see columns.pxd. The mapping is core.data.mapping's; a row outside of it is malformed."""
from libc.string cimport memcmp

from core.data.clock cimport parse_iso
from core.data.decimals cimport parse_decimal, rescale
from core.data.reader cimport EVENT_DEPTH, EVENT_QUOTE, EVENT_TRADE, NO_SIDE

from core.data.mapping import ROLES, TIMES

cdef enum:
    TS = 0
    EXCHANGE_TS = 1
    SYMBOL = 2
    KIND = 3
    SIDE = 4
    PX = 5
    QTY = 6
    BID_PX = 7
    BID_QTY = 8
    ASK_PX = 9
    ASK_QTY = 10
    LAST = 11
    ISO = 0
    MS_OF_DAY = 5
    SIDE_UNKNOWN = -1
    DAY_MS = 86_400_000


cdef class Columns(LineReader):
    """One kind of row, or several where a column says which."""

    def __init__(self, file, format, chunks, sink=None, on_place=None, streams=None, *, mapping):
        LineReader.__init__(self, file, format, chunks, sink, on_place, streams)
        self.mapping = mapping
        self.venue = mapping.venue
        self.clock = mapping.clock
        self.width = mapping.width
        self.separator = ord(mapping.separator)
        self.skip_lines = mapping.header_lines
        self.time_kind = TIMES.index(mapping.time)
        self.exchange_kind = TIMES.index(mapping.exchange_time)
        self.base_ns = mapping.base_ns
        self.trim = mapping.trim
        self.default_kind = {"quote": EVENT_QUOTE, "trade": EVENT_TRADE, "depth": EVENT_DEPTH}[mapping.kind]
        for i, role in enumerate(ROLES):
            self.at[<int>i] = mapping.columns.get(role, -1)
        if self.at[SYMBOL] < 0:
            self.only = self.streams.named(mapping.symbol)

    cdef int line(self, const char* p, Py_ssize_t n) except -1:
        cdef Stream stream = self.only
        cdef int64_t ns = 0
        cdef int64_t exchange_ns = 0
        cdef int kind
        if not self._split(p, n):
            return self.bad(f"{self.width} fields expected" if n else "blank line", p, n)
        if not self._time_of(TS, self.time_kind, &ns):
            return self.bad(f"time is no {self.mapping.time}", p, n)
        ns += self.base_ns
        if self.later(ns):
            return 1
        if self.at[EXCHANGE_TS] >= 0 and self.size[self.at[EXCHANGE_TS]] and not (
                self._time_of(EXCHANGE_TS, self.exchange_kind, &exchange_ns)):
            return self.bad("exchange's time is none", p, n)
        if stream is None:
            if self.size[self.at[SYMBOL]] == 0:
                return self.bad("no symbol", p, n)
            stream = self.streams.get(self.field[self.at[SYMBOL]], self.size[self.at[SYMBOL]])
        kind = self._kind_of()
        if kind < 0:
            return self.bad("kind is none of quote, trade, depth", p, n)
        self.time(ns)
        if exchange_ns or self.clock == "exchange":
            self.exchange_ns = exchange_ns if exchange_ns else ns
        if kind == EVENT_QUOTE:
            return self._quote(stream, p, n)
        return self._one_price(stream, kind, p, n)

    cdef bint _split(self, const char* p, Py_ssize_t n) noexcept nogil:
        """The fields of a row, without quotation marks; 0: there are more or fewer than there must be."""
        cdef int count = 0
        cdef Py_ssize_t start = 0
        cdef Py_ssize_t i
        if n == 0:
            return 0
        for i in range(n + 1):
            if i == n or p[i] == self.separator:
                if count == self.width:
                    return 0
                self.field[count] = p + start
                self.size[count] = i - start
                if i - start > 1 and p[start] == b'"' and p[i - 1] == b'"':
                    self.field[count] += 1
                    self.size[count] -= 2
                count += 1
                start = i + 1
        return count == self.width

    cdef bint _time_of(self, int role, int kind, int64_t* ns) noexcept nogil:
        cdef int column = self.at[role]
        cdef Decimal value
        cdef int digits
        if kind == ISO:
            return parse_iso(self.field[column], self.size[column], ns)
        if not parse_decimal(self.field[column], self.size[column], &value):
            return 0
        digits = 9 if kind == 1 else 6 if kind == 2 or kind == MS_OF_DAY else 3 if kind == 3 else 0
        if kind == MS_OF_DAY and (value.digits or value.units >= DAY_MS or self.size[column] > 8):
            return 0
        return rescale(value.units, value.digits, digits, ns)

    cdef int _kind_of(self) noexcept nogil:
        cdef int column = self.at[KIND]
        cdef const char* word
        cdef Py_ssize_t n
        if column < 0:
            return self.default_kind
        word, n = self.field[column], self.size[column]
        if n != 5:
            return -1
        if memcmp(word, b"quote", 5) == 0:
            return EVENT_QUOTE
        if memcmp(word, b"trade", 5) == 0:
            return EVENT_TRADE
        return EVENT_DEPTH if memcmp(word, b"depth", 5) == 0 else -1

    cdef bint _decimal(self, int role, Decimal* out) noexcept nogil:
        """The number in a role's column; none of them where there is no such column."""
        if self.at[role] < 0 or not parse_decimal(self.field[self.at[role]], self.size[self.at[role]], out):
            return 0
        if self.trim:
            while out.digits and out.units % 10 == 0:
                out.units //= 10
                out.digits -= 1
        return 1

    cdef bint _amount(self, int role, Decimal* out) noexcept nogil:
        """As _decimal, 0 where the mapping has no such column."""
        out.units = 0
        out.digits = 0
        return self.at[role] < 0 or self._decimal(role, out)

    cdef int _side(self) noexcept nogil:
        """0 buy, 1 sell, NO_SIDE where nothing says it, SIDE_UNKNOWN where it is no word for a side."""
        cdef char c
        if self.at[SIDE] < 0 or self.size[self.at[SIDE]] == 0:
            return NO_SIDE
        c = self.field[self.at[SIDE]][0]
        if c == b"b" or c == b"B":
            return 0
        if c == b"s" or c == b"S" or c == b"a" or c == b"A":
            return 1
        return SIDE_UNKNOWN

    cdef int _quote(self, Stream stream, const char* p, Py_ssize_t n) except -1:
        cdef Decimal bid_px, bid_qty, ask_px, ask_qty
        if not self._decimal(BID_PX, &bid_px) or (bid_px.units == 0 and self.at[BID_QTY] < 0):
            return self.bad("bid is no price", p, n)
        if not self._decimal(ASK_PX, &ask_px) or (ask_px.units == 0 and self.at[ASK_QTY] < 0):
            return self.bad("ask is no price", p, n)
        if not self._amount(BID_QTY, &bid_qty) or not self._amount(ASK_QTY, &ask_qty):
            return self.bad("a quantity that is no number", p, n)
        if (bid_px.units == 0 and bid_qty.units) or (ask_px.units == 0 and ask_qty.units):
            return self.bad("a quantity at no price", p, n)
        self.tallies[EVENT_QUOTE] += 1
        return self.emit_quote(stream, &bid_px, &bid_qty, &ask_px, &ask_qty)

    cdef int _one_price(self, Stream stream, int kind, const char* p, Py_ssize_t n) except -1:
        """A trade or a level."""
        cdef Decimal px, qty
        cdef int side = self._side()
        if not self._decimal(PX, &px) or px.units == 0:
            return self.bad("price is none", p, n)
        if not self._decimal(QTY, &qty):
            return self.bad("quantity is no number", p, n)
        if side == SIDE_UNKNOWN or (kind == EVENT_DEPTH and side == NO_SIDE):
            return self.bad("side is none of buy, sell, bid, ask", p, n)
        if kind == EVENT_TRADE and qty.units == 0:
            return self.bad("a trade of no quantity", p, n)
        self.tallies[kind] += 1
        if kind == EVENT_TRADE:
            return self.emit_trade(stream, <unsigned char>side, &px, &qty)
        if stream.book.set(side == 1, &px, &qty):
            return self.bad("a level that has no place in the book", p, n)
        stream.has_book = 1
        stream.synced = 1
        stream.deltas += 1
        stream.see(&px, &qty)
        self.emit_depth(stream, side == 1, px.units, px.digits, qty.units, qty.digits)
        if (self.at[LAST] < 0 or self.field[self.at[LAST]][0] == b"1") and stream.book.crossed():
            self.cross(stream)
        return 0

    def report(self):
        for kind, name in ((EVENT_QUOTE, "quote"), (EVENT_TRADE, "trade"), (EVENT_DEPTH, "depth")):
            if self.tallies[<int>kind]:
                self.kinds[name] = self.tallies[<int>kind]
        return LineReader.report(self)
