# A latency histogram of logarithmic buckets, recorded by one writer and read by anyone.
#
#   offset
#        0  +-----------+---------+-------------+-----------+---------+---------+---------+-----------+
#           | magic u64 | ver u32 | buckets u32 | count u64 | min i64 | max i64 | sum u64 | clamped u64 |  (56) zero
#       64  +-----------+---------+-------------+-----------+---------+---------+---------+-----------+
#           | bucket 0 u64 | bucket 1 u64 | ... bucket 3839 u64                                        |
#           +-----------------------------------------------------------------------------------------+
#
# Values 0..127 ns have a bucket each; above, each doubling is cut into 128: a bucket is at most 1/128 (0.8 %) of
# its values wide. 36 bits hold 60 s; longer values go to the last bucket, and `clamped` counts them.
cimport cython
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core_ext.atomics cimport load_relaxed, store_relaxed
from core_ext.window cimport Window

cdef extern from * nogil:
    """
    #ifndef NACRE_HISTOGRAM_H
    #define NACRE_HISTOGRAM_H
    #include <stddef.h>
    #include <stdint.h>
    #define NACRE_HISTOGRAM_BUCKETS 3840          /* 128 + 29 doublings of 128: up to 2^36 ns = 68.7 s */
    #define NACRE_HISTOGRAM_MAX 60000000000LL
    typedef struct {
        uint64_t magic;  uint32_t version;  uint32_t buckets;
        uint64_t count;  uint64_t min;  uint64_t max;  uint64_t sum;  uint64_t clamped;  uint64_t zero;
        uint64_t bucket[NACRE_HISTOGRAM_BUCKETS];
    } nacre_histogram;
    _Static_assert(offsetof(nacre_histogram, bucket) == 64, "the header is a cache line");
    _Static_assert(sizeof(nacre_histogram) == 64 + 8 * 3840, "buckets follow");
    static inline uint32_t nacre_bucket_of(uint64_t v) {      /* v <= NACRE_HISTOGRAM_MAX */
        if (v < 128) return (uint32_t)v;
        int shift = 56 - __builtin_clzll(v);                  /* v >> shift is in 128..255 */
        return (uint32_t)(128 * shift + (v >> shift));
    }
    static inline uint64_t nacre_bucket_top(uint32_t bucket) {   /* the highest value of a bucket */
        if (bucket < 128) return bucket;
        int shift = (int)(bucket / 128) - 1;
        return (((uint64_t)(bucket - 128 * (uint32_t)shift) + 1) << shift) - 1;
    }
    #endif
    """
    enum: BUCKETS "NACRE_HISTOGRAM_BUCKETS"
    int64_t LONGEST_NS "NACRE_HISTOGRAM_MAX"
    ctypedef struct HistogramBlock "nacre_histogram":
        uint64_t magic
        uint32_t version
        uint32_t buckets
        uint64_t count
        uint64_t min
        uint64_t max
        uint64_t sum
        uint64_t clamped
        uint64_t bucket[3840]
    uint32_t bucket_of "nacre_bucket_of" (uint64_t v)
    uint64_t bucket_top "nacre_bucket_top" (uint32_t bucket)


@cython.final
cdef class Histogram:
    cdef Window _window
    cdef HistogramBlock* _block

    # Negative values (a clock that stepped) count as 0 ns, and as clamped.
    cdef inline void record(self, int64_t ns) noexcept nogil:
        self.record_n(ns, 1)

    cdef inline void record_n(self, int64_t ns, uint64_t n) noexcept nogil:
        cdef HistogramBlock* block = self._block
        cdef uint64_t value = <uint64_t>ns
        if ns < 0 or ns > LONGEST_NS:
            block.clamped += n
            value = 0 if ns < 0 else <uint64_t>LONGEST_NS
        block.bucket[bucket_of(value)] += n
        if ns < 0:
            ns = 0
        block.sum += <uint64_t>ns * n
        if <uint64_t>ns > block.max:
            block.max = <uint64_t>ns
        if <uint64_t>ns < block.min:
            block.min = <uint64_t>ns
        store_relaxed(&block.count, block.count + n)
