"""Zeroed memory of this process alone."""
cimport cython

@cython.final
cdef class Memory:
    cdef char* base
    cdef readonly size_t size
    cdef size_t _taken              # bytes of its mapping

# The content, and zeros behind it, in a part of a Memory. Pages that are zero then are not taken from the machine.
cdef void lay(char* at, size_t size, const char* content, size_t length) noexcept nogil
