"""A strategy on recorded time: the market to its handlers, its requests to the core, the core's answers to it."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.backtest.bars cimport Bar, BarBuilder
from core.backtest.open_orders cimport OpenOrders
from core.backtest.recorded cimport Recorded
from core.egress.engine cimport Egress
from core.fused cimport Fused
from core.messages cimport Page, Response
from core.sequencer.engine cimport Input
from core.sequencer.schedule cimport Due
from core.session.market cimport Place
from core.session.port cimport Answer, Port
from core_ext.ring cimport Ring
from core_ext.wide cimport i128

cdef struct FillRow:                # 80
    uint64_t seq
    int64_t time_ns
    int64_t px
    int64_t qty                     # signed
    i128 fee                        # 10^-16
    uint32_t account
    uint32_t symbol
    uint32_t order                  # the core's index
    uint32_t id                     # of its cl_ord_id
    uint16_t venue
    uint8_t maker
    uint8_t pad[13]

cdef class Playback(Recorded):
    cdef Port port
    cdef Ring requests
    cdef Fused fused                # the core
    cdef Egress egress
    cdef bint watches_marks         # a limit may act on a mark alone
    cdef uint32_t session
    cdef list places                # [symbol * venues + venue] a Place, or None
    cdef uint32_t venue_count
    cdef dict bars                  # symbol's index: its BarBuilders
    cdef object on_quote, on_trade, on_depth, on_bar, on_order, on_fill, on_deny, on_position, on_timer
    cdef bint on_market             # one of these, or a bar, waits for the market's rows
    cdef bint quiet                 # the rows of this batch are, so far
    cdef object denial              # makes what on_deny is given
    cdef readonly int64_t now_ns
    cdef list alarms                # a heap of (due_ns, n, what)
    cdef uint64_t alarms_set
    cdef int64_t next_due_ns
    cdef dict held                  # (account, symbol): quantity
    cdef OpenOrders open_orders
    cdef uint64_t next_answer       # of egress' responses
    cdef list symbols               # the session's own objects for them, by index
    cdef FillRow* fills
    cdef uint64_t fill_count, fill_room
    cdef readonly uint64_t rows     # of the market
    cdef readonly uint64_t orders_sent

    cdef bint _has_said_all(self) noexcept
    cdef int _wake(self) except -1
    cdef int _settle(self) except -1
    cdef int _tell(self, const Response* told) except -1
    cdef Answer _answer(self, const Response* told)
    cdef int _tell_market(self, Input* item) except -1
    cdef int _add_to_bars(self, Input* item, Place place) except -1
    cdef int _pass_bar(self, Bar bar) except -1
    cdef int _alarms(self, int64_t until) except -1
    cdef _set_alarm(self, int64_t due_ns, what)
    cdef int _book(self, Page* page) except -1
