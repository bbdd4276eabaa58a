"""The rows that another reader made, read once more: see rows.pyi."""
from libc.stdint cimport int64_t, uint32_t

from core.data.reader cimport Event, Reader, Stream

cdef class Rows(Reader):
    cdef readonly bint whole            # all rows were taken since `begin`, so that a new symbol's book is known: empty
    cdef readonly int64_t unnamed       # rows of symbols that weren't named yet
    cdef public uint32_t without        # a bit for each kind of row that isn't wanted
    cdef int _row(self, Stream stream, const Event* row) except -1
    cdef void _known(self, Stream stream) noexcept
    cdef int _fill(self, Stream stream, const Event* rows, Py_ssize_t count) except -1
    cdef bint _is(self, Stream stream, const Event* rows, Py_ssize_t count) noexcept nogil
