"""A table that grows: fixed rows in plain memory, for observers. Nothing on the path allocates like this."""
cimport cython
from libc.stdint cimport uint32_t, uint64_t


@cython.final
cdef class Rows:
    cdef char* memory
    cdef size_t size                # of one row
    cdef readonly uint64_t count
    cdef uint64_t capacity
    cdef readonly uint64_t most
    cdef object dtype
    cdef char* add(self) except NULL

    cdef inline char* at(self, uint64_t i) noexcept nogil:
        return self.memory + i * self.size
