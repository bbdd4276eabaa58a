# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""What stands: see standing.pxd and standing.pyi."""
from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memset


cdef class Standing:
    def __init__(self, size_t row, parts, Py_ssize_t qty_at=-1):
        self.count = len(parts)
        self.key_size = sum(size for _, size in parts)
        if not 0 < self.count <= PARTS_MAX or self.key_size > KEY_BYTES:
            raise ValueError(f"key: {self.count} parts of {self.key_size} bytes: give 1 to {PARTS_MAX}, {KEY_BYTES} bytes at most")
        if max(at + size for at, size in parts) > row or qty_at > <Py_ssize_t>row - 8:
            raise ValueError(f"key: a part of it is beyond a row of {row} bytes")
        for i, (at, size) in enumerate(parts):
            self.parts[i].at, self.parts[i].size = at, size
        self.row = row
        self.qty_at = qty_at
        self.places = {}
        self.free = []
        self.kept = bytearray()

    def take(self, const uint8_t[::1] rows not None):
        cdef size_t at
        cdef size_t size = rows.shape[0]
        if size % self.row:
            raise ValueError(f"{size} bytes are no rows of {self.row}")
        for at in range(0, size, self.row):
            self._take(<const char*>&rows[at])

    cdef int _take(self, const char* row) except -1:
        cdef char key[KEY_BYTES]
        cdef size_t filled = 0
        cdef int i
        for i in range(self.count):
            memcpy(key + filled, row + self.parts[i].at, self.parts[i].size)
            filled += self.parts[i].size
        name = PyBytes_FromStringAndSize(key, filled)
        if self.qty_at >= 0 and (<const int64_t*>(row + self.qty_at))[0] == 0:
            place = self.places.pop(name, None)
            if place is not None:
                memset(PyByteArray_AS_STRING(self.kept) + <size_t>place * self.row, 0, self.row)
                self.free.append(place)
            return 0
        place = self.places.get(name)
        if place is None:
            if self.free:
                place = self.free.pop()
            else:
                place = len(self.kept) // self.row
                self.kept.extend(bytes(self.row))
            self.places[name] = place
        memcpy(PyByteArray_AS_STRING(self.kept) + <size_t>place * self.row, row, self.row)
        return 0

    def rows(self):
        return bytes(self.kept)

    def __len__(self):
        return len(self.places)
