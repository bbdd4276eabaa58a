"""The gate: what is always on. Its numbers, the desk's switches, the venues, the market; in the order of `Reason`."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.market.view cimport MarketView
from core.messages cimport Page, ScopeKeys
from core.risk.holdings cimport Holdings
from core.risk.limits cimport Limits
from core.risk.proposal cimport Proposal
from core.risk.values cimport Instrument, Values

@cython.final
cdef class Gate:
    cdef MarketView view
    cdef Values values
    cdef Holdings holdings
    cdef Limits limits
    cdef uint8_t* states            # [scope kind x max_keys + key] a RiskState
    cdef uint32_t* switched         # [0] how many of them are not active
    cdef uint32_t max_keys
    cdef bint passes(self, Page* page, Proposal* asked) noexcept nogil
    cdef void set_state(self, uint8_t kind, const ScopeKeys* scope, uint8_t state) noexcept nogil
    cdef void arm_groups(self) noexcept nogil
    cdef uint8_t state(self, uint8_t kind, const ScopeKeys* scope) noexcept nogil
    cdef bint _form(self, Page* page, Proposal* asked) noexcept nogil
    cdef bint _gate(self, Page* page, Proposal* asked) noexcept nogil
    cdef bint _reduces(self, const Proposal* asked) noexcept nogil
    cdef bint _opposite_shown(self, Proposal* asked) noexcept nogil
    cdef bint _venue_open(self, Page* page, Proposal* asked) noexcept nogil
    cdef uint8_t state_of(self, Proposal* asked) noexcept nogil
    cdef void deny(self, Page* page, uint8_t reason) noexcept nogil
    cdef void deny_reduction(self, Page* page, int64_t free, int64_t qty) noexcept nogil
    cdef int64_t _off_tick(self, const Instrument* instrument, const Proposal* asked) noexcept nogil
    cdef int64_t _off_lot(self, const Instrument* instrument, const Proposal* asked) noexcept nogil
    cdef void _deny_units(self, Page* page, uint8_t reason, uint8_t unit, int64_t limit,
          int64_t value) noexcept nogil

cdef uint32_t scope_key(uint8_t kind, const ScopeKeys* scope) noexcept nogil
