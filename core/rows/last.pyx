# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Last prices: see last.pxd and last.pyi.

units / 10^precision is the nearest float where both are floats exactly, as Python's division of integers is.
"""
from libc.math cimport NAN, isnan
from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport free, realloc

from core.messages cimport K_MARK, K_QUOTE, K_TRADE, Header, PriceEvent, QuoteEvent, TradeEvent
from core.rows.rows cimport Hearer

cdef int64_t EXACT = <int64_t>1 << 52     # two of them added are a float still
cdef int EXACT_DIGITS = 22                # 10^22 is the last power of ten that is a float exactly


cdef class LastPrices(Hearer):
    def __cinit__(self, *_words, **_more):
        self.kinds = 1 << K_QUOTE | 1 << K_TRADE | 1 << K_MARK

    def __dealloc__(self):
        free(self.px)
        free(self.unit)

    cdef void grow(self, uint32_t symbol) except *:
        """Makes room for that symbol."""
        cdef uint32_t size = self.size or 16
        cdef double* moved
        if symbol < self.size:
            return
        while size <= symbol:
            size *= 2
        moved = <double*>realloc(self.px, size * sizeof(double))
        if moved == NULL:
            raise MemoryError()
        self.px = moved
        moved = <double*>realloc(self.unit, size * sizeof(double))
        if moved == NULL:
            raise MemoryError()
        self.unit = moved
        while self.size < size:
            self.px[self.size] = NAN
            self.unit[self.size] = 0.0
            self.size += 1

    def learn(self, uint32_t symbol, int precision):
        self.grow(symbol)
        self.unit[symbol] = float(10**precision) if precision <= EXACT_DIGITS else 0.0

    def tell(self, uint32_t symbol, double px):
        self.grow(symbol)
        self.px[symbol] = px

    @property
    def last(self):
        return {symbol: self.px[symbol] for symbol in range(self.size) if not isnan(self.px[symbol])}

    @last.setter
    def last(self, prices):
        for symbol in range(self.size):
            self.px[symbol] = NAN
        for symbol, px in prices.items():
            self.tell(symbol, px)

    cdef bint is_for(self, const Header* header, const char* request) noexcept:
        cdef uint32_t symbol = (<const uint32_t*>request)[0]
        if header.time_ns >= self.until_ns or symbol >= self.size or self.unit[symbol] == 0.0:
            return False
        if header.kind == K_QUOTE:
            return is_exact((<const QuoteEvent*>request).bid_px) and is_exact((<const QuoteEvent*>request).ask_px)
        if header.kind == K_TRADE:
            return is_exact((<const TradeEvent*>request).px)
        return is_exact((<const PriceEvent*>request).px)

    cdef void put(self, const Header* header, const char* request) noexcept:
        cdef const QuoteEvent* quote = <const QuoteEvent*>request
        cdef int64_t px
        if header.kind == K_QUOTE:
            if quote.bid_qty > 0 and quote.ask_qty > 0:
                self.px[quote.symbol] = <double>(quote.bid_px + quote.ask_px) / (2.0 * self.unit[quote.symbol])
            return
        px = (<const TradeEvent*>request).px if header.kind == K_TRADE else (<const PriceEvent*>request).px
        if px > 0:
            self.px[(<const uint32_t*>request)[0]] = <double>px / self.unit[(<const uint32_t*>request)[0]]


cdef inline bint is_exact(int64_t units) noexcept:
    return -EXACT < units < EXACT
