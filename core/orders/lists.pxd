"""Orders that were sent as a list (FIX's contingency): an entry and its legs, and what one of them means for the others.

`Lists` belongs to a `Life`, which moves the orders: here is who is in which list, what a leg owes, and which events
the last one asks for.
"""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport ListEvent, OrderEvent, Outcome, Page
from core.orders.order cimport B_LISTED, Order

cdef struct Beside:                 # 32: what an order of a list has besides
    int64_t owed                    # a change of quantity that waits until nothing is pending
    uint32_t list
    uint32_t next_leg
    uint8_t contingency
    uint8_t pad[15]

cdef struct List:                   # 16: the orders of one list_id
    uint32_t entry                  # NONE: there is none
    uint32_t first_leg
    uint32_t last_leg
    uint8_t used
    uint8_t dead                    # its entry was denied
    uint16_t firing                 # cancels of the other legs that are on their way, one after the other

cdef enum:
    LIST_EVENTS = 3                 # that one event may ask for

@cython.final
cdef class Lists:
    cdef Order* orders
    cdef Beside* beside             # [order]
    cdef List* lists                # [list_id]
    cdef uint64_t* end              # of the lists' indices
    cdef ListEvent asked[LIST_EVENTS]   # what the last event asks of orders of its list: events to derive
    cdef uint32_t asked_count
    cdef uint32_t max_lists

    cdef bint begun(self, const OrderEvent* request) noexcept nogil
    cdef bint awaits_entry(self, const OrderEvent* request) noexcept nogil
    cdef void denied(self, Page* page) noexcept nogil
    cdef void join(self, uint32_t index, OrderEvent* request) noexcept nogil
    cdef bint is_to_go(self, uint32_t leg) noexcept nogil
    cdef void moved(self, Page* page, int64_t change, Outcome* out) noexcept nogil
    cdef void follow(self, const ListEvent* event) noexcept nogil
    cdef void owe(self, uint32_t index, int64_t change) noexcept nogil
    cdef int64_t take_owed(self, uint32_t index) noexcept nogil
    cdef void _begin(self, uint32_t index) noexcept nogil
    cdef bint _tell(self, uint8_t action, uint32_t leg, uint32_t skip, int64_t change, int64_t cum_qty,
                    bint alone) noexcept nogil

    # Whether a change of its quantity comes before anything is routed.
    cdef inline bint owes(self, const Order* order) noexcept nogil:
        return order.bits & B_LISTED and self.beside[<uint32_t>(order - self.orders)].owed != 0
