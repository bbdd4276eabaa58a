from libc.stdint cimport int64_t, uint64_t

from core.data.orders cimport GoneIds
from core.data.reader cimport Stream
from core.data.records cimport OrderReader

cdef class BitstampOrders(OrderReader):
    cdef GoneIds gone
    cdef Stream stream
    cdef bint has_header
    cdef int64_t line_no
    cdef int64_t duplicate_rows, deleted_unknown, created_late, changed_unknown, after_deletion, moved
    cdef int _row(self, const char* p, Py_ssize_t n) except -1
    cdef int _created(self, uint64_t id, int64_t px, int64_t qty, bint ask, uint64_t row) except -1
    cdef int _later(self, uint64_t id, int64_t px, int64_t qty, bint ask, uint64_t row, bint deleted) except -1
