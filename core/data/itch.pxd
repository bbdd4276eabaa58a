from libc.stdint cimport int64_t, uint8_t, uint64_t

from core.data.reader cimport Stream
from core.data.records cimport OrderReader

cdef uint8_t* lengths() noexcept nogil

cdef class Itch(OrderReader):
    cdef int64_t midnight_ns
    cdef bint prefixed              # 2 bytes of length before a message; else they are zero
    cdef list by_locate
    cdef const char* shown
    cdef int _size(self, const char* p, Py_ssize_t have) noexcept nogil
    cdef int _message(self, const char* p, int n) except -1
    cdef Stream _stream(self, const char* p, const char* name)
    cdef int _add(self, const char* p, Stream stream) except -1
    cdef int _execute(self, const char* p, Stream stream, bint priced) except -1
    cdef int _cancel(self, const char* p, Stream stream, bint all) except -1
    cdef int _replace(self, const char* p, Stream stream) except -1
    cdef int _print(self, const char* p, Stream stream, bint cross) except -1
