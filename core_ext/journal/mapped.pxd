# One segment file in memory: how it is mapped, and what of it is whole. Header only: nothing to import at run time.
from libc.errno cimport errno
from libc.stdint cimport uint32_t, uint64_t
from posix.fcntl cimport O_CLOEXEC, O_RDONLY
from posix.types cimport off_t
from posix.unistd cimport close, fsync

from core_ext.atomics cimport load_acquire
from core_ext.journal.format cimport (
    END, MAGIC, Record, SegmentHeader, durable_good, header_crc, padded, record_crc,
)

cdef extern from * nogil:
    """
    #ifndef NACRE_JOURNAL_MAPPED_H
    #define NACRE_JOURNAL_MAPPED_H
    #include <errno.h>
    #include <fcntl.h>
    #include <stdint.h>
    #include <stdio.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <unistd.h>
    #ifndef MADV_POPULATE_WRITE
    #define MADV_POPULATE_WRITE 23            /* Linux 5.14; older kernels say EINVAL and pages are touched one by one */
    #endif
    static inline int nacre_open(const char* path, int flags) { return open(path, flags, 0640); }
    static inline int nacre_segment_path(char* out, size_t size, const char* directory, unsigned long long number) {
        return snprintf(out, size, "%s/%08llu.nacre", directory, number);
    }
    static inline char* nacre_map(int fd, size_t size, int writable) {
        void* p = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
        return p == MAP_FAILED ? NULL : (char*)p;
    }
    static inline void nacre_touch(char* base, size_t size) {
        if (madvise(base, size, MADV_POPULATE_WRITE) != 0)
            for (size_t at = 0; at < size; at += 4096)
                ((volatile char*)base)[at] = 0;
    }
    static inline void nacre_forget(char* base, size_t size) { madvise(base, size, MADV_DONTNEED); }
    static inline int nacre_all_zero(const char* p, size_t size) {
        uint64_t word = 0;
        for (; size >= 8; p += 8, size -= 8) {
            memcpy(&word, p, 8);
            if (word) return 0;
        }
        while (size--)
            if (*p++) return 0;
        return 1;
    }
    #endif
    """
    int c_open "nacre_open" (const char* path, int flags)
    int segment_path "nacre_segment_path" (char* out, size_t size, const char* directory, unsigned long long number)
    char* map_file "nacre_map" (int fd, size_t size, bint writable)
    void touch_pages "nacre_touch" (char* base, size_t size)
    void forget_pages "nacre_forget" (char* base, size_t size)
    bint all_zero "nacre_all_zero" (const char* p, size_t size)
    int munmap(void* addr, size_t size)
    int posix_fallocate(int fd, off_t offset, off_t size)
    int fdatasync(int fd)
    int sched_yield()

cdef struct Mapped:        # one mapped segment file
    char* base
    size_t size
    int fd
    uint64_t number


cdef inline bint header_good(Mapped* segment) noexcept nogil:
    cdef SegmentHeader* header = <SegmentHeader*>segment.base
    return segment.size >= sizeof(SegmentHeader) and load_acquire(&header.magic) == MAGIC \
        and header.crc == header_crc(header) and durable_good(header)


cdef inline size_t record_size(Mapped* segment, size_t at) noexcept nogil:
    """Bytes of the record that seems to be there; 0 when there cannot be one."""
    cdef size_t size
    if at + sizeof(Record) > segment.size:
        return 0
    cdef uint32_t length = <uint32_t>(load_acquire(<uint64_t*>(segment.base + at)) >> 32)
    if length == 0:
        return 0
    size = sizeof(Record) if length == END else padded(length)
    return size if size <= segment.size - at else 0


cdef inline bint record_good(Mapped* segment, size_t at, uint64_t expected) noexcept nogil:
    cdef Record* record = <Record*>(segment.base + at)
    cdef size_t size = record_size(segment, at)
    return size != 0 and record.sequence >= (expected if expected else 1) and record.sequence - expected < <uint64_t>1 << 40 \
        and record.crc == record_crc(record, size)


cdef inline int sync_directory(const char* path) noexcept nogil:
    """So that a file that was made or removed stays so. 0 or an errno."""
    cdef int fd = c_open(path, O_RDONLY | O_CLOEXEC)
    cdef int error = 0
    if fd < 0:
        return errno
    if fsync(fd) != 0:
        error = errno
    close(fd)
    return error
