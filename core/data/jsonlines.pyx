# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Recordings of a venue's own messages: see jsonlines.pxd. What a message means is its venue's class.

A book is whole ("synced") from a snapshot on, as long as the sequence of its deltas has no gap. Deltas that come while
it isn't wait, the last 32,768 changes of them, since a snapshot that was asked for arrives after deltas that follow
it. A gap empties the book: a book that may be wrong is nobody's market.
"""
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memmove

from core.data.book cimport SET_FULL, SET_OK
from core.data.decimals cimport parse_decimal, parse_whole, rescale
from core.data.json cimport Token

cdef enum:
    MAX_PENDING = 1 << 15           # changes that wait for a snapshot, of one symbol


cdef class Changes:
    """Level changes of one message, in its order."""

    def __cinit__(self):
        self.room = 512
        self.at = <Change*>malloc(self.room * sizeof(Change))
        if self.at == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.at)

    cdef bint push(self, const Change* change) except -1:
        cdef Change* grown
        if self.count == self.room:
            grown = <Change*>realloc(self.at, 2 * self.room * sizeof(Change))
            if grown == NULL:
                raise MemoryError
            self.at = grown
            self.room *= 2
        self.at[self.count] = change[0]
        self.count += 1
        return 1

    cdef int levels(self, Json json, uint32_t array, bint ask, uint32_t fields) except -1:
        """Appends [["px", "qty", ...], ...] at the token; 0: it is something else. fields: 0, or how many are taken."""
        cdef Token* tokens = json.tokens
        cdef uint32_t i = array + 1
        cdef uint32_t k, count
        cdef Change change
        if array == 0 or tokens[array].kind != b"[":
            return 0
        change.ask = ask
        while i < tokens[array].next:
            if tokens[i].kind != b"[" or tokens[i].next < i + 3:
                return 0
            count = tokens[i].next - i - 1
            for k in range(i + 1, tokens[i].next):
                if tokens[k].kind != b'"':
                    return 0
            if fields and count != fields:
                return 0
            if not parse_decimal(json.text + tokens[i + 1].start, tokens[i + 1].size, &change.px):
                return 0
            if not parse_decimal(json.text + tokens[i + 2].start, tokens[i + 2].size, &change.qty):
                return 0
            if change.px.units == 0:
                return 0
            self.push(&change)
            i = tokens[i].next
        return 1


cdef class Pending:
    """Deltas that wait for a snapshot, in their order; the oldest go where there is no room."""

    def __cinit__(self):
        self.changes = Changes()
        self.room = 1024
        self.deltas = <Delta*>malloc(self.room * sizeof(Delta))
        if self.deltas == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.deltas)

    cdef int push(self, const Delta* delta, Changes changes) except -1:
        cdef Delta* grown
        cdef uint32_t i
        if changes.count > MAX_PENDING:
            self.clear()
            return 0
        while self.count and self.changes.count + changes.count > MAX_PENDING:
            self._drop()
        if self.count == self.room:
            if self.room >= MAX_PENDING:
                self._drop()
            else:
                grown = <Delta*>realloc(self.deltas, 2 * self.room * sizeof(Delta))
                if grown == NULL:
                    raise MemoryError
                self.deltas = grown
                self.room *= 2
        self.deltas[self.count] = delta[0]
        self.deltas[self.count].start = self.changes.count
        self.deltas[self.count].count = changes.count
        self.count += 1
        for i in range(changes.count):
            self.changes.push(&changes.at[i])
        return 1

    def _drop(self):
        """The older half goes."""
        cdef uint32_t gone = (self.count + 1) // 2
        cdef uint32_t start = self.deltas[gone].start if gone < self.count else self.changes.count
        cdef uint32_t i
        self.count -= gone
        memmove(self.deltas, self.deltas + gone, self.count * sizeof(Delta))
        self.changes.count -= start
        memmove(self.changes.at, self.changes.at + start, self.changes.count * sizeof(Change))
        for i in range(self.count):
            self.deltas[i].start -= start

    cdef void clear(self) noexcept nogil:
        self.count = 0
        self.changes.count = 0


cdef class Venue:
    """How one venue's messages are to be read."""

    cdef int message(self, JsonLines reader, Json json) except -1:
        raise NotImplementedError


