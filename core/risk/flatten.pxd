"""A kill that flattens: once all orders of its scope have ended, one order closes each position, by account, then symbol."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.engine cimport Emitter
from core.market.view cimport MarketView
from core.messages cimport OrderEvent, Page, ScopeKeys
from core.orders.life cimport Life
from core.risk.holdings cimport Holding, Holdings
from core_ext.tables cimport Arena

cdef enum:
    FLATTENS = 64                   # that may wait at once

cdef enum FlattenState:
    FS_FREE
    FS_LOOKS                        # for an order of its scope that lives, or waits for one
    FS_STANDS_BY                    # none lives, but another one is before it: it looks again after that
    FS_CLOSES                       # its orders are on their way

cdef struct Flatten:                # 64
    ScopeKeys scope
    int64_t bps                     # 10^-8
    uint32_t line
    uint32_t waits_for              # an order of the scope that hasn't ended
    uint8_t kind                    # a Scope
    uint8_t state                   # a FlattenState
    uint8_t pad[6]
    uint64_t begun                  # the kill's sequence: the oldest goes first
    uint64_t pad2

cdef class Flattens:
    cdef Flatten* flattens
    cdef uint64_t* counts           # [0] in use, [1] refused: none was free
    cdef uint64_t* touched          # [position] bit a flatten: an order of its scope was filled there
    cdef char* account_names        # [account x 40]
    cdef char* symbol_names
    cdef int64_t* ticks             # [symbol]
    cdef MarketView view
    cdef Life life
    cdef Holdings holdings
    cdef Emitter emitter
    cdef void declare(self, Page* page) noexcept nogil
    cdef void begin(self, Page* page) noexcept nogil
    cdef void stop(self, Page* page, uint8_t kind, const ScopeKeys* scope) noexcept nogil
    cdef void ended(self, Page* page, uint32_t order) noexcept nogil
    cdef void step(self, Page* page) noexcept nogil
    cdef void _look(self, Page* page, uint32_t index, uint8_t kind, uint32_t cursor, uint32_t n) noexcept nogil
    cdef void _search(self, Page* page, Flatten* flatten) noexcept nogil
    cdef void _close_next(self, Page* page, Flatten* flatten) noexcept nogil
    cdef void _close(self, Page* page, const Flatten* flatten, const Holding* holding, uint32_t n) noexcept nogil
    cdef bint _price(self, const Flatten* flatten, const Holding* holding, int64_t* out) noexcept nogil
    cdef bint _concerned(self, uint32_t index, uint32_t position) noexcept nogil
    cdef int _compare(self, const Holding* a, const Holding* b) noexcept nogil
    cdef bint _is_first(self, const Flatten* flatten) noexcept nogil
    cdef void _next_look(self, Page* page) noexcept nogil
    cdef void _free(self, Page* page, Flatten* flatten) noexcept nogil
