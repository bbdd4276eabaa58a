"""The live end of a stream: see live.pyi. A subscriber is one of periphery.stream.publisher."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.recovery.tap cimport Tap
from core_ext.journal.reader cimport JournalReader

ctypedef int (*Send)(void* socket, const void* data, size_t size, int flags) noexcept nogil

cdef enum:
    MESSAGE_BYTES = 1 << 16     # of a message that is told at once; a longer one has time
    BURST = 32                  # messages that may go out one behind another

cdef class Live:
    cdef Tap tap
    cdef JournalReader reader
    cdef void* socket
    cdef Send send              # libzmq's zmq_send
    cdef int64_t gap_ns         # between two looks, where more go out than a burst
    cdef int64_t due_ns         # when what went out would have gone out, had each waited for its gap
    cdef readonly uint64_t messages
    cdef readonly uint64_t sent_bytes
    cdef char message[MESSAGE_BYTES]
    cdef void _rest(self) noexcept nogil
    cdef int _tell(self, subscriber, bytes digest) except -1
    cdef size_t _write(self, tuple topics, uint64_t after, const char* digest) except? 0
    cdef bint _say(self, bytes peer, size_t size) except -1
