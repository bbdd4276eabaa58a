# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Fees by tier: see fees.pxd."""
from core.messages cimport MAX_VENUES
from core.positions.ledger cimport fee_of
from core_ext.wide cimport pow10_i128

cdef enum:
    VALUE_DIGITS = 12               # of a fill's value

cdef int64_t WHOLE = 1000000000000  # 10^4 bps in 10^-8: the value itself


cdef class Fees:
    """Contracts by symbol, tiers by venue."""

    def __cinit__(self, Arena arena not None, object capacity):
        self.max_symbols = capacity.symbols
        self.contracts = <Contract*>arena.table("venues.contracts", sizeof(Contract), self.max_symbols)
        self.venues = <VenueTiers*>arena.table("venues.tiers", sizeof(VenueTiers), MAX_VENUES)

    cdef void instrument(self, const InstrumentEvent* instrument) noexcept nogil:
        cdef Contract* contract
        if instrument.symbol >= self.max_symbols:
            return
        contract = &self.contracts[instrument.symbol]
        contract.declared = 1
        contract.inverse = instrument.inverse
        contract.price_precision = instrument.price_precision
        contract.qty_precision = instrument.qty_precision
        contract.multiplier_precision = instrument.multiplier_precision
        contract.multiplier = instrument.multiplier

    cdef void declare(self, const VenueEvent* venue) noexcept nogil:
        cdef VenueTiers* at = &self.venues[venue.venue]
        cdef uint32_t i
        at.precision = venue.fee_precision
        at.tiers[0].from_value = 0
        at.tiers[0].taker_fee = venue.taker_fee
        at.tiers[0].maker_fee = venue.maker_fee
        at.count = venue.tiers
        for i in range(at.count):
            at.tiers[i + 1].from_value = venue.tier_value[i]
            at.tiers[i + 1].taker_fee = venue.tier_taker[i]
            at.tiers[i + 1].maker_fee = venue.tier_maker[i]

    cdef void new_day(self) noexcept nogil:
        """The oldest day counts no more."""
        cdef VenueTiers* at
        cdef int i
        for i in range(MAX_VENUES):
            at = &self.venues[i]
            at.today = (at.today + 1) % TIER_DAYS
            at.traded -= at.days[at.today]
            at.days[at.today] = 0

    cdef bint charge(self, uint16_t venue, uint32_t symbol, int64_t qty, int64_t px, bint maker,
                     i128* fee) noexcept nogil:
        """The fee of a fill in 10^-16 of its settle currency; 0: the venue has no tiers, and says none."""
        cdef VenueTiers* at = &self.venues[venue]
        cdef Contract* contract = &self.contracts[symbol]
        cdef uint32_t i = at.count
        cdef i128 value
        if i == 0 or not contract.declared:
            return 0
        while i and at.traded < <i128>at.tiers[i].from_value * pow10_i128(16):
            i -= 1
        fee[0] = fee_of(contract, qty, px, at.tiers[i].maker_fee if maker else at.tiers[i].taker_fee, at.precision)
        value = fee_of(contract, qty, px, WHOLE, VALUE_DIGITS)
        at.traded += value
        at.days[at.today] += value
        return 1
