"""The tap: a journal lived through, and its events left as rows, a buffer a topic."""
from core.messages cimport KINDS, Page
from core.recovery.replay cimport Replay
from core_ext.journal.reader cimport JournalReader
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    TOPICS_MAX = 16

cdef struct Buffer:
    char* base
    uint32_t row                    # bytes of a row; PAGE_SIZE: the whole page
    uint32_t count

cdef class Tap(Replay):
    cdef JournalReader reader
    cdef readonly uint64_t through  # the last event that was lived through
    cdef readonly int64_t time_ns   # its time
    cdef uint8_t topic_of[KINDS]    # by kind
    cdef uint8_t booked             # the topic of reports that were booked
    cdef int topics
    cdef uint32_t most              # rows of a topic that there is room for
    cdef Buffer buffers[TOPICS_MAX]
    cdef list _kept                 # the buffers' memory
    cdef const Page* last           # the last event's page, until the next is lived through
    cdef void _take(self, const Page* page) noexcept nogil
    cdef void _some(self, uint64_t until, bint rows) noexcept nogil
    cdef int _check_taken(self) except -1
    cpdef int64_t poll(self, JournalReader reader, uint64_t until=*, bint rows=*) except -1
    cpdef bint wait(self, JournalReader reader, int64_t for_ns, int64_t spin_ns, int64_t nap_ns) except -1
    cpdef bytes record(self)
