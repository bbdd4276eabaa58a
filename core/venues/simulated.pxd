"""The match venues: one object plays every venue whose mode is match.

Each (symbol, venue) has a book of two kinds of quantity: *external* levels, which the market data shows, and *own*
orders, which the core sent. Of the levels a book known by quotes has one a side; a book known by depth has two
ladders. Own orders are entries of one array, indexed by the child, linked best price first and oldest first.

    venues [venue]        name, latency, counts of messages and executions; its live orders by arrival
       first <-> ... <-> last               Own.older, Own.newer
    books [symbol x MAX_SYMBOL_VENUES + slot]
       best <-> ... <-> worst  (a side)     Own.better, Own.worse
       top[2] or ladders[2 x pair + side]   the external levels
    own [child]

While the venue is up an incoming order takes external levels and own orders, and the market's trades, quotes and
depth reach our resting orders. In an auction orders are collected and meet at `up` at one price. Halted, down and
closed nothing of ours trades; what arrives then is answered nevertheless (new and replace: no; cancel: yes).

Everything is in the arena and no pointer is kept in it. Bounds: `capacity.orders + capacity.more_children` orders,
`capacity.depths` pairs of ladders (beyond them a book stays known by its quotes, counted), LADDER_LEVELS levels a
ladder (the worst go, counted), MAX_SYMBOL_VENUES listings a symbol (the rest aren't seen, counted).
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport MAX_SYMBOL_VENUES, MAX_VENUES, ReportEvent, Request, Send
from core.sequencer.schedule cimport Schedule
from core_ext.tables cimport Arena

cdef enum:
    BID = 0
    ASK = 1
    LADDER_LEVELS = 1024

cdef enum OwnState:
    OWN_UNSEEN = 0
    OWN_LIVE = 1
    OWN_ENDED = 2

cdef struct Level:                  # 16
    int64_t px
    int64_t qty

cdef struct Ladder:                 # 16400: one side of a book, worst first: what is near the touch moves little
    uint32_t count
    uint32_t pad
    uint64_t dropped                # levels beyond the bound
    Level levels[1024]              # LADDER_LEVELS

cdef struct Traded:                 # 16: what a symbol needs to be matched
    int64_t tick
    uint32_t listings
    uint32_t pad

cdef struct Book:                   # 72: one symbol at one venue
    Level top[2]                    # the quote, where no depth came: qty 0 is an empty side
    uint32_t best[2]                # own orders
    uint32_t worst[2]
    int64_t last_px
    uint32_t ladders                # the pair's index, NONE where the book is known by quotes
    uint32_t symbol
    uint16_t venue
    uint8_t state                   # a VenueState
    uint8_t traded                  # last_px is one
    uint8_t collects                # an auction has begun and isn't over
    uint8_t pad[3]

cdef struct Place:                  # 80: one venue
    char name[40]
    int64_t latency_ns
    uint64_t messages               # reports, for venue_seq
    uint64_t executions             # fills, for exec_id
    uint32_t first                  # live orders, by arrival
    uint32_t last
    uint8_t declared
    uint8_t mode
    uint8_t pad[6]

cdef struct Own:                    # 128: an order of ours
    int64_t price                   # a market order's is beyond every other
    int64_t qty
    int64_t cum
    int64_t ahead                   # external quantity before it at its price
    int64_t expire_ns
    uint32_t book
    uint32_t n
    uint32_t better                 # neighbours in the book's side
    uint32_t worse
    uint32_t older                  # neighbours in the venue's arrivals
    uint32_t newer
    uint16_t venue
    uint8_t side                    # BID or ASK
    uint8_t ord_type
    uint8_t time_in_force
    uint8_t flags                   # OrderFlag
    uint8_t state                   # an OwnState
    uint8_t in_book
    char first_id[40]
    uint64_t pad[2]

cdef struct SimulatedCounts:        # 64
    uint64_t own                    # children in use: the highest seen + 1
    uint64_t pairs                  # ladders' pairs in use
    uint64_t without_ladder         # depth that found no pair of ladders free
    uint64_t refused                # sends that name no child of ours to be, or one that came before
    uint64_t unlisted               # listings beyond MAX_SYMBOL_VENUES
    uint64_t pad[3]

cdef class Simulated:
    cdef readonly Arena arena
    cdef Schedule schedule
    cdef Traded* symbols
    cdef Book* books
    cdef Place* venues
    cdef Ladder* ladders            # [2 x pair + side]
    cdef Own* own
    cdef SimulatedCounts* counts
    cdef uint32_t max_symbols
    cdef uint32_t max_pairs
    cdef uint32_t max_own

    cdef void on_event(self, uint16_t kind, const Request* request, int64_t now_ns) noexcept nogil
    cdef bint is_match(self, uint16_t venue) noexcept nogil
    cdef void on_send(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void on_timer(self, uint32_t child, int64_t now_ns) noexcept nogil
    cdef int64_t latency_ns(self, uint16_t venue) noexcept nogil

    cdef void _venue(self, const Request* request) noexcept nogil
    cdef void _listing(self, const Request* request) noexcept nogil
    cdef Book* _book(self, uint32_t symbol, uint16_t venue) noexcept nogil
    cdef void _quote(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _depth(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _trade(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _venue_state(self, const Request* request, int64_t now_ns) noexcept nogil
    cdef void _set_state(self, Book* book, uint8_t state, int64_t now_ns) noexcept nogil
    cdef void _expire_day(self, uint16_t venue, uint32_t symbol, int64_t now_ns) noexcept nogil

    cdef bint _open_ladders(self, Book* book) noexcept nogil
    cdef Level* _level(self, Book* book, int side, uint32_t i) noexcept nogil
    cdef int64_t _size_at(self, Book* book, int side, int64_t px) noexcept nogil
    cdef void _reduce(self, Book* book, int side, int64_t qty) noexcept nogil

    cdef void _new(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _replace(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _cancel(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _status(self, const Send* send, int64_t now_ns) noexcept nogil
    cdef void _take_in(self, const Send* send) noexcept nogil
    cdef const char* _objection(self, const Send* send) noexcept nogil
    cdef const char* _objection_to_replace(self, const Own* own, const Send* send, int64_t price) noexcept nogil
    cdef bint _knows(self, const Send* send) noexcept nogil
    cdef void _match(self, uint32_t child, int64_t now_ns) noexcept nogil
    cdef void _rest(self, uint32_t child, int64_t now_ns) noexcept nogil

    cdef bint _would_take(self, Book* book, int side, int64_t price) noexcept nogil
    cdef bint _shows(self, Book* book, int side, int64_t price, int64_t qty) noexcept nogil
    cdef void _take(self, uint32_t child, int64_t now_ns) noexcept nogil
    cdef void _take_level(self, uint32_t child, Level* level, int64_t now_ns) noexcept nogil
    cdef void _meet(self, uint32_t child, uint32_t maker, int64_t now_ns) noexcept nogil
    cdef void _cross(self, Book* book, int side, int64_t now_ns) noexcept nogil
    cdef int64_t _hit(self, Book* book, int side, int64_t px, int64_t qty, int64_t now_ns) noexcept nogil
    cdef void _shrink(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil
    cdef void _quote_side(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil
    cdef void _use_ahead(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil

    cdef void _arrive(self, uint32_t child) noexcept nogil
    cdef void _leave(self, uint32_t child) noexcept nogil
    cdef void _queue(self, uint32_t child) noexcept nogil
    cdef void _unqueue(self, uint32_t child) noexcept nogil
    cdef void _end(self, uint32_t child) noexcept nogil
    cdef void _finish(self, uint32_t child, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil

    cdef void _fill(self, uint32_t child, int64_t qty, int64_t px, bint maker, int64_t now_ns) noexcept nogil
    cdef void _say(self, const Own* own, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil
    cdef void _answer(self, const Send* send, uint8_t exec_type, const char* text, int64_t now_ns) noexcept nogil
    cdef void _push(self, ReportEvent* report, int64_t now_ns) noexcept nogil

    cdef void _uncross(self, Book* book, int64_t now_ns) noexcept nogil
    cdef bint _auction_price(self, Book* book, int64_t* px) noexcept nogil
    cdef void _price_range(self, Book* book, int64_t* low, int64_t* high) noexcept nogil
    cdef int64_t _volume(self, Book* book, int side, int64_t px) noexcept nogil
    cdef int64_t _willing(self, Book* book, int what, int64_t px) noexcept nogil
    cdef int64_t _last(self, Book* book, int what, int64_t low, int64_t high, int64_t tick,
                       int64_t bound) noexcept nogil
    cdef void _give(self, Book* book, int side, int64_t px, int64_t volume, int64_t now_ns) noexcept nogil
