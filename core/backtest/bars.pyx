# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Bars: see bars.pyi."""
import re

NEVER_NS = (1 << 63) - 1
_UNITS_NS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_EVERY = re.compile(r"([1-9][0-9]{0,8})(ms|s|m|h|d|t|v)")


cdef class Bar:
    """One bar; prices are floats."""

    @property
    def symbol(self):
        return self.place.symbol

    def __repr__(self):
        return (f"Bar({self.symbol} {self.every} {self.open} {self.high} {self.low} {self.close}, {self.volume}, "
                f"{self.count} events, {self.start_ns} to {self.end_ns})")


cdef class BarBuilder:
    """Makes the bars of one instrument."""

    def __init__(self, str every not None, bint of_trades):
        found = _EVERY.fullmatch(every)
        if found is None:
            raise ValueError(f"bars every {every!r}: a number and one of ms, s, m, h, d (time), t (events), v (volume)")
        number, unit = int(found[1]), found[2]
        self.every = every
        self.of_trades = of_trades
        self.span_ns = number * _UNITS_NS.get(unit, 0)
        self.events = number if unit == "t" else 0
        self.most = number if unit == "v" else 0.0

    cdef Bar add(self, Place place, int64_t time_ns, double price, double size):
        """Takes an event into the bar; the bar, where that fills it by count or volume."""
        cdef Bar bar = self.bar
        if bar is None:
            bar = self.bar = Bar.__new__(Bar)
            bar.place = place
            bar.every = self.every
            bar.start_ns = time_ns - time_ns % self.span_ns if self.span_ns else time_ns
            bar.open = bar.high = bar.low = price
        bar.high = max(bar.high, price)
        bar.low = min(bar.low, price)
        bar.close = price
        bar.volume += size
        bar.count += 1
        bar.end_ns = bar.start_ns + self.span_ns if self.span_ns else time_ns
        if (self.events and bar.count >= self.events) or (self.most and bar.volume >= self.most):
            return self.close()
        return None

    cdef Bar close(self):
        """The bar as it is; None: nothing happened."""
        cdef Bar bar = self.bar
        self.bar = None
        return bar

    cdef int64_t due_ns(self):
        """When the bar is over by time."""
        return self.bar.end_ns if self.span_ns and self.bar is not None else NEVER_NS
