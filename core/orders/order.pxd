"""An order and its children: what is kept of each, and what follows from that alone. Nothing to import at run time.

    Order   client order, indexed densely by resolve; `first_child` .. `last_child` a list in the order of sending
    Child   one order at one venue. The child with number 1 has its order's index; those after it have indices
            from `max_orders` on, given by resolve
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from core.messages cimport (
    A_CANCEL, A_REPLACE, AL_NONE, NONE16, O_HAS_FLOOR, S_CANCELED, S_DONE_FOR_DAY, S_EXPIRED, S_FILLED, S_NEW,
    S_PARTIALLY_FILLED, S_PENDING_CANCEL, S_PENDING_NEW, S_PENDING_REPLACE, S_REJECTED, S_STOPPED, S_SUSPENDED, T_LIMIT,
    T_LIMIT_IF_TOUCHED, T_MARKET_IF_TOUCHED, T_STOP, T_STOP_LIMIT, T_TRAILING_STOP, TIF_FOK, TIF_IOC, TIF_OPG,
    OrderEvent,
)
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
    B_LISTED = 16777216             # it is in a list: see core.orders.lists
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


cdef inline uint8_t status_of(uint32_t bits, int64_t order_qty, int64_t cum_qty) noexcept nogil:
    """The first that holds, in FIX's order of precedence."""
    if bits & (B_PENDING_CANCEL | B_PENDING_REPLACE | B_DONE_FOR_DAY):
        if bits & B_PENDING_CANCEL:
            return S_PENDING_CANCEL
        return S_PENDING_REPLACE if bits & B_PENDING_REPLACE else S_DONE_FOR_DAY
    if cum_qty >= order_qty and cum_qty > 0:
        return S_FILLED
    if bits & (B_STOPPED | B_SUSPENDED):
        return S_STOPPED if bits & B_STOPPED else S_SUSPENDED
    if bits & B_ENDED:
        if bits & B_CANCELED:
            return S_CANCELED
        return S_EXPIRED if bits & B_EXPIRED else S_REJECTED
    if cum_qty > 0:
        return S_PARTIALLY_FILLED
    return S_NEW if bits & B_ACKED else S_PENDING_NEW


cdef inline int64_t leaves_of(uint32_t bits, int64_t order_qty, int64_t cum_qty) noexcept nogil:
    if bits & B_ENDED or cum_qty >= order_qty:
        return 0
    if bits & B_DONE_FOR_DAY and not bits & (B_PENDING_CANCEL | B_PENDING_REPLACE):
        return 0                    # while a request is pending, that is its status
    return order_qty - cum_qty


cdef inline bint order_ended(const Order* order) noexcept nogil:
    """Whether nothing more can come of it: one that is filled may, while a replace that asks for more is pending."""
    if order.bits & B_ENDED:
        return 1
    if order.cum_qty < order.order_qty or order.cum_qty <= 0:
        return 0
    return not (order.bits & B_PENDING_REPLACE and order.pend_qty > order.cum_qty)


cdef inline int64_t order_leaves(const Order* order) noexcept nogil:
    return leaves_of(order.bits, order.order_qty, order.cum_qty)


cdef inline int64_t child_open(const Child* child) noexcept nogil:
    """What a child may still fill; one that is done for the day may come back, so it counts."""
    if child.bits & B_ENDED or child.cum_qty >= child.order_qty:
        return 0
    return child.order_qty - child.cum_qty


cdef inline bint child_live(const Child* child) noexcept nogil:
    return (child.bits & B_EXISTS) != 0 and child_open(child) > 0


cdef inline uint8_t held_action(const Child* child) noexcept nogil:
    """Which request waits for the venue: a replace was sent before the cancel that came after it."""
    return A_CANCEL if child.bits & B_PENDING_CANCEL else A_REPLACE


cdef inline bint is_stop(uint8_t ord_type) noexcept nogil:
    """Held until it triggers."""
    return (ord_type == T_STOP or ord_type == T_STOP_LIMIT or ord_type == T_MARKET_IF_TOUCHED
            or ord_type == T_LIMIT_IF_TOUCHED or ord_type == T_TRAILING_STOP)


cdef inline void fix_price(Order* order) noexcept nogil:
    """A market_to_limit order goes on as a limit order once all that was sent has ended, and some was filled."""
    if (order.bits & B_LIFTS and order.bits & B_HAS_PRICE and order.live_children == 0 and not order_ended(order)
            and order.time_in_force != TIF_IOC and order.time_in_force != TIF_FOK
            and not order.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE | B_EXPIRING | B_NO_ROUTE | B_WAITS)):
        order.bits = (order.bits & ~B_LIFTS) | B_FIXED


cdef inline void ask_cancel(Child* child) noexcept nogil:
    """Its order waits until it has gone."""
    child.bits = (child.bits | B_ASKED) & ~(B_TOLD | B_SHRINK)
    if child.bits & B_PENDING_CANCEL:
        child.bits |= B_TOLD


cdef inline bint asks_less(const Child* child) noexcept nogil:
    """Whether it is asked to shrink: where nothing would stay, to go."""
    return (child.bits & B_SHRINK) != 0 and child.pend_qty > child.cum_qty


cdef inline bint may_be_told(const Child* child) noexcept nogil:
    """Whether what its order wants may be sent now: a cancel at once, less once nothing is pending."""
    if not child.bits & B_ASKED or child.bits & B_TOLD or child.bits & B_PENDING_CANCEL:
        return 0
    return not (child.bits & B_SHRINK and child.bits & B_PENDING_REPLACE)


cdef inline bint is_worked(const OrderEvent* request) noexcept nogil:
    """Whether the core works the order itself: no venue is named, or none has the type, the time in force or the
    rest of it."""
    return (request.venue == NONE16 or request.ord_type > T_LIMIT or request.time_in_force >= TIF_OPG
            or request.algo != AL_NONE or (request.flags & O_HAS_FLOOR) != 0)
