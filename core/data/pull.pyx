# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Bytes of a stream, pulled as they are needed: see pull.pxd.

One buffer holds what has come and isn't taken yet. It grows to the longest line (MAX_LINE at most), never with the
stream.
"""
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memchr, memcpy, memmove

from core.data.source import Damaged

MAX_LINE = 1 << 24

cdef enum:
    BOUND = 1 << 24
    FIRST_ROOM = 1 << 18


cdef class Pull:
    """Over an iterator of bytes, which may end with `Damaged`: then `damage` says why, and what came before counts."""

    def __cinit__(self, chunks):
        self.chunks = iter(chunks)
        self.room = FIRST_ROOM
        self.data = <char*>malloc(<size_t>self.room)
        if self.data == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.data)

    cdef int add(self, bytes chunk) except -1:
        """A stream that ended goes on with these."""
        self.chunks = iter((chunk,))
        self.over = 0
        return 0

    cdef bint fill(self) except -1:
        """Takes in the next chunk; 0: there is none."""
        cdef bytes chunk
        cdef Py_ssize_t size
        if self.over:
            return 0
        try:
            chunk = next(self.chunks)
        except StopIteration:
            self.over = 1
            return 0
        except Damaged as error:
            self.over = 1
            self.damage = str(error)
            return 0
        size = len(chunk)
        if self.start:
            memmove(self.data, self.data + self.start, <size_t>(self.end - self.start))
            self.base += <uint64_t>self.start
            self.seen -= self.start
            self.end -= self.start
            self.start = 0
        if self.end + size > self.room:
            self._grow(self.end + size)
        memcpy(self.data + self.end, <const char*>chunk, <size_t>size)
        self.end += size
        return 1

    def _grow(self, Py_ssize_t wanted):
        cdef Py_ssize_t room = self.room
        cdef char* data
        while room < wanted:
            room *= 2
        data = <char*>realloc(self.data, <size_t>room)
        if data == NULL:
            raise MemoryError
        self.data = data
        self.room = room

    cdef Py_ssize_t need(self, Py_ssize_t n) except -1:
        """How many bytes stand at `at()`: n or more, or fewer at the end of the stream."""
        while self.end - self.start < n and self.fill():
            pass
        return self.end - self.start

    cdef const char* at(self) noexcept nogil:
        return self.data + self.start

    cdef void take(self, Py_ssize_t n) noexcept nogil:
        self.start += n
        if self.seen < self.start:
            self.seen = self.start

    cdef uint64_t place(self) noexcept nogil:
        """Where in the stream `at()` is."""
        return self.base + <uint64_t>self.start

    cdef int line(self, const char** p, Py_ssize_t* n) except -1:
        """The next line without its end (LF or CR LF). It is taken once the caller takes it."""
        cdef const char* found
        cdef Py_ssize_t skipped = 0
        while True:
            found = <const char*>memchr(self.data + self.seen, b"\n", <size_t>(self.end - self.seen))
            if found != NULL:
                break
            self.seen = self.end
            if self.end - self.start > BOUND:
                skipped += self.end - self.start
                self.take(self.end - self.start)
            if not self.fill():
                if skipped:
                    p[0] = self.at()
                    n[0] = 0
                    return LINE_LONG
                return self._end(p, n)
        p[0] = self.data + self.start
        n[0] = found - p[0]
        self.seen = self.start + n[0] + 1
        if n[0] and p[0][n[0] - 1] == b"\r":
            n[0] -= 1
        return LINE_LONG if skipped else LINE_WHOLE

    cdef int _end(self, const char** p, Py_ssize_t* n) noexcept nogil:
        """What stands after the last newline."""
        p[0] = self.at()
        n[0] = self.end - self.start
        self.seen = self.end
        if n[0] and p[0][n[0] - 1] == b"\r":
            n[0] -= 1
        return LINE_OPEN if self.end > self.start else LINE_END
