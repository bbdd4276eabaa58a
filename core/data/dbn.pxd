from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.data.reader cimport Stream
from core.data.records cimport OrderReader

cdef class Dbn(OrderReader):
    cdef dict names                 # instrument id: symbol
    cdef readonly dict metadata
    cdef readonly int64_t records
    cdef int ts_out                 # bytes after each record
    cdef int version
    cdef uint64_t instrument        # of the stream found last
    cdef Stream found
    cdef bint started
    cdef int64_t clears, maybe_bad, bad_recv
    cdef int _size(self, const unsigned char* p, Py_ssize_t have) noexcept nogil
    cdef Stream _stream(self, const unsigned char* p)
    cdef int _record(self, const unsigned char* p, int n) except -1
    cdef int _mbo(self, const unsigned char* p, Stream stream) except -1
    cdef int _trade(self, const unsigned char* p, Stream stream) except -1
    cdef int _top(self, const unsigned char* p, Stream stream) except -1
