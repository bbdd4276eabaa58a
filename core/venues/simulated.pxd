"""The match venues: one object plays every venue whose mode is match.

    events ─► Simulated ─► Books       levels by price, queues by time       (book, levels, queue_model)
    sends  ─►    │    ├──► Matching    who trades with whom                  (matching, pro_rata, auction)
                 │    └──► Reports     what is said, and when it arrives     (reports, place, delays, fees, mishaps)
                 └───────► Requests    new orders, replaces, cancels         (requests)

While the venue is up an incoming order takes what the market shows and our own orders, and the market's trades, quotes,
depth and orders reach our resting ones. In an auction orders are collected and meet at `up` at one price. Halted, down
and closed nothing of ours trades; what arrives then is answered nevertheless (new and replace: no; cancel: yes).
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport ReportEvent, Request, Send
from core.sequencer.schedule cimport Schedule
from core.venues.auction cimport Auction
from core.venues.book cimport Book, Books, Order
from core.venues.delays cimport Delays
from core.venues.fees cimport Fees
from core.venues.matching cimport Matching
from core.venues.mishaps cimport Mishaps
from core.venues.place cimport Places
from core.venues.reports cimport Reports
from core.venues.requests cimport Requests
from core_ext.tables cimport Arena

cdef class Simulated:
    cdef readonly Arena arena
    cdef Schedule schedule
    cdef Books books
    cdef Places places
    cdef Delays delays
    cdef Fees fees
    cdef Mishaps mishaps
    cdef Reports reports
    cdef Matching matching
    cdef Auction auction
    cdef Requests requests

    cdef void on_event(self, uint16_t kind, const Request* request, int64_t now_ns) noexcept nogil
    cdef bint is_match(self, uint16_t venue) noexcept nogil
    cdef int64_t arrives_ns(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void on_send(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void on_timer(self, uint32_t child, int64_t now_ns) noexcept nogil
    cdef void number(self, ReportEvent* report) noexcept nogil

    cdef void _venue(self, const Request* request) noexcept nogil
    cdef void _listing(self, const Request* request) noexcept nogil
    cdef void _quote(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _depth(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _trade(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _simulate(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _order(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _clear(self, Book* book) noexcept nogil
    cdef void _cross(self, Book* book, int64_t now_ns) noexcept nogil
    cdef void _venue_state(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _set_state(self, Book* book, uint8_t state, int64_t now_ns) noexcept nogil
    cdef void _expire_day(self, uint16_t venue, uint32_t symbol, int64_t now_ns) noexcept nogil
