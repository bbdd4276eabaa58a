# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Kraken's messages (its websocket, version 1): [channel id, data..., channel name, pair].

A book's deltas have no sequence; each carries `c`, the CRC32 over the ten best asks and bids: of each level price, then
quantity, as written, without the point and without zeros at the beginning. A wrong one means that something was lost.
The book is cut to the depth that was subscribed after each update, as the venue does.
"""
import zlib

from libc.stdlib cimport free, malloc

from core.data.book cimport Ladder, Level
from core.data.decimals cimport Decimal, parse_decimal, parse_whole, rescale
from core.data.json cimport Token

cdef enum:
    CHECKED = 10                    # levels of a side
    MOST_TEXT = 2 * CHECKED * 2 * 24
    DEFAULT_DEPTH = 10
    TIME_DIGITS = 9


cdef class Kraken(Venue):
    """Books, trades and spreads; other channels are counted by name."""

    def __cinit__(self):
        self.text = <char*>malloc(MOST_TEXT)
        if self.text == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.text)

    def __init__(self):
        self.name = "KRAKEN"

    cdef int message(self, JsonLines reader, Json json) except -1:
        cdef Token* tokens = json.tokens
        cdef uint32_t name, pair, event, size
        cdef uint32_t i = 1
        cdef uint32_t last = 0
        cdef uint32_t before = 0
        cdef int64_t depth = DEFAULT_DEPTH
        cdef Stream stream
        if tokens[0].kind == b"{":
            event = json.find(0, b"event")
            if event == 0 or tokens[event].kind != b'"':
                return reader.wrong("an object without an event")
            return reader.kind((json.text + tokens[event].start)[:tokens[event].size].decode("utf-8", "replace"))
        if tokens[0].kind != b"[":
            return reader.wrong("neither an object nor a list")
        while i < tokens[0].next:
            before = last
            last = i
            i = tokens[i].next
        name, pair = before, last
        if name == 0 or tokens[name].kind != b'"' or tokens[pair].kind != b'"':
            return reader.wrong("a list that doesn't end with a channel's name and a pair")
        size = tokens[name].size
        channel = (json.text + tokens[name].start)[:size]
        stream = reader.stream_at(pair)
        if stream is None or tokens[1].kind != b"0":
            return reader.wrong("a list without a channel's id or a pair")
        if channel.startswith(b"book"):
            if size > 4 and not (channel[4:5] == b"-" and parse_whole(json.text + tokens[name].start + 5, size - 5, &depth)):
                return reader.wrong("a book of no depth")
            return self._book(reader, json, stream, <uint32_t>depth)
        if channel == b"trade":
            return self._trades(reader, json, stream)
        if channel == b"spread":
            return self._spread(reader, json, stream)
        return reader.kind(channel.decode("utf-8", "replace"))

    cdef int _book(self, JsonLines reader, Json json, Stream stream, uint32_t depth) except -1:
        """[id, {"as": ..., "bs": ...}, ...] a snapshot; [id, {"a": ...}, {"b": ..., "c": ...}, ...] an update."""
        cdef Token* tokens = json.tokens
        cdef uint32_t i = tokens[1].next
        cdef uint32_t sum_at = 0
        cdef uint32_t found, key
        cdef int64_t checksum = 0
        cdef Py_ssize_t n = 0
        cdef const char* text
        cdef int whole = -1
        while tokens[i].kind == b"{":
            key = i + 1
            while key < tokens[i].next:
                found = key + 1
                if json.equal(key, b"c"):
                    sum_at = found
                elif json.equal(key, b"as") or json.equal(key, b"bs"):
                    if whole == 0 or not reader.changes.levels(json, found, json.equal(key, b"as"), 0):
                        return reader.wrong("a snapshot that is no list of price and quantity")
                    whole = 1
                elif json.equal(key, b"a") or json.equal(key, b"b"):
                    if whole == 1 or not reader.changes.levels(json, found, json.equal(key, b"a"), 0):
                        return reader.wrong("an update that is no list of price and quantity")
                    whole = 0
                else:
                    return reader.wrong("a book's message with an unknown key")
                key = tokens[found].next
            i = tokens[i].next
        if whole < 0:
            return reader.wrong("a book's message without levels")
        self._newest(reader, json)
        if whole:
            reader.kind("snapshot")
            return self._snapshot(reader, stream, depth)
        text = json.string(sum_at, &n)
        if text == NULL or not parse_whole(text, n, &checksum) or checksum > 0xFFFFFFFF:
            return reader.wrong("an update without a checksum")
        reader.kind("book")
        return self._update(reader, stream, depth, checksum)

    def _newest(self, JsonLines reader, Json json):
        """The exchange's time: the latest of the levels' own; a level without one is let be."""
        cdef Token* tokens = json.tokens
        cdef uint32_t i
        cdef Decimal stamp
        cdef int64_t ns
        for i in range(2, json.count - 3):
            if tokens[i].kind == b"[" and tokens[i].next >= i + 4 and tokens[i + 3].kind == b'"':
                if parse_decimal(json.text + tokens[i + 3].start, tokens[i + 3].size, &stamp):
                    if rescale(stamp.units, stamp.digits, TIME_DIGITS, &ns) and ns > reader.exchange_ns:
                        reader.exchange_ns = ns

    cdef int _snapshot(self, JsonLines reader, Stream stream, uint32_t depth) except -1:
        stream.has_book = 1
        stream.snapshots += 1
        reader.emit_book(stream, True)
        stream.book.clear()
        stream.synced = 1
        stream.forgotten = 0
        reader.fill_whole(stream)
        stream.book.trim(depth)                     # nothing of it was told yet
        if stream.lost:
            stream.lost = 0
            stream.recoveries += 1
        reader.emit_book(stream, False)
        if stream.book.crossed():
            reader.cross(stream)
        return 0

    cdef int _update(self, JsonLines reader, Stream stream, uint32_t depth, int64_t checksum) except -1:
        cdef bint good
        stream.has_book = 1
        stream.deltas += 1
        if stream.snapshots == 0 or stream.forgotten:
            stream.before_snapshot += 1
            reader.checksums_bad += not stream.forgotten    # it can't be shown to hold
            return 0
        reader.fill(stream, reader.changes.at, reader.changes.count)
        if reader.sink is not None:
            self._tell(reader, stream)
        if stream.book.sides[0].count > depth or stream.book.sides[1].count > depth:
            self._trim(reader, stream, depth)
        good = self._checksum(stream) == <uint32_t>checksum
        reader.checksums_ok += good
        reader.checksums_bad += not good
        if not good and stream.synced:
            reader.gap(stream, f"the checksum is {self._checksum(stream)}, not {checksum}")
            stream.lost = 1
        elif good and stream.lost:
            stream.recoveries += 1
            stream.lost = 0
        stream.synced = good
        if good and stream.book.crossed():
            reader.cross(stream)
        return 0

    def _tell(self, JsonLines reader, Stream stream):
        cdef uint32_t i
        for i in range(reader.changes.count):
            reader.emit_depth(stream, reader.changes.at[i].ask, reader.changes.at[i].px.units,
                              reader.changes.at[i].px.digits, reader.changes.at[i].qty.units,
                              reader.changes.at[i].qty.digits)

    def _trim(self, JsonLines reader, Stream stream, uint32_t depth):
        """What falls out of the depth is told as gone."""
        cdef int ask
        cdef uint32_t i
        cdef Ladder* side
        for ask in range(2):
            side = &stream.book.sides[ask]
            for i in range(side.count - depth if side.count > depth else 0):
                reader.emit_depth(stream, ask, side.levels[i].px, stream.book.px_digits, 0, 0)
        stream.book.trim(depth)

    cdef uint32_t _checksum(self, Stream stream):
        """CRC32 of the ten best levels of each side, asks first."""
        cdef int size = 0
        cdef int ask, i
        cdef Ladder* side
        cdef Level* level
        for ask in range(1, -1, -1):
            side = &stream.book.sides[ask]
            for i in range(min(CHECKED, <int>side.count)):
                level = &side.levels[side.count - 1 - i]
                size = put(self.text, size, as_written(level.px, stream.book.px_digits, level.px_digits))
                size = put(self.text, size, level.qty)
        return zlib.crc32(self.text[:size])

    cdef int _trades(self, JsonLines reader, Json json, Stream stream) except -1:
        """[id, [[px, qty, time, side, type, misc], ...], "trade", pair]."""
        cdef Token* tokens = json.tokens
        cdef uint32_t i = 3
        cdef Decimal px, qty
        if tokens[2].kind != b"[" or tokens[2].next == 3:
            return reader.wrong("trades that are no list")
        while i < tokens[2].next:
            if tokens[i].kind != b"[" or tokens[i].next < i + 5 or not reader.decimal_at(i + 1, &px) or not (
                    reader.decimal_at(i + 2, &qty)) or not (json.equal(i + 4, b"b") or json.equal(i + 4, b"s")):
                return reader.wrong("a trade without price, quantity, time and side")
            i = tokens[i].next
        reader.kind("trade")
        i = 3
        while i < tokens[2].next:
            reader.decimal_at(i + 1, &px)
            reader.decimal_at(i + 2, &qty)
            reader.emit_trade(stream, json.equal(i + 4, b"s"), &px, &qty)
            i = tokens[i].next
        return 0

    cdef int _spread(self, JsonLines reader, Json json, Stream stream) except -1:
        """[id, [bid, ask, time, bid quantity, ask quantity], "spread", pair]."""
        cdef Decimal bid_px, bid_qty, ask_px, ask_qty
        if json.tokens[2].kind != b"[" or json.tokens[2].next < 8 or not (
                reader.decimal_at(3, &bid_px) and reader.decimal_at(4, &ask_px)
                and reader.decimal_at(6, &bid_qty) and reader.decimal_at(7, &ask_qty)):
            return reader.wrong("a spread without prices and quantities")
        reader.kind("spread")
        return reader.emit_quote(stream, &bid_px, &bid_qty, &ask_px, &ask_qty)


cdef int64_t as_written(int64_t px, int have, int wanted) noexcept nogil:
    """A level's price in units of the digits that it was written with."""
    cdef int64_t found = px
    rescale(px, have, wanted, &found)
    return found


cdef int put(char* text, int size, int64_t value) noexcept nogil:
    """Appends the digits of a value; the new size."""
    cdef char digits[20]
    cdef int n = 0
    while value:
        digits[n] = <char>(48 + value % 10)
        value //= 10
        n += 1
    while n:
        n -= 1
        text[size] = digits[n]
        size += 1
    return size
