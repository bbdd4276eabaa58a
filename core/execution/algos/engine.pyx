# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Algorithms: see engine.pxd. Each is a pure function of what its order knows; here is what moves that.

An algorithm says how much of its order may have been sent by now. The router sends what that is more than what is filled
and works; each child is a slice that risk tests against its order, like any. So none needs to know what became of a child.
"""
from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset

from core.execution.algos.close cimport close_released
from core.execution.algos.iceberg cimport iceberg_shown
from core.execution.algos.order cimport BPS, drawn, portion
from core.execution.algos.pov cimport participation, pov_released
from core.execution.algos.shortfall cimport shortfall_released
from core.execution.algos.twap cimport twap_released
from core.execution.algos.vwap cimport vwap_released
from core.messages cimport (
    AL_CLOSE, AL_ICEBERG, AL_NONE, AL_PEG, AL_POV, AL_SHORTFALL, AL_SNIPER, AL_TWAP, AL_VWAP, CG_OTO, CURVE_SLICES,
    K_SLICE_DUE, O_HAS_FLOOR, O_POST_ONLY, PEG_NONE, T_LIMIT, T_MARKET, TIF_DAY, TIF_GTC, TIF_GTD, AlgoOrderEvent,
    OrderEvent, TriggerEvent,
)
from core_ext.tables cimport Arena

cdef extern from *:
    """
    #define NACRE_MOST INT64_MAX
    """
    const int64_t MOST "NACRE_MOST"


cdef class Algos:
    """The table of orders that algorithms work, by order, and each symbol's volume."""

    def __cinit__(self, Arena arena, Emitter emitter, MarketView view, object capacity):
        self.emitter = emitter
        self.view = view
        self.orders = <AlgoOrder*>arena.table("router.algos", sizeof(AlgoOrder), capacity.orders)
        self.traded = <int64_t*>arena.table("router.traded", sizeof(int64_t), capacity.symbols)
        self.followers = <uint32_t*>arena.table("router.followers", sizeof(uint32_t), capacity.symbols)
        self.counts = <uint64_t*>arena.table("router.algo_counts", sizeof(uint64_t), 8)
        arena.used_by("router.algos", &self.counts[0])

    cdef void begin(self, Page* page, uint32_t order, int64_t lot) noexcept nogil:
        """A new order with an algorithm. Asks for its second slice; the first is due now."""
        cdef AlgoOrderEvent* request = &page.request.algo_order
        cdef AlgoOrder* algo = &self.orders[order]
        memset(algo, 0, sizeof(AlgoOrder))
        if order >= self.counts[0]:
            self.counts[0] = order + 1
        algo.algo = request.order.algo
        algo.symbol = request.order.symbol
        algo.lot = lot
        algo.order_qty = request.order.qty
        algo.start_ns = page.header.time_ns
        algo.horizon_ns = request.order.horizon_ns
        algo.slices = request.order.slices
        algo.traded_before = self.traded[algo.symbol]
        algo.seed = hashed(request.order.cl_ord_id)
        if page.header.length == sizeof(AlgoOrderEvent):
            take_params(algo, request)
        self.settle(order, algo.order_qty, 0)
        if algo.slices:
            self.next_slice(page, order)

    cdef void settle(self, uint32_t order, int64_t order_qty, bint over) noexcept nogil:
        """After each event of the order: its quantity, and whether trades concern it. One that was busted lives again."""
        cdef AlgoOrder* algo = &self.orders[order]
        cdef bint follows = algo.participation_bps != 0 and not over
        algo.order_qty = order_qty
        algo.over = over
        if follows and not algo.follows:
            self.followers[algo.symbol] += 1
        elif algo.follows and not follows:
            self.followers[algo.symbol] -= 1
        algo.follows = follows

    cdef void trade(self, Page* page) noexcept nogil:
        """What has traded stays at the largest number: a bound that counts too little holds back, never lets go."""
        cdef uint32_t symbol = page.request.trade.symbol
        cdef int64_t qty = page.request.trade.qty
        self.traded[symbol] = MOST if self.traded[symbol] > MOST - qty else self.traded[symbol] + qty

    cdef void next_slice(self, Page* page, uint32_t order) noexcept nogil:
        """One slice more is due; asks for the one after it."""
        cdef AlgoOrder* algo = &self.orders[order]
        cdef TriggerEvent due
        algo.slices_due += 1
        if algo.slices_due >= algo.slices:
            return
        memset(&due, 0, sizeof(TriggerEvent))
        due.order = order
        self.emitter.emit(page, K_SLICE_DUE, &due, sizeof(TriggerEvent), self._due_ns(algo))

    cdef int64_t _due_ns(self, const AlgoOrder* algo) noexcept nogil:
        """When the next slice is due: of a varied one within the part of its length that variance_bps is."""
        cdef int64_t at = algo.start_ns + portion(algo.horizon_ns, algo.slices_due, algo.slices)
        cdef int64_t most = portion(algo.horizon_ns / algo.slices, algo.variance_bps, BPS)
        return at + <int64_t>drawn(algo, algo.slices_due, <uint64_t>most + 1)

    cdef int64_t _volume(self, const AlgoOrder* algo) noexcept nogil:
        """What has traded since the order came."""
        return self.traded[algo.symbol] - algo.traded_before

    cdef int64_t released(self, uint32_t order, int64_t done) noexcept nogil:
        """What of the order may have been sent by now. done: what is filled or works."""
        cdef AlgoOrder* algo = &self.orders[order]
        cdef int64_t qty = algo.order_qty
        cdef int64_t bound
        if algo.algo == AL_TWAP:
            qty = twap_released(algo)
        elif algo.algo == AL_VWAP:
            qty = vwap_released(algo)
        elif algo.algo == AL_SHORTFALL:
            qty = shortfall_released(algo)
        elif algo.algo == AL_POV:
            return pov_released(algo, self._volume(algo), done)
        elif algo.algo == AL_CLOSE:
            qty = close_released(algo)
        if not algo.participation_bps or algo.closing:
            return qty
        bound = participation(algo, self._volume(algo))
        return bound if bound < qty else qty

    cdef int64_t shown(self, uint32_t order, int64_t display_qty, uint32_t n) noexcept nogil:
        """What its child n may show."""
        return iceberg_shown(&self.orders[order], display_qty, n)

    cdef bint done_sending(self, uint32_t order) noexcept nogil:
        """Whether nothing will ever be let go any more: what finds nobody then has found nobody."""
        cdef AlgoOrder* algo = &self.orders[order]
        if algo.algo == AL_CLOSE:
            return algo.closing
        return algo.slices_due >= algo.slices and not algo.participation_bps


