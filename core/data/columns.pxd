"""Rows of columns: quotes, trades or levels, by a mapping of what each column is."""
from libc.stdint cimport int64_t

from core.data.decimals cimport Decimal
from core.data.reader cimport LineReader, Stream

cdef enum:
    MOST_COLUMNS = 128

cdef class Columns(LineReader):
    cdef readonly object mapping
    cdef int width
    cdef int at[12]                 # column of each role, -1: none
    cdef char separator
    cdef int time_kind
    cdef int exchange_kind
    cdef int64_t base_ns            # added to the time
    cdef int default_kind
    cdef Stream only
    cdef bint trim                  # zeros at the end of a number are none of its digits
    cdef const char* field[MOST_COLUMNS]
    cdef Py_ssize_t size[MOST_COLUMNS]
    cdef bint _split(self, const char* p, Py_ssize_t n) noexcept nogil
    cdef bint _time_of(self, int role, int kind, int64_t* ns) noexcept nogil
    cdef bint _decimal(self, int role, Decimal* out) noexcept nogil
    cdef bint _amount(self, int role, Decimal* out) noexcept nogil
    cdef int _kind_of(self) noexcept nogil
    cdef int _side(self) noexcept nogil
    cdef int _quote(self, Stream stream, const char* p, Py_ssize_t n) except -1
    cdef int _one_price(self, Stream stream, int kind, const char* p, Py_ssize_t n) except -1
