# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Holdings as risk counts them: see holdings.pxd. A checker may compare their quantities with those of positions."""
from core.messages cimport NONE, O_REDUCE_ONLY, SIDE_BUY


cdef class Holdings:
    """Moved by what fills and what works; asked how much may still be reduced."""

    def __cinit__(self, Arena arena, uint32_t max_positions, uint32_t max_orders):
        self.positions = <uint32_t*>arena.table("risk.order_positions", sizeof(uint32_t), max_orders)
        self.holdings = <Holding*>arena.table("risk.holdings", sizeof(Holding), max_positions)
        self.counts = <uint64_t*>arena.table("risk.holding_counts", sizeof(uint64_t), 8)
        arena.used_by("risk.holdings", &self.counts[0])
        arena.used_by("risk.order_positions", &self.counts[1])

    cdef Holding* _holding(self, uint32_t position, uint32_t account, uint32_t symbol) noexcept nogil:
        cdef Holding* holding = &self.holdings[position]
        holding.account = account
        holding.symbol = symbol
        if position >= self.counts[0]:
            self.counts[0] = position + 1
        return holding

    cdef void open(self, Page* page) noexcept nogil:
        """A position that the day begins with."""
        if page.resolved.position != NONE:
            self._holding(page.resolved.position, page.request.open_position.account,
                          page.request.open_position.symbol).qty = page.request.open_position.qty

    cdef void begin(self, uint32_t order, uint32_t position, uint32_t account, uint32_t symbol) noexcept nogil:
        """An order is accepted: it will move that position."""
        self.positions[order] = position
        if order >= self.counts[1]:
            self.counts[1] = order + 1
        self._holding(position, account, symbol)

    cdef void move(self, uint32_t index, const Order* order, int64_t working, int64_t filled) noexcept nogil:
        """An order has so much more working, and so much more filled."""
        cdef Holding* holding = &self.holdings[self.positions[index]]
        if order.side == SIDE_BUY:
            holding.qty += filled
            if order.flags & O_REDUCE_ONLY:
                holding.buys += working
        else:
            holding.qty -= filled
            if order.flags & O_REDUCE_ONLY:
                holding.sells += working

    cdef void adjust(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil:
        """Quantity that no order brought."""
        self._holding(position, account, symbol).qty += delta

    cdef int64_t free(self, uint32_t position, bint buys) noexcept nogil:
        """What a reduce-only order of that side may still reduce; below 0: others reduce too much already."""
        cdef Holding* holding = &self.holdings[position]
        cdef int64_t open = -holding.qty if buys else holding.qty
        if open < 0:
            open = 0
        return open - (holding.buys if buys else holding.sells)
