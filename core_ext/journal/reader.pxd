# Reads a journal's records in order, in memory that it maps (layout: format.pxd). There may be many,
# in any process.
cimport cython
from libc.stdint cimport uint32_t, uint64_t

from core_ext.journal.mapped cimport Mapped


@cython.final
cdef class JournalReader:
    cdef Mapped* _segments
    cdef int _count
    cdef int _index                    # current segment
    cdef size_t _at                    # next record in it; 0: its header is not checked yet
    cdef uint64_t _expected            # next sequence; 0: whatever the first segment says
    cdef uint64_t _records
    cdef uint64_t _first
    cdef bint _ended
    cdef bint _torn
    cdef size_t _sealed_at             # where the last end record that was read ends
    cdef uint64_t _unsealed            # run epoch of a segment left without its end record; 0: it had one
    cdef readonly bint follow
    cdef uint64_t _from_number
    cdef const char* _fault            # why, or NULL
    cdef int _fault_index
    cdef size_t _fault_at
    cdef uint32_t _crc_expected
    cdef uint32_t _crc_found
    cdef uint64_t _sequence_found
    cdef object _path

    # 1: a record, whose body stays mapped while the reader lives; 0: the end (or, following, nothing yet);
    # -1: corrupt, `check()` raises it.
    cdef int next(self, uint64_t* seq, char** body, uint32_t* length) noexcept nogil
    cdef int check(self) except -1
    # Whether what comes after the reader's place has begun to be written, in segments that it knows.
    cdef bint has_more(self) noexcept nogil

    cdef int _enter(self) noexcept nogil
    cdef int _read(self, uint64_t* seq, char** body, uint32_t* length) noexcept nogil
    cdef int _stop_here(self) noexcept nogil
    cdef bint _has_come(self) noexcept nogil
    cdef int _leave(self) noexcept nogil
    cdef bint _zero_word(self) noexcept nogil
    cdef bint _next_began(self) noexcept nogil
    cdef bint _zero_from(self, int index, size_t at) noexcept nogil
    cdef int _fail(self, const char* why) noexcept nogil
    cdef bint _valid_later(self) noexcept nogil
    cdef bint _lost_its_end(self) noexcept nogil
    cdef bint _is_beyond_durable(self) noexcept nogil
    cdef void _unmap(self) noexcept
    cdef void _drop_unbegun(self) noexcept
    cdef object _map_new(self)
