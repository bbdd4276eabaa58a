from core.data.json cimport Json
from core.data.jsonlines cimport JsonLines, Venue
from core.data.reader cimport Stream
from libc.stdint cimport uint32_t

cdef class Coinbase(Venue):
    cdef bint _time(self, JsonLines reader, Json json) except -1
    cdef int _update(self, JsonLines reader, Json json, Stream stream) except -1
    cdef int _snapshot(self, JsonLines reader, Json json, Stream stream) except -1
    cdef int _match(self, JsonLines reader, Json json, Stream stream, bint last) except -1
    cdef int _ticker(self, JsonLines reader, Json json, Stream stream) except -1
