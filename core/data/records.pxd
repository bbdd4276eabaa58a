"""Binary recordings of orders (ITCH, DBN): what they have in common."""
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from core.data.orders cimport Order, Orders
from core.data.reader cimport Reader, Stream

cdef inline uint64_t big(const char* p, int n) noexcept nogil:
    """A big-endian number of n bytes."""
    cdef uint64_t value = 0
    cdef int i
    for i in range(n):
        value = (value << 8) | <unsigned char>p[i]
    return value

cdef class OrderReader(Reader):
    cdef Orders orders
    cdef int px_digits
    cdef readonly int64_t unknown_ids, duplicate_ids, mismatched, skipped_bytes
    cdef int add_order(self, Stream stream, uint64_t id, uint64_t scope, bint ask, int64_t px, int64_t qty) except -1
    cdef int take_order(self, Stream stream, Order* order, int64_t qty, int64_t executed) except -1
    cdef int _order(self, Stream stream, int what, const Order* order, int64_t qty) except -1
    cdef int move(self, Stream stream, bint ask, int64_t px, int64_t qty, int orders) except -1
    cdef int lost_bytes(self, str reason, Py_ssize_t n) except -1
    cdef Py_ssize_t resume(self, Py_ssize_t start) except -1
    cdef bint plausible(self, Py_ssize_t at, Py_ssize_t have) except -1
