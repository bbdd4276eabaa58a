# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Plays a reader's events into a core on recorded time."""
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from core.backtest.recorded cimport Recorded
from core.data.decimals cimport rescale
from core.data.reader cimport EVENT_DEPTH, EVENT_ORDER, EVENT_QUOTE, EVENT_TRADE, Event
from core.messages cimport DepthEvent, QuoteEvent, SimulateEvent, TradeEvent
from core.sequencer.engine cimport Input
from core.stage cimport BATCH

from core.data.reader import EVENT

cdef enum:
    FROM_FEED = 1                   # the source of market data: recorded.pyx's SOURCE_FEED


cdef class Player:
    """Feeds events of one reader; symbols and venue as the core knows them. shown_qty: of every quote's sides, in units,
    where the recording has no sizes; else 0.

    symbols: (n, 3) of the core's index, price precision and quantity precision, by the reader's symbol index.
    """

    def __init__(self, Recorded core, symbols, int venue):
        self.core = core
        self.symbols = symbols
        self.venue = <uint16_t>venue
        self.due_ns = INT64_MAX

    def play(self, events):
        """Feeds an array of dtype EVENT in its order. Raises a CoreFault when the core stopped."""
        cdef const unsigned char[::1] raw = events.view("u1")
        cdef const Event* rows = <const Event*>&raw[0]
        cdef Py_ssize_t count = raw.shape[0] // <Py_ssize_t>sizeof(Event)
        cdef Py_ssize_t at = 0
        cdef int many
        cdef int i
        cdef bint quietly
        while at < count:
            many = <int>min(count - at, BATCH)
            quietly = self.core.is_quiet(rows[at + many - 1].recv_ts_ns)
            try:
                for i in range(many):
                    self._play(&rows[at + i], quietly)
            finally:
                if quietly:
                    self.core.run_quietly()
            at += many

    cdef int _play(self, const Event* row, bint quietly) except -1:
        cdef Input item
        if row.recv_ts_ns >= self.due_ns:
            self.before(row.recv_ts_ns)
        memset(&item, 0, sizeof(Input))
        if not self._fill(row, &item):
            self.unfit += 1
            return 0
        item.time_ns = row.recv_ts_ns
        item.source = FROM_FEED
        if quietly:
            self.core.take_quietly(&item)
        else:
            self.core.take_row(&item)
        self.by_kind[row.kind] += 1
        self.played += 1
        return 0

    cdef bint _fill(self, const Event* row, Input* item) noexcept nogil:
        """The core's event of a row; 0: its numbers have no exact place in the instrument's units."""
        cdef uint32_t symbol = <uint32_t>self.symbols[row.symbol, 0]
        cdef int px_to = <int>self.symbols[row.symbol, 1]
        cdef int qty_to = <int>self.symbols[row.symbol, 2]
        cdef QuoteEvent* quote = <QuoteEvent*>item.request
        cdef TradeEvent* trade = <TradeEvent*>item.request
        cdef DepthEvent* depth = <DepthEvent*>item.request
        cdef SimulateEvent* order = <SimulateEvent*>item.request
        cdef int64_t px, qty
        if not rescale(row.px, row.px_digits, px_to, &px) or not rescale(row.qty, row.qty_digits, qty_to, &qty):
            return 0
        item.kind = row.kind
        if row.kind == EVENT_QUOTE:
            item.length = sizeof(QuoteEvent)
            quote.symbol = symbol
            quote.venue = self.venue
            quote.bid_px = px
            quote.bid_qty = qty
            if not rescale(row.ask_px, row.px_digits, px_to, &quote.ask_px) or not (
                    rescale(row.ask_qty, row.qty_digits, qty_to, &quote.ask_qty)):
                return 0
            if self.shown_qty:
                quote.bid_qty = quote.ask_qty = self.shown_qty
            return 1
        if row.kind == EVENT_TRADE:
            item.length = sizeof(TradeEvent)
            trade.symbol = symbol
            trade.venue = self.venue
            trade.aggressor = row.side
            trade.px = px
            trade.qty = qty
            return 1
        if row.kind == EVENT_ORDER:
            item.length = sizeof(SimulateEvent)
            order.symbol = symbol
            order.venue = self.venue
            order.what = <uint8_t>row.ask_qty
            order.detail = row.side
            order.count = <uint64_t>row.ask_px
            order.a = px
            order.b = qty
            return 1
        item.length = sizeof(DepthEvent)
        depth.symbol = symbol
        depth.venue = self.venue
        depth.side = row.side
        depth.px = px
        depth.qty = qty
        return 1

    def by_word(self):
        """Events fed, by kind."""
        words = {"quotes": EVENT_QUOTE, "trades": EVENT_TRADE, "levels": EVENT_DEPTH, "orders": EVENT_ORDER}
        return {word: self.by_kind[<int>kind] for word, kind in words.items()}
