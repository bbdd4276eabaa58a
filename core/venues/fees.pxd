"""Fees by tier: what a fill costs depends on what we traded at the venue before, over TIER_DAYS trading days.

A venue without tiers says nothing of fees: the core books its declared ones. One with tiers puts the fee on each fill.
Value is in the instrument's settle currency, taken as it is. The fill itself counts for those after it.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport InstrumentEvent, VenueEvent
from core.positions.ledger cimport Contract
from core_ext.tables cimport Arena
from core_ext.wide cimport i128

cdef enum:
    TIER_DAYS = 30                  # this trading day and those before it

cdef struct Tier:                   # 24
    int64_t from_value              # whole units of the settle currency
    int64_t taker_fee               # 10^-8 bps
    int64_t maker_fee

cdef struct VenueTiers:             # 704
    i128 traded                     # 10^-16, over all days
    i128 days[30]
    Tier tiers[5]                   # [0]: the declared fees, from 0
    uint32_t count
    uint32_t today
    uint8_t precision
    uint8_t pad[7]
    uint64_t pad2[10]

cdef class Fees:
    cdef Contract* contracts
    cdef VenueTiers* venues
    cdef uint32_t max_symbols
    cdef void instrument(self, const InstrumentEvent* instrument) noexcept nogil
    cdef void declare(self, const VenueEvent* venue) noexcept nogil
    cdef void new_day(self) noexcept nogil
    cdef bint charge(self, uint16_t venue, uint32_t symbol, int64_t qty, int64_t px, bint maker,
                     i128* fee) noexcept nogil