cdef class JsonLines(LineReader):
    """Lines of a clock and a JSON text."""

    def __init__(self, file, format, chunks, sink=None, on_place=None, streams=None, *, decoder, seconds):
        LineReader.__init__(self, file, format, chunks, sink, on_place, streams)
        self.json = Json()
        self.changes = Changes()
        self.decoder = decoder
        self.venue = decoder.name
        self.seconds = seconds

    cdef int line(self, const char* p, Py_ssize_t n) except -1:
        cdef Py_ssize_t after = 0
        cdef int64_t ns = 0
        self.url = NULL
        self.text = p
        self.size = n
        if n == 0 and self.seconds:
            return self.kind("blank")       # cryptofeed ends a file with one
        if not (self._stamp_s(p, n, &after, &ns) if self.seconds else self._stamp_ns(p, n, &after, &ns)):
            return self.wrong("no clock of the recorder at the beginning")
        if self.later(ns):
            return 1
        self.time(ns)
        if self.url != NULL:
            self._connection(p, n)
        else:
            self._message(p + after, n - after)
        return 0

    cdef int _message(self, const char* p, Py_ssize_t n) except -1:
        if not self.json.parse(p, n):
            return self.wrong(f"no JSON from column {p - self.text + self.json.bad_at + 1:,} on")
        self.changes.count = 0
        return (<Venue>self.decoder).message(self, self.json)

    cdef int _connection(self, const char* p, Py_ssize_t n) except -1:
        """A line of the connection itself: `<->`, `<-`, or the answer of a request."""
        cdef const char* end = self.url + self.url_size
        cdef Py_ssize_t body
        if memcmp(end, b" <-> ", 5) == 0:
            return self.kind("connect")
        body = 0
        while end + body < p + n and memcmp(end + body, b": ", 2) != 0:
            body += 1
        if end + body + 2 > p + n:
            return self.wrong("a line of the connection without what was sent")
        end += body + 2
        if p[self.url_size + 2] == b"-":            # " <- "
            if not self.json.parse(end, p + n - end):
                return self.wrong("what was sent is no JSON")
            return self.kind("subscribe")
        return self._message(end, p + n - end)

    cdef int _stamp_ns(self, const char* p, Py_ssize_t n, Py_ssize_t* after, int64_t* ns) noexcept nogil:
        """`ns `: 16 to 19 digits and a space."""
        cdef Py_ssize_t i = 0
        cdef int64_t value = 0
        while i < n and 48 <= p[i] <= 57 and i < 19:
            value = value * 10 + (p[i] - 48)
            i += 1
        if i < 16 or i >= n or p[i] != b" " or value < 0:
            return 0
        ns[0] = value
        after[0] = i + 1
        return 1

    cdef int _stamp_s(self, const char* p, Py_ssize_t n, Py_ssize_t* after, int64_t* ns) noexcept nogil:
        """`seconds: `, or `url <-> seconds`, `url <- seconds: `, `url -> seconds: `."""
        cdef Py_ssize_t i = 0
        cdef Py_ssize_t start
        cdef Decimal stamp
        if n > 8 and (memcmp(p, b"wss://", 6) == 0 or memcmp(p, b"http", 4) == 0 or memcmp(p, b"ws://", 5) == 0):
            while i < n and p[i] != b" ":
                i += 1
            self.url = p
            self.url_size = i
            if n - i > 5 and memcmp(p + i, b" <-> ", 5) == 0:
                i += 5
            elif n - i > 4 and (memcmp(p + i, b" <- ", 4) == 0 or memcmp(p + i, b" -> ", 4) == 0):
                i += 4
            else:
                return 0
        start = i
        while i < n and (48 <= p[i] <= 57 or p[i] == b"."):
            i += 1
        if i - start < 10 or i - start > 20 or not parse_decimal(p + start, i - start, &stamp):
            return 0
        if not rescale(stamp.units, stamp.digits, 9, ns):
            return 0
        if i == n:
            after[0] = n
            return self.url != NULL
        if n - i < 2 or p[i] != b":" or p[i + 1] != b" ":
            return 0
        after[0] = i + 2
        return 1

    cdef int wrong(self, str reason) except -1:
        """This line is malformed."""
        self.bad(reason, self.text, self.size)
        return 0

    cdef Stream stream_at(self, uint32_t token):
        """The stream that the string at the token names; None: it is none, or empty."""
        cdef Py_ssize_t n = 0
        cdef const char* name = self.json.string(token, &n)
        if name == NULL or n == 0:
            return None
        return self.streams.get(name, n)

    cdef bint number_at(self, uint32_t token, int64_t* out) noexcept nogil:
        """A whole number not below zero, written as a number."""
        if token == 0 or self.json.tokens[token].kind != b"0":
            return 0
        return parse_whole(self.json.text + self.json.tokens[token].start, self.json.tokens[token].size, out)

    cdef bint decimal_at(self, uint32_t token, Decimal* out) noexcept nogil:
        """A decimal, written as a string."""
        cdef Py_ssize_t n = 0
        cdef const char* text = self.json.string(token, &n)
        return text != NULL and parse_decimal(text, n, out)

    cdef int delta(self, Stream stream, int64_t first_id, int64_t last_id, int64_t prev_id, int rule) except -1:
        """The changes of one message of a book, by the venue's rule of sequence."""
        cdef Delta delta
        cdef int joins
        delta.first_id = first_id
        delta.last_id = last_id
        delta.prev_id = prev_id
        stream.has_book = 1
        stream.deltas += 1
        if stream.last_id >= 0 and not follows(stream.last_id, &delta, rule):
            self.lose(stream, f"after {stream.last_id} comes {first_id} to {last_id}"
                      + (f" with pu {prev_id}" if rule == RULE_PREVIOUS else ""))
        stream.last_id = last_id
        if stream.synced:
            joins = joined(stream.snapshot_id, &delta, rule)
            if joins < 0:
                return 0
            if joins:
                stream.snapshot_id = -1
                return self.apply(stream, self.changes.at, self.changes.count)
            self.lose(stream, f"after the snapshot at {stream.snapshot_id} comes {first_id} to {last_id}")
        stream.before_snapshot += 1
        if stream.pending is None:
            stream.pending = Pending()
        return (<Pending>stream.pending).push(&delta, self.changes)

    cdef int snapshot(self, Stream stream, int64_t id, int rule) except -1:
        """A whole book as of `id`; the deltas that wait and are later are played on it."""
        stream.has_book = 1
        stream.snapshots += 1
        if stream.synced and stream.last_id > id and rule != RULE_NONE:
            stream.snapshots_late += 1              # this book is newer, and has no gap
            return 0
        self.emit_book(stream, True)
        stream.book.clear()
        stream.synced = 1
        stream.forgotten = 0
        stream.snapshot_id = id
        self.fill_whole(stream)
        if not self._join(stream, rule):
            return 0
        if stream.lost:
            stream.recoveries += 1
            stream.lost = 0
        self.emit_book(stream, False)
        if stream.book.crossed():
            self.cross(stream)
        return 0

    cdef int _join(self, Stream stream, int rule) except -1:
        """Plays on a snapshot what came before it and is later; 0: something between is missing."""
        cdef Pending pending = <Pending>stream.pending
        cdef uint32_t i
        cdef int joins
        if pending is None:
            return 1
        for i in range(pending.count):
            joins = joined(stream.snapshot_id, &pending.deltas[i], rule)
            if joins == 0:
                self.gap(stream, f"the snapshot at {stream.snapshot_id} is older than what waits, "
                                 f"which begins at {pending.deltas[i].first_id}")
                stream.book.clear()
                stream.synced = 0
                return 0
            if joins > 0:
                stream.snapshot_id = -1
                self.fill(stream, pending.changes.at + pending.deltas[i].start, pending.deltas[i].count)
        pending.clear()
        return 1

    cdef int fill_whole(self, Stream stream) except -1:
        """Puts a snapshot into an empty book: from its end, where the worst levels are, so that none has to move."""
        cdef uint32_t i = self.changes.count
        while i:
            i -= 1
            self.fill(stream, &self.changes.at[i], 1)
        return 0

    cdef int fill(self, Stream stream, const Change* changes, uint32_t count) except -1:
        """Puts changes into the book."""
        cdef uint32_t i
        cdef int done
        for i in range(count):
            done = stream.book.set(changes[i].ask, &changes[i].px, &changes[i].qty)
            stream.see(&changes[i].px, &changes[i].qty)
            if done != SET_OK:
                self.wrong("the book is full" if done == SET_FULL else "a price has no place beside the others")
        return 0

    cdef int apply(self, Stream stream, const Change* changes, uint32_t count) except -1:
        """Puts changes into a book that is whole, and tells them."""
        cdef uint32_t i
        self.fill(stream, changes, count)
        if self.sink is not None:
            for i in range(count):
                self.emit_depth(stream, changes[i].ask, changes[i].px.units, changes[i].px.digits,
                                changes[i].qty.units, changes[i].qty.digits)
        if stream.book.crossed():
            self.cross(stream)
        return 0

    cdef int lose(self, Stream stream, str reason) except -1:
        """A gap: the book is nobody's market until a snapshot comes."""
        self.gap(stream, reason)
        if stream.synced:
            self.emit_book(stream, True)
            stream.synced = 0
        stream.book.clear()
        stream.lost = 1
        if stream.pending is not None:
            (<Pending>stream.pending).clear()
        return 0


cdef bint follows(int64_t last_id, const Delta* delta, int rule) noexcept nogil:
    """Whether nothing is missing between the last delta and this one."""
    if rule == RULE_NEXT:
        return delta.first_id == last_id + 1
    return rule != RULE_PREVIOUS or delta.prev_id == last_id


cdef int joined(int64_t snapshot_id, const Delta* delta, int rule) noexcept nogil:
    """1: the delta follows the snapshot; -1: it is in it already; 0: something between is missing.

    snapshot_id -1: a delta followed the snapshot before, and all do since.
    """
    if snapshot_id < 0:
        return 1
    if delta.last_id <= snapshot_id:
        return -1
    if rule == RULE_NEXT:
        return delta.first_id <= snapshot_id + 1
    return rule != RULE_PREVIOUS or delta.prev_id <= snapshot_id
