"""The gate: what every order must pass. First what is always on, then the limits, in the order of `Reason`."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.market.view cimport MarketView
from core.messages cimport OrderEvent, Page, ScopeKeys
from core.orders.life cimport Order
from core.risk.limits cimport Keys, Limit, Limits
from core_ext.wide cimport i128

cdef struct Instrument:             # 96
    uint8_t declared
    uint8_t kind
    uint8_t inverse
    uint8_t price_precision
    uint8_t qty_precision
    uint8_t multiplier_precision
    uint16_t currency
    uint16_t settle_currency
    uint16_t sector
    uint32_t pad
    int64_t tick
    int64_t lot
    int64_t min_qty
    int64_t multiplier
    int64_t notional_scale          # qty x price in money of 10^-12: times this; 0: it takes a division, or is inverse
    int64_t pad2[5]

cdef struct Account:                # 16
    uint8_t declared
    uint8_t pad
    uint16_t currency
    uint32_t pad2
    uint64_t pad3

cdef struct Rate:                   # 16: quote for one base, in 10^-digits
    int64_t rate
    uint64_t digits

cdef struct Proposal:               # an order, or a replace as the whole order that it asks for
    uint32_t account                # from here on as in Keys
    uint32_t symbol
    uint32_t strategy
    uint32_t session
    uint16_t venue
    uint8_t side
    uint8_t ord_type
    bint has_price
    int64_t qty
    int64_t price
    int64_t old_working             # what the order that it replaces has working
    int64_t new_working
    uint8_t wrong
    uint8_t px_digits
    uint8_t qty_digits
    bint needs_price
    bint missing                    # a stop without its price, a trailing stop without its trail
    bint has_stop
    int64_t stop_px
    bint has_floor
    int64_t floor
    bint auction                    # opg, cls: a venue that collects will do
    bint reduce_only
    bint leg                        # it waits for its list's entry: no market is needed yet

@cython.final
cdef class Gate:
    cdef MarketView view
    cdef Limits limits
    cdef Instrument* instruments
    cdef Account* accounts
    cdef uint8_t* states            # [scope kind x max_keys + key] a RiskState
    cdef uint32_t* switched         # [0] how many of them are not active
    cdef Rate* rates                # [base x currencies + quote]
    cdef uint32_t max_accounts
    cdef uint32_t max_keys
    cdef uint32_t max_currencies
    cdef bint passes(self, Page* page, Proposal* asked) noexcept nogil
    cdef void declare(self, Page* page) noexcept nogil
    cdef void _instrument(self, Page* page) noexcept nogil
    cdef void set_state(self, uint8_t kind, const ScopeKeys* scope, uint8_t state) noexcept nogil
    cdef uint8_t state(self, uint8_t kind, const ScopeKeys* scope) noexcept nogil
    cdef bint _form(self, Page* page, Proposal* asked) noexcept nogil
    cdef bint _gate(self, Page* page, Proposal* asked) noexcept nogil
    cdef bint _opposite_shown(self, Proposal* asked) noexcept nogil
    cdef bint _venue_open(self, Page* page, Proposal* asked) noexcept nogil
    cdef uint8_t state_of(self, Proposal* asked) noexcept nogil
    cdef void deny(self, Page* page, uint8_t reason) noexcept nogil
    cdef void deny_reduction(self, Page* page, int64_t free, int64_t qty) noexcept nogil
    cdef int64_t _off_tick(self, const Instrument* instrument, const Proposal* asked) noexcept nogil
    cdef int64_t _off_lot(self, const Instrument* instrument, const Proposal* asked) noexcept nogil
    cdef void _deny_units(self, Page* page, uint8_t reason, uint8_t unit, int64_t limit,
          int64_t value) noexcept nogil
    cdef bint _limits(self, Page* page, Proposal* asked) noexcept nogil
    cdef bint _within(self, const Page* page, const Proposal* asked, uint32_t i) noexcept nogil
    cdef bint _within_one(self, const Page* page, const Proposal* asked, const Limit* limit) noexcept nogil
    cdef bint _within_collar(self, const Proposal* asked, const Limit* limit) noexcept nogil
    cdef bint _passes(self, Page* page, uint32_t index, Proposal* asked) noexcept nogil
    cdef bint _fails(self, Page* page, uint32_t index, uint8_t unit, i128 bound, i128 value,
          uint32_t key) noexcept nogil
    cdef void _deny_collar(self, Page* page, uint32_t index, uint8_t unit, i128 bound, i128 value,
          uint32_t key) noexcept nogil
    cdef bint _collar(self, Page* page, uint32_t index, Proposal* asked, uint32_t key) noexcept nogil
    cdef bint _value_price(self, Proposal* asked, int64_t* out) noexcept nogil
    cdef bint _notional(self, Proposal* asked, uint16_t currency, i128* out, uint8_t* reason) noexcept nogil
    cdef bint _convert(self, i128 money, uint16_t base, uint16_t quote, i128* out) noexcept nogil
    cdef void count_rate(self, Page* page, Proposal* asked) noexcept nogil
    cdef void _count_chain(self, Page* page, Proposal* asked, uint32_t i) noexcept nogil

cdef inline const Keys* keys_asked(const Proposal* asked) noexcept nogil:
    return <const Keys*>&asked.account

cdef uint32_t scope_key(uint8_t kind, const ScopeKeys* scope) noexcept nogil
cdef void set_key(ScopeKeys* scope, uint8_t each, uint32_t key) noexcept nogil
