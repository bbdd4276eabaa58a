"""What each account holds of each symbol, and what of it reduce-only orders reduce already."""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from core.messages cimport Page
from core.orders.life cimport Order
from core_ext.tables cimport Arena

cdef struct Holding:                # 32
    int64_t qty                     # signed
    int64_t buys                    # working reduce-only orders
    int64_t sells
    uint32_t account
    uint32_t symbol

cdef class Holdings:
    cdef Holding* holdings          # [position]
    cdef uint32_t* positions        # [order]
    cdef uint64_t* counts           # [0] positions' end, [1] orders' end
    cdef void open(self, Page* page) noexcept nogil
    cdef void begin(self, uint32_t order, uint32_t position, uint32_t account, uint32_t symbol) noexcept nogil
    cdef void move(self, uint32_t index, const Order* order, int64_t working, int64_t filled) noexcept nogil
    cdef void adjust(self, uint32_t position, uint32_t account, uint32_t symbol, int64_t delta) noexcept nogil
    cdef int64_t free(self, uint32_t position, bint buys) noexcept nogil
    cdef Holding* _holding(self, uint32_t position, uint32_t account, uint32_t symbol) noexcept nogil
