"""Recordings of a venue's own messages, a JSON text a line with the recorder's clock before it.

    1723161256172216566 {"stream":"btcusdt@depth",...}                  ns, then the message (hftbacktest's recorder)
    1618678134.213106: [992,{"b":[...],"c":"258"},"book-1000",...]      seconds, then the message (cryptofeed's)
    wss://ws.kraken.com <-> 1618678132.3858151                          a connection was opened
    wss://ws.kraken.com <- 1618678132.82: {"event":"subscribe",...}     what the recorder sent
    https://... -> 1626992741.301402: {"lastUpdateId":...}              the answer of a request
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.data.decimals cimport Decimal
from core.data.json cimport Json
from core.data.reader cimport LineReader, Stream

cdef struct Change:                 # 40: a level's new quantity
    Decimal px
    Decimal qty
    bint ask

cdef class Changes:
    cdef Change* at
    cdef uint32_t count
    cdef uint32_t room
    cdef bint push(self, const Change* change) except -1
    cdef int levels(self, Json json, uint32_t array, bint ask, uint32_t fields) except -1

cdef struct Delta:                  # one message that waits for a snapshot
    int64_t first_id
    int64_t last_id
    int64_t prev_id
    uint32_t start                  # of its changes
    uint32_t count

cdef enum:
    RULE_NONE = 0                   # ids only grow (a time): nothing tells that one is missing
    RULE_NEXT = 1                   # first_id follows the last id of the one before
    RULE_PREVIOUS = 2               # prev_id is the last id of the one before

cdef class Pending:
    cdef Changes changes
    cdef Delta* deltas
    cdef uint32_t count
    cdef uint32_t room
    cdef int push(self, const Delta* delta, Changes changes) except -1
    cdef void clear(self) noexcept nogil

cdef class JsonLines(LineReader):
    cdef Json json
    cdef Changes changes
    cdef object decoder             # a Venue
    cdef bint seconds               # cryptofeed's framing
    cdef const char* url            # of this line, where it is the answer of a request
    cdef Py_ssize_t url_size
    cdef const char* text           # of this line
    cdef Py_ssize_t size
    cdef Stream unnamed             # the book of a snapshot that came before its symbol was known

    cdef int wrong(self, str reason) except -1
    cdef Stream stream_at(self, uint32_t token)
    cdef bint number_at(self, uint32_t token, int64_t* out) noexcept nogil
    cdef bint decimal_at(self, uint32_t token, Decimal* out) noexcept nogil
    cdef int snapshot(self, Stream stream, int64_t id, int rule) except -1
    cdef int delta(self, Stream stream, int64_t first_id, int64_t last_id, int64_t prev_id, int rule) except -1
    cdef int fill_whole(self, Stream stream) except -1
    cdef int fill(self, Stream stream, const Change* changes, uint32_t count) except -1
    cdef int apply(self, Stream stream, const Change* changes, uint32_t count) except -1
    cdef int lose(self, Stream stream, str reason) except -1
    cdef int _join(self, Stream stream, int rule) except -1
    cdef int _stamp_ns(self, const char* p, Py_ssize_t n, Py_ssize_t* after, int64_t* ns) noexcept nogil
    cdef int _stamp_s(self, const char* p, Py_ssize_t n, Py_ssize_t* after, int64_t* ns) noexcept nogil
    cdef int _connection(self, const char* p, Py_ssize_t n) except -1
    cdef int _message(self, const char* p, Py_ssize_t n) except -1

cdef class Venue:
    cdef readonly str name
    cdef int message(self, JsonLines reader, Json json) except -1
