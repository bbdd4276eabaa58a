from core.data.json cimport Json
from core.data.jsonlines cimport JsonLines, Venue
from core.data.reader cimport Stream
from libc.stdint cimport int64_t, uint32_t

cdef class Binance(Venue):
    cdef bint perpetual             # `pu` was seen, or a symbol's pair: what a delta's sequence goes by
    cdef object waiting             # a snapshot that came before the symbol was known: (id, its changes)
    cdef int _exchange_time(self, JsonLines reader, Json json, uint32_t data) except -1
    cdef int _depth(self, JsonLines reader, Json json, uint32_t data) except -1
    cdef int _quote(self, JsonLines reader, Json json, uint32_t data) except -1
    cdef int _trade(self, JsonLines reader, Json json, uint32_t data, bint whole) except -1
    cdef int _snapshot(self, JsonLines reader, Json json) except -1
    cdef Stream _of_snapshot(self, JsonLines reader, Json json)
    cdef int _place_waiting(self, JsonLines reader, Stream stream) except -1
