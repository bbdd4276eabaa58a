# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Bitstamp's messages (its websocket, version 2) and the answers of its order_book request.

diff_order_book_PAIR has changes, order_book_PAIR a whole book of 100 levels each time; both have the exchange's time in
us and no sequence. A snapshot by request has that time too, so what is later is known. live_trades_PAIR has trades.
"""
from libc.string cimport memcmp

from core.data.decimals cimport Decimal, parse_whole
from core.data.jsonlines cimport RULE_NONE


cdef class Bitstamp(Venue):
    """Books and trades by pair."""

    def __init__(self):
        self.name = "BITSTAMP"

    cdef int message(self, JsonLines reader, Json json) except -1:
        cdef uint32_t event = json.find(0, b"event")
        cdef uint32_t data = json.find(0, b"data")
        cdef Py_ssize_t n = 0
        cdef const char* channel
        cdef Stream stream
        cdef int64_t at
        if event == 0 and json.find(0, b"bids"):
            return self._request(reader, json)
        channel = json.string(json.find(0, b"channel"), &n)
        if event == 0 or json.tokens[event].kind != b'"' or channel == NULL:
            return reader.wrong("a message without an event or a channel")
        if not json.equal(event, b"data") and not json.equal(event, b"trade"):
            return reader.kind((json.text + json.tokens[event].start)[:json.tokens[event].size].decode("utf-8", "replace"))
        if data == 0 or json.tokens[data].kind != b"{":
            return reader.wrong("a message without data")
        at = self._micros(reader, json, data)
        if at < 0:
            return reader.wrong("data without a whole microtimestamp")
        if starts(channel, n, b"live_trades_", 12):
            return self._trade(reader, json, data, reader.streams.get(channel + 12, n - 12))
        if starts(channel, n, b"diff_order_book_", 16):
            if not self._levels(reader, json, data):
                return 0
            stream = reader.streams.get(channel + 16, n - 16)
            reader.kind("diff_order_book")
            return reader.delta(stream, at, at, -1, RULE_NONE)
        if starts(channel, n, b"order_book_", 11):
            if not self._levels(reader, json, data):
                return 0
            stream = reader.streams.get(channel + 11, n - 11)
            reader.kind("order_book")
            return reader.snapshot(stream, at, RULE_NONE)
        return reader.kind(channel[:n].decode("utf-8", "replace"))

    cdef int64_t _micros(self, JsonLines reader, Json json, uint32_t data) except -2:
        """The exchange's time in us since the epoch; -1: there is none."""
        cdef Py_ssize_t n = 0
        cdef const char* text = json.string(json.find(data, b"microtimestamp"), &n)
        cdef int64_t at = 0
        if text == NULL or not parse_whole(text, n, &at) or at > 9_000_000_000_000_000:
            return -1
        reader.exchange_ns = at * 1000
        return at

    cdef int _levels(self, JsonLines reader, Json json, uint32_t data) except -1:
        """Takes bids and asks; 0: they are none, and that is said."""
        if reader.changes.levels(json, json.find(data, b"bids"), 0, 0) and (
                reader.changes.levels(json, json.find(data, b"asks"), 1, 0)):
            return 1
        reader.wrong("bids or asks that are no list of price and quantity")
        return 0

    cdef int _request(self, JsonLines reader, Json json) except -1:
        """The answer of .../order_book/PAIR: a whole book."""
        cdef int64_t at = self._micros(reader, json, 0)
        cdef Py_ssize_t end = reader.url_size
        cdef Py_ssize_t start
        cdef Py_ssize_t i
        for i in range(reader.url_size):
            if reader.url[i] == b"?":
                end = i
                break
        while end and reader.url[end - 1] == b"/":
            end -= 1
        start = end
        while start and reader.url[start - 1] != b"/":
            start -= 1
        if start == end or reader.url == NULL:
            return reader.wrong("a book whose request isn't there to name its pair")
        if at < 0:
            return reader.wrong("a book without a whole microtimestamp")
        if not self._levels(reader, json, 0):
            return 0
        reader.kind("snapshot")
        return reader.snapshot(reader.streams.get(reader.url + start, end - start), at, RULE_NONE)

    cdef int _trade(self, JsonLines reader, Json json, uint32_t data, Stream stream) except -1:
        """type: 0 the buyer, 1 the seller is the aggressor."""
        cdef int64_t side = 0
        cdef Decimal px, qty
        if not reader.decimal_at(json.find(data, b"price_str"), &px) or not (
                reader.decimal_at(json.find(data, b"amount_str"), &qty)):
            return reader.wrong("a trade without decimals price_str and amount_str")
        if not reader.number_at(json.find(data, b"type"), &side) or side > 1 or not px.units or not qty.units:
            return reader.wrong("a trade of no price, no quantity or no side")
        reader.kind("trade")
        return reader.emit_trade(stream, side == 1, &px, &qty)


cdef bint starts(const char* text, Py_ssize_t n, const char* prefix, Py_ssize_t size) noexcept nogil:
    """Whether the text begins with the prefix and goes on."""
    return n > size and memcmp(text, prefix, <size_t>size) == 0
