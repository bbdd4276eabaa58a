# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A writable buffer held in place: how every structure here gets its memory without caring whose it is."""
from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport uintptr_t


cdef class Window:
    """Holds a writable contiguous buffer, so that its address stays valid for as long as this object lives."""

    def __cinit__(self, buffer, str owner, size_t alignment=8):
        try:
            PyObject_GetBuffer(buffer, &self._view, PyBUF_WRITABLE | PyBUF_SIMPLE)
        except (BufferError, TypeError) as error:
            raise ValueError(f"{owner}: {type(buffer).__name__} is not a writable contiguous buffer ({error}); "
                             "pass a Region, a bytearray or an mmap") from error
        self._held = True
        self.base = <char*>self._view.buf
        self.size = <size_t>self._view.len
        if <uintptr_t>self.base % alignment:
            raise ValueError(f"{owner}: the buffer starts at an address that is not a multiple of {alignment} bytes; "
                             "use a Region, whose payload starts on a cache line")

    def __dealloc__(self):
        self.drop()

    cdef void drop(self):
        if self._held:
            self._held = False
            self.base = NULL
            PyBuffer_Release(&self._view)

    def release(self):
        """Gives the buffer back. Whoever still uses its address after this is wrong."""
        self.drop()

    @property
    def released(self):
        """True once the buffer was given back."""
        return not self._held
