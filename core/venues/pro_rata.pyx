# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Pro-rata: see pro_rata.pxd."""
from libc.stdint cimport INT64_MAX

from core.messages cimport NONE
from core.venues.book cimport BY_ORDERS
from core.venues.levels cimport least
from core_ext.wide cimport i128


cdef int64_t add_capped(int64_t a, int64_t b) noexcept nogil:
    return INT64_MAX if b > INT64_MAX - a else a + b


cdef int64_t floored(const Shares* shares, int64_t size) noexcept nogil:
    cdef int64_t part = <int64_t>(<i128>shares.qty * <i128>size // <i128>shares.total)
    return part - part % shares.lot


cdef void begin_shares(Books books, const Book* book, uint32_t at, int64_t qty, Shares* out) noexcept nogil:
    """Shares qty, less than the level at `at` has, out over what it shows and our orders there."""
    cdef uint32_t i = books.levels[at].first
    out.qty = qty
    out.lot = book.lot
    out.total = add_capped(books.levels[at].shown, books.levels[at].open)
    out.rest = qty
    if book.known_by != BY_ORDERS:
        out.rest -= floored(out, books.levels[at].shown)
    while i != NONE:
        out.rest -= floored(out, books.orders[i].qty - books.orders[i].cum)
        i = books.orders[i].later


cdef int64_t share_of(Shares* shares, int64_t size) noexcept nogil:
    """The share of the next by time, with as much of the rest as it has room for."""
    cdef int64_t part = floored(shares, size)
    cdef int64_t more = least(shares.rest, size - part)
    shares.rest -= more
    return part + more
