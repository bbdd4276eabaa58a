"""The books of the match venues: levels by price, and at each level a queue by time.

A book holds two kinds of quantity. What the market *shows* is a level's size, where the venue is known by quotes (one
level a side) or by depth; where its orders are known one by one they stand in the queues themselves. What is *open* is
ours: the orders that the core sent, entries of one array, indexed by the child.

    books [symbol x MAX_SYMBOL_VENUES + slot]
       sides[2]  best <-> ... <-> worst     Level.better, Level.worse, and a tree by price
                   first <-> ... <-> last   Order.sooner, Order.later
    orders [child], and behind the children the market's

In a queue that isn't known order by order, where one of ours stands in the market's quantity is a number: it is
`behind` all that came before it, of which `used` has gone. Both only grow, so a trade moves up everybody at once.

Everything is in the arena and no pointer is kept in it. Bounds: `capacity.orders + capacity.more_children` orders,
`capacity.book_orders` of the market's, `capacity.depths` books that are known by depth or by orders (others stay known
by their quotes, counted), SHOWN_LEVELS shown levels a side of a book known by depth (the worst go, counted),
MAX_SYMBOL_VENUES listings a symbol (the rest aren't seen, counted). Levels are as many as these can ever need.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.venues.levels cimport Branch, Level, Levels, Side
from core_ext.tables cimport Arena, Map64

cdef enum:
    SHOWN_LEVELS = 1024
    ORDER_IDS = 58                  # bits of an order's id in the market; the venue's index is above them

cdef enum OrderState:
    ORDER_UNSEEN = 0
    ORDER_LIVE = 1
    ORDER_ENDED = 2
    ORDER_MARKETS = 3               # not ours

cdef enum KnownBy:                  # what the market's part of a book is made of
    BY_QUOTES = 0
    BY_DEPTH = 1
    BY_ORDERS = 2

cdef struct Order:                  # 128
    int64_t price                   # a market order's is beyond every other
    int64_t qty
    int64_t cum
    int64_t behind                  # Level.used when all that stands before it will have gone
    int64_t expire_ns
    uint64_t id                     # of the market's
    uint32_t book
    uint32_t level                  # NONE: it isn't in the book
    uint32_t sooner                 # neighbours in the level's queue
    uint32_t later
    uint32_t older                  # neighbours in the venue's arrivals
    uint32_t newer
    uint32_t n
    uint16_t venue
    uint8_t side                    # BID or ASK
    uint8_t ord_type
    uint8_t time_in_force
    uint8_t flags                   # OrderFlag
    uint8_t state                   # an OrderState
    char first_id[40]
    uint8_t pad

cdef struct Book:                   # 128: one symbol at one venue
    Side sides[2]
    int64_t last_px
    int64_t tick
    int64_t lot
    uint32_t shown[2]               # levels that the market shows
    uint32_t symbol
    uint16_t venue
    uint8_t state                   # a VenueState
    uint8_t known_by                # a KnownBy
    uint8_t traded                  # last_px is one
    uint8_t collects                # an auction has begun and isn't over
    uint8_t pro_rata
    uint8_t queue_model             # a QueueModel
    uint8_t queue_power
    uint8_t pad[3]
    uint64_t pad2[5]

cdef struct Listed:                 # 32: what is known of a symbol
    int64_t tick
    int64_t lot
    uint32_t listings
    uint32_t pad[3]

cdef struct BookCounts:             # 64
    uint64_t orders                 # children in use: the highest seen + 1
    uint64_t levels                 # in use ever; those that came back are linked by `worse`
    uint64_t market_orders          # likewise, linked by `later`
    uint64_t deep                   # books known by depth or orders
    uint64_t without_depth          # updates that found no room for another such book
    uint64_t dropped                # levels beyond SHOWN_LEVELS, orders of the market beyond the bound
    uint64_t unlisted               # listings beyond MAX_SYMBOL_VENUES
    uint32_t free_level
    uint32_t free_order

cdef class Books:
    cdef Book* books
    cdef Levels pool
    cdef Level* levels
    cdef Order* orders
    cdef Listed* symbols
    cdef BookCounts* counts
    cdef Map64 ids                  # of the market's orders
    cdef uint32_t max_symbols
    cdef uint32_t max_deep
    cdef uint32_t max_own
    cdef uint32_t max_orders

    cdef void instrument(self, uint32_t symbol, int64_t tick, int64_t lot) noexcept nogil
    cdef Book* list_symbol(self, uint32_t symbol, uint16_t venue) noexcept nogil
    cdef Book* find(self, uint32_t symbol, uint16_t venue) noexcept nogil
    cdef bint deepen(self, Book* book, uint8_t known_by) noexcept nogil

    cdef uint32_t _level(self, Book* book, int side, int64_t px) noexcept nogil
    cdef void _close(self, Book* book, int side, uint32_t at) noexcept nogil
    cdef void show(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil
    cdef void update(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil
    cdef bint show_only(self, Book* book, int side, int64_t px, int64_t qty) noexcept nogil
    cdef bint _move_only(self, const Side* of, int64_t px, int64_t qty) noexcept nogil
    cdef void _shows(self, Book* book, int side, uint32_t at, int64_t qty) noexcept nogil
    cdef void _hide(self, Book* book, int side, uint32_t at) noexcept nogil
    cdef bint _has_room(self, Book* book, int side, int64_t px) noexcept nogil
    cdef void take_shown(self, Book* book, int side, uint32_t at, int64_t qty) noexcept nogil
    cdef void _take_by_orders(self, uint32_t at, int64_t qty) noexcept nogil

    cdef void queue(self, uint32_t i) noexcept nogil
    cdef void unqueue(self, uint32_t i) noexcept nogil
    cdef void _left(self, uint32_t i, uint32_t at, int64_t qty) noexcept nogil
    cdef void fill(self, uint32_t i, int64_t qty) noexcept nogil
    cdef void resize(self, uint32_t i, int64_t qty) noexcept nogil
    cdef int64_t ahead(self, uint32_t i) noexcept nogil
    cdef void clear_ahead(self, uint32_t at) noexcept nogil
    cdef void cap_ahead(self, Book* book, uint32_t at, int64_t qty) noexcept nogil
    cdef uint32_t first_own(self, uint32_t at) noexcept nogil
    cdef uint32_t first_markets(self, uint32_t at) noexcept nogil

    cdef uint32_t market_order(self, Book* book, uint64_t id) noexcept nogil
    cdef uint32_t add_market_order(self, Book* book, uint64_t id, int side, int64_t px, int64_t qty) noexcept nogil
    cdef void remove_market_order(self, uint32_t i) noexcept nogil
