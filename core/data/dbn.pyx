# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Databento's DBN, versions 1 to 3: metadata, then little-endian records.

    0 length / 4   1 rtype   2 publisher (2)   4 instrument (4)   8 ts_event (8)   16 what the rtype has
    mbo: 16 order id (8)  24 price (8)  32 size (4)  36 flags  37 channel  38 action  39 side  40 ts_recv (8)
         48 ts_in_delta (4)  52 sequence (4)
    trades, mbp-1, mbp-10, bbo: 16 price (8)  24 size (4)  28 action  29 side  30 flags  31 depth  32 ts_recv (8)
         40 ts_in_delta (4)  44 sequence (4)  48 levels: bid px (8), ask px (8), bid size (4), ask size (4), counts (4, 4)

Prices are units of 10^-9. An event of the exchange may be several records: the book is looked at after its last one
(flag 128).
"""
from libc.stdint cimport uint16_t, uint8_t
from libc.string cimport memcpy

from core.data.decimals cimport Decimal
from core.data.orders cimport Order
from core.data.reader cimport NO_SIDE, ORDERS_CLEAR

cdef enum:
    PX_DIGITS = 9
    HEADER = 16
    FLAG_LAST = 128
    FLAG_SNAPSHOT = 32
    FLAG_BAD_TS_RECV = 8
    FLAG_MAYBE_BAD_BOOK = 4
    MBO = 0xA0
    UNDEFINED = 9223372036854775807

NAMES = {0x00: "trade", 0x01: "mbp-1", 0x0A: "mbp-10", 0x11: "ohlcv", 0x12: "status", 0x13: "definition",
         0x14: "imbalance", 0x15: "error", 0x16: "symbol_mapping", 0x17: "system", 0x18: "statistics",
         0x20: "ohlcv-1s", 0x21: "ohlcv-1m", 0x22: "ohlcv-1h", 0x23: "ohlcv-1d", 0x24: "ohlcv-eod", 0xA0: "mbo",
         0xB1: "cmbp-1", 0xC0: "cbbo-1s", 0xC1: "cbbo-1m", 0xC2: "tcbbo", 0xC3: "bbo-1s", 0xC4: "bbo-1m"}
SIZES = {0x00: (48,), 0x01: (80,), 0x0A: (368,), 0x11: (56,), 0x12: (40,), 0x13: (360, 400, 520), 0x14: (112,),
         0x15: (80, 320), 0x16: (80, 176), 0x17: (80, 320), 0x18: (64, 80), 0x20: (56,), 0x21: (56,), 0x22: (56,),
         0x23: (56,), 0x24: (56,), 0xA0: (56,), 0xB1: (80,), 0xC0: (80,), 0xC1: (80,), 0xC2: (80,), 0xC3: (80,),
         0xC4: (80,)}
MOST_METADATA = 1 << 24

cdef uint16_t ALLOWED[256][3]
for _rtype in range(256):
    for _i in range(3):
        _sizes = SIZES.get(_rtype, ())
        ALLOWED[<int>_rtype][<int>_i] = <uint16_t>(_sizes[_i] if _i < len(_sizes) else 0)


cdef int64_t recv_ns(const unsigned char* p) noexcept nogil:
    """When the record was received, else when it happened."""
    cdef int64_t ns = 0
    memcpy(&ns, p + (40 if p[1] == MBO else 32 if p[1] <= 0x0A or 0xB1 <= p[1] else 8), 8)
    return ns


cdef class Dbn(OrderReader):
    """Orders, trades and best prices of a file; its other records are counted by what they are."""

    def __init__(self, file, format, chunks, sink=None, on_place=None, streams=None):
        OrderReader.__init__(self, file, format, chunks, sink, on_place, streams)
        self.clock = "recorder"
        self.px_digits = PX_DIGITS
        self.names = {}
        self.metadata = {}
        self.instrument = <uint64_t>-1

    cdef int run_some(self) except -1:
        cdef Py_ssize_t have
        cdef int n
        if not self.started:
            self.started = 1
            self._read_metadata()
        while True:
            have = self.pull.need(HEADER)
            if have == 0:
                return 0
            n = self._size(<const unsigned char*>self.pull.at(), have)
            if n == 0:
                self.lost_bytes("no DBN record", self.resume(1))
                continue
            if self.pull.need(n) < n:
                self.lost_bytes("the recording ends inside of a record", self.pull.need(n))
                continue
            if self.later(recv_ns(<const unsigned char*>self.pull.at())):
                return 1
            self.rows += 1
            self._record(<const unsigned char*>self.pull.at(), n)
            self.end_row()
            self.pull.take(n)

    def _read_metadata(self):
        """Takes the metadata, and from it the symbols of instruments."""
        from core.data.dbn_metadata import parse
        cdef uint32_t size = 0
        if self.pull.need(8) < 8 or self.pull.at()[:3] != b"DBN":
            return self.bad_at("no metadata of DBN", self.pull.place(), self.pull.at(), self.pull.need(8))
        memcpy(&size, self.pull.at() + 4, 4)
        if size > MOST_METADATA or self.pull.need(8 + size) < 8 + size:
            return self.bad_at("the metadata is not whole", self.pull.place(), self.pull.at(), 8)
        self.version = <unsigned char>self.pull.at()[3]
        try:
            self.metadata, self.names = parse(self.version, self.pull.at()[8:8 + size])
        except ValueError as error:
            self.bad_at(str(error), self.pull.place(), self.pull.at(), 8)
        self.ts_out = 8 if self.metadata.get("ts_out") else 0
        self.venue = self.metadata.get("dataset", "").partition(".")[0]
        self.pull.take(8 + size)

    cdef int _size(self, const unsigned char* p, Py_ssize_t have) noexcept nogil:
        """Bytes of the record at p; 0: its length isn't that of its rtype."""
        cdef int n
        cdef int i
        if have < HEADER:
            return 0
        n = 4 * p[0]
        for i in range(3):
            if ALLOWED[p[1]][i] and ALLOWED[p[1]][i] == n - self.ts_out:
                return n
        return 0

    cdef bint plausible(self, Py_ssize_t at, Py_ssize_t have) except -1:
        """Whether a record can be here, of about this time, and another one behind it."""
        cdef const unsigned char* p = <const unsigned char*>self.pull.at() + at
        cdef int n = self._size(p, have - at)
        cdef int64_t ts = 0
        if n == 0 or have - at < n:
            return 0
        memcpy(&ts, p + 8, 8)
        if self.has_time and not self.last - 86_400_000_000_000 < ts < self.last + 86_400_000_000_000:
            return 0
        return at + n == have or self._size(p + n, have - at - n) > 0

    cdef Stream _stream(self, const unsigned char* p):
        cdef uint32_t instrument = 0
        memcpy(&instrument, p + 4, 4)
        if instrument != self.instrument:
            self.found = self.streams.named(self.names.get(instrument, str(instrument)))
            self.instrument = instrument
        return self.found

    cdef int _record(self, const unsigned char* p, int n) except -1:
        cdef uint8_t rtype = p[1]
        cdef int64_t ts_event = 0
        cdef int64_t ts_recv = recv_ns(p)
        self.tallies[rtype] += 1
        memcpy(&ts_event, p + 8, 8)
        if ts_recv <= 0 or ts_event < 0:
            return self.bad("a time that is none", <const char*>p, n)
        self.time(ts_recv)
        self.exchange_ns = ts_event
        if rtype == MBO:
            return self._mbo(p, self._stream(p))
        if rtype <= 0x0A or rtype >= 0xB1:
            return self._top(p, self._stream(p)) if n > 48 + self.ts_out else self._trade(p, self._stream(p))
        return 0

    cdef int _mbo(self, const unsigned char* p, Stream stream) except -1:
        cdef uint64_t id = 0
        cdef int64_t px = 0
        cdef uint32_t size = 0
        cdef uint8_t flags = p[36]
        cdef char action = <char>p[38]
        cdef char side = <char>p[39]
        cdef Order* order
        cdef Decimal price, qty
        cdef uint64_t scope = self.instrument
        memcpy(&id, p + 16, 8)
        memcpy(&px, p + 24, 8)
        memcpy(&size, p + 32, 4)
        self.bad_recv += (flags & FLAG_BAD_TS_RECV) != 0
        self.maybe_bad += (flags & FLAG_MAYBE_BAD_BOOK) != 0
        if side != b"A" and side != b"B" and side != b"N":
            return self.bad("a side that is none of A, B, N", <const char*>p, 56)
        order = self.orders.find(id, scope)
        if action == b"A" or action == b"M":
            if side == b"N" or size == 0 or px == UNDEFINED:
                return self.bad("an order of no side, no size or no price", <const char*>p, 56)
            if action == b"A":
                self.add_order(stream, id, scope, side == b"A", px, size)
            else:
                self.unknown_ids += order == NULL
                if order != NULL:
                    self.take_order(stream, order, order.qty, 0)
                self.add_order(stream, id, scope, side == b"A", px, size)
        elif action == b"C":
            if order == NULL:
                self.unknown_ids += 1
            else:
                self.take_order(stream, order, size, order.filled)
        elif action == b"F" and order != NULL:
            order.filled += size    # what takes it off the book follows
        elif action == b"R":
            self.clears += 1
            self.emit_order(stream, ORDERS_CLEAR, 0, 0, 0, 0, 0, 0)
            self.emit_book(stream, True)
            stream.book.clear()
            self.orders.drop_scope(scope)
        elif action == b"T":
            price.units, price.digits = px, PX_DIGITS
            qty.units, qty.digits = size, 0
            if px == UNDEFINED or size == 0:
                return self.bad("a trade of no size or no price", <const char*>p, 56)
            self.emit_trade(stream, NO_SIDE if side == b"N" else side == b"A", &price, &qty)
        elif action != b"F" and action != b"N":
            return self.bad("an action that is none of A, C, M, R, T, F, N", <const char*>p, 56)
        if flags & FLAG_LAST and stream.book.crossed():
            self.cross(stream)
        return 0

    cdef int _trade(self, const unsigned char* p, Stream stream) except -1:
        cdef Decimal price, qty
        cdef uint32_t size = 0
        price.digits = PX_DIGITS
        qty.digits = 0
        memcpy(&price.units, p + 16, 8)
        memcpy(&size, p + 24, 4)
        qty.units = size
        if price.units == UNDEFINED or size == 0 or p[28] != b"T":
            return self.bad("a trade of no size or no price", <const char*>p, 48)
        return self.emit_trade(stream, NO_SIDE if p[29] == b"N" else p[29] == b"A", &price, &qty)

    cdef int _top(self, const unsigned char* p, Stream stream) except -1:
        """The best level of a record that has levels; a trade besides where that is its action."""
        cdef Decimal bid_px, ask_px, bid_qty, ask_qty
        cdef uint32_t size = 0
        if p[28] == b"T" and p[1] != 0xC3 and p[1] != 0xC4:
            self._trade(p, stream)
        bid_px.digits = ask_px.digits = PX_DIGITS
        bid_qty.digits = ask_qty.digits = 0
        memcpy(&bid_px.units, p + 48, 8)
        memcpy(&ask_px.units, p + 56, 8)
        memcpy(&size, p + 64, 4)
        bid_qty.units = size
        memcpy(&size, p + 68, 4)
        ask_qty.units = size
        if bid_px.units == UNDEFINED:
            bid_px.units = bid_qty.units = 0
        if ask_px.units == UNDEFINED:
            ask_px.units = ask_qty.units = 0
        return self.emit_quote(stream, &bid_px, &bid_qty, &ask_px, &ask_qty)

    def extra(self):
        return OrderReader.extra(self) | {"metadata": self.metadata, "clears": self.clears,
                                          "flagged_bad_ts_recv": self.bad_recv, "flagged_maybe_bad_book": self.maybe_bad}

    def report(self):
        for i in range(256):
            if self.tallies[i]:
                self.kinds[NAMES[i]] = self.tallies[i]
        return OrderReader.report(self)
