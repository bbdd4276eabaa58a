from libc.stdint cimport int64_t

cdef bint parse_iso(const char* p, Py_ssize_t n, int64_t* ns) noexcept nogil
cdef int64_t days_from_civil(int64_t year, int64_t month, int64_t day) noexcept nogil
