# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows in their order: see rows.pxd and rows.pyi."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.string cimport memcpy, memset

from core.messages cimport KINDS, PAGE_SIZE


def bits(kinds):
    return sum(1 << int(kind) for kind in set(kinds))


cdef class Hearer:
    cdef bint is_for(self, const Header* header, const char* request) noexcept:
        """Whether it may take the row: it changes nothing."""
        return False

    cdef void put(self, const Header* header, const char* request) noexcept:
        """Takes a row that is for it."""


cdef class Together(Hearer):
    def __init__(self, each):
        self.each = list(each)
        self.kinds = ~<uint64_t>0
        for one in self.each:
            self.kinds &= (<Hearer?>one).kinds

    cdef bint is_for(self, const Header* header, const char* request) noexcept:
        for one in self.each:
            if not (<Hearer>one).is_for(header, request):
                return False
        return True

    cdef void put(self, const Header* header, const char* request) noexcept:
        for one in self.each:
            (<Hearer>one).put(header, request)


cdef class Rows:
    def begin(self, frames, row_bytes, uint64_t after):
        cdef const unsigned char[::1] view
        cdef Part* part
        self.count = 0
        self._frames = []
        self.last = NULL
        if len(frames) > PARTS_MAX:
            raise ValueError(f"rows: {len(frames)} topics, more than {PARTS_MAX}")
        for topic, frame in frames.items():
            if not len(frame):
                continue
            part = &self.parts[self.count]
            part.size = row_bytes[topic]
            if part.size < sizeof(Header) or part.size > PAGE_SIZE or len(frame) % part.size:
                raise ValueError(f"rows of topic {topic}: {len(frame):,} bytes aren't rows of {part.size}")
            view = frame
            self._frames.append(frame)
            part.at = <const char*>&view[0]
            part.end = part.at + len(frame)
            while part.at < part.end and (<const Header*>part.at).seq <= after:
                part.at += part.size
            self.count += 1

    cdef Part* first(self) noexcept:
        """The topic whose next row comes next; NULL: there is none."""
        cdef Part* found = NULL
        cdef int i
        for i in range(self.count):
            if self.parts[i].at < self.parts[i].end and (
                found == NULL or (<const Header*>self.parts[i].at).seq < (<const Header*>found.at).seq
            ):
                found = &self.parts[i]
        return found

    def next(self, Hearer hearer, uint64_t kinds, uint64_t until):
        cdef Part* part
        cdef const Header* header
        cdef const char* request
        cdef uint64_t bit
        while self.budget > 0:
            part = self.first()
            if part == NULL or (<const Header*>part.at).seq > until:
                return None
            header = <const Header*>part.at
            request = part.at + sizeof(Header)
            self.last, self.last_size, self.seq = part.at, part.size, header.seq
            self.budget -= 1
            part.at += part.size
            bit = <uint64_t>1 << (header.kind & (KINDS - 1))
            if hearer is not None and hearer.kinds & bit and hearer.is_for(header, request):
                hearer.put(header, request)
                self.heard += 1
            elif kinds & bit:
                return page(self.last, self.last_size)
        return None

    def record(self):
        if self.last == NULL:
            return b""
        return self.last[:min(sizeof(Header) + (<const Header*>self.last).length, self.last_size)]

    @property
    def is_done(self):
        return self.first() == NULL


cdef bytes page(const char* row, uint32_t size):
    """A row as a page: zeros for what isn't told."""
    cdef bytes whole = PyBytes_FromStringAndSize(NULL, PAGE_SIZE)
    memcpy(PyBytes_AS_STRING(whole), row, size)
    memset(PyBytes_AS_STRING(whole) + size, 0, PAGE_SIZE - size)
    return whole
