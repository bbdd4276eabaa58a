"""The life of an order: client orders, their children, and the one function that moves both.

`Life` is a pure state machine over an event. Risk and orders each run one of their own: risk to deny what the
state of an order forbids and to know what is working, orders to say what happened. Both see the same events, so
both are in the same state after each; a checker compares them.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport NONE, Outcome, Page, ReportEvent
from core.orders.lists cimport Lists
from core.orders.order cimport Child, Order
from core_ext.atomics cimport prefetch_write
from core_ext.tables cimport Arena
from core_ext.wide cimport i128

cdef struct Before:                 # what an order's line shows, before the event: a line is printed when it changes
    i128 notional
    int64_t order_qty
    int64_t cum_qty
    int64_t leaves_qty
    int64_t price
    uint32_t id
    uint8_t status

@cython.final
cdef class Life:
    cdef Order* orders
    cdef Child* children
    cdef uint8_t* ids               # 1: an id that an order has or had
    cdef Lists lists
    cdef uint64_t* counts           # [0] orders' end, [1] children's end, [2] ids' end, [3] lists' end
    cdef int64_t change             # of the cum_qty that the last event moved
    cdef uint32_t max_orders
    cdef uint32_t max_children      # all, those with number 1 included
    cdef uint32_t max_ids

    cdef uint32_t count(self) noexcept nogil
    cdef uint32_t next_child(self, uint32_t index) noexcept nogil
    cdef uint8_t refuses(self, Page* page) noexcept nogil
    cdef bint knows(self, Page* page) noexcept nogil
    cdef uint8_t slice_refused(self, Page* page) noexcept nogil
    cdef uint32_t live_child(self, uint32_t order) noexcept nogil
    cdef uint32_t off_peg(self, uint32_t index, int64_t price) noexcept nogil
    cdef void apply(self, Page* page, Outcome* out) noexcept nogil
    cdef void describe(self, Outcome* out) noexcept nogil
    cdef int64_t working(self, uint32_t order) noexcept nogil
    cdef void _used(self, uint32_t order, uint32_t child, uint32_t id) noexcept nogil
    cdef void _order(self, Page* page, Outcome* out) noexcept nogil
    cdef void _protect(self, Order* order, int64_t price) noexcept nogil
    cdef void _hold(self, Order* order) noexcept nogil
    cdef void _new_child(self, Page* page, uint32_t parent, uint32_t index, uint32_t n, uint16_t venue, int64_t qty,
          int64_t price, uint8_t ord_type, uint8_t time_in_force) noexcept nogil
    cdef void _send_new(self, uint32_t index, Outcome* out) noexcept nogil
    cdef void _cancel(self, Page* page, uint32_t index, uint32_t id, uint32_t orig, Outcome* out) noexcept nogil
    cdef void _answer(self, uint32_t id, uint32_t orig, Outcome* out) noexcept nogil
    cdef void _ask_children(self, uint32_t index) noexcept nogil
    cdef void _follow(self, uint32_t start, Outcome* out) noexcept nogil
    cdef void _follow_child(self, uint32_t index, Outcome* out) noexcept nogil
    cdef void _ask(self, uint32_t index, uint8_t action, uint8_t venue_state, Outcome* out) noexcept nogil
    cdef void _replace(self, Page* page, Outcome* out) noexcept nogil
    cdef void _replace_worked(self, uint32_t index, Outcome* out) noexcept nogil
    cdef void _cut_children(self, uint32_t index, int64_t cut) noexcept nogil
    cdef void _slice(self, Page* page, Outcome* out) noexcept nogil
    cdef void _child_request(self, Page* page, Outcome* out) noexcept nogil
    cdef void _end(self, Page* page, Outcome* out) noexcept nogil
    cdef void _expire(self, uint32_t index, Outcome* out) noexcept nogil
    cdef void _sweep(self, Page* page, Outcome* out) noexcept nogil
    cdef void _report(self, Page* page, Outcome* out) noexcept nogil
    cdef void _remember(self, const Order* order, Before* before) noexcept nogil
    cdef bint _changed(self, const Order* order, const Before* before) noexcept nogil
    cdef void _child_report(self, Page* page, Child* child, Order* order, Outcome* out) noexcept nogil
    cdef void _fill(self, Child* child, Order* order, int64_t qty, int64_t px) noexcept nogil
    cdef void _child_replaced(self, ReportEvent* report, Child* child) noexcept nogil
    cdef void _recount(self, Child* child, Order* order, uint32_t bits_before, int64_t open_before,
          Outcome* out) noexcept nogil
    cdef void _direct_report(self, Child* child, Order* order, uint8_t exec_type, uint32_t bits_before,
          Outcome* out) noexcept nogil
    cdef void _worked_report(self, Child* child, Order* order, uint8_t exec_type, uint32_t bits_before,
          Outcome* out) noexcept nogil
    cdef void _finish(self, uint32_t index, Outcome* out) noexcept nogil
    cdef void _finish_cancel(self, uint32_t index, Outcome* out) noexcept nogil
    cdef bint _unasked(self, uint32_t index) noexcept nogil
    cdef void _ask_again(self, uint32_t index) noexcept nogil
    cdef void _finish_replace(self, Order* order, Outcome* out) noexcept nogil
    cdef bint _replace_first(self, Order* order, uint8_t exec_type, Outcome* out) noexcept nogil
    cdef void _let_go(self, Child* child, Order* order, Outcome* out) noexcept nogil
    cdef uint32_t _index(self, const Child* child) noexcept nogil
    cdef void _shrink(self, Page* page, uint32_t index, int64_t qty, Outcome* out) noexcept nogil
    cdef bint _replacing(self, const Order* order) noexcept nogil
    cdef void _trigger(self, Page* page, Outcome* out) noexcept nogil
    cdef void _peg(self, Page* page, Outcome* out) noexcept nogil
    cdef void _algo(self, Page* page, Outcome* out) noexcept nogil
    cdef void _list(self, Page* page, Outcome* out) noexcept nogil
    cdef void _live(self, Order* order, int64_t qty, Outcome* out) noexcept nogil
    cdef void _resize(self, Page* page, uint32_t index, int64_t change, Outcome* out) noexcept nogil

    # Asks for the lines that `apply` will need.
    cdef inline void prefetch(self, uint32_t order, uint32_t child) noexcept nogil:
        if order != NONE:
            prefetch_write(&self.orders[order])
            prefetch_write(<char*>&self.orders[order] + 64)
        if child != NONE:
            prefetch_write(&self.children[child])
