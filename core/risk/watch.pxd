"""What follows from what happened: counts move, limits warn and are told when they are exceeded, losses stop who made them."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Emitter
from core.messages cimport HaltEvent, Page
from core.risk.checks cimport Checks
from core.risk.counted cimport Finding
from core.risk.gate cimport Gate
from core.risk.glance cimport Glance
from core.risk.limits cimport Group, Keys, Limit, Limits
from core.risk.proposal cimport Proposal
from core.risk.tallies cimport Move, Tallies
from core_ext.tables cimport Arena
from core_ext.wide cimport i128

@cython.final
cdef class Watch:
    cdef Emitter emitter
    cdef Limits limits
    cdef Tallies tallies
    cdef Checks checks
    cdef Glance glance
    cdef Gate gate
    cdef uint32_t* losses           # limits on losses, by declaration
    cdef uint64_t* counts           # [0] of them
    cdef HaltEvent said             # the last halt of the event at hand: of that alone, so no state
    cdef void accepted(self, Page* page, const Proposal* asked, uint32_t order) noexcept nogil
    cdef void _accepted_by(self, Page* page, const Proposal* asked, uint32_t index, uint32_t order) noexcept nogil
    cdef void began(self, uint32_t index) noexcept nogil
    cdef void count(self, Page* page, const Keys* keys, uint32_t position, const Move* move) noexcept nogil
    cdef void shift(self, Page* page, const Keys* keys, uint32_t position, int64_t qty) noexcept nogil
    cdef bint _count_group(self, Page* page, const Keys* keys, uint32_t position, const Move* move, uint32_t index) noexcept nogil
    cdef void _warn_all(self, Page* page, const Keys* keys, uint32_t position, bint unbooked) noexcept nogil
    cdef void _warn(self, Page* page, uint32_t index, uint32_t key, uint32_t tally, uint32_t symbol,
          const Finding* found) noexcept nogil
    cdef void _fills(self, Page* page, const Keys* keys, const Group* group) noexcept nogil
    cdef void _cancels(self, Page* page, const Keys* keys, const Group* group, uint32_t tally) noexcept nogil
    cdef void _alert(self, Page* page, uint32_t index, uint32_t key, uint8_t reason, uint8_t level, uint32_t symbol,
          const Finding* found) noexcept nogil
    cdef void filled(self, Page* page, const Keys* keys) noexcept nogil
    cdef void marked(self, Page* page, uint32_t symbol) noexcept nogil
    cdef void _loss(self, Page* page, uint32_t index, uint32_t key, uint32_t tally, uint32_t symbol) noexcept nogil
    cdef bint _far(self, const Limit* limit, uint32_t tally) noexcept nogil
    cdef void _measure_loss(self, const Page* page, uint32_t index, uint32_t tally, Finding* found) noexcept nogil
    cdef void _stop(self, Page* page, uint32_t index, uint32_t key, uint32_t symbol, const Finding* found) noexcept nogil
    cdef void _halt(self, Page* page, HaltEvent* halt, uint32_t index, uint32_t key, uint32_t symbol,
          const Finding* found) noexcept nogil
    cdef void lift(self, Page* page) noexcept nogil
