# A block of zeroed memory: plain (this process's), or a shared-memory segment with an owner.
#
#   offset
#        0  +-----------+---------+------------+----------+-----------------+----------------+------+
#           | magic u64 | ver u32 | layout u32 | size u64 | owner epoch u64 | created ns i64 | zero |  once, by the owner
#       64  +-----------+---------+------------+----------+-----------------+----------------+------+
#           | heartbeat ns i64 | zero                                                               |  the owner, now and then
#      128  +------------------+--------------------------------------------------------------------+
#           | payload: `size` bytes, starting on a cache line                                       |
#           +---------------------------------------------------------------------------------------+
#
# The owner is whoever holds the lock on the segment's file: the kernel drops it when the process dies, and it holds
# across pid namespaces, where a pid means nothing. The epoch tells one owner's segment from the next one's.
cimport cython
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core_ext.atomics cimport load_acquire, store_release
from core_ext.window cimport Window

cdef extern from * nogil:
    """
    #ifndef NACRE_REGION_H
    #define NACRE_REGION_H
    #include <stddef.h>
    #include <stdint.h>
    typedef struct {
        uint64_t magic;  uint32_t version;  uint32_t layout;  uint64_t size;  uint64_t owner_epoch;
        int64_t created_ns;  uint64_t zero0[3];
        uint64_t heartbeat_ns;  uint64_t zero1[7];
    } nacre_region;
    _Static_assert(sizeof(nacre_region) == 128, "the payload starts on a cache line");
    _Static_assert(offsetof(nacre_region, heartbeat_ns) == 64, "the heartbeat has a line of its own");
    #endif
    """
    ctypedef struct RegionHeader "nacre_region":
        uint64_t magic
        uint32_t version
        uint32_t layout
        uint64_t size
        uint64_t owner_epoch
        int64_t created_ns
        uint64_t heartbeat_ns


@cython.final
@cython.no_gc_clear      # __dealloc__ still needs the members
cdef class Region:
    cdef Window _window
    cdef RegionHeader* _header
    cdef char* base              # the payload; NULL once closed
    cdef readonly size_t size    # of the payload, bytes
    cdef readonly str name
    cdef object _memory          # mmap or SharedMemory
    cdef object _lock            # HeldLock of the owner, else None
    cdef bint _shared
    cdef int _exports            # buffers that others hold of the payload

    cdef void _bind(self, object buffer, str name)
    cdef void _stamp(self, size_t size, uint32_t layout, uint64_t epoch)

    # The owner's sign of life.
    cdef inline void beat(self, int64_t ns) noexcept nogil:
        store_release(&self._header.heartbeat_ns, <uint64_t>ns)

    cdef inline int64_t last_beat(self) noexcept nogil:
        return <int64_t>load_acquire(&self._header.heartbeat_ns)
