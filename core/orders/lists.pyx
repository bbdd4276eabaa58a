# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Lists of orders: see lists.pxd. The rules are those of docs/scenarios.md, "Orders"."""
from libc.string cimport memset

from core.messages cimport (
    CG_OCO, CG_OTO, CG_OUO, K_ORDER, K_REPORT, LA_CANCEL, LA_ENDED, LA_FILLED, LA_OWED, LA_TAKE, NONE, OF_FILL_APPLIED,
    X_NONE, X_TRADE, X_TRIGGERED,
)
from core.orders.order cimport B_ENDED, B_PENDING_CANCEL, B_PENDING_REPLACE, B_WAITS_ENTRY


cdef class Lists:
    """Who is in which list, and what its list asks of an order. Its tables are in the arena of its `Life`."""

    cdef bint begun(self, const OrderEvent* request) noexcept nogil:
        """Whether the list of the order has orders already."""
        return self.lists[request.list_id].used != 0

    cdef bint awaits_entry(self, const OrderEvent* request) noexcept nogil:
        """Whether it is a leg of a list that has an entry, or had one that was denied."""
        cdef List* list
        if request.contingency <= CG_OTO or request.list_id >= self.max_lists:
            return 0
        list = &self.lists[request.list_id]
        return list.used and (list.entry != NONE or list.dead)

    cdef void denied(self, Page* page) noexcept nogil:
        """A list whose entry was denied: its legs are canceled when they come."""
        cdef OrderEvent* request = &page.request.order
        cdef List* list
        if request.contingency != CG_OTO or page.resolved.order == NONE or request.list_id >= self.max_lists:
            return
        list = &self.lists[request.list_id]
        if not list.used:
            self._begin(request.list_id)
            list.dead = 1

    cdef void _begin(self, uint32_t index) noexcept nogil:
        cdef List* list = &self.lists[index]
        if list.used:
            return
        list.used = 1
        list.entry = NONE
        list.first_leg = NONE
        list.last_leg = NONE
        if index >= self.end[0]:
            self.end[0] = index + 1

    cdef void join(self, uint32_t index, OrderEvent* request) noexcept nogil:
        """Into its list: as the entry, or as a leg, which an entry holds back."""
        cdef List* list = &self.lists[request.list_id]
        cdef Beside* beside = &self.beside[index]
        if self.awaits_entry(request):
            self.orders[index].bits |= B_WAITS_ENTRY
        self._begin(request.list_id)
        self.orders[index].bits |= B_LISTED
        beside.owed = 0
        beside.list = request.list_id
        beside.next_leg = NONE
        beside.contingency = request.contingency
        if request.contingency == CG_OTO:
            list.entry = index
            return
        if list.first_leg == NONE:
            list.first_leg = index
        else:
            self.beside[list.last_leg].next_leg = index
        list.last_leg = index

    cdef bint is_to_go(self, uint32_t leg) noexcept nogil:
        """Whether another leg fired, and the cancel of this one is on its way."""
        cdef const Beside* beside = &self.beside[leg]
        return beside.contingency != CG_OTO and self.lists[beside.list].firing > 0

    cdef bint _tell(self, uint8_t action, uint32_t leg, uint32_t skip, int64_t change, int64_t cum_qty,
                    bint alone) noexcept nogil:
        """Asks for an event about the first leg from `leg` on that isn't `skip`; 0: there is none."""
        cdef ListEvent* event = &self.asked[self.asked_count]
        if leg == skip and leg != NONE:
            leg = self.beside[leg].next_leg
        if leg == NONE or self.asked_count >= LIST_EVENTS:
            return 0
        self.asked_count += 1
        memset(event, 0, sizeof(ListEvent))
        event.order = leg
        event.skip = skip
        event.action = action
        event.change = change
        event.cum_qty = cum_qty
        event.alone = alone
        return 1

    cdef void moved(self, Page* page, int64_t change, Outcome* out) noexcept nogil:
        """What a fill, a trigger or an end means for the other orders of the list."""
        cdef Order* order = &self.orders[out.order]
        cdef Beside* beside = &self.beside[out.order]
        cdef List* list = &self.lists[beside.list]
        cdef uint16_t kind = page.header.kind
        cdef bint trade = kind == K_REPORT and page.request.report.exec_type == X_TRADE
        if beside.contingency == CG_OTO:
            if kind == K_REPORT and out.flags & OF_FILL_APPLIED:
                self._tell(LA_FILLED, list.first_leg, NONE, change, order.cum_qty, 0)
            elif order.bits & B_ENDED and order.cum_qty == 0 and out.exec_type != X_NONE:
                self._tell(LA_ENDED, list.first_leg, NONE, 0, 0, 0)
        elif beside.contingency == CG_OCO and (trade or out.exec_type == X_TRIGGERED):
            list.firing += self._tell(LA_CANCEL, list.first_leg, out.order, 0, 0, 0)
        elif beside.contingency == CG_OUO and trade:
            self._tell(LA_TAKE, list.first_leg, out.order, -change, 0, 0)
        elif kind == K_ORDER and order.bits & B_WAITS_ENTRY:
            if list.dead or (self.orders[list.entry].bits & B_ENDED and self.orders[list.entry].cum_qty == 0):
                self._tell(LA_ENDED, out.order, NONE, 0, 0, 1)
            elif self.orders[list.entry].cum_qty > 0:
                self._tell(LA_FILLED, out.order, NONE, 0, self.orders[list.entry].cum_qty, 1)
        if beside.owed and not order.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE):
            self._tell(LA_OWED, out.order, NONE, 0, 0, 1)

    cdef void follow(self, const ListEvent* event) noexcept nogil:
        """Of an event about one leg: the next one follows as an event of its own."""
        if not event.alone and not self._tell(event.action, self.beside[event.order].next_leg, event.skip, event.change,
                                              event.cum_qty, 0) and event.action == LA_CANCEL:
            self.lists[self.beside[event.order].list].firing -= 1

    cdef void owe(self, uint32_t index, int64_t change) noexcept nogil:
        """Its quantity changes by this, once nothing is pending."""
        self.beside[index].owed += change

    cdef int64_t take_owed(self, uint32_t index) noexcept nogil:
        """The change of quantity that waited until nothing was pending; it waits no more."""
        cdef int64_t change = self.beside[index].owed
        self.beside[index].owed = 0
        return change
