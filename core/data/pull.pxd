"""Bytes of a stream, pulled as they are needed: lines or records, with their place in the stream."""
from libc.stdint cimport uint64_t

cdef enum:
    LINE_END = 0                    # of the stream
    LINE_WHOLE = 1
    LINE_LONG = 2                   # longer than MAX_LINE: what was skipped up to its end
    LINE_OPEN = 3                   # the last one, without a newline

cdef class Pull:
    cdef object chunks              # iterator of bytes
    cdef char* data
    cdef Py_ssize_t room
    cdef Py_ssize_t start           # of what isn't taken yet
    cdef Py_ssize_t end
    cdef Py_ssize_t seen            # up to here there is no newline
    cdef uint64_t base              # place in the stream of data[0]
    cdef bint over
    cdef readonly str damage        # why the stream ended before its end, or None

    cdef int add(self, bytes chunk) except -1
    cdef bint fill(self) except -1
    cdef Py_ssize_t need(self, Py_ssize_t n) except -1
    cdef const char* at(self) noexcept nogil
    cdef void take(self, Py_ssize_t n) noexcept nogil
    cdef uint64_t place(self) noexcept nogil
    cdef int line(self, const char** p, Py_ssize_t* n) except -1
    cdef int _end(self, const char** p, Py_ssize_t* n) noexcept nogil
