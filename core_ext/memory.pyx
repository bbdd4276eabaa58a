# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Memory: see memory.pxd.

A page that is touched for the first time costs a fault and its zeroing by the kernel. Who makes and drops many cores in
one process (the simulation) pays for little else, and turns on that mappings are kept. What is kept is zeroed before
somebody has it again: pages that are there by writing zeros, those that aren't (never touched, or swapped out) by
telling the kernel to forget them.
"""
from cpython.buffer cimport PyBuffer_FillInfo
from cpython.exc cimport PyErr_NoMemory
from libc.stdlib cimport free, malloc
from libc.stdint cimport uintptr_t
from libc.string cimport memcmp, memcpy, memset
from posix.unistd cimport _SC_PAGESIZE, sysconf

cdef extern from "sys/mman.h" nogil:
    void* mmap(void* at, size_t size, int protection, int flags, int fd, long offset)
    int munmap(void* at, size_t size)
    int mincore(void* at, size_t size, unsigned char* there)
    int madvise(void* at, size_t size, int advice)
    void* MAP_FAILED
    int PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MADV_DONTNEED

cdef enum:
    SPARES = 1024                   # mappings that are kept at most
    FEW = 16                        # pages that are written sooner than asked about

cdef struct Spare:
    char* base
    size_t size

cdef size_t PAGE = sysconf(_SC_PAGESIZE)
cdef Spare spares[SPARES]           # the last one is the first that is taken: the caches may have it
cdef int spare_count = 0
cdef bint keeping = 0


cdef class Memory:
    """See memory.pyi."""

    def __cinit__(self, size_t size):
        if size == 0:
            raise ValueError("memory: 0 bytes are asked for")
        self.size = size
        self._taken = _rounded(size)
        self.base = _take(self._taken)
        if self.base == NULL:
            PyErr_NoMemory()

    def __dealloc__(self):
        if self.base != NULL:
            _give(self.base, self._taken)

    def __getbuffer__(self, Py_buffer* view, int flags):
        PyBuffer_FillInfo(view, self, self.base, self.size, 0, flags)


def keep(bint on) -> None:
    """See memory.pyi."""
    global keeping, spare_count
    keeping = on
    while not on and spare_count:
        spare_count -= 1
        munmap(spares[spare_count].base, spares[spare_count].size)


def kept() -> int:
    """See memory.pyi."""
    return spare_count


cdef size_t _rounded(size_t size) noexcept nogil:
    return (size + PAGE - 1) & ~<size_t>(PAGE - 1)


cdef char* _take(size_t size) noexcept nogil:
    """NULL: there is no more."""
    cdef void* fresh
    cdef int i = _find(size)
    if i >= 0:
        return _unkept(i)
    fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return NULL if fresh == MAP_FAILED else <char*>fresh


cdef int _find(size_t size) noexcept nogil:
    cdef int i = spare_count - 1
    while i >= 0 and spares[i].size != size:
        i -= 1
    return i


cdef char* _unkept(int i) noexcept nogil:
    """A spare, no longer one."""
    global spare_count
    cdef char* base = spares[i].base
    spare_count -= 1
    while i < spare_count:
        spares[i] = spares[i + 1]
        i += 1
    return base


cdef void _give(char* base, size_t size) noexcept nogil:
    global spare_count
    if not keeping or spare_count == SPARES or not _zeroed(base, size):
        munmap(base, size)
        return
    spares[spare_count] = Spare(base, size)
    spare_count += 1


cdef bint _zeroed(char* base, size_t size) noexcept nogil:
    """0: it could not be."""
    cdef size_t pages = size // PAGE
    cdef unsigned char* there = <unsigned char*>malloc(pages)
    cdef size_t first = 0
    cdef size_t end
    cdef bint done = there != NULL and mincore(base, size, there) == 0
    while done and first < pages:
        end = first + 1
        while end < pages and (there[end] ^ there[first]) & 1 == 0:
            end += 1
        if there[first] & 1:
            memset(base + first * PAGE, 0, (end - first) * PAGE)
        else:
            done = madvise(base + first * PAGE, (end - first) * PAGE, MADV_DONTNEED) == 0
        first = end
    free(there)
    return done


cdef void lay(char* at, size_t size, const char* content, size_t length) noexcept nogil:
    cdef size_t done = 0
    cdef size_t part
    _clear(at, size)
    while done < length:
        part = PAGE - <size_t>(<uintptr_t>(at + done) % PAGE)
        part = length - done if length - done < part else part
        if not _is_zero(content + done, part):
            memcpy(at + done, content + done, part)
        done += part


cdef void _clear(char* at, size_t size) noexcept nogil:
    cdef char* first = <char*>_rounded(<size_t>at)
    cdef char* end = <char*>(<uintptr_t>(at + size) & ~<uintptr_t>(PAGE - 1))
    if size < FEW * PAGE or not _zeroed(first, end - first):
        memset(at, 0, size)
        return
    memset(at, 0, first - at)
    memset(end, 0, at + size - end)


cdef bint _is_zero(const char* at, size_t size) noexcept nogil:
    return at[0] == 0 and memcmp(at, at + 1, size - 1) == 0
