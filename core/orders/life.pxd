"""The life of an order: client orders, their children, and the one function that moves both.

`Life` is a pure state machine over an event. Risk and orders each run one of their own: risk to deny what the
state of an order forbids and to know what is working, orders to say what happened. Both see the same events, so
both are in the same state after each; a checker compares them.

    Order   client order, indexed densely by resolve; `first_child` .. `last_child` a list in the order of sending
    Child   one order at one venue. The child with number 1 has its order's index; those after it have indices
            from `max_orders` on, given by resolve
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport (
    AL_NONE, NONE, NONE16, O_HAS_FLOOR, T_LIMIT, TIF_OPG, ListEvent, OrderEvent, Outcome, Page, ReportEvent,
)
from core_ext.atomics cimport prefetch_write
from core_ext.tables cimport Arena
from core_ext.wide cimport i128

cdef enum Bit:
    B_EXISTS = 1
    B_ACKED = 2
    B_PENDING_CANCEL = 4
    B_PENDING_REPLACE = 8
    B_DONE_FOR_DAY = 16
    B_STOPPED = 32
    B_SUSPENDED = 64
    B_CANCELED = 128
    B_EXPIRED = 256
    B_REJECTED = 512
    B_WORKED = 1024
    B_NO_ROUTE = 2048               # what was cancelled isn't routed again
    B_HAS_PRICE = 4096
    B_EXPIRING = 8192               # the core expires it: its children are being cancelled
    B_HELD = 16384                  # child: its request waits for the venue to come up
    B_ASKED = 32768                 # child: the order waits for its answer
    B_CANCEL_REJECTED = 65536       # child: the venue refused the cancel that the order waits for
    B_ENDED = 896                   # canceled, expired, rejected
    B_TOLD = 131072                 # child: what the order waits for was sent
    B_SHRINK = 262144               # child: it is asked to be smaller, by `pend_qty`, not to go
    B_SHRUNK = 262144               # order: it was made smaller at once; a slice on its way may be of what it was
    B_OURS = 524288                 # child: the pending replace is what its order was asked, or wants
    B_OWN = 1048576                 # child: the pending replace is a peg's: only its price moves
    B_WAITS_TRIGGER = 2097152       # held until it triggers
    B_WAITS_ENTRY = 4194304         # held until its list's entry is filled
    B_WAITS_AUCTION = 8388608       # held until its venue collects
    B_WAITS_OWN = 2147483648        # held until own orders that it would meet are gone
    B_WAITS = 2162163712
    B_LISTED = 16777216             # it is in a list: see Beside
    B_ALGO = 33554432
    B_CLOSES = 134217728            # the core's own: it closes a position after a kill
    B_FRESH = 268435456             # child: nothing was asked of it yet; `pend_price` is the root of the event that sent it
    B_LIFTS = 536870912             # a market_to_limit order whose price follows its fills
    B_PROTECTED = 1073741824        # a market order that goes no further than its price
    B_FIXED = 67108864              # a market_to_limit order that has become a limit order

# A million of them are met at random, so what counts is how many cache lines one has: two, and one for its child.
cdef struct Order:                  # 128 bytes: the first line is what its fills move, the second whose it is and what is asked
    i128 notional                   # sum of qty x px over its fills
    int64_t order_qty
    int64_t cum_qty
    int64_t price
    int64_t open_qty                # what its children have working
    uint32_t bits
    uint32_t id_current
    uint32_t first_child
    uint32_t live_children
    uint32_t account                # from here on as in Keys (core.risk.limits)
    uint32_t symbol
    uint32_t strategy
    uint32_t session
    uint16_t venue                  # NONE16: routed
    uint8_t side
    uint8_t ord_type
    uint8_t time_in_force
    uint8_t flags                   # OrderFlag
    uint8_t algo                    # an Algo
    uint8_t pad
    uint32_t awaiting               # children whose answer is awaited
    uint32_t last_child
    int64_t pend_qty                # of a pending replace
    int64_t pend_price
    uint32_t id_replace             # the pending requests' cl_ord_ids, and the ids that they named
    uint32_t orig_replace
    uint32_t id_cancel
    uint32_t orig_cancel

cdef struct Child:                  # 64 bytes
    int64_t order_qty
    int64_t cum_qty
    int64_t price
    int64_t pend_qty
    int64_t pend_price
    uint32_t bits
    uint32_t order
    uint32_t next
    uint32_t n
    uint16_t venue
    uint8_t ord_type
    uint8_t time_in_force
    uint32_t previous

cdef struct Beside:                 # 32: what an order of a list has besides
    int64_t owed                    # a change of quantity that waits until nothing is pending
    uint32_t list
    uint32_t next_leg
    uint8_t contingency
    uint8_t pad[15]

cdef struct List:                   # 16: the orders of one list_id
    uint32_t entry                  # NONE: there is none
    uint32_t first_leg
    uint32_t last_leg
    uint8_t used
    uint8_t dead                    # its entry was denied
    uint16_t firing                 # cancels of the other legs that are on their way, one after the other

cdef enum:
    LIST_EVENTS = 3                 # that one event may ask for

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
    cdef Beside* beside             # [order]
    cdef List* lists                # [list_id]
    cdef uint64_t* counts           # [0] orders' end, [1] children's end, [2] ids' end, [3] lists' end
    cdef ListEvent asked[3]         # what the last event asks of orders of its list: events to derive
    cdef uint32_t asked_count
    cdef int64_t change             # of the cum_qty that the last event moved
    cdef uint32_t max_lists
    cdef uint32_t max_orders
    cdef uint32_t max_children      # all, those with number 1 included
    cdef uint32_t max_ids

    cdef uint32_t count(self) noexcept nogil
    cdef uint32_t next_child(self, uint32_t index) noexcept nogil
    cdef uint8_t refuses(self, Page* page) noexcept nogil
    cdef bint knows(self, Page* page) noexcept nogil
    cdef uint8_t slice_refused(self, Page* page) noexcept nogil
    cdef bint list_begun(self, const OrderEvent* request) noexcept nogil
    cdef bint awaits_entry(self, const OrderEvent* request) noexcept nogil
    cdef void denied(self, Page* page) noexcept nogil
    cdef uint32_t live_child(self, uint32_t order) noexcept nogil
    cdef uint32_t off_peg(self, uint32_t index, int64_t price) noexcept nogil
    cdef void apply(self, Page* page, Outcome* out) noexcept nogil
    cdef void describe(self, Outcome* out) noexcept nogil
    cdef int64_t working(self, uint32_t order) noexcept nogil
    cdef void _used(self, uint32_t order, uint32_t child, uint32_t id) noexcept nogil
    cdef void _order(self, Page* page, Outcome* out) noexcept nogil
    cdef void _protect(self, Order* order, int64_t price) noexcept nogil
    cdef void _join(self, uint32_t index, OrderEvent* request) noexcept nogil
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
    cdef void _begin_list(self, uint32_t index) noexcept nogil
    cdef void _shrink(self, Page* page, uint32_t index, int64_t qty, Outcome* out) noexcept nogil
    cdef bint _replacing(self, const Order* order) noexcept nogil
    cdef void _trigger(self, Page* page, Outcome* out) noexcept nogil
    cdef void _peg(self, Page* page, Outcome* out) noexcept nogil
    cdef void _algo(self, Page* page, Outcome* out) noexcept nogil
    cdef void _list(self, Page* page, Outcome* out) noexcept nogil
    cdef void _live(self, Order* order, int64_t qty, Outcome* out) noexcept nogil
    cdef void _resize(self, Page* page, uint32_t index, int64_t change, Outcome* out) noexcept nogil
    cdef void _list_moved(self, Page* page, Outcome* out) noexcept nogil
    cdef bint _is_to_go(self, uint32_t leg) noexcept nogil
    cdef bint _owes(self, const Order* order) noexcept nogil
    cdef bint _tell(self, uint8_t action, uint32_t leg, uint32_t skip, int64_t change, int64_t cum_qty,
          bint alone) noexcept nogil

    # Asks for the lines that `apply` will need.
    cdef inline void prefetch(self, uint32_t order, uint32_t child) noexcept nogil:
        if order != NONE:
            prefetch_write(&self.orders[order])
            prefetch_write(<char*>&self.orders[order] + 64)
        if child != NONE:
            prefetch_write(&self.children[child])

cdef uint8_t status_of(uint32_t bits, int64_t order_qty, int64_t cum_qty) noexcept nogil
cdef int64_t leaves_of(uint32_t bits, int64_t order_qty, int64_t cum_qty) noexcept nogil
cdef bint order_ended(const Order* order) noexcept nogil
cdef bint is_stop(uint8_t ord_type) noexcept nogil
cdef bint child_live(const Child* child) noexcept nogil
cdef int64_t order_leaves(const Order* order) noexcept nogil


cdef inline bint is_worked(const OrderEvent* request) noexcept nogil:
    """Whether the core works the order itself: no venue is named, or none has the type, the time in force or the
    rest of it."""
    return (request.venue == NONE16 or request.ord_type > T_LIMIT or request.time_in_force >= TIF_OPG
            or request.algo != AL_NONE or (request.flags & O_HAS_FLOOR) != 0)
