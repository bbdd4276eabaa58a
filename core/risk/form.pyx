# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The form of orders: see form.pxd."""
from core.messages cimport (
    AL_CLOSE, AL_PEG, NONE16, O_HAS_EXPIRE, O_HAS_FLOOR, O_HAS_PRICE, O_HAS_STOP, O_HAS_TRAIL, O_POST_ONLY,
    O_REDUCE_ONLY, OrderEvent, Page, PEG_NONE, PO_DIRECTED, PO_OPTIMAL, PO_POST, T_LIMIT, T_LIMIT_IF_TOUCHED,
    T_MARKET, T_PEGGED, T_STOP_LIMIT, T_TRAILING_STOP, TIF_CLS, TIF_FOK, TIF_GTD, TIF_IOC, TIF_OPG, W_PX_OVERFLOW,
)
from core.execution.algos.engine cimport algo_unsupported
from core.orders.order cimport is_stop


cdef bint has_price(uint8_t ord_type) noexcept nogil:
    """Whether such an order has a limit price; a peg's may be left out."""
    return ord_type == T_LIMIT or ord_type == T_STOP_LIMIT or ord_type == T_LIMIT_IF_TOUCHED or ord_type == T_PEGGED


cdef bint too_far(int64_t px) noexcept nogil:
    """Prices of held orders are compared twice as large, and added to."""
    return px >> 60 != 0 and px >> 60 != -1


cdef void set_beside(Page* page, OrderEvent* request, Proposal* asked, bint leg) noexcept nogil:
    """The numbers of an order beside its quantity and price, as the gate tests them."""
    cdef bint trails = request.ord_type == T_TRAILING_STOP
    asked.needs_price = has_price(request.ord_type) and request.ord_type != T_PEGGED
    asked.missing = (trails and not request.flags & O_HAS_TRAIL) or (
        is_stop(request.ord_type) and not trails and not request.flags & O_HAS_STOP)
    asked.auction = (request.time_in_force == TIF_OPG or request.time_in_force == TIF_CLS
                     or request.algo == AL_CLOSE)
    asked.has_stop = (request.flags & O_HAS_STOP) != 0
    asked.stop_px = request.stop_px
    asked.has_floor = (request.flags & O_HAS_FLOOR) != 0
    asked.floor = request.max_floor
    asked.reduce_only = (request.flags & O_REDUCE_ONLY) != 0
    asked.leg = leg
    asked.held = leg or asked.auction or is_stop(request.ord_type)
    if too_far(request.stop_px) or too_far(request.peg_offset) or too_far(request.trail):
        asked.wrong |= W_PX_OVERFLOW


cdef bint unsupported(const Page* page, OrderEvent* request) noexcept nogil:
    """Combinations that mean nothing: they are denied rather than guessed at."""
    cdef uint8_t kind = request.ord_type
    cdef uint8_t flags = request.flags
    cdef bint once = request.time_in_force == TIF_IOC or request.time_in_force == TIF_FOK
    cdef bint rests = has_price(kind) and not once
    if (kind > T_LIMIT or request.time_in_force >= TIF_OPG or request.algo or request.peg
            or flags & (O_HAS_STOP | O_HAS_TRAIL | O_HAS_FLOOR)):
        if unsupported_held(request, rests) or (request.algo and algo_unsupported(page)):
            return 1
    if not has_price(kind) and flags & O_HAS_PRICE:
        return 1
    if request.policy and not means_something(request, rests):
        return 1
    if flags & O_POST_ONLY and not rests:
        return 1
    return (request.time_in_force == TIF_GTD) != ((flags & O_HAS_EXPIRE) != 0)


cdef bint means_something(const OrderEvent* request, bint rests) noexcept nogil:
    """`directed` needs a venue, `post` an order that may rest."""
    if request.policy == PO_DIRECTED:
        return request.venue != NONE16
    return request.policy <= PO_OPTIMAL and (request.policy != PO_POST or rests)


cdef bint unsupported_held(OrderEvent* request, bint rests) noexcept nogil:
    """The same of what the core holds or slices."""
    cdef uint8_t kind = request.ord_type
    cdef uint8_t flags = request.flags
    cdef bint plain = kind == T_MARKET or kind == T_LIMIT
    if flags & O_HAS_STOP and (not is_stop(kind) or kind == T_TRAILING_STOP):
        return 1
    if flags & O_HAS_TRAIL and (kind != T_TRAILING_STOP or request.trail <= 0):
        return 1
    if (request.peg != PEG_NONE) != (kind == T_PEGGED) and request.algo != AL_PEG or (kind == T_PEGGED and not rests):
        return 1
    if flags & O_HAS_FLOOR and (not rests or kind == T_PEGGED):
        return 1
    return request.time_in_force >= TIF_OPG and not plain
