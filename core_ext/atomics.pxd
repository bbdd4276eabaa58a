# The memory-ordering words everything else is built from, as inline C. Header only: nothing to import at run time.
#
# Every cache line has one writer. The writer publishes with `store_release`; a reader that sees the value through
# `load_acquire` also sees everything written before it. That pair is all a ring or a spine needs; the fences are
# for the claim cursor (claim before overwrite) and for observers (copy before re-check).
from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef extern from * nogil:
    """
    #ifndef NACRE_ATOMICS_H
    #define NACRE_ATOMICS_H
    #include <stdint.h>

    #define NACRE_CACHE_LINE 64

    static inline uint64_t nacre_load_acquire(const uint64_t* p) {
        return __atomic_load_n(p, __ATOMIC_ACQUIRE);
    }
    static inline uint64_t nacre_load_relaxed(const uint64_t* p) {
        return __atomic_load_n(p, __ATOMIC_RELAXED);
    }
    static inline void nacre_store_release(uint64_t* p, uint64_t v) {
        __atomic_store_n(p, v, __ATOMIC_RELEASE);
    }
    static inline void nacre_store_relaxed(uint64_t* p, uint64_t v) {
        __atomic_store_n(p, v, __ATOMIC_RELAXED);
    }
    /* One thread wins: for the rare paths with two writers (registering a counter, preparing a segment). */
    static inline int nacre_compare_and_swap(uint64_t* p, uint64_t expected, uint64_t desired) {
        return __atomic_compare_exchange_n(p, &expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    }
    static inline void nacre_fence_acquire(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
    static inline void nacre_fence_release(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }

    /* Tells the processor that this is a spin loop: frees the sibling thread, avoids a pipeline flush on exit. */
    static inline void nacre_cpu_relax(void) {
    #if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
    #elif defined(__aarch64__)
        __asm__ __volatile__("yield" ::: "memory");
    #else
        __asm__ __volatile__("" ::: "memory");
    #endif
    }
    static inline void nacre_prefetch_read(const void* p) { __builtin_prefetch(p, 0, 3); }
    static inline void nacre_prefetch_write(const void* p) { __builtin_prefetch(p, 1, 3); }

    _Static_assert(sizeof(uint64_t) == 8 && __atomic_always_lock_free(8, 0), "64-bit atomics must be lock free");
    #endif
    """
    enum: CACHE_LINE "NACRE_CACHE_LINE"

    uint64_t load_acquire "nacre_load_acquire" (const uint64_t* p)
    uint64_t load_relaxed "nacre_load_relaxed" (const uint64_t* p)
    void store_release "nacre_store_release" (uint64_t* p, uint64_t v)
    void store_relaxed "nacre_store_relaxed" (uint64_t* p, uint64_t v)
    bint compare_and_swap "nacre_compare_and_swap" (uint64_t* p, uint64_t expected, uint64_t desired)
    void fence_acquire "nacre_fence_acquire" ()
    void fence_release "nacre_fence_release" ()
    void cpu_relax "nacre_cpu_relax" ()
    void prefetch_read "nacre_prefetch_read" (const void* p)
    void prefetch_write "nacre_prefetch_write" (const void* p)
