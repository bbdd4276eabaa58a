"""What stands: of each key the last row. See standing.pyi."""
from libc.stdint cimport uint8_t

cdef enum:
    PARTS_MAX = 4
    KEY_BYTES = 32

cdef struct Part:
    size_t at               # where in a row
    size_t size             # bytes

cdef class Standing:
    cdef size_t row
    cdef Part parts[PARTS_MAX]
    cdef int count
    cdef size_t key_size
    cdef Py_ssize_t qty_at  # where a row says how much is left; -1: nowhere
    cdef dict places        # by key
    cdef list free
    cdef bytearray kept
    cdef int _take(self, const char* row) except -1
