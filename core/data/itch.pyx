# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""NASDAQ TotalView-ITCH 5.0: big-endian messages of a fixed length for each type, after two bytes of length or of zero.

    0 type   1 stock locate (2)   3 tracking number (2)   5 ns since midnight (6)   11 what the type has

A message's time is New York's; its day is in the file's name, or nowhere. Messages of types that the book needs are
checked whole, of the others the header.
"""
from libc.string cimport memset

from core.data.decimals cimport Decimal
from core.data.orders cimport Order
from core.data.reader cimport NO_SIDE
from core.data.records cimport big

cdef enum:
    PX_DIGITS = 4
    HEADER = 11
    PREFIX = 2
    NS_A_DAY = 86_400_000_000_000

LENGTHS = {"S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36, "F": 40,
           "E": 31, "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20, "O": 48}

cdef uint8_t LENGTH[256]
memset(LENGTH, 0, 256)
for _type, _length in LENGTHS.items():
    LENGTH[<int>ord(_type)] = <uint8_t>_length


cdef uint8_t* lengths() noexcept nogil:
    return LENGTH


cdef class Itch(OrderReader):
    """Orders of all stocks. midnight_ns: of New York's day in ns since the epoch, 0 where the day isn't known."""

    def __init__(self, file, format, chunks, sink=None, on_place=None, streams=None, *, midnight_ns, prefixed):
        OrderReader.__init__(self, file, format, chunks, sink, on_place, streams)
        self.venue = "NASDAQ"
        self.clock = "exchange" if midnight_ns else "midnight"
        self.midnight_ns = midnight_ns
        self.prefixed = prefixed
        self.px_digits = PX_DIGITS
        self.by_locate = [None] * 65536

    cdef int run_some(self) except -1:
        cdef Py_ssize_t have
        cdef int n
        while True:
            have = self.pull.need(64)
            if have == 0:
                return 0
            n = self._size(self.pull.at(), have)
            if n == 0:
                self.lost_bytes("no ITCH message", self.resume(1))
                continue
            if have < n + PREFIX:
                self.lost_bytes("the recording ends inside of a message", have)
                continue
            if self.later(self.midnight_ns + <int64_t>big(self.pull.at() + PREFIX + 5, 6)):
                return 1
            self.rows += 1
            self._message(self.pull.at() + PREFIX, n)
            self.end_row()
            self.pull.take(n + PREFIX)

    cdef int _size(self, const char* p, Py_ssize_t have) noexcept nogil:
        """Bytes of the message after the prefix at p; 0: there is none."""
        cdef int n
        if have <= PREFIX:
            return 0
        n = LENGTH[<unsigned char>p[PREFIX]]
        return n if big(p, 2) == <uint64_t>(n if self.prefixed else 0) else 0

    cdef bint plausible(self, Py_ssize_t at, Py_ssize_t have) except -1:
        """Whether a message can be here and another one behind it, both within the day."""
        cdef const char* p = self.pull.at() + at
        cdef int n = self._size(p, have - at)
        cdef int k
        if n == 0 or have - at < n + PREFIX or big(p + PREFIX + 5, 6) >= NS_A_DAY:
            return 0
        at += n + PREFIX
        if at == have:
            return 1
        k = self._size(p + n + PREFIX, have - at)
        return k != 0 and (have - at < PREFIX + HEADER or big(p + n + 2 * PREFIX + 5, 6) >= big(p + PREFIX + 5, 6))

    cdef int _message(self, const char* p, int n) except -1:
        cdef char type = p[0]
        cdef int64_t ns = <int64_t>big(p + 5, 6)
        cdef Stream stream
        self.tallies[<unsigned char>type] += 1
        if ns >= NS_A_DAY:
            return self.bad("a time past the end of the day", p, n)
        self.time(self.midnight_ns + ns)
        self.exchange_ns = self.recv_ns
        if type == b"R":
            stream = self._stream(p, p + 11)
            return 0
        if type == b"A" or type == b"F":
            return self._add(p, self._stream(p, p + 24))
        if type == b"E" or type == b"C":
            return self._execute(p, self._stream(p, NULL), type == b"C")
        if type == b"X" or type == b"D":
            return self._cancel(p, self._stream(p, NULL), type == b"D")
        if type == b"U":
            return self._replace(p, self._stream(p, NULL))
        if type == b"P":
            return self._print(p, self._stream(p, p + 24), False)
        if type == b"Q":
            return self._print(p, self._stream(p, p + 19), True)
        return 0

    cdef Stream _stream(self, const char* p, const char* name):
        """The stock of a message: by its locate, named where a name is given."""
        cdef int locate = <int>big(p + 1, 2)
        cdef Py_ssize_t n = 8
        found = self.by_locate[locate]
        if found is not None:
            return <Stream>found
        if name == NULL:
            found = self.streams.named(f"#{locate}")
        else:
            while n and name[n - 1] == b" ":
                n -= 1
            found = self.streams.get(name, n)
        self.by_locate[locate] = found
        return <Stream>found

    cdef int _add(self, const char* p, Stream stream) except -1:
        """11 reference (8), 19 side, 20 shares (4), 24 stock (8), 32 price (4)."""
        cdef int64_t qty = <int64_t>big(p + 20, 4)
        cdef int64_t px = <int64_t>big(p + 32, 4)
        if (p[19] != b"B" and p[19] != b"S") or qty == 0 or px == 0:
            return self.bad("an order of no side, no shares or no price", p, 36)
        self.add_order(stream, big(p + 11, 8), 0, p[19] == b"S", px, qty)
        return self._look(stream)

    def _look(self, Stream stream):
        if stream.book.crossed():
            self.cross(stream)
        return 0

    cdef int _execute(self, const char* p, Stream stream, bint priced) except -1:
        """11 reference (8), 19 shares (4), 23 match number (8); with a price: 31 printable, 32 price (4)."""
        cdef Order* order = self.orders.find(big(p + 11, 8), 0)
        cdef Decimal px, qty
        qty.units, qty.digits = <int64_t>big(p + 19, 4), 0
        px.digits = PX_DIGITS
        if qty.units == 0:
            return self.bad("an execution of no shares", p, 31)
        if priced and p[31] != b"Y" and p[31] != b"N":
            return self.bad("an execution neither printable nor not", p, 36)
        if order == NULL:
            self.unknown_ids += 1
            return 0
        px.units = <int64_t>big(p + 32, 4) if priced else order.px
        if not priced or p[31] == b"Y":
            self.emit_trade(stream, not order.ask, &px, &qty)
        self.take_order(stream, order, qty.units, qty.units)
        return self._look(stream)

    cdef int _cancel(self, const char* p, Stream stream, bint all) except -1:
        """11 reference (8); a part: 19 shares (4)."""
        cdef Order* order = self.orders.find(big(p + 11, 8), 0)
        if not all and big(p + 19, 4) == 0:
            return self.bad("a cancel of no shares", p, 23)
        if order == NULL:
            self.unknown_ids += 1
            return 0
        self.take_order(stream, order, order.qty if all else <int64_t>big(p + 19, 4), 0)
        return self._look(stream)

    cdef int _replace(self, const char* p, Stream stream) except -1:
        """11 reference (8), 19 new reference (8), 27 shares (4), 31 price (4)."""
        cdef Order* order = self.orders.find(big(p + 11, 8), 0)
        cdef int64_t qty = <int64_t>big(p + 27, 4)
        cdef int64_t px = <int64_t>big(p + 31, 4)
        cdef bint ask
        if qty == 0 or px == 0:
            return self.bad("a replace to no shares or no price", p, 35)
        if order == NULL:
            self.unknown_ids += 1
            return 0
        ask = order.ask
        self.take_order(stream, order, order.qty, 0)
        self.add_order(stream, big(p + 19, 8), 0, ask, px, qty)
        return self._look(stream)

    cdef int _print(self, const char* p, Stream stream, bint cross) except -1:
        """A trade against what isn't shown, or a cross: 11 shares (8), 27 price (4)."""
        cdef Decimal px, qty
        px.digits = PX_DIGITS
        qty.digits = 0
        if cross:
            px.units = <int64_t>big(p + 27, 4)
            qty.units = <int64_t>big(p + 11, 8)
        else:
            px.units = <int64_t>big(p + 32, 4)
            qty.units = <int64_t>big(p + 20, 4)
        if qty.units == 0 and cross:
            return 0                        # nothing was crossed
        if px.units == 0 or qty.units <= 0:
            return self.bad("a trade of no shares or no price", p, 44)
        return self.emit_trade(stream, NO_SIDE, &px, &qty)

    def report(self):
        for i in range(256):
            if self.tallies[i]:
                self.kinds[chr(i)] = self.tallies[i]
        return OrderReader.report(self)
