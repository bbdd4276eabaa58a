# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Coinbase's messages (its exchange feed): level2, matches, ticker.

level2 has no sequence: a snapshot is followed by changes, and nothing tells that one is missing. Matches are numbered
without a hole for each product (trade_id), and last_match tells the number that the first one follows. The side of a
match is the maker's.
"""
from libc.stdint cimport int64_t

from core.data.clock cimport parse_iso
from core.data.decimals cimport Decimal
from core.data.json cimport Token
from core.data.jsonlines cimport Change, RULE_NONE


cdef class Coinbase(Venue):
    """Books, matches and best prices by product."""

    def __init__(self):
        self.name = "COINBASE"

    cdef int message(self, JsonLines reader, Json json) except -1:
        cdef uint32_t type_at = json.find(0, b"type")
        cdef Stream stream
        if type_at == 0 or json.tokens[type_at].kind != b'"':
            return reader.wrong("a message without a type")
        if json.equal(type_at, b"subscriptions") or json.equal(type_at, b"error"):
            return reader.kind("subscriptions" if json.equal(type_at, b"subscriptions") else "error message")
        stream = reader.stream_at(json.find(0, b"product_id"))
        if stream is None:
            return reader.wrong("a message without a product_id")
        if not self._time(reader, json):
            return reader.wrong("a message with a time that is none")
        if json.equal(type_at, b"l2update"):
            return self._update(reader, json, stream)
        if json.equal(type_at, b"snapshot"):
            return self._snapshot(reader, json, stream)
        if json.equal(type_at, b"match") or json.equal(type_at, b"last_match"):
            return self._match(reader, json, stream, json.equal(type_at, b"last_match"))
        if json.equal(type_at, b"ticker"):
            return self._ticker(reader, json, stream)
        return reader.kind((json.text + json.tokens[type_at].start)[:json.tokens[type_at].size].decode("utf-8", "replace"))

    cdef bint _time(self, JsonLines reader, Json json) except -1:
        cdef uint32_t at = json.find(0, b"time")
        cdef Py_ssize_t n = 0
        cdef const char* text
        if at == 0:
            return 1
        text = json.string(at, &n)
        return text != NULL and parse_iso(text, n, &reader.exchange_ns)

    cdef int _update(self, JsonLines reader, Json json, Stream stream) except -1:
        """changes: [["buy" | "sell", px, qty], ...]."""
        cdef Token* tokens = json.tokens
        cdef uint32_t list_at = json.find(0, b"changes")
        cdef uint32_t i = list_at + 1
        cdef Change change
        if list_at == 0 or tokens[list_at].kind != b"[":
            return reader.wrong("l2update without changes")
        while i < tokens[list_at].next:
            if tokens[i].kind != b"[" or tokens[i].next != i + 4:
                return reader.wrong("l2update whose change isn't side, price and quantity")
            change.ask = json.equal(i + 1, b"sell")
            if not change.ask and not json.equal(i + 1, b"buy"):
                return reader.wrong("l2update of neither buy nor sell")
            if not reader.decimal_at(i + 2, &change.px) or not reader.decimal_at(i + 3, &change.qty) or not change.px.units:
                return reader.wrong("l2update whose price or quantity is no decimal")
            reader.changes.push(&change)
            i = tokens[i].next
        reader.kind("l2update")
        if not stream.synced:
            stream.has_book = 1                 # nothing says whether it is in the snapshot to come: it is left out
            stream.deltas += 1
            stream.before_snapshot += 1
            return 0
        return reader.delta(stream, 0, reader.exchange_ns, 0, RULE_NONE)

    cdef int _snapshot(self, JsonLines reader, Json json, Stream stream) except -1:
        if not reader.changes.levels(json, json.find(0, b"asks"), 1, 2) or not (
                reader.changes.levels(json, json.find(0, b"bids"), 0, 2)):
            return reader.wrong("a snapshot that is no list of price and quantity")
        reader.kind("snapshot")
        return reader.snapshot(stream, -1, RULE_NONE)

    cdef int _match(self, JsonLines reader, Json json, Stream stream, bint last) except -1:
        cdef int64_t number = 0
        cdef Decimal px, qty
        cdef uint32_t side = json.find(0, b"side")
        cdef bint sold = json.equal(side, b"sell")
        if not reader.number_at(json.find(0, b"trade_id"), &number):
            return reader.wrong("match without a trade_id")
        if not reader.decimal_at(json.find(0, b"price"), &px) or not reader.decimal_at(json.find(0, b"size"), &qty):
            return reader.wrong("match without decimals price and size")
        if px.units == 0 or qty.units == 0 or not (sold or json.equal(side, b"buy")):
            return reader.wrong("match of no price, no quantity or no side")
        reader.kind("last_match" if last else "match")
        if stream.last_trade >= 0 and number != stream.last_trade + (0 if last else 1):
            reader.trade_gaps += 1
            stream.trade_gaps += 1
        stream.last_trade = number
        return 0 if last else reader.emit_trade(stream, not sold, &px, &qty)

    cdef int _ticker(self, JsonLines reader, Json json, Stream stream) except -1:
        """Best prices; a feed of its time has no quantities, and then it makes no quote."""
        cdef Decimal bid_px, bid_qty, ask_px, ask_qty
        cdef uint32_t size = json.find(0, b"best_bid_size")
        if not reader.decimal_at(json.find(0, b"best_bid"), &bid_px) or not (
                reader.decimal_at(json.find(0, b"best_ask"), &ask_px)):
            return reader.wrong("ticker without decimals best_bid and best_ask")
        if size and not (reader.decimal_at(size, &bid_qty)
                         and reader.decimal_at(json.find(0, b"best_ask_size"), &ask_qty)):
            return reader.wrong("ticker whose best_bid_size or best_ask_size is no decimal")
        reader.kind("ticker")
        return reader.emit_quote(stream, &bid_px, &bid_qty, &ask_px, &ask_qty) if size else 0
