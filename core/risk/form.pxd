"""What an order's own words say: what it has a price by, what its combinations mean, what it asks for beside quantity."""
from libc.stdint cimport int64_t, uint8_t

from core.messages cimport OrderEvent, Page
from core.risk.proposal cimport Proposal

cdef bint has_price(uint8_t ord_type) noexcept nogil
cdef void set_beside(Page* page, OrderEvent* request, Proposal* asked, bint leg) noexcept nogil
cdef bint unsupported(const Page* page, OrderEvent* request) noexcept nogil
