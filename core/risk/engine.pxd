"""risk: no order that should not go. The first engine that knows orders; its verdict is what the others follow."""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.engine cimport Engine
from core.market.view cimport MarketView
from core.messages cimport LimitEvent, Outcome, Page, ScopeKeys
from core.orders.life cimport Life
from core.risk.limits cimport Limits
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
    int64_t pad2[6]

cdef struct Account:                # 16
    uint8_t declared
    uint8_t pad
    uint16_t currency
    uint32_t pad2
    uint64_t pad3

cdef struct Proposal:               # an order, or a replace as the whole order that it asks for
    uint32_t account
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

cdef class Risk(Engine):
    cdef readonly MarketView view
    cdef readonly Life life
    cdef readonly Limits limits
    cdef Instrument* instruments
    cdef Account* accounts
    cdef uint8_t* states            # [scope kind x max_keys + key] a RiskState
    cdef uint8_t* sessions          # [session] 1: its orders stay when it disconnects
    cdef int64_t* rates             # [base x currencies + quote], 10^-10
    cdef Outcome* scratch
    cdef uint32_t max_symbols
    cdef uint32_t max_accounts
    cdef uint32_t max_keys
    cdef uint32_t max_currencies


    cdef void _apply(self, Page* page, uint32_t order) noexcept nogil
    cdef bint _convert(self, i128 money, uint16_t base, uint16_t quote, i128* out) noexcept nogil
    cdef void _deny(self, Page* page, uint8_t reason) noexcept nogil
