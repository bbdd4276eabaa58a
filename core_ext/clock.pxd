# Time. Off the deciding path: engines read the event's stamp, never a clock.
#
# clock_gettime goes through the vDSO: no system call. `ticks` is the processor's time stamp counter where it runs at
# a constant rate through every power state, else the monotonic clock; only differences of ticks mean anything.
from libc.stdint cimport int64_t, uint64_t

cdef extern from * nogil:
    """
    #ifndef NACRE_CLOCK_H
    #define NACRE_CLOCK_H
    #include <stdint.h>
    #include <time.h>
    static inline int64_t nacre_clock_ns(clockid_t id) {
        struct timespec t;
        clock_gettime(id, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    }
    static inline int64_t nacre_now_ns(void) { return nacre_clock_ns(CLOCK_REALTIME); }
    static inline int64_t nacre_mono_ns(void) { return nacre_clock_ns(CLOCK_MONOTONIC); }
    #if defined(__x86_64__)
    #include <cpuid.h>
    #include <x86intrin.h>
    static inline int nacre_tsc_invariant(void) {
        unsigned a, b, c, d;
        return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
    }
    static inline uint64_t nacre_tsc(void) { return __rdtsc(); }
    #else
    static inline int nacre_tsc_invariant(void) { return 0; }
    static inline uint64_t nacre_tsc(void) { return 0; }
    #endif
    static inline int64_t nacre_scale_ticks(int64_t ticks, uint64_t rate) {     /* rate: ns a tick, 32.32 */
        return (int64_t)(((__int128)ticks * rate) >> 32);
    }
    #endif
    """
    int64_t c_now_ns "nacre_now_ns" ()
    int64_t c_mono_ns "nacre_mono_ns" ()
    bint tsc_invariant "nacre_tsc_invariant" ()
    uint64_t read_tsc "nacre_tsc" ()
    int64_t scale_ticks "nacre_scale_ticks" (int64_t ticks, uint64_t rate)

cdef int64_t now_ns() noexcept nogil           # realtime, ns since 1970
cdef int64_t mono_ns() noexcept nogil          # monotonic, ns
cdef int64_t ticks() noexcept nogil            # fast; only differences mean anything
cdef int64_t ticks_to_ns(int64_t difference) noexcept nogil
