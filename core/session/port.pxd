# A client's end of its session's rings: requests out, responses in, each without an object on the way that is not
# the caller's own. Layouts: core/sequencer/input.pxd, core/messages.pxd `OrderEvent` and `Response`.
cimport cython
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.messages cimport OrderEvent, Response
from core.sequencer.input cimport Input
from core_ext.ring cimport Ring
from core_ext.spine cimport Spine

cdef enum:
    PREFIX_MAX = 24                 # of a made-up cl_ord_id; up to 15 digits of a count follow
    NAME_MAX = 39


cdef class Answer:                  # a subclass gives it words
    cdef Response raw
    cdef str _id
    cdef public object _symbol      # of its order, the client's own object; None: not known


@cython.final
cdef class Listed:                  # what of an instrument an order's bytes need
    cdef object symbol              # the client's own object for it
    cdef uint32_t index
    cdef int price_precision
    cdef int qty_precision


@cython.final
cdef class Port:
    cdef Ring requests
    cdef Spine responses
    cdef type answer                # of what `take` gives
    cdef readonly uint64_t sent     # requests pushed: the last source_seq
    cdef public uint64_t next_seq   # of the response to take next
    cdef uint64_t lost_at           # the answer that was lost last
    cdef readonly bint lapsed       # the last `take` gave none because it is overwritten
    cdef readonly dict known        # cl_ord_id: its symbol, the client's own object
    cdef dict listed                # symbol: Listed
    cdef dict accounts              # those that the session may trade for, None: the only one
    cdef dict venues
    cdef char prefix[24]
    cdef int prefix_length
    cdef uint64_t ids               # made up so far
    cdef uint32_t strategy          # whose orders `submit` sends
    cdef object otherwise           # how it sends what `order` can't say

    cdef Answer blank(self)
    cdef _recognise(self, Answer answer)
    cdef Input* _begin(self, uint32_t kind, size_t length)
    cdef str _end(self, char* field, object given)
    cpdef str order(self, symbol, side, qty, ord_type, price, account, venue, time_in_force, uint32_t strategy, post_only,
                    cl_ord_id, expire_ns)
    cdef bint _say(self, OrderEvent* order, side, ord_type, account, venue, time_in_force) except -1
    cdef bint _put_id(self, char* field, object given)
    cdef int _write_id(self, char* text)
    cdef _follows(self, orig, sent)


cdef bint has_ended(uint32_t status) noexcept
