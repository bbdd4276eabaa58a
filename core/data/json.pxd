"""A strict reader of one JSON text into a flat list of tokens, without an object for each.

    { "b" : [ [ "1.5" , "2" ] ] }        0 {  next 6
                                         1 "b"        2 [  next 6
                                                      3 [  next 6
                                                      4 "1.5"   5 "2"
"""
from libc.stdint cimport uint32_t, uint8_t

cdef struct Token:
    uint32_t start                  # of a string or number: its text, without quotation marks
    uint32_t size
    uint32_t next                   # the token after this value
    uint8_t kind                    # { [ " 0 t f n
    uint8_t escaped                 # a string with a backslash in it

cdef class Json:
    cdef Token* tokens
    cdef uint32_t room
    cdef uint32_t count
    cdef const char* text
    cdef Py_ssize_t size
    cdef Py_ssize_t bad_at          # where a text that is no JSON stops being one

    cdef bint parse(self, const char* text, Py_ssize_t size) except -1
    cdef uint32_t find(self, uint32_t at, const char* key) noexcept nogil
    cdef const char* string(self, uint32_t at, Py_ssize_t* n) noexcept nogil
    cdef bint equal(self, uint32_t at, const char* word) noexcept nogil
    cdef bint _more(self) except -1
    cdef Py_ssize_t _string(self, Py_ssize_t i, uint8_t* escaped) noexcept nogil
    cdef Py_ssize_t _number(self, Py_ssize_t i) noexcept nogil
    cdef Py_ssize_t _digits(self, Py_ssize_t i) noexcept nogil
    cdef Py_ssize_t _word(self, Py_ssize_t i) noexcept nogil
    cdef Py_ssize_t _utf8(self, Py_ssize_t i) noexcept nogil
