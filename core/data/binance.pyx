# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Binance's messages: spot, USD-M and COIN-M.

A delta's ids are U (first) to u (last). On spot the next one begins at u + 1; on the futures it names the last u as
`pu`. A snapshot at lastUpdateId is followed by the first delta with u beyond it, which must reach back to it. Trades
are numbered without a hole. Deltas of all three come on `@depth`, best prices on `@bookTicker` (spot's has no `e`),
trades on `@trade` or, several of one order at one price together, on `@aggTrade`.
"""
from libc.string cimport memcmp

from core.data.decimals cimport Decimal
from core.data.jsonlines cimport RULE_NEXT, RULE_PREVIOUS


cdef class Binance(Venue):
    """One venue's recorder's lines: combined streams (`stream`, `data`), bare events, and snapshots."""

    def __init__(self, str name="BINANCE"):
        self.name = name
        self.perpetual = name in ("BINANCE_USDM", "BINANCE_COINM")

    cdef int message(self, JsonLines reader, Json json) except -1:
        cdef uint32_t data = json.find(0, b"data")
        cdef uint32_t event
        if json.count == 0 or json.tokens[0].kind != b"{":
            return reader.wrong("no object")
        if json.find(0, b"lastUpdateId"):
            return self._snapshot(reader, json)
        if json.find(0, b"stream") == 0 or data == 0:
            data = 0
            if json.find(0, b"result") or json.find(0, b"error") or json.find(0, b"code"):
                return reader.kind("answer")
        event = json.find(data, b"e")
        if json.equal(event, b"depthUpdate"):
            return self._depth(reader, json, data)
        if json.equal(event, b"bookTicker") or (event == 0 and json.find(data, b"B") and json.find(data, b"A")):
            return self._quote(reader, json, data)
        if json.equal(event, b"trade"):
            return self._trade(reader, json, data, True)
        if json.equal(event, b"aggTrade"):
            return self._trade(reader, json, data, False)
        if event == 0 or json.tokens[event].kind != b'"':
            return reader.wrong("a message of no known kind")
        return reader.kind((json.text + json.tokens[event].start)[:json.tokens[event].size].decode("utf-8", "replace"))

    cdef int _exchange_time(self, JsonLines reader, Json json, uint32_t data) except -1:
        """Takes T, else E, in ms (us where a recording has them); 0: there is one and it is none."""
        cdef int64_t at = 0
        cdef uint32_t token = json.find(data, b"T")
        if token == 0:
            token = json.find(data, b"E")
        if token == 0:
            return 1
        if not reader.number_at(token, &at):
            return 0
        if at < 100_000_000_000_000:
            reader.exchange_ns = at * 1_000_000
        elif at < 100_000_000_000_000_000:
            reader.exchange_ns = at * 1_000
        else:
            return 0
        return 1

    cdef int _depth(self, JsonLines reader, Json json, uint32_t data) except -1:
        cdef Stream stream = reader.stream_at(json.find(data, b"s"))
        cdef uint32_t previous = json.find(data, b"pu")
        cdef int64_t first_id = 0
        cdef int64_t last_id = 0
        cdef int64_t prev_id = -1
        if stream is None or not self._exchange_time(reader, json, data):
            return reader.wrong("depthUpdate without a symbol or with a time that is none")
        if not reader.number_at(json.find(data, b"U"), &first_id) or not reader.number_at(json.find(data, b"u"), &last_id):
            return reader.wrong("depthUpdate without whole numbers U and u")
        if previous and not reader.number_at(previous, &prev_id):
            return reader.wrong("depthUpdate with a `pu` that is no whole number")
        if first_id > last_id:
            return reader.wrong("depthUpdate with U above u")
        if not reader.changes.levels(json, json.find(data, b"b"), 0, 2):
            return reader.wrong("depthUpdate whose b is no list of price and quantity")
        if not reader.changes.levels(json, json.find(data, b"a"), 1, 2):
            return reader.wrong("depthUpdate whose a is no list of price and quantity")
        reader.kind("depth")
        if previous:
            self.perpetual = 1
        self._place_waiting(reader, stream)
        return reader.delta(stream, first_id, last_id, prev_id, RULE_PREVIOUS if previous else RULE_NEXT)

    cdef int _quote(self, JsonLines reader, Json json, uint32_t data) except -1:
        cdef Stream stream = reader.stream_at(json.find(data, b"s"))
        cdef Decimal bid_px, bid_qty, ask_px, ask_qty
        if stream is None or not self._exchange_time(reader, json, data):
            return reader.wrong("bookTicker without a symbol or with a time that is none")
        if not (reader.decimal_at(json.find(data, b"b"), &bid_px) and reader.decimal_at(json.find(data, b"B"), &bid_qty)
                and reader.decimal_at(json.find(data, b"a"), &ask_px)
                and reader.decimal_at(json.find(data, b"A"), &ask_qty)):
            return reader.wrong("bookTicker without decimals b, B, a and A")
        if (bid_px.units == 0 and bid_qty.units) or (ask_px.units == 0 and ask_qty.units):
            return reader.wrong("bookTicker with a quantity at no price")
        reader.kind("bookTicker")
        self._place_waiting(reader, stream)
        return reader.emit_quote(stream, &bid_px, &bid_qty, &ask_px, &ask_qty)

    cdef int _trade(self, JsonLines reader, Json json, uint32_t data, bint whole) except -1:
        """One trade, or (whole: no) an order's trades at one price."""
        cdef Stream stream = reader.stream_at(json.find(data, b"s"))
        cdef uint32_t maker = json.find(data, b"m")
        cdef int64_t number = 0
        cdef Decimal px, qty
        if stream is None or not self._exchange_time(reader, json, data):
            return reader.wrong("trade without a symbol or with a time that is none")
        if not reader.number_at(json.find(data, b"t" if whole else b"a"), &number):
            return reader.wrong("trade without a number")
        if not reader.decimal_at(json.find(data, b"p"), &px) or not reader.decimal_at(json.find(data, b"q"), &qty):
            return reader.wrong("trade without decimals p and q")
        if maker == 0 or (json.tokens[maker].kind != b"t" and json.tokens[maker].kind != b"f"):
            return reader.wrong("trade that doesn't say whether its buyer is the maker")
        if px.units == 0 or qty.units == 0:
            if json.equal(json.find(data, b"X"), b"NA"):
                return reader.kind("trade, void")
            return reader.wrong("trade of no price or no quantity")
        reader.kind("trade" if whole else "aggTrade")
        self._place_waiting(reader, stream)
        if whole:
            if stream.last_trade >= 0 and number != stream.last_trade + 1:
                reader.trade_gaps += 1
                stream.trade_gaps += 1
            stream.last_trade = number
        else:
            if stream.last_agg_trade >= 0 and number != stream.last_agg_trade + 1:
                reader.trade_gaps += 1
                stream.trade_gaps += 1
            stream.last_agg_trade = number
        return reader.emit_trade(stream, json.tokens[maker].kind == b"t", &px, &qty)

    cdef int _snapshot(self, JsonLines reader, Json json) except -1:
        """A whole book, of a symbol that it names, its request names, or that alone is in the recording."""
        cdef Stream stream
        cdef int64_t id = 0
        if not reader.number_at(json.find(0, b"lastUpdateId"), &id):
            return reader.wrong("snapshot without a whole number lastUpdateId")
        if not self._exchange_time(reader, json, 0):
            return reader.wrong("snapshot with a time that is none")
        if not reader.changes.levels(json, json.find(0, b"bids"), 0, 0):
            return reader.wrong("snapshot whose bids are no list of price and quantity")
        if not reader.changes.levels(json, json.find(0, b"asks"), 1, 0):
            return reader.wrong("snapshot whose asks are no list of price and quantity")
        if json.find(0, b"E"):
            self.perpetual = 1
        stream = self._of_snapshot(reader, json)
        if stream is None:
            if reader.streams.all:
                return reader.wrong("snapshot of an unnamed symbol where there are several")
            self.waiting = (id, bytes((<const char*>reader.text)[:reader.size]))
            return reader.kind("snapshot")
        reader.kind("snapshot")
        return reader.snapshot(stream, id, RULE_PREVIOUS if self.perpetual else RULE_NEXT)

    cdef Stream _of_snapshot(self, JsonLines reader, Json json):
        cdef Stream stream = reader.stream_at(json.find(0, b"symbol"))
        cdef Py_ssize_t i = 0
        cdef Py_ssize_t start
        if stream is not None:
            return stream
        if reader.url != NULL:
            while i + 8 < reader.url_size and memcmp(reader.url + i, b"symbol=", 7) != 0:
                i += 1
            start = i + 7
            i = start
            while i < reader.url_size and reader.url[i] != b"&":
                i += 1
            return reader.streams.get(reader.url + start, i - start) if i > start else None
        return reader.streams.all[0] if len(reader.streams.all) == 1 else None

    cdef int _place_waiting(self, JsonLines reader, Stream stream) except -1:
        """The snapshot that came before any symbol is this one's."""
        cdef Json json
        cdef bytes text
        cdef object waiting = self.waiting
        if waiting is None:
            return 0
        self.waiting = None
        kept = reader.changes
        reader.changes = type(kept)()
        json = Json()
        text = waiting[1]
        text = text[text.index(b"{"):]
        json.parse(text, len(text))
        reader.changes.levels(json, json.find(0, b"bids"), 0, 0)
        reader.changes.levels(json, json.find(0, b"asks"), 1, 0)
        reader.snapshot(stream, waiting[0], RULE_PREVIOUS if self.perpetual else RULE_NEXT)
        reader.changes = kept
        return 0
