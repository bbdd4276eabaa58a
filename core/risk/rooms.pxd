"""How much more surely fits into all limits of a tally.

    Room      one cache line a tally: quantity, money, orders and cancels that it still has, and from when on its rates
              let one pass

A room is what was left of the tightest limit of each unit when it was measured, up to where that limit warns, less all that
came since. What leaves gives nothing back, so that a room is never too large; one that is used up is measured anew. So
most orders are seen to pass, and to warn of nothing, by a few comparisons, however many limits there are.
"""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.risk.holdings cimport Holdings, Purse
from core.risk.limits cimport Group, Limits
from core.risk.proposal cimport Proposal
from core.risk.tallies cimport Move, Tallies, Tally
from core.risk.values cimport Values
from core_ext.atomics cimport prefetch_write
from core_ext.tables cimport Arena
from core_ext.wide cimport i128

cdef struct Room:                   # 64
    i128 qty                        # 10^-12
    i128 money                      # 10^-12 of the tally's currency, at references and their drift
    int64_t orders_from_ns          # the rate of orders lets one pass from then on
    int64_t cancels_from_ns         # and the rate of cancels
    int32_t orders
    int32_t cancels
    uint32_t purse                  # changes of the account's purse when it was measured
    uint32_t version                # of all rooms: one of another version is to be measured

@cython.final
cdef class Rooms:
    cdef Limits limits
    cdef Values values
    cdef Tallies tallies
    cdef Holdings holdings
    cdef Room* rooms                # [tally]
    cdef bint fits(self, const Proposal* asked, const Group* group, uint32_t tally, int64_t now_ns) noexcept nogil
    cdef bint calm(self, const Group* group, uint32_t tally) noexcept nogil
    cdef void spend(self, uint32_t tally, uint32_t symbol, const Move* move) noexcept nogil
    cdef void rated(self, uint32_t tally, uint32_t counter) noexcept nogil
    cdef void canceled(self, uint32_t tally, uint32_t counter) noexcept nogil
    cdef bint _asks(self, const Proposal* asked, const Group* group, const Room* room, uint32_t tally) noexcept nogil
    cdef bint _money(self, uint32_t symbol, uint16_t currency, int64_t more, i128 value, i128* out) noexcept nogil
    cdef void _measure(self, const Group* group, uint32_t tally) noexcept nogil
    cdef void _measure_counts(self, const Group* group, const Tally* counted, Room* room) noexcept nogil
    cdef void _measure_money(self, const Group* group, uint32_t tally, Room* room) noexcept nogil
    cdef void _measure_purse(self, const Group* group, const Tally* counted, Room* room) noexcept nogil
    cdef i128 _drifted(self, i128 value) noexcept nogil
    cdef bint _same_purse(self, const Group* group, const Tally* counted, const Room* room) noexcept nogil

    cdef inline void prefetch(self, uint32_t tally) noexcept nogil:
        prefetch_write(&self.rooms[tally])

    # Something happened that rooms don't follow: all are to be measured anew.
    cdef inline void forget(self) noexcept nogil:
        self.values.facts[3] = self.values.facts[3] + 1
