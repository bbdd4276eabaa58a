# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What every reader has: see reader.pxd.

A reader pulls from one stream and is asked for all of it with `run`. Each row is counted; a row that is malformed is
counted as an error, once, with its place and the reason, and changes nothing else. What it keeps doesn't grow with
the rows: the first places of errors and gaps are kept, each is told to `on_place`.
"""
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memset

from core.data.decimals cimport TEN, add_fits, rescale, same_scale
from core.data.pull cimport LINE_END, LINE_LONG, LINE_OPEN

import numpy as np

from core.data.decimals import text
from core.data.pull import MAX_LINE

MAX_PLACES = 100
MAX_SYMBOLS = 1 << 16
SCALES = [10 ** k for k in range(19)]

cdef enum:
    EVENTS = 4096
    SHOWN = 80                      # bytes of a malformed row

EVENT = np.dtype({
    "names": ["recv_ts_ns", "exchange_ts_ns", "row", "px", "qty", "ask_px", "ask_qty", "symbol", "kind", "side",
              "px_digits", "qty_digits", "flags"],
    "formats": ["<i8", "<i8", "<i8", "<i8", "<i8", "<i8", "<i8", "<u4", "u1", "u1", "u1", "u1", "u1"],
    "offsets": [0, 8, 16, 24, 32, 40, 48, 56, 60, 61, 62, 63, 64],
    "itemsize": 72,
})


cdef uint8_t needed(const Decimal* value) noexcept nogil:
    """The digits of a number without zeros at the end."""
    cdef int64_t units = value.units
    cdef uint8_t digits = value.digits
    while digits and units % 10 == 0:
        units //= 10
        digits -= 1
    return digits


cdef class Stream:
    """What a reader knows of one symbol: its book, its sequences, its counts."""

    def __init__(self, str symbol, uint32_t index):
        self.symbol = symbol
        self.index = index
        self.book = Book()
        self.last_id = self.snapshot_id = self.last_trade = self.last_agg_trade = -1
        self.more = 0

    cdef void see(self, const Decimal* px, const Decimal* qty) noexcept nogil:
        """Takes note of the digits that prices and quantities need; zeros at the end are none."""
        if px.digits > self.px_seen and px.units % TEN[px.digits - self.px_seen]:
            self.px_seen = needed(px)
        if qty.digits > self.qty_seen and qty.units % TEN[qty.digits - self.qty_seen]:
            self.qty_seen = needed(qty)

    cdef void add_volume(self, const Decimal* qty):
        cdef int64_t scaled
        if qty.digits == self.volume_digits and add_fits(self.volume, qty.units, &self.volume):
            return
        if qty.digits < self.volume_digits and rescale(qty.units, qty.digits, self.volume_digits, &scaled):
            if add_fits(self.volume, scaled, &self.volume):
                return
        # another scale, or full: what there is goes to an integer without bound, of 10^-18
        if qty.digits == self.volume_digits:
            self.volume = <int64_t>(<uint64_t>self.volume - <uint64_t>qty.units)
        self.more += self.volume * SCALES[18 - self.volume_digits]
        self.volume = qty.units
        if qty.digits > self.volume_digits:
            self.volume_digits = qty.digits
        elif qty.digits < self.volume_digits:
            self.more += qty.units * SCALES[18 - qty.digits]
            self.volume = 0

    def total_volume(self):
        """Of all trades, as a decimal string."""
        scale = SCALES[18 - self.volume_digits]
        return text((self.more + self.volume * scale) // scale, self.volume_digits)

    def report(self):
        """Counts and last prices, as JSON values; what there is none of is left out."""
        found = {"quotes": self.quotes, "trades": self.trades, "volume": self.total_volume()}
        if self.has_book:
            bids, asks = self.book.depth()
            found["deltas"] = self.deltas
            if self.snapshots or self.before_snapshot:
                found |= {"snapshots": self.snapshots, "synced": bool(self.synced), "gaps": self.gaps,
                          "before_snapshot": self.before_snapshot, "snapshots_late": self.snapshots_late,
                          "recoveries": self.recoveries}
            found |= {"bids": bids, "asks": asks, "book": self.book.top()}
        if self.quotes:
            found["quote"] = {"bid_px": text(self.bid_px.units, self.bid_px.digits),
                              "bid_qty": text(self.bid_qty.units, self.bid_qty.digits),
                              "ask_px": text(self.ask_px.units, self.ask_px.digits),
                              "ask_qty": text(self.ask_qty.units, self.ask_qty.digits)}
        return found | {"trade_gaps": self.trade_gaps, "crossed": self.crossed}

    @property
    def sequence(self):
        """The last number of its book's deltas; -1: none came over this connection, or the venue has none."""
        return self.last_id

    @property
    def digits(self):
        """(px_digits, qty_digits): the finest that it came with."""
        return self.px_seen, self.qty_seen


