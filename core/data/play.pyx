# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Plays a reader's events into a core on recorded time."""
from libc.stdint cimport INT64_MAX, uint16_t, uint32_t
from libc.string cimport memset

from core.backtest.recorded cimport Recorded
from core.data.inputs cimport input_of
from core.data.reader cimport EVENT_DEPTH, EVENT_ORDER, EVENT_QUOTE, EVENT_TRADE, Event
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
        if not input_of(row, <uint32_t>self.symbols[row.symbol, 0], <int>self.symbols[row.symbol, 1],
                        <int>self.symbols[row.symbol, 2], self.venue, self.shown_qty, &item):
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

    def by_word(self):
        """Events fed, by kind."""
        words = {"quotes": EVENT_QUOTE, "trades": EVENT_TRADE, "levels": EVENT_DEPTH, "orders": EVENT_ORDER}
        return {word: self.by_kind[<int>kind] for word, kind in words.items()}
