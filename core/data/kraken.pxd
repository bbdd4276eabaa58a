from core.data.json cimport Json
from core.data.jsonlines cimport JsonLines, Venue
from core.data.reader cimport Stream
from libc.stdint cimport int64_t, uint32_t

cdef class Kraken(Venue):
    cdef char* text                 # what a checksum is over
    cdef int _book(self, JsonLines reader, Json json, Stream stream, uint32_t depth) except -1
    cdef int _snapshot(self, JsonLines reader, Stream stream, uint32_t depth) except -1
    cdef int _update(self, JsonLines reader, Stream stream, uint32_t depth, int64_t checksum) except -1
    cdef int _trades(self, JsonLines reader, Json json, Stream stream) except -1
    cdef int _spread(self, JsonLines reader, Json json, Stream stream) except -1
    cdef uint32_t _checksum(self, Stream stream)
