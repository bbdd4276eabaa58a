# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""An auction's one price: see auction.pxd."""
from libc.stdint cimport INT64_MAX, INT64_MIN

from core.messages cimport NONE, T_MARKET, X_CANCELED
from core.venues.book cimport BY_ORDERS, ORDER_MARKETS
from core.venues.levels cimport ASK, BID, Level, better, least
from core.venues.pro_rata cimport add_capped

cdef enum:
    IMBALANCE = 2                   # beside BID and ASK: the one less the other


cdef int64_t nearest(int64_t px, int64_t low, int64_t high, int64_t tick) noexcept nogil:
    """Of low, low + tick, ... high the one nearest to px, the lower of two."""
    cdef int64_t below
    if px <= low:
        return low
    if px >= high:
        return high
    below = low + (px - low) // tick * tick
    return below if px - below <= below + tick - px else below + tick


cdef class Auction:
    """Works on the books, and tells through the reports."""

    def __cinit__(self, Books books not None, Reports reports not None):
        self.books = books
        self.reports = reports

    cdef void uncross(self, Book* book, int64_t now_ns) noexcept nogil:
        """One price for all that was collected; market orders don't outlive it."""
        cdef int64_t px
        cdef int64_t volume
        cdef int side
        cdef uint32_t i
        if self.price(book, &px):
            volume = least(self._volume(book, BID, px), self._volume(book, ASK, px))
            self._give(book, BID, px, volume, now_ns)
            self._give(book, ASK, px, volume, now_ns)
            book.last_px = px
            book.traded = 1
        for side in range(2):
            while book.sides[side].best != NONE:
                i = self.books.levels[book.sides[side].best].first
                if i == NONE or self.books.orders[i].state == ORDER_MARKETS or self.books.orders[i].ord_type != T_MARKET:
                    break
                self.reports.finish(i, X_CANCELED, b"no_liquidity", now_ns)

    cdef bint price(self, Book* book, int64_t* px) noexcept nogil:
        """The auction's price; 0: nothing can trade."""
        cdef int64_t low = INT64_MAX
        cdef int64_t high = INT64_MIN
        cdef int64_t most
        cdef int64_t end
        self._price_range(book, &low, &high)
        if low > high:
            return 0
        most = self._most_volume(book, low, high)
        if most == 0:
            return 0
        end = self._last(book, BID, low, high, most)
        low = self._last(book, ASK, low, high, 1 - most) + book.tick
        high = end
        self._least_imbalance(book, &low, &high)
        px[0] = nearest(book.last_px, low, high, book.tick) if book.traded else low
        return 1

    cdef int64_t _most_volume(self, Book* book, int64_t low, int64_t high) noexcept nogil:
        """It is at the last price where as much can be bought as sold, or one tick above."""
        cdef int64_t even = self._last(book, IMBALANCE, low, high, 0)
        cdef int64_t most = self._volume(book, ASK, even) if even >= low else 0
        if even + book.tick <= high and self._volume(book, BID, even + book.tick) > most:
            most = self._volume(book, BID, even + book.tick)
        return most

    cdef void _least_imbalance(self, Book* book, int64_t* low, int64_t* high) noexcept nogil:
        """Narrows the range to the prices whose imbalance is least, of whichever sign."""
        cdef int64_t even = self._last(book, IMBALANCE, low[0], high[0], 0)
        cdef int64_t imbalance = INT64_MAX
        cdef int64_t end
        if even >= low[0]:
            imbalance = self._willing(book, IMBALANCE, even)
        if even + book.tick <= high[0]:
            imbalance = least(imbalance, -self._willing(book, IMBALANCE, even + book.tick))
        end = self._last(book, IMBALANCE, low[0], high[0], -imbalance)
        low[0] = self._last(book, IMBALANCE, low[0], high[0], imbalance + 1) + book.tick
        high[0] = end

    cdef void _price_range(self, Book* book, int64_t* low, int64_t* high) noexcept nogil:
        """From the lowest to the highest of all limits, levels and the last trade; nothing changes beyond them."""
        cdef int side
        cdef uint32_t at
        cdef int64_t px
        if book.traded:
            low[0] = high[0] = book.last_px
        for side in range(2):
            at = book.sides[side].best
            while at != NONE:
                px = self.books.levels[at].px
                if INT64_MIN < px < INT64_MAX:  # no market order's
                    low[0] = least(low[0], px)
                    high[0] = px if px > high[0] else high[0]
                at = self.books.levels[at].worse

    cdef int64_t _volume(self, Book* book, int side, int64_t px) noexcept nogil:
        """What this side would trade at px: sums stop at the largest integer instead of wrapping."""
        cdef int64_t sum = 0
        cdef uint32_t at = book.sides[side].best
        cdef Level* level
        while at != NONE and not better(side, px, self.books.levels[at].px):
            level = &self.books.levels[at]
            sum = add_capped(sum, add_capped(level.shown, level.open))
            at = level.worse
        return sum

    cdef int64_t _willing(self, Book* book, int what, int64_t px) noexcept nogil:
        """BID, ASK (negated) or their IMBALANCE: each falls, or stays, as px rises."""
        if what == BID:
            return self._volume(book, BID, px)
        if what == ASK:
            return -self._volume(book, ASK, px)
        return self._volume(book, BID, px) - self._volume(book, ASK, px)

    cdef int64_t _last(self, Book* book, int what, int64_t low, int64_t high, int64_t bound) noexcept nogil:
        """The highest of low, low + tick, ... high where `what` is at least bound; low - tick where none is."""
        cdef int64_t below = 0      # all of the first `below` steps hold
        cdef int64_t above = (high - low) // book.tick + 1
        cdef int64_t middle
        while below < above:
            middle = (below + above) >> 1
            if self._willing(book, what, low + middle * book.tick) >= bound:
                below = middle + 1
            else:
                above = middle
        return low + (below - 1) * book.tick

    cdef void _give(self, Book* book, int side, int64_t px, int64_t volume, int64_t now_ns) noexcept nogil:
        """Shares out one side's volume at the auction's price: by price, what is shown before our orders, then by time."""
        while volume > 0:
            volume -= self._give_first(book, side, px, volume, now_ns)

    cdef int64_t _give_first(self, Book* book, int side, int64_t px, int64_t volume, int64_t now_ns) noexcept nogil:
        """To who is first on this side, up to volume; how much."""
        cdef uint32_t at = book.sides[side].best
        cdef Level* level = &self.books.levels[at]
        cdef uint32_t i = level.first
        cdef int64_t qty
        if level.shown > 0 and book.known_by != BY_ORDERS:
            qty = least(volume, level.shown)
            self.books.take_shown(book, side, at, qty)
            return qty
        qty = least(volume, self.books.orders[i].qty - self.books.orders[i].cum)
        if self.books.orders[i].state == ORDER_MARKETS:
            self.books.fill(i, qty)
        else:
            self.books.orders[i].behind = level.used
            self.reports.fill(i, qty, px, 0, now_ns)
        return qty
