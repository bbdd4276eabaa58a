# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Latency histograms of logarithmic buckets over any buffer (layout: histogram.pxd)."""
from libc.string cimport memset

cdef uint64_t MAGIC = int.from_bytes(b"NACRHIST", "little")
cdef uint32_t VERSION = 1
BYTES = sizeof(HistogramBlock)


cdef class Histogram:
    """1 ns to 60 s within 0.8 %. `Histogram()` has memory of its own; `format` and `attach` use a buffer."""

    def __init__(self):
        self._window = Window(bytearray(BYTES), "histogram")
        self._block = <HistogramBlock*>self._window.base
        _clear(self._block)

    @staticmethod
    def format(buffer):
        """Lays an empty histogram over a writable buffer of `BYTES` bytes."""
        cdef Histogram histogram = _over(buffer)
        _clear(histogram._block)
        return histogram

    @staticmethod
    def attach(buffer):
        """Attaches to what `format` made. ValueError names the field that is wrong."""
        cdef Histogram histogram = _over(buffer)
        cdef HistogramBlock* block = histogram._block
        if block.magic != MAGIC or block.version != VERSION or block.buckets != BUCKETS:
            raise ValueError(f"histogram header: magic {block.magic:#x}, version {block.version}, {block.buckets} "
                             f"buckets; this build reads {MAGIC:#x}, {VERSION}, {BUCKETS}: format it first, or run "
                             "one build")
        return histogram

    def add(self, int64_t ns, uint64_t n=1):
        """Records a latency in ns, n times."""
        self.record_n(ns, n)

    def reset(self):
        """Forgets everything. Only the writer may."""
        _clear(self._block)

    @property
    def count(self):
        """How many were recorded."""
        return load_relaxed(&self._block.count)

    @property
    def min(self):
        """The smallest, exact; 0 when empty."""
        return self._block.min if self._block.count else 0

    @property
    def max(self):
        """The largest, exact, also beyond 60 s; 0 when empty."""
        return self._block.max

    @property
    def sum(self):
        """The sum in ns, exact (for exporters that want it; a mean is not a latency figure)."""
        return self._block.sum

    @property
    def clamped(self):
        """How many were negative or beyond 60 s."""
        return self._block.clamped

    def percentile(self, double p):
        """The smallest bucket's top that at least p percent lie at or below; ns; 0 when empty. p in 0..100."""
        if not 0 <= p <= 100:
            raise ValueError(f"histogram: percentile {p}; 0 to 100 are possible")
        cdef HistogramBlock* block = self._block
        cdef uint64_t total = 0, seen = 0, value, wanted
        cdef uint32_t i
        for i in range(<uint32_t>BUCKETS):       # the sum of the buckets, not `count`: they may be growing meanwhile
            total += block.bucket[i]
        if total == 0:
            return 0
        wanted = _rank(p, total)
        for i in range(<uint32_t>BUCKETS):
            seen += block.bucket[i]
            if seen >= wanted:
                break
        value = bucket_top(i)
        return block.max if value > block.max or i == BUCKETS - 1 else (value if value > block.min else block.min)

    def at_most(self, bounds):
        """How many were at most each of these ns, which ascend, and how many there are: the last number. A bucket
        counts below a bound when its highest value does: 2**n - 1 from 127 on are exact."""
        cdef uint64_t seen = 0, bound
        cdef uint32_t i = 0
        found = []
        for bound in bounds:
            while i < BUCKETS and bucket_top(i) <= bound:
                seen += self._block.bucket[i]
                i += 1
            found.append(seen)
        while i < BUCKETS:
            seen += self._block.bucket[i]
            i += 1
        return [*found, seen]

    def merge(self, Histogram other not None):
        """Adds another histogram's records to this one."""
        cdef HistogramBlock* mine = self._block
        cdef HistogramBlock* its = other._block
        cdef uint32_t i
        for i in range(<uint32_t>BUCKETS):
            mine.bucket[i] += its.bucket[i]
        mine.count += its.count
        mine.sum += its.sum
        mine.clamped += its.clamped
        if its.max > mine.max:
            mine.max = its.max
        if its.min < mine.min:
            mine.min = its.min

    def to_dict(self):
        """{"p50", "p99", "p999", "p9999", "max"} in ns, and "count"."""
        return {"p50": self.percentile(50), "p99": self.percentile(99), "p999": self.percentile(99.9),
                "p9999": self.percentile(99.99), "max": self.max, "count": self.count}


cdef uint64_t _rank(double p, uint64_t total):
    """The rank to reach: ceil(p/100 * total), at least 1."""
    cdef double exact = p / 100.0 * <double>total
    cdef uint64_t rank = <uint64_t>exact
    if <double>rank + 1e-6 < exact:
        rank += 1
    return min(max(rank, <uint64_t>1), total)


cdef Histogram _over(buffer):
    cdef Histogram histogram = Histogram.__new__(Histogram)
    histogram._window = Window(buffer, "histogram")
    if histogram._window.size < sizeof(HistogramBlock):
        raise ValueError(f"histogram: the buffer has {histogram._window.size} bytes, {sizeof(HistogramBlock)} are "
                         "needed; make it larger")
    histogram._block = <HistogramBlock*>histogram._window.base
    return histogram


cdef void _clear(HistogramBlock* block) noexcept nogil:
    memset(block, 0, sizeof(HistogramBlock))
    block.magic = MAGIC
    block.version = VERSION
    block.buckets = BUCKETS
    block.min = ~<uint64_t>0
