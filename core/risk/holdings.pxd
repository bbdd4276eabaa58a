"""What each account holds of each symbol, what of it works, and the books that its cash and equity follow from."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport AdjustedEvent, Page
from core.orders.order cimport Order
from core.positions.ledger cimport Adjustment, Position
from core.risk.values cimport Values
from core_ext.atomics cimport prefetch_write
from core_ext.tables cimport Arena
from core_ext.wide cimport i128

cdef struct Holding:                # 64
    int64_t qty                     # signed
    int64_t buys                    # working
    int64_t sells
    int64_t reduce_buys             # of it, reduce-only
    int64_t reduce_sells
    uint32_t account
    uint32_t symbol
    uint32_t next                   # of the account
    uint32_t next_of_symbol
    uint8_t known
    uint8_t pad[7]

cdef struct Purse:                  # 128: an account
    uint16_t currency
    uint8_t declared
    uint8_t pad
    uint32_t epoch
    uint32_t first                  # holding
    uint32_t changes                # grows with everything that moves what follows
    i128 cash                       # 10^-12 of its currency: what it began with
    i128 worth                      # its equity at references, where `epoch` is theirs,
    i128 moving                     # the size of what marks move of that,
    i128 held                       # and its cash at the rates of then
    uint64_t pad2[6]

@cython.final
cdef class Holdings:
    cdef Holding* holdings          # [position]
    cdef Position* books            # [position]
    cdef Purse* purses              # [account]
    cdef uint32_t* positions        # [order]
    cdef uint32_t* heads            # [symbol] holdings of it
    cdef i128* fees                 # [fill] so that a bust takes them back
    cdef uint64_t* counts           # [0] positions' end, [1] orders' end, [2] fills' end
    cdef Values values
    cdef uint32_t max_fills
    # Whether the account's worth is kept at the references of now; where it isn't it is made anew. 0: it can't be.
    cdef inline bint fresh(self, uint32_t account) noexcept nogil:
        return self.purses[account].epoch == self.values.facts[0] or self._refresh(account)

    cdef inline void prefetch(self, uint32_t position) noexcept nogil:
        prefetch_write(&self.holdings[position])

    cdef void declare(self, Page* page) noexcept nogil
    cdef void open(self, Page* page) noexcept nogil
    cdef void begin(self, uint32_t order, uint32_t position, uint32_t account, uint32_t symbol) noexcept nogil
    cdef void move(self, uint32_t index, const Order* order, int64_t working, int64_t filled) noexcept nogil
    cdef void adjust(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil
    cdef void adjust_books(self, uint32_t symbol, const Adjustment* done) noexcept nogil
    cdef void correct(self, const AdjustedEvent* event) noexcept nogil
    cdef void book(self, uint32_t position, int64_t qty, int64_t px, i128 fee) noexcept nogil
    cdef void keep_fee(self, uint32_t fill, i128 fee) noexcept nogil
    cdef int64_t free(self, uint32_t position, bint buys) noexcept nogil
    cdef int64_t open_against(self, uint32_t position, bint buys) noexcept nogil
    cdef uint8_t cash(self, uint32_t account, uint16_t currency, i128* out) noexcept nogil
    cdef uint8_t equity(self, uint32_t account, uint16_t currency, i128* out) noexcept nogil
    cdef bint _worth(self, uint32_t position, i128* out) noexcept nogil
    cdef bint _share(self, uint32_t position, uint16_t currency, i128* worth, i128* moving, i128* cash) noexcept nogil
    cdef bint _put_in(self, uint32_t position, i128* out) noexcept nogil
    cdef void _move_purse(self, uint32_t position, int sign) noexcept nogil
    cdef bint _refresh(self, uint32_t account) noexcept nogil
    cdef Holding* _holding(self, uint32_t position, uint32_t account, uint32_t symbol) noexcept nogil
