"""The venues themselves: their names, the numbers that they give, and our live orders at each by arrival.

    places [venue]   first <-> ... <-> last        Order.older, Order.newer
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport VenueEvent
from core.venues.book cimport Books
from core_ext.tables cimport Arena

cdef struct Place:                  # 128: one venue
    char name[40]
    uint64_t messages               # reports that have arrived, for venue_seq
    uint64_t executions             # fills, for exec_id
    uint32_t first                  # live orders, by arrival
    uint32_t last
    uint8_t declared
    uint8_t mode
    uint8_t pro_rata
    uint8_t queue_model
    uint8_t queue_power
    uint8_t pad[3]
    uint64_t pad2[7]

cdef class Places:
    cdef Place* places
    cdef Books books
    cdef void declare(self, const VenueEvent* venue) noexcept nogil
    cdef bint is_match(self, uint16_t venue) noexcept nogil
    cdef void arrive(self, uint32_t i) noexcept nogil
    cdef void leave(self, uint32_t i) noexcept nogil

cdef void put_text(char* field, int size, const char* text) noexcept nogil
cdef void put_numbered(char* field, int size, const char* name, char mark, uint64_t number) noexcept nogil
