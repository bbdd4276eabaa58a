"""FIX's bytes: messages out of a stream, fields out of a message, and back."""
from libc.stdint cimport int64_t

cdef class Framer:
    cdef bytearray _buffer
    cdef Py_ssize_t _at             # what stands before it has been taken
    cdef readonly Py_ssize_t most
    cdef readonly Py_ssize_t junk   # bytes that belonged to no message
    cdef bytes _cut(self, Py_ssize_t end)
    cdef void _skip(self, Py_ssize_t to)
    cdef Py_ssize_t _end(self)

cdef class Message:
    cdef readonly list fields       # (tag, value) in their order, from MsgType to the last before CheckSum
    cdef readonly bytes begin
    cdef readonly bytes msg_type
    cpdef bytes get(self, int tag)

cpdef Message parse(bytes frame, dict data_fields)
cpdef bytes encode(bytes begin, list fields)
cpdef bytes utc_timestamp(int64_t time_ns)
cpdef int64_t parse_utc_timestamp(bytes text) except? -1
