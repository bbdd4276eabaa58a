"""LOBSTER: messages of one symbol, and the book that it had after each of them, row by row."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.data.orders cimport Orders
from core.data.pull cimport Pull
from core.data.reader cimport LineReader, Stream

cdef enum:
    MOST_LEVELS = 512

cdef struct Side:                   # known levels of one side of a row, best first
    int count
    int64_t px[512]
    int64_t qty[512]

cdef struct Row:
    bint good
    int levels                      # that a row has room for
    Side sides[2]                   # bids, asks

cdef struct Message:
    int64_t ns                      # since midnight
    int64_t type
    uint64_t id
    int64_t size
    int64_t px
    int64_t direction

cdef bint parse_row(const char* p, Py_ssize_t n, Row* out) noexcept nogil

cdef class Lobster(LineReader):
    cdef int64_t midnight_ns
    cdef Stream stream
    cdef Orders orders              # by messages alone
    cdef Pull rows_in               # the book's rows, or None
    cdef Row rows_of[2]             # this one and the one before
    cdef int current
    cdef readonly int64_t book_rows, book_errors
    cdef int64_t unknown[8]         # by type
    cdef int64_t types[8]
    cdef int64_t mismatched, duplicates, best_bid_equal, best_ask_equal
    cdef int _next_row(self) except -1
    cdef bint _transition(self, const Message* message, bint usable) noexcept nogil
    cdef int _order(self, const Message* message) except -1
    cdef int _tell_order(self, int what, const Message* message, bint ask, int64_t px, int64_t qty) except -1
    cdef int _move(self, bint ask, int64_t px, int64_t qty, int orders) except -1
    cdef int _tell(self, const Row* before, const Row* now) except -1
    cdef int _tell_side(self, bint ask, const Side* old, const Side* new) except -1
    cdef int _execution(self, const Message* message) except -1
    cdef int _compare_best(self, const Row* row) except -1

cdef class LobsterBook(LineReader):
    cdef Stream stream
    cdef Row row
