# The fence: one cache line that says until when this host may speak to venues. It fails closed: when nobody moves the
# time on, because the host lost its quorum or the process that renews the lease is dead, sends stop by themselves.
#
#   offset
#        0  +-----------+-------------------------------------------------------+------+
#           | magic u64 | version u64 | zero                                           |  written once, by format
#       64  +-----------+---------------+------------------------------------------+---+
#           | epoch u64 | until_ns i64, of CLOCK_BOOTTIME: a host that slept is late | 0 |  who holds the lease
#      128  +-----------+------------------------------------------------------------+--+
cimport cython
from libc.stdint cimport int64_t, uint64_t

from core_ext.atomics cimport load_acquire
from core_ext.window cimport Window

cdef extern from * nogil:
    """
    #ifndef NACRE_FENCE_H
    #define NACRE_FENCE_H
    #include <stdint.h>
    #include <time.h>
    static inline int64_t nacre_boot_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_BOOTTIME, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    }
    #endif
    """
    int64_t boot_ns "nacre_boot_ns" ()

cdef struct FencePage:
    uint64_t magic
    uint64_t version
    uint64_t zero[6]
    uint64_t epoch
    uint64_t until_ns
    uint64_t zero2[6]


@cython.final
cdef class Fence:
    cdef Window _window
    cdef FencePage* _page

    cdef inline bint is_open(self) noexcept nogil:
        return boot_ns() < <int64_t>load_acquire(&self._page.until_ns)
