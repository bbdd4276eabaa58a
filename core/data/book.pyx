# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The book of one symbol by price level: see book.pxd."""
from libc.stdlib cimport free, realloc
from libc.string cimport memmove, memset

from core.data.decimals cimport add_fits, rescale

from core.data.decimals import text


cdef class Book:
    """Two ladders of levels. Prices share one scale, which grows to the finest price; quantities keep their own."""

    def __dealloc__(self):
        free(self.sides[0].levels)
        free(self.sides[1].levels)

    cdef int set(self, bint ask, const Decimal* px, const Decimal* qty) except -1:
        """Sets the level at px to qty, 0 removes it. A level that isn't there may be removed: nothing changes."""
        cdef Ladder* side = &self.sides[ask]
        cdef Level* level
        cdef int64_t price
        cdef uint32_t at
        if not self._scale(px, &price):
            return SET_RANGE
        at = self._place(ask, price)
        if at < side.count and side.levels[at].px == price:
            if qty.units == 0:
                self._remove(ask, at)
                return SET_OK
            level = &side.levels[at]
        else:
            if qty.units == 0:
                return SET_OK
            if side.count == MAX_LEVELS:
                return SET_FULL
            level = self._insert(ask, at)
            level.px = price
        level.px_digits = px.digits
        level.qty = qty.units
        level.qty_digits = qty.digits
        return SET_OK

    cdef int add(self, bint ask, int64_t px, int64_t qty, int orders, int64_t* now) except -1:
        """Adds qty (below zero: takes) and orders to the level at px, in units of this book; now: what it has then."""
        cdef Ladder* side = &self.sides[ask]
        cdef Level* level
        cdef uint32_t at = self._place(ask, px)
        now[0] = 0
        if at >= side.count or side.levels[at].px != px:
            if qty <= 0:
                return SET_OK if qty == 0 else SET_MISSING
            if side.count == MAX_LEVELS:
                return SET_FULL
            level = self._insert(ask, at)
            level.px = px
            level.qty_digits = self.qty_digits
        else:
            level = &side.levels[at]
        if not add_fits(level.qty, qty, &level.qty):
            return SET_RANGE
        level.orders += <uint32_t>orders
        now[0] = level.qty
        if level.qty <= 0:
            now[0] = 0
            self._remove(ask, at)
        return SET_OK

    cdef Level* best(self, bint ask) noexcept nogil:
        """The best level of a side, or NULL."""
        cdef Ladder* side = &self.sides[ask]
        return &side.levels[side.count - 1] if side.count else NULL

    cdef bint crossed(self) noexcept nogil:
        """Whether the best ask is below the best bid."""
        cdef Ladder* bids = &self.sides[0]
        cdef Ladder* asks = &self.sides[1]
        return bids.count and asks.count and asks.levels[asks.count - 1].px < bids.levels[bids.count - 1].px

    cdef void clear(self) noexcept nogil:
        self.sides[0].count = 0
        self.sides[1].count = 0

    cdef void trim(self, uint32_t depth) noexcept nogil:
        """Drops the levels of each side beyond the first `depth`."""
        cdef Ladder* side
        cdef int ask
        for ask in range(2):
            side = &self.sides[ask]
            if side.count > depth:
                memmove(side.levels, side.levels + (side.count - depth), depth * sizeof(Level))
                side.count = depth

    cdef bint _scale(self, const Decimal* px, int64_t* out) noexcept nogil:
        """The price in this book's units; a finer one makes them finer."""
        cdef int ask
        cdef uint32_t i
        cdef Ladder* side
        cdef int64_t most
        if rescale(px.units, px.digits, self.px_digits, out):
            return 1
        if px.digits <= self.px_digits:
            return 0
        for ask in range(2):
            side = &self.sides[ask]
            for i in range(side.count):
                if not rescale(side.levels[i].px, self.px_digits, px.digits, &most):
                    return 0
        for ask in range(2):
            side = &self.sides[ask]
            for i in range(side.count):
                rescale(side.levels[i].px, self.px_digits, px.digits, &side.levels[i].px)
        self.px_digits = px.digits
        out[0] = px.units
        return 1

    cdef uint32_t _place(self, bint ask, int64_t px) noexcept nogil:
        """Where the price stands, or would stand."""
        cdef Ladder* side = &self.sides[ask]
        cdef uint32_t low = 0
        cdef uint32_t high = side.count
        cdef uint32_t mid
        while low < high:
            mid = (low + high) >> 1
            if side.levels[mid].px > px if ask else side.levels[mid].px < px:
                low = mid + 1
            else:
                high = mid
        return low

    cdef Level* _insert(self, bint ask, uint32_t at) except NULL:
        cdef Ladder* side = &self.sides[ask]
        cdef uint32_t room
        cdef Level* grown
        if side.count == side.room:
            room = 2 * side.room if side.room else 32
            grown = <Level*>realloc(side.levels, room * sizeof(Level))
            if grown == NULL:
                raise MemoryError
            side.levels = grown
            side.room = room
        memmove(&side.levels[at + 1], &side.levels[at], (side.count - at) * sizeof(Level))
        side.count += 1
        memset(&side.levels[at], 0, sizeof(Level))
        return &side.levels[at]

    cdef void _remove(self, bint ask, uint32_t at) noexcept nogil:
        cdef Ladder* side = &self.sides[ask]
        side.count -= 1
        memmove(&side.levels[at], &side.levels[at + 1], (side.count - at) * sizeof(Level))

    def top(self):
        """The best prices and quantities as decimal strings; a side that is empty is left out."""
        cdef Level* level
        found = {}
        for ask, side in ((0, "bid"), (1, "ask")):
            level = self.best(ask)
            if level != NULL:
                found[side + "_px"] = text(level.px, self.px_digits)
                found[side + "_qty"] = text(level.qty, level.qty_digits)
        return found

    def depth(self):
        """Levels of each side: bids, asks."""
        return self.sides[0].count, self.sides[1].count

    def levels(self, str side, int most):
        """Up to `most` levels of "bid" or "ask", best first, as pairs of decimal strings."""
        cdef Ladder* ladder = &self.sides[side == "ask"]
        cdef int i
        found = []
        for i in range(min(most, <int>ladder.count)):
            level = ladder.levels[ladder.count - 1 - i]
            found.append((text(level.px, self.px_digits), text(level.qty, level.qty_digits)))
        return found

    def put(self, str side, str px, str qty):
        """Sets a level from decimal strings, 0 removes it; raises ValueError where it has no place."""
        from core.data.decimals import decimal
        cdef Decimal price, amount
        price.units, price.digits = decimal(px.encode())
        amount.units, amount.digits = decimal(qty.encode())
        if self.set(side == "ask", &price, &amount) != SET_OK:
            raise ValueError(f"no place for {qty} at {px}")
