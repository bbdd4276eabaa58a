cimport cython

@cython.final
cdef class Window:
    cdef Py_buffer _view
    cdef bint _held
    cdef char* base        # first byte; NULL once released
    cdef readonly size_t size

    cdef void drop(self)
