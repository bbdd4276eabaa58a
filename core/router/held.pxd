"""What the router holds back: stops, pegs, orders for an auction.

A stop, or an order for an auction, is watched: it is in its symbol's list, in the order of acceptance, until it
triggers. What moves a symbol's market looks first at the nearest stop of each kind (`Bounds`), and walks the list only
where one of them may trigger, or where something follows the market (trailing stops, auctions). One event looks at a
bounded number of orders; the rest follows as an event of its own, against the market of then.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Emitter
from core.market.view cimport MarketView
from core.messages cimport OrderEvent, Outcome, Page, TriggersEvent
from core_ext.tables cimport Arena

cdef enum Special:
    SP_STOP = 1                     # held until it triggers
    SP_AUCTION = 2                  # held until a venue collects
    SP_PEG = 4
    SP_FLOOR = 8                    # one child of max_floor after another
    SP_BOUND = 16                   # its venue only
    SP_ALGO = 32                    # by a schedule
    SP_LIFTS = 64                   # market_to_limit: what is left becomes a limit order
    SP_CLOSE = 128                  # what is left when a venue collects goes there

cdef enum Seen:                     # which prices of a TriggersEvent there are
    SEEN_LAST = 1
    SEEN_BID = 2
    SEEN_ASK = 4
    SEEN_MARK = 8
    SEEN_PEGS = 64                  # the event goes on with the symbol's pegs
    SEEN_BEGIN = 128                # ... begins with the symbol: a whole venue changed its state

cdef enum:
    LOOKS = 1024                    # held orders that one event looks at
    TRIGGERS = 8                    # and lets go; the rest follow as events of their own
    SOURCES = 4

cdef struct HeldOrder:              # 128: what of an order only the router uses
    int64_t stop_px
    int64_t best2                   # of a trailing stop: twice the best price so far
    int64_t trail                   # price units, ticks, or 10^-8 bps
    int64_t peg_offset
    int64_t child_px                # of a peg's child
    int64_t asked_px                # where it is asked to go
    int64_t refused_px              # where its venue wouldn't let it
    int64_t max_floor
    int64_t order_qty
    uint32_t next                   # the symbol's list
    uint32_t previous
    uint32_t symbol
    uint32_t live
    uint16_t venue                  # of SP_BOUND; of SP_AUCTION and SP_CLOSE where it was sent
    uint8_t special
    uint8_t ord_type
    uint8_t side_buy
    uint8_t trigger
    uint8_t trail_unit
    uint8_t peg
    uint8_t watched
    uint8_t waits                   # it may trigger
    uint8_t told                    # its trigger is on its way
    uint8_t has_best
    uint8_t has_refused
    uint8_t moving                  # its child is asked to move
    uint8_t over
    uint8_t closing                 # of SP_CLOSE: a venue collects, or has
    uint8_t newest_over             # of a peg: an older child may live again
    uint8_t unsure                  # ... and something was heard since its children were looked at
    uint8_t pad2[6]
    uint64_t pad[2]

cdef struct Bounds:                 # 64: of each source, the nearest stop above and below
    int64_t up[4]
    int64_t down[4]

cdef struct Watch:                  # 256: a symbol's lists
    Bounds nearest                  # no stop triggers that is beyond these
    Bounds found                    # what the walk that is on its way has met so far
    uint64_t begun                  # the event that began it
    int64_t tick
    int64_t lot
    uint32_t head
    uint32_t tail
    uint32_t peg_head
    uint32_t peg_tail
    uint32_t follow                 # watched orders that follow the market, or wait for an auction
    uint32_t pad
    uint64_t pad2[9]

cdef class Held:
    cdef HeldOrder* orders
    cdef Watch* watches             # [symbol]
    cdef uint64_t* counts           # [0] orders' end
    cdef MarketView view
    cdef Emitter emitter
    cdef uint32_t max_symbols
    cdef void instrument(self, Page* page) noexcept nogil
    cdef uint8_t begin(self, Page* page, uint32_t order) noexcept nogil
    cdef void settle(self, Page* page, uint32_t order) noexcept nogil
    cdef void market(self, uint32_t symbol, TriggersEvent* now) noexcept nogil
    cdef void moved(self, Page* page, uint32_t symbol, uint16_t venue) noexcept nogil
    cdef void go_on(self, Page* page, TriggersEvent* now) noexcept nogil
    cdef int look(self, Page* page, uint32_t order, const TriggersEvent* now) noexcept nogil
    cdef bint peg_price(self, uint32_t order, bint limited, int64_t limit, int64_t* out) noexcept nogil
    cdef uint32_t next_symbol(self, uint32_t symbol, uint16_t venue) noexcept nogil
    cdef void _watch(self, uint32_t order) noexcept nogil
    cdef void _unwatch(self, uint32_t order) noexcept nogil
    cdef void _narrow(self, Bounds* bounds, const HeldOrder* held) noexcept nogil
    cdef bint _near(self, const Watch* watch, const TriggersEvent* now) noexcept nogil
    cdef bint _triggers(self, HeldOrder* held, const TriggersEvent* now) noexcept nogil
    cdef int _closing(self, Page* page, uint32_t order, const TriggersEvent* now) noexcept nogil
    cdef bint _collects(self, const HeldOrder* held, uint32_t slot) noexcept nogil
    cdef void _expire(self, Page* page, uint32_t order) noexcept nogil
    cdef int _auction(self, Page* page, uint32_t order, const TriggersEvent* now) noexcept nogil
    cdef void _trigger(self, Page* page, uint32_t order) noexcept nogil
    cdef void link_peg(self, uint32_t order) noexcept nogil
    cdef void unlink_peg(self, uint32_t order) noexcept nogil
