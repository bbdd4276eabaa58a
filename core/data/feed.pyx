# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The market data of one venue as it goes into a live core: see feed.pxd."""
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from core.data.book cimport Ladder, Level
from core.data.decimals cimport add_fits, rescale
from core.data.inputs cimport input_of
from core.data.reader cimport EVENT_DEPTH, EVENT_QUOTE, EVENT_TRADE
from core.messages cimport DepthEvent

cdef enum:
    TRADES = 4096                   # that wait at most
    HEAD = 48                       # bytes of an Input before its request
    MOST = 64                       # bytes of a request of market data at most


cdef class Feed:
    """Pushes what a reader finds into a session's request ring. One thread uses it. See feed.pyi."""

    def __init__(self, Ring requests not None, list streams not None, int venue, int depth=64):
        if not 1 <= depth <= MAX_SHOWN:
            raise ValueError(f"depth {depth}: 1 to {MAX_SHOWN} levels of a side")
        if requests._slot_size != sizeof(Input):
            raise ValueError(f"slots of {requests.slot_size} bytes, not {sizeof(Input)}: client and core are of two versions")
        self.requests = requests
        self.streams = streams
        self.venue = <uint16_t>venue
        self.depth = <uint32_t>depth
        self.trades = <Event*>calloc(TRADES, sizeof(Event))
        if self.trades == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.trades)
        free(self.places)

    # ---- what the core knows ----------------------------------------------------------------------------------------

    cdef Place* _place(self, uint32_t stream) except NULL:
        cdef Place* grown
        if stream >= self.count:
            grown = <Place*>realloc(self.places, (stream + 1) * sizeof(Place))
            if grown == NULL:
                raise MemoryError
            memset(grown + self.count, 0, (stream + 1 - self.count) * sizeof(Place))
            self.places = grown
            self.count = stream + 1
        return &self.places[stream]

    def list(self, uint32_t stream, uint32_t symbol, int price_precision, int qty_precision):
        """The reader's stream of that index is the core's symbol of that one."""
        cdef Place* place = self._place(stream)
        place.listed = 1
        place.symbol = symbol
        place.px_to = price_precision
        place.qty_to = qty_precision
        place.dirty = 1

    def had(self, uint32_t stream, bint ask, int64_t px, int64_t qty):
        """The core has that level already, from who fed it before; the best ones first."""
        cdef Place* place = self._place(stream)
        if place.counts[ask] == MAX_SHOWN:
            raise ValueError(f"more than {MAX_SHOWN} levels of a side")
        place.shown[ask][place.counts[ask]].px = px
        place.shown[ask][place.counts[ask]].qty = qty
        place.counts[ask] += 1
        place.dirty = 1

    # ---- events -----------------------------------------------------------------------------------------------------

    def take(self, events):
        """Events of the reader (dtype EVENT), in its order; what has no room waits."""
        cdef const unsigned char[::1] raw = events.view("u1")
        cdef const Event* rows = <const Event*>&raw[0]
        cdef Py_ssize_t count = raw.shape[0] // <Py_ssize_t>sizeof(Event)
        cdef Py_ssize_t i
        self._mark_waiting()
        for i in range(count):
            self._take(&rows[i])
        self.flush()

    def _mark_waiting(self):
        cdef uint32_t i
        for i in range(self.count):
            self.places[i].waits = self.places[i].dirty

    cdef int _take(self, const Event* row) except -1:
        cdef Place* place = self._place(row.symbol)
        if not place.listed:
            self.unlisted += 1
        elif row.kind == EVENT_DEPTH:
            self.conflated_books += place.waits
            place.waits = 0
            place.dirty = 1
        elif row.kind == EVENT_QUOTE:
            self.conflated_quotes += place.quoted
            place.quote = row[0]
            place.quoted = not self._push(row, place)
        elif row.kind == EVENT_TRADE:
            if self.trade_count or not self._push(row, place):
                self._keep_trade(row)
        return 0

    cdef bint _push(self, const Event* row, const Place* place) noexcept nogil:
        """0: there is no room. What can't be said in the instrument's units is counted, and done with."""
        cdef Input* item = <Input*>self.requests.claim()
        if item == NULL:
            return 0
        memset(item, 0, HEAD + MOST)
        if not input_of(row, place.symbol, place.px_to, place.qty_to, self.venue, 0, item):
            self.unfit += 1
            return 1
        self.sent += 1
        item.source_seq = self.sent
        self.requests.publish()
        return 1

    cdef void _keep_trade(self, const Event* row) noexcept nogil:
        """A trade waits; where there is no place, it runs together with the youngest one of its symbol and side."""
        cdef Event* other
        cdef uint32_t i
        if self.trade_count < TRADES:
            self.trades[(self.trade_first + self.trade_count) % TRADES] = row[0]
            self.trade_count += 1
            return
        for i in range(TRADES):
            other = &self.trades[(self.trade_first + TRADES - 1 - i) % TRADES]
            if other.symbol == row.symbol and other.side == row.side and other.qty_digits == row.qty_digits and (
                    add_fits(other.qty, row.qty, &other.qty)):
                other.px = row.px
                other.px_digits = row.px_digits
                self.conflated_trades += 1
                return
        self.dropped_trades += 1

    def flush(self):
        """Pushes what waits as far as there is room; whether nothing waits any more."""
        cdef uint32_t i
        cdef Place* place
        cdef bint all_out = self._push_trades()
        for i in range(self.count):
            place = &self.places[i]
            if place.quoted:
                place.quoted = not self._push(&place.quote, place)
            if place.dirty and place.listed and i < <uint32_t>len(self.streams):
                place.dirty = not self._book(<Stream>self.streams[i], place)
            all_out = all_out and not place.quoted and not place.dirty
        return bool(all_out)

    cdef bint _push_trades(self) noexcept nogil:
        cdef Event* row
        while self.trade_count:
            row = &self.trades[self.trade_first]
            if not self._push(row, &self.places[row.symbol]):
                return 0
            self.trade_first = (self.trade_first + 1) % TRADES
            self.trade_count -= 1
        return 1

    # ---- books ------------------------------------------------------------------------------------------------------

    cdef bint _book(self, Stream stream, Place* place) noexcept nogil:
        """Pushes what the core must change to have the reader's best levels; 0: there was no room for all of it."""
        cdef Shown now[128]
        cdef uint32_t count
        cdef int ask
        for ask in range(2):
            count = self._best(stream, place, ask, now)
            if not self._side(place, ask, now, count):
                return 0
        return 1

    cdef uint32_t _best(self, Stream stream, const Place* place, int ask, Shown* out) noexcept nogil:
        """The reader's best levels of a side in the instrument's units; those that have none there are left out."""
        cdef const Ladder* side = &stream.book.sides[ask]
        cdef const Level* level
        cdef uint32_t count = 0
        cdef uint32_t i
        for i in range(side.count):
            level = &side.levels[side.count - 1 - i]
            if not rescale(level.px, stream.book.px_digits, place.px_to, &out[count].px) or not (
                    rescale(level.qty, level.qty_digits, place.qty_to, &out[count].qty)):
                self.unfit += 1
                continue
            count += 1
            if count == self.depth:
                break
        return count

    cdef bint _side(self, Place* place, int ask, const Shown* now, uint32_t count) noexcept nogil:
        """First what is gone, so that the core never has more levels than it keeps; then what is new or changed."""
        cdef Shown* shown = place.shown[ask]
        cdef Shown merged[128]
        cdef uint32_t had = place.counts[ask]
        cdef uint32_t i, kept = 0, at = 0, n = 0
        cdef bint room = 1
        for i in range(had):
            while at < count and (now[at].px < shown[i].px if ask else now[at].px > shown[i].px):
                at += 1
            if room and not (at < count and now[at].px == shown[i].px):
                room = self._level(place, ask, shown[i].px, 0)
                if room:
                    continue
            shown[kept] = shown[i]
            kept += 1
        place.counts[ask] = kept
        if not room:
            return 0
        at = 0
        for i in range(count):
            if at < kept and shown[at].px == now[i].px:
                room = room and (shown[at].qty == now[i].qty or self._level(place, ask, now[i].px, now[i].qty))
                merged[n] = now[i] if room else shown[at]
                at += 1
                n += 1
            else:
                room = room and self._level(place, ask, now[i].px, now[i].qty)
                if room:
                    merged[n] = now[i]
                    n += 1
        for i in range(n):
            shown[i] = merged[i]
        place.counts[ask] = n
        return room

    cdef bint _level(self, const Place* place, int ask, int64_t px, int64_t qty) noexcept nogil:
        cdef Input* item = <Input*>self.requests.claim()
        cdef DepthEvent* depth
        if item == NULL:
            return 0
        memset(item, 0, HEAD + MOST)
        depth = <DepthEvent*>item.request
        item.kind = EVENT_DEPTH
        item.length = sizeof(DepthEvent)
        depth.symbol = place.symbol
        depth.venue = self.venue
        depth.side = <uint8_t>ask
        depth.px = px
        depth.qty = qty
        self.sent += 1
        item.source_seq = self.sent
        self.requests.publish()
        return 1
