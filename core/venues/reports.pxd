"""What a venue says: each report, when it arrives, and what of it is lost, late or told twice."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport ReportEvent, Send
from core.sequencer.schedule cimport Schedule
from core.venues.book cimport Books, Order
from core.venues.delays cimport Delays
from core.venues.fees cimport Fees
from core.venues.mishaps cimport Mishaps
from core.venues.place cimport Places

cdef class Reports:
    cdef Books books
    cdef Places places
    cdef Delays delays
    cdef Fees fees
    cdef Mishaps mishaps
    cdef Schedule schedule
    cdef void fill(self, uint32_t i, int64_t qty, int64_t px, bint maker, int64_t now_ns) noexcept nogil
    cdef void end(self, uint32_t i) noexcept nogil
    cdef void finish(self, uint32_t i, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil
    cdef void say(self, const Order* order, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil
    cdef void answer(self, const Send* send, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil
    cdef bint say_again(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void lose(self, const Send* send) noexcept nogil
    cdef void number(self, ReportEvent* report) noexcept nogil
    cdef void _push(self, ReportEvent* report, int64_t now_ns) noexcept nogil
    cdef void _deliver(self, ReportEvent* report, int64_t due_ns) noexcept nogil

cdef void about(ReportEvent* report, const Send* send) noexcept nogil