cdef class Streams:
    """Symbols by name, in the order in which they came; MAX_SYMBOLS at most."""

    def __init__(self):
        self.by_name = {}
        self.all = []

    cdef Stream get(self, const char* name, Py_ssize_t size):
        cdef bytes key
        if self.last is not None and size == self.last_size and memcmp(name, self.last_name, <size_t>size) == 0:
            return self.last
        key = name[:size]
        found = self.by_name.get(key)
        if found is None:
            if len(self.all) == MAX_SYMBOLS:
                raise OverflowError(f"more than {MAX_SYMBOLS:,} symbols in one recording")
            found = Stream(key.decode("utf-8", "backslashreplace"), <uint32_t>len(self.all))
            self.by_name[key] = found
            self.all.append(found)
        self.kept = key
        self.last = <Stream>found
        self.last_name = key
        self.last_size = size
        return self.last

    def named(self, str name):
        """The stream of a symbol, made where there is none."""
        key = name.encode()
        return self.get(key, len(key))


cdef class Reader:
    """A recording as one pass over its rows."""

    def __init__(self, str file, str format, chunks, sink=None, on_place=None, Streams streams=None):
        self.file = file
        self.format = format
        self.venue = ""
        self.clock = "recorder"
        self.pull = Pull(chunks)
        self.streams = Streams() if streams is None else streams
        self.limit = 9223372036854775807
        self.kinds = {}
        self.places = []
        self.gap_places = []
        self.sink = sink
        self.on_place = on_place
        self.latest = NO_TIME
        self.tallies = <int64_t*>calloc(256, sizeof(int64_t))
        if sink is not None:
            self.events = <Event*>malloc(EVENTS * sizeof(Event))
        if self.tallies == NULL or (sink is not None and self.events == NULL):
            raise MemoryError

    def __dealloc__(self):
        free(self.events)
        free(self.tallies)

    def run(self):
        """Reads all rows whose time isn't past `limit`, and hands their events over; whether there is more."""
        more = self.run_some()
        self.flush()
        return bool(more)

    def take(self, bytes chunk not None):
        """Reads rows that have come since, whole ones: of a stream that has no end yet."""
        self.pull.add(chunk)
        self.run()

    def forget_books(self, names=None):
        """The books of these symbols (None: of all) are nobody's market until a snapshot comes; it is told downstream."""
        cdef Stream stream
        for stream in self.streams.all:
            if stream.has_book and (names is None or stream.symbol in names):
                self.forget(stream)
        self.end_row()
        self.flush()

    cdef int forget(self, Stream stream) except -1:
        """Empties a book whose deltas have lost their thread, though no gap was seen."""
        self.emit_book(stream, True)
        stream.book.clear()
        stream.lost = stream.lost or stream.synced
        stream.synced = 0
        stream.forgotten = 1
        stream.last_id = stream.snapshot_id = -1
        stream.pending = None
        return 0

    def tell_books(self, sink):
        """Hands all books that are whole to another sink, as levels, at the time of the last row."""
        cdef Stream stream
        self.flush()
        kept, self.sink = self.sink, sink
        try:
            for stream in self.streams.all:
                if stream.synced:
                    self.emit_book(stream, False)
            self.end_row()
            self.flush()
        finally:
            self.sink = kept

    def finish(self):
        """After the last row: what is left of the events, and damage of the stream itself."""
        self.flush()
        if self.pull.damage is not None and not self.reported:
            self.reported = True
            self.bad_at(self.pull.damage, self.pull.base + <uint64_t>self.pull.end, NULL, 0)

    cdef int run_some(self) except -1:
        raise NotImplementedError

    cdef int bad(self, str reason, const char* p, Py_ssize_t n) except -1:
        """Counts this row as malformed: once, by the first reason."""
        if self.row_bad:
            return 0
        self.row_bad = 1
        self.event_count = self.row_from
        return self.bad_at(reason, self.pull.place(), p, n)

    cdef int bad_at(self, str reason, uint64_t place, const char* p, Py_ssize_t n) except -1:
        cdef bytes shown = b"" if p == NULL else p[:min(n, SHOWN)]
        self.errors += 1
        found = {"file": self.file, "row": self.rows, "offset": place, "reason": reason,
                 "text": shown.decode("ascii", "backslashreplace")}
        if len(self.places) < MAX_PLACES:
            self.places.append(found)
        if self.on_place is not None:
            self.on_place(found)
        return 0

    cdef int gap(self, Stream stream, str reason) except -1:
        """Counts a gap of the book's sequence."""
        self.gaps += 1
        stream.gaps += 1
        if len(self.gap_places) < MAX_PLACES:
            self.gap_places.append({"file": self.file, "row": self.rows, "offset": self.pull.place(),
                                    "symbol": stream.symbol, "reason": reason})
        return 0

    cdef bint later(self, int64_t ns) noexcept nogil:
        """Whether a row of this time waits."""
        if ns > self.limit:
            self.waiting_ns = ns
            return 1
        return 0

    cdef int time(self, int64_t ns) except -1:
        """This row's time: the first and last of them, and whether they go on."""
        if not self.has_time:
            self.first = ns
            self.has_time = 1
        elif ns < self.latest:
            self.unordered += 1
        self.latest = ns
        self.last = ns
        self.recv_ns = ns
        self.exchange_ns = NO_TIME
        return 0

    cdef int kind(self, str name) except -1:
        self.kinds[name] = self.kinds.get(name, 0) + 1
        return 0

    cdef int cross(self, Stream stream) except -1:
        self.crossed += 1
        stream.crossed += 1
        return 0

    cdef Event* _event(self, Stream stream, uint8_t kind, uint8_t side) except NULL:
        cdef Event* event
        if self.event_count == EVENTS:
            self._hand_over(self.event_count)
        event = &self.events[self.event_count]
        self.event_count += 1
        memset(event, 0, sizeof(Event))
        event.recv_ts_ns = self.recv_ns
        event.exchange_ts_ns = self.exchange_ns
        event.row = self.rows
        event.symbol = stream.index
        event.kind = kind
        event.side = side
        return event

    cdef int emit_depth(self, Stream stream, bint ask, int64_t px, int px_digits, int64_t qty, int qty_digits) except -1:
        """A level's new quantity, 0: it is gone."""
        cdef Event* event
        if self.sink is None:
            return 0
        event = self._event(stream, EVENT_DEPTH, ask)
        event.px = px
        event.qty = qty
        event.px_digits = <uint8_t>px_digits
        event.qty_digits = <uint8_t>qty_digits
        return 0

    cdef int emit_order(self, Stream stream, int what, uint64_t id, bint ask, int64_t px, int px_digits, int64_t qty,
                        int qty_digits) except -1:
        """What happened to one order, where somebody asked for that; qty: of the change."""
        cdef Event* event
        if self.sink is None or not self.by_orders:
            return 0
        event = self._event(stream, EVENT_ORDER, ask)
        event.px = px
        event.qty = qty
        event.ask_px = <int64_t>id
        event.ask_qty = what
        event.px_digits = <uint8_t>px_digits
        event.qty_digits = <uint8_t>qty_digits
        return 0

    cdef int emit_trade(self, Stream stream, uint8_t side, const Decimal* px, const Decimal* qty) except -1:
        """A trade, counted; side: the aggressor's."""
        cdef Event* event
        stream.trades += 1
        stream.add_volume(qty)
        stream.see(px, qty)
        if self.sink is None:
            return 0
        event = self._event(stream, EVENT_TRADE, side)
        event.px = px.units
        event.qty = qty.units
        event.px_digits = px.digits
        event.qty_digits = qty.digits
        return 0

    cdef int emit_quote(self, Stream stream, const Decimal* bid_px, const Decimal* bid_qty, const Decimal* ask_px,
                        const Decimal* ask_qty) except -1:
        """A quote, counted; crossed where ask < bid."""
        cdef Event* event
        cdef Decimal bid = bid_px[0]
        cdef Decimal ask = ask_px[0]
        cdef Decimal bid_size = bid_qty[0]
        cdef Decimal ask_size = ask_qty[0]
        if not same_scale(&bid, &ask) or not same_scale(&bid_size, &ask_size):
            return self.bad("bid and ask don't fit one scale", NULL, 0)
        stream.quotes += 1
        stream.bid_px = bid_px[0]
        stream.bid_qty = bid_qty[0]
        stream.ask_px = ask_px[0]
        stream.ask_qty = ask_qty[0]
        stream.see(&bid, &bid_size)
        stream.see(&ask, &ask_size)
        if ask.units < bid.units and ask.units > 0:
            self.cross(stream)
        if self.sink is None:
            return 0
        event = self._event(stream, EVENT_QUOTE, NO_SIDE)
        event.px = bid.units
        event.qty = bid_size.units
        event.ask_px = ask.units
        event.ask_qty = ask_size.units
        event.px_digits = bid.digits
        event.qty_digits = bid_size.digits
        return 0

    cdef int emit_book(self, Stream stream, bint removed) except -1:
        """All levels of a book: as they are, or as gone."""
        cdef uint32_t i
        cdef int ask
        if self.sink is None:
            return 0
        for ask in range(2):
            for i in range(stream.book.sides[ask].count):
                level = stream.book.sides[ask].levels[i]
                self.emit_depth(stream, ask, level.px, stream.book.px_digits, 0 if removed else level.qty,
                                level.qty_digits)
        return 0

    cdef int end_row(self) except -1:
        """The row's events are whole: the last one is marked."""
        if self.event_count > self.row_from:
            self.events[self.event_count - 1].flags |= EVENT_LAST
        if self.event_count > EVENTS - 256:
            self._hand_over(self.event_count)
        self.row_from = self.event_count
        self.row_bad = 0
        return 0

    cdef int flush(self) except -1:
        if self.event_count:
            self._hand_over(self.event_count)
        return 0

    def _hand_over(self, int n):
        """Gives the sink a view of n events, good until it returns."""
        view = <unsigned char[:n * sizeof(Event)]><unsigned char*>self.events
        self.event_count = self.row_from = 0
        self.sink(np.frombuffer(view, EVENT))

    def extra(self):
        """What this format tells besides, as JSON values."""
        return {}

    def report(self):
        """The counts, as JSON values: see core.data.check."""
        timed = bool(self.has_time)
        found = {
            "rows": self.rows, "errors": self.errors, "gaps": self.gaps, "trade_gaps": self.trade_gaps,
            "crossed": self.crossed, "checksums_ok": self.checksums_ok, "checksums_bad": self.checksums_bad,
            "book_transitions_ok": self.transitions_ok, "book_transitions_bad": self.transitions_bad,
            "first": self.first if timed else None, "last": self.last if timed else None, "clock": self.clock,
            "unordered": self.unordered, "unterminated": self.unterminated, "kinds": dict(sorted(self.kinds.items())),
        }
        found |= self.extra()
        found["symbols"] = {stream.symbol: stream.report() for stream in self.streams.all}
        return found


cdef class LineReader(Reader):
    """A recording of a row a line."""

    cdef int run_some(self) except -1:
        cdef const char* p
        cdef Py_ssize_t n
        cdef int found
        while True:
            found = self.pull.line(&p, &n)
            if found == LINE_END:
                return 0
            self.line_no += 1
            if self.skip_lines:
                self.skip_lines -= 1
                self.header(p, n)
            else:
                self.rows += 1
                if found == LINE_OPEN:
                    self.unterminated = 1
                if found == LINE_LONG:
                    self.bad(f"line of more than {MAX_LINE:,} bytes", p, n)
                elif self.line(p, n):           # it is later than the limit: it waits
                    self.rows -= 1
                    self.line_no -= 1
                    self.pull.seen = self.pull.start
                    return 1
                self.end_row()
            self.pull.take(self.pull.seen - self.pull.start)

    cdef int line(self, const char* p, Py_ssize_t n) except -1:
        """One row; 1: its time is past the limit, and nothing was done."""
        raise NotImplementedError

    cdef int header(self, const char* p, Py_ssize_t n) except -1:
        return 0
