from core.data.json cimport Json
from core.data.jsonlines cimport JsonLines, Venue
from core.data.reader cimport Stream
from libc.stdint cimport int64_t, uint32_t

cdef class Bitstamp(Venue):
    cdef int64_t _micros(self, JsonLines reader, Json json, uint32_t data) except -2
    cdef int _levels(self, JsonLines reader, Json json, uint32_t data) except -1
    cdef int _request(self, JsonLines reader, Json json) except -1
    cdef int _trade(self, JsonLines reader, Json json, uint32_t data, Stream stream) except -1
