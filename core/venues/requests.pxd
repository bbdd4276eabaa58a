"""What the core sends to a match venue: new orders, replaces, cancels, questions. Each is answered, in every state of
the venue: silence would hang the order. Only what was lost on purpose isn't.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport Send
from core.sequencer.schedule cimport Schedule
from core.venues.book cimport Book, Books, Order
from core.venues.matching cimport Matching
from core.venues.mishaps cimport Mishaps
from core.venues.place cimport Places
from core.venues.reports cimport Reports
from core_ext.tables cimport Arena

cdef class Requests:
    cdef Books books
    cdef Places places
    cdef Mishaps mishaps
    cdef Reports reports
    cdef Matching matching
    cdef Schedule schedule
    cdef uint64_t* refused          # sends that name no child of ours to be, or one that came before

    cdef void on_send(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _new(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _replace(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _cancel(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _status(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _take_in(self, const Send* send) noexcept nogil
    cdef const char* _objection(self, const Send* send) noexcept nogil
    cdef const char* _objection_to_change(self, const Send* send) noexcept nogil
    cdef const char* _objection_to_replace(self, const Order* order, const Send* send, int64_t price) noexcept nogil
    cdef bint _would_take(self, Book* book, int side, int64_t price) noexcept nogil
    cdef bint _knows(self, const Send* send) noexcept nogil
    cdef void _match(self, uint32_t child, int64_t now_ns) noexcept nogil