cdef void take_params(AlgoOrder* algo, const AlgoOrderEvent* request) noexcept nogil:
    cdef uint32_t i
    if request.seed:
        algo.seed = request.seed
    algo.min_qty = request.min_qty
    algo.participation_bps = request.participation_bps
    algo.variance_bps = request.variance_bps
    algo.auction_bps = request.auction_bps
    algo.weights = request.weights
    memcpy(algo.curve, request.curve, sizeof(request.curve))
    for i in range(request.weights):
        algo.weight_total += request.curve[i]


cdef uint64_t hashed(const char* name) noexcept nogil:
    """FNV-1a of a name's 40 bytes."""
    cdef uint64_t out = <uint64_t>0xCBF29CE484222325
    cdef int i
    for i in range(40):
        out = (out ^ <uint8_t>name[i]) * <uint64_t>0x100000001B3
    return out


cdef bint algo_unsupported(const Page* page) noexcept nogil:
    """Whether the order's algorithm isn't known, or what it is asked makes no sense."""
    cdef const AlgoOrderEvent* request = &page.request.algo_order
    cdef const OrderEvent* order = &request.order
    cdef bint whole = page.header.length == sizeof(AlgoOrderEvent)
    if order.algo == AL_NONE or order.algo > AL_CLOSE or not (whole or order.algo == AL_TWAP):
        return 1
    if order.contingency > CG_OTO or (
            order.time_in_force != TIF_DAY and order.time_in_force != TIF_GTC and order.time_in_force != TIF_GTD):
        return 1
    if order.algo == AL_ICEBERG or order.algo == AL_SNIPER or order.algo == AL_PEG:
        return unsound_child(order) or request.participation_bps != 0 or unsound_params(request)
    if order.ord_type != T_LIMIT and order.ord_type != T_MARKET:
        return 1
    if order.flags & (O_HAS_FLOOR | O_POST_ONLY) or order.peg != PEG_NONE:
        return 1
    return unsound_schedule(order) or (whole and unsound_params(request))


cdef bint unsound_child(const OrderEvent* order) noexcept nogil:
    """Of those that have one child after another: all need a limit."""
    if order.ord_type != T_LIMIT or order.horizon_ns or order.slices:
        return 1
    if (order.peg != PEG_NONE) != (order.algo == AL_PEG):
        return 1
    if order.algo == AL_SNIPER:
        return order.flags & (O_HAS_FLOOR | O_POST_ONLY) != 0
    return order.algo == AL_ICEBERG and not order.flags & O_HAS_FLOOR


cdef bint unsound_schedule(const OrderEvent* order) noexcept nogil:
    if order.algo == AL_POV:
        return order.horizon_ns != 0 or order.slices != 0
    if order.algo == AL_CLOSE and order.horizon_ns == 0 and order.slices == 0:
        return 0
    return order.horizon_ns <= 0 or order.slices == 0


cdef bint unsound_params(const AlgoOrderEvent* request) noexcept nogil:
    """Within their bounds; a curve has a weight for each slice, and some weight."""
    cdef uint32_t i
    cdef uint32_t total = 0
    if request.participation_bps > BPS or request.variance_bps > BPS or request.auction_bps > BPS or request.min_qty < 0:
        return 1
    if request.order.algo == AL_POV and request.participation_bps == 0:
        return 1
    if request.order.algo == AL_CLOSE and request.order.slices == 0 and request.auction_bps != BPS:
        return 1
    if request.weights == 0:
        return 0
    if request.weights > CURVE_SLICES or request.weights != request.order.slices or request.order.algo == AL_TWAP:
        return 1
    for i in range(request.weights):
        total += request.curve[i]
    return total == 0
