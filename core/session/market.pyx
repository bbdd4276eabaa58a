# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The market's events: see market.pyi. Nothing is worked out before it is asked for."""
cimport cython

from decimal import Decimal

cdef object decimal_of(int64_t units, int precision):
    return Decimal(units).scaleb(-precision)


cdef class Place:
    """An instrument at a venue."""

    def __init__(self, str symbol not None, str venue not None, int price_precision, int qty_precision):
        self.symbol = symbol
        self.venue = venue
        self.price_precision = price_precision
        self.qty_precision = qty_precision
        self.px_unit = 10.0 ** price_precision
        self.qty_unit = 10.0 ** qty_precision


@cython.freelist(16)
cdef class Quote:
    """The best bid and offer of one venue; a quantity of 0 is an empty side."""

    @staticmethod
    cdef Quote of(Place place, int64_t time_ns, int64_t bid, int64_t bid_qty, int64_t ask, int64_t ask_qty):
        cdef Quote out = Quote.__new__(Quote)
        out.place = place
        out.time_ns = time_ns
        out.bid_units = bid
        out.ask_units = ask
        out.bid_qty_units = bid_qty
        out.ask_qty_units = ask_qty
        return out

    @property
    def symbol(self):
        return self.place.symbol

    @property
    def venue(self):
        return self.place.venue

    @property
    def bid(self):
        return self.bid_units / self.place.px_unit

    @property
    def ask(self):
        return self.ask_units / self.place.px_unit

    @property
    def mid(self):
        return (self.bid_units / self.place.px_unit + self.ask_units / self.place.px_unit) / 2

    @property
    def bid_size(self):
        return self.bid_qty_units / self.place.qty_unit

    @property
    def ask_size(self):
        return self.ask_qty_units / self.place.qty_unit

    @property
    def bid_px(self):
        return decimal_of(self.bid_units, self.place.price_precision)

    @property
    def ask_px(self):
        return decimal_of(self.ask_units, self.place.price_precision)

    @property
    def bid_qty(self):
        return decimal_of(self.bid_qty_units, self.place.qty_precision)

    @property
    def ask_qty(self):
        return decimal_of(self.ask_qty_units, self.place.qty_precision)

    def __repr__(self):
        return (f"Quote({self.symbol} {self.venue} {self.bid_qty} at {self.bid_px}, {self.ask_qty} at {self.ask_px}, "
                f"{self.time_ns})")


@cython.freelist(16)
cdef class Trade:
    """A trade at a venue."""

    @staticmethod
    cdef Trade of(Place place, int64_t time_ns, int64_t px, int64_t qty, uint8_t aggressor):
        cdef Trade out = Trade.__new__(Trade)
        out.place = place
        out.time_ns = time_ns
        out.px_units = px
        out.qty_units = qty
        out.aggressor = aggressor
        return out

    @property
    def symbol(self):
        return self.place.symbol

    @property
    def venue(self):
        return self.place.venue

    @property
    def price(self):
        return self.px_units / self.place.px_unit

    @property
    def size(self):
        return self.qty_units / self.place.qty_unit

    @property
    def px(self):
        return decimal_of(self.px_units, self.place.price_precision)

    @property
    def qty(self):
        return decimal_of(self.qty_units, self.place.qty_precision)

    @property
    def side(self):
        return None if self.aggressor > 1 else "sell" if self.aggressor else "buy"

    def __repr__(self):
        return f"Trade({self.symbol} {self.venue} {self.qty} at {self.px}, {self.side}, {self.time_ns})"


@cython.freelist(16)
cdef class Level:
    """A level of a book: its new quantity, 0 where it is gone."""

    @staticmethod
    cdef Level of(Place place, int64_t time_ns, uint8_t side, int64_t px, int64_t qty):
        cdef Level out = Level.__new__(Level)
        out.place = place
        out.time_ns = time_ns
        out.px_units = px
        out.qty_units = qty
        out.code = side
        return out

    @property
    def symbol(self):
        return self.place.symbol

    @property
    def venue(self):
        return self.place.venue

    @property
    def side(self):
        return "sell" if self.code else "buy"

    @property
    def price(self):
        return self.px_units / self.place.px_unit

    @property
    def size(self):
        return self.qty_units / self.place.qty_unit

    @property
    def px(self):
        return decimal_of(self.px_units, self.place.price_precision)

    @property
    def qty(self):
        return decimal_of(self.qty_units, self.place.qty_precision)

    def __repr__(self):
        return f"Level({self.symbol} {self.venue} {self.side} {self.qty} at {self.px}, {self.time_ns})"
