# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The life of an order: see life.pxd. The rules are those of FIX's Appendix D and of docs/scenarios.md, "Orders"."""
from libc.string cimport memset

from core.messages cimport (
    A_CANCEL, A_NEW, A_REPLACE, A_STATUS, AA_PAUSE, AA_RESUME, AL_NONE, CG_NONE, F_CHILD_CANCEL, F_CHILD_REPLACE,
    F_NONE, H_DERIVED, K_ALGO, K_CANCEL, K_CHILD_CANCEL, K_CHILD_REPLACE, K_EXPIRE, K_LIST, K_ORDER, K_ORDER_END,
    K_PEG, K_REPLACE, K_REPORT, K_SLICE, K_SWEEP, K_TRIGGER, LA_CANCEL, LA_ENDED, LA_FILLED, LA_OWED, LA_TAKE, NONE,
    O_HAS_PRICE, O_HAS_QTY, O_POST_ONLY, OF_CHILD_BOUND, OF_CHILD_ENDED, OF_CHILD_OVER, OF_CHILD_REJECTED, OF_ENDED,
    OF_FILL_APPLIED, OF_HAS_PRICE, OF_HELD, OF_HOLDS, OF_OVERFILL, OF_POST_ONLY, OF_REFUSED, OF_REPLACED, OF_ROUTABLE,
    OF_WAITS, OF_WORKED, P_HAS_PRICE, P_HAS_QTY, R_CHILD_BOUND, R_HALTED, R_NONE, R_PENDING_CANCEL, R_PENDING_REPLACE,
    R_STALE_CL_ORD_ID, R_TOO_LATE, R_UNKNOWN_ORDER, R_VENUE_TEXT, SIDE_BUY, SW_ASK, SW_CANCEL, SW_CHILD_CANCEL,
    SW_EXPIRE, SW_OWN, SW_STATUS, T_LIMIT, T_MARKET, T_MARKET_TO_LIMIT, TIF_CLS, TIF_IOC, TIF_OPG, VF_APPLIES,
    VF_HOLDS, VF_PROTECTED, VS_DOWN, X_CANCEL_REJECTED, X_CANCELED, X_DONE_FOR_DAY, X_EXPIRED, X_NEW, X_NONE,
    X_PENDING_CANCEL, X_PENDING_NEW, X_PENDING_REPLACE, X_REJECTED, X_REPLACED, X_RESTATED, X_STOPPED, X_SUSPENDED,
    X_TRADE, X_TRADE_CANCEL, X_TRADE_CORRECT, X_TRIGGERED, X_UNKNOWN_ORDER, ListEvent, OrderEvent, Outcome, Page,
    ReplaceEvent, ReportEvent, SliceEvent,
)
from core.orders.lists cimport Beside, List
from core.orders.order cimport (
    B_ACKED, B_ALGO, B_ASKED, B_CANCELED, B_CANCEL_REJECTED, B_CLOSES, B_DONE_FOR_DAY, B_ENDED, B_EXISTS, B_EXPIRED,
    B_EXPIRING, B_FRESH, B_HAS_PRICE, B_HELD, B_LIFTS, B_LISTED, B_NO_ROUTE, B_OURS, B_OWN, B_PENDING_CANCEL,
    B_PENDING_REPLACE, B_PROTECTED, B_REJECTED, B_SHRINK, B_SHRUNK, B_STOPPED, B_SUSPENDED, B_TOLD, B_WAITS,
    B_WAITS_AUCTION, B_WAITS_ENTRY, B_WAITS_OWN, B_WAITS_TRIGGER, B_WORKED, ask_cancel, asks_less, child_live,
    child_open, fix_price, held_action, is_stop, is_worked, leaves_of, may_be_told, order_ended, order_leaves,
    status_of,
)


cdef class Life:
    """Tables of orders and children in an engine's arena."""

    def __cinit__(self, Arena arena, uint32_t max_orders, uint32_t max_more_children, uint32_t max_ids,
                  uint32_t max_lists):
        self.max_orders = max_orders
        self.max_children = max_orders + max_more_children
        self.max_ids = max_ids
        self.orders = <Order*>arena.table("life.orders", sizeof(Order), max_orders)
        self.children = <Child*>arena.table("life.children", sizeof(Child), self.max_children)
        self.ids = <uint8_t*>arena.table("life.ids", 1, max_ids)
        self.lists = Lists()
        self.lists.max_lists = max_lists
        self.lists.orders = self.orders
        self.lists.beside = <Beside*>arena.table("life.beside", sizeof(Beside), max_orders)
        self.lists.lists = <List*>arena.table("life.lists", sizeof(List), max_lists)
        self.counts = <uint64_t*>arena.table("life.counts", sizeof(uint64_t), 8)
        self.lists.end = &self.counts[3]
        arena.used_by("life.beside", &self.counts[0])
        arena.used_by("life.lists", &self.counts[3])
        arena.used_by("life.orders", &self.counts[0])
        arena.used_by("life.children", &self.counts[1])
        arena.used_by("life.ids", &self.counts[2])

    def statuses(self) -> tuple[dict[int, int], dict[int, int]]:
        """How many orders, and how many children, are in each OrdStatus. Not for the path."""
        cdef uint32_t i
        cdef uint8_t status
        orders = {}
        children = {}
        for i in range(self.count()):
            if self.orders[i].bits & B_EXISTS:
                status = status_of(self.orders[i].bits, self.orders[i].order_qty, self.orders[i].cum_qty)
                orders[status] = orders.get(status, 0) + 1
        i = self.next_child(0)
        while i != NONE:
            if self.children[i].bits & B_EXISTS:
                status = status_of(self.children[i].bits, self.children[i].order_qty, self.children[i].cum_qty)
                children[status] = children.get(status, 0) + 1
            i = self.next_child(i + 1)
        return orders, children

    cdef uint32_t count(self) noexcept nogil:
        """The end of the orders' indices."""
        return <uint32_t>self.counts[0]

    cdef uint32_t next_child(self, uint32_t index) noexcept nogil:
        """The first child's index from `index` on: over the gap between first children and later ones; NONE: end."""
        if index >= self.counts[0] and index < self.max_orders:
            index = self.max_orders
        return index if index < self.counts[1] else NONE

    cdef void _used(self, uint32_t order, uint32_t child, uint32_t id) noexcept nogil:
        if order >= self.counts[0]:
            self.counts[0] = order + 1
        if child >= self.counts[1]:
            self.counts[1] = child + 1
        if id != NONE and id >= self.counts[2]:
            self.counts[2] = id + 1

    # ---- questions: nothing changes ---------------------------------------------------------------------------

    cdef uint8_t refuses(self, Page* page) noexcept nogil:
        """Why the state of the order forbids this replace or cancel; R_NONE: it doesn't."""
        cdef uint32_t index = page.resolved.order
        cdef Order* order
        cdef uint32_t named = page.resolved.orig_id
        if index == NONE or named == NONE or not self.ids[named]:
            return R_UNKNOWN_ORDER
        order = &self.orders[index]
        if not order.bits & B_EXISTS:
            return R_UNKNOWN_ORDER
        if page.header.kind == K_REPLACE and named != order.id_current:
            return R_STALE_CL_ORD_ID
        if order_ended(order):
            return R_TOO_LATE
        if page.header.kind == K_REPLACE and order.bits & B_PENDING_REPLACE:
            return R_PENDING_REPLACE
        if order.bits & (B_PENDING_CANCEL | B_EXPIRING):
            return R_PENDING_CANCEL
        return R_NONE

    cdef bint knows(self, Page* page) noexcept nogil:
        """Whether a report is about a child that was sent to that venue."""
        cdef uint32_t index = page.resolved.child
        cdef Child* child
        if index == NONE:
            return 0
        child = &self.children[index]
        return child.bits & B_EXISTS and child.venue == page.request.report.venue

    cdef uint8_t slice_refused(self, Page* page) noexcept nogil:
        """Why a slice may not be sent now: nothing new is sent while the order ends or a request is pending."""
        cdef SliceEvent* slice = &page.request.slice
        cdef Order* order = &self.orders[slice.order]
        if order_ended(order) or order.bits & B_NO_ROUTE:
            return R_TOO_LATE
        if order.bits & (B_PENDING_CANCEL | B_EXPIRING):
            return R_PENDING_CANCEL
        if order.bits & B_PENDING_REPLACE:
            return R_PENDING_REPLACE
        if slice.qty <= 0 or slice.qty > order.order_qty - order.cum_qty - order.open_qty:
            return R_PENDING_REPLACE if order.bits & B_SHRUNK else R_CHILD_BOUND
        if order.bits & B_HAS_PRICE and order.ord_type != T_MARKET_TO_LIMIT and slice.ord_type == T_LIMIT and (
                slice.price > order.price if order.side == SIDE_BUY else slice.price < order.price):
            return R_PENDING_REPLACE    # it was on its way when the order's price was changed
        return R_NONE

    cdef int64_t working(self, uint32_t index) noexcept nogil:
        """What of the order may still fill, worst case: of a pending replace the larger."""
        cdef Order* order = &self.orders[index]
        cdef int64_t qty = order.order_qty
        if not order.bits & B_EXISTS or order.bits & B_ENDED:
            return 0                # one that is done for the day may come back: it counts
        if order.bits & B_PENDING_REPLACE and order.pend_qty > qty:
            qty = order.pend_qty
        return qty - order.cum_qty if qty > order.cum_qty else 0

    cdef uint32_t live_child(self, uint32_t order) noexcept nogil:
        """The first child that lives; NONE: none does."""
        cdef uint32_t i = self.orders[order].first_child
        while i != NONE and not child_live(&self.children[i]):
            i = self.children[i].next
        return i

    cdef uint32_t off_peg(self, uint32_t index, int64_t price) noexcept nogil:
        """The first live child at another price that isn't asked for anything; NONE: all follow."""
        cdef uint32_t i = self.orders[index].first_child
        cdef const Child* child
        while i != NONE:
            child = &self.children[i]
            if child_live(child) and child.price != price and not child.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE):
                return i
            i = child.next
        return NONE

    # ---- the transition ---------------------------------------------------------------------------------------

    cdef void apply(self, Page* page, Outcome* out) noexcept nogil:
        """Moves the order that the event is about; `out` says what happened. The verdict must be on the page.

        What of `out` follows from the state afterwards is left to `describe`."""
        cdef uint16_t kind = page.header.kind
        self.lists.asked_count = 0
        memset(<char*>out + sizeof(out.seq), 0, 64 - sizeof(out.seq))
        out.order = NONE
        out.child = NONE
        out.orig_id = NONE
        out.follow_child = NONE
        out.follow_qty = 0
        out.send_qty = 0
        out.send_price = 0
        if kind == K_SLICE:
            self._slice(page, out)
        elif not page.verdict.flags & VF_APPLIES:
            if kind == K_ORDER:
                self.lists.denied(page)
            return
        elif kind == K_ORDER:
            self._order(page, out)
        elif kind == K_REPORT:
            self._report(page, out)
        elif kind == K_CANCEL:
            self._cancel(page, page.resolved.order, page.resolved.id, page.resolved.orig_id, out)
        elif kind == K_REPLACE:
            self._replace(page, out)
        elif kind == K_CHILD_CANCEL or kind == K_CHILD_REPLACE:
            self._child_request(page, out)
        elif kind == K_ORDER_END:
            self._end(page, out)
        elif kind == K_SWEEP:
            self._sweep(page, out)
        elif kind == K_EXPIRE:
            self._expire(page.request.order_end.order, out)
        elif kind == K_TRIGGER:
            self._trigger(page, out)
        elif kind == K_LIST:
            self._list(page, out)
        elif kind == K_PEG:
            self._peg(page, out)
        elif kind == K_ALGO:
            self._algo(page, out)
        if out.order != NONE and self.orders[out.order].bits & (B_LISTED | B_LIFTS):
            if self.orders[out.order].bits & B_LISTED:
                self.lists.moved(page, self.change, out)
            fix_price(&self.orders[out.order])

    cdef void describe(self, Outcome* out) noexcept nogil:
        """Fills in the order's facts as they are after the event that `apply` took; there must be an order."""
        cdef Order* order = &self.orders[out.order]
        cdef Child* child
        cdef uint16_t flags = out.flags
        cdef bint ended = order_ended(order)
        out.symbol = order.symbol
        out.account = order.account
        out.strategy = order.strategy
        out.session = order.session
        out.side = order.side
        out.ord_type = order.ord_type
        out.time_in_force = order.time_in_force
        out.order_flags = order.flags
        out.status = status_of(order.bits, order.order_qty, order.cum_qty)
        out.order_qty = order.order_qty
        out.cum_qty = order.cum_qty
        out.leaves_qty = order_leaves(order)
        out.price = order.price
        out.notional = order.notional
        out.live_children = order.live_children
        out.bound_qty = order.order_qty
        if order.bits & B_PENDING_REPLACE and order.pend_qty > order.order_qty:
            out.bound_qty = order.pend_qty
        out.unsent_qty = order.order_qty - order.cum_qty - order.open_qty
        if order.bits & B_HAS_PRICE:
            flags |= OF_HAS_PRICE
        out.protects = (order.bits & B_PROTECTED) != 0
        if order.flags & O_POST_ONLY:
            flags |= OF_POST_ONLY
        if ended:
            flags |= OF_ENDED
        if order.bits & B_WORKED:
            flags |= OF_WORKED
            if not (order.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE | B_EXPIRING | B_NO_ROUTE | B_SUSPENDED | B_WAITS)
                    or ended or self.lists.owes(order)) and out.unsent_qty > 0:
                flags |= OF_ROUTABLE
            if order.bits & B_WAITS and not ended:
                flags |= OF_HOLDS
                if order.bits & (B_WAITS_TRIGGER | B_WAITS_AUCTION | B_WAITS_OWN):
                    flags |= OF_WAITS
        if out.orig_id == NONE:
            out.id = order.id_current
        if out.child != NONE:
            child = &self.children[out.child]
            out.n = child.n
            out.venue = child.venue
            out.child_status = status_of(child.bits, child.order_qty, child.cum_qty)
            out.child_order_qty = child.order_qty
            out.child_cum_qty = child.cum_qty
            out.child_leaves_qty = leaves_of(child.bits, child.order_qty, child.cum_qty)
            out.child_price = child.price
            if child.bits & B_ENDED:
                flags |= OF_CHILD_OVER
            if out.action == A_NEW or out.action == A_REPLACE:
                out.ord_type = child.ord_type
                out.time_in_force = child.time_in_force
        out.flags = flags

    # ---- requests of clients ----------------------------------------------------------------------------------

    cdef void _order(self, Page* page, Outcome* out) noexcept nogil:
        cdef OrderEvent* request = &page.request.order
        cdef uint32_t index = page.resolved.order
        cdef Order* order = &self.orders[index]
        memset(order, 0, sizeof(Order))
        order.bits = B_EXISTS
        order.order_qty = request.qty
        order.price = request.price
        order.id_current = page.resolved.id
        order.id_replace = NONE
        order.id_cancel = NONE
        order.first_child = NONE
        order.last_child = NONE
        order.account = request.account
        order.symbol = request.symbol
        order.strategy = request.strategy
        order.session = page.header.session
        order.venue = request.venue
        order.side = request.side
        order.ord_type = request.ord_type
        order.time_in_force = request.time_in_force
        order.flags = request.flags
        if request.flags & O_HAS_PRICE:
            order.bits |= B_HAS_PRICE
        self.ids[page.resolved.id] = 1
        self._used(index, 0, page.resolved.id)
        out.order = index
        if page.header.flags & H_DERIVED:
            order.bits |= B_CLOSES
        if request.contingency != CG_NONE:
            self.lists.join(index, request)
        if page.verdict.flags & VF_PROTECTED:
            self._protect(order, page.verdict.mark2)
        if page.verdict.flags & VF_HOLDS:
            order.bits |= B_WAITS_OWN
        if order.bits & (B_WAITS_ENTRY | B_WAITS_OWN) or is_worked(request):
            order.bits |= B_WORKED | B_ACKED
            out.exec_type = X_NEW
            order.algo = request.algo
            if request.algo != AL_NONE:
                order.bits |= B_ALGO
            if request.ord_type == T_MARKET_TO_LIMIT:
                order.bits |= B_LIFTS
            if not order.bits & B_WAITS_ENTRY:
                self._hold(order)
            return
        if order.bits & B_PROTECTED:
            self._new_child(page, index, index, 1, request.venue, request.qty, order.price, T_LIMIT, TIF_IOC)
        else:
            self._new_child(page, index, index, 1, request.venue, request.qty, request.price, request.ord_type,
                            request.time_in_force)
        out.exec_type = X_PENDING_NEW
        self._send_new(index, out)

    cdef void _protect(self, Order* order, int64_t price) noexcept nogil:
        """A market order goes no further than a price, which it does not show."""
        order.price = price
        order.bits |= B_PROTECTED

    cdef void _hold(self, Order* order) noexcept nogil:
        """What an order that is live waits for in the core before anything of it is sent."""
        if is_stop(order.ord_type):
            order.bits |= B_WAITS_TRIGGER
        elif order.time_in_force == TIF_OPG or order.time_in_force == TIF_CLS:
            order.bits |= B_WAITS_AUCTION

    cdef void _new_child(self, Page* page, uint32_t parent, uint32_t index, uint32_t n, uint16_t venue, int64_t qty,
                         int64_t price, uint8_t ord_type, uint8_t time_in_force) noexcept nogil:
        cdef Order* order = &self.orders[parent]
        cdef Child* child = &self.children[index]
        self._used(parent, index, NONE)
        memset(child, 0, sizeof(Child))
        child.bits = B_EXISTS | B_FRESH
        child.pend_price = <int64_t>page.header.root
        child.order = parent
        child.n = n
        child.venue = venue
        child.order_qty = qty
        child.price = price
        child.ord_type = ord_type
        child.time_in_force = time_in_force
        child.next = NONE
        child.previous = order.last_child
        if order.last_child != NONE:
            self.children[order.last_child].next = index
        else:
            order.first_child = index
        order.last_child = index
        order.open_qty += qty
        order.live_children += 1

    cdef void _send_new(self, uint32_t index, Outcome* out) noexcept nogil:
        cdef Child* child = &self.children[index]
        out.child = index
        out.action = A_NEW
        out.send_qty = child.order_qty
        out.send_price = child.price

    cdef void _cancel(self, Page* page, uint32_t index, uint32_t id, uint32_t orig, Outcome* out) noexcept nogil:
        """A cancel of the client's, or of the core's own (id NONE)."""
        cdef Order* order = &self.orders[index]
        out.order = index
        order.bits |= B_PENDING_CANCEL
        order.id_cancel = id
        order.orig_cancel = orig
        if order.bits & B_WORKED:
            self._ask_children(index)
            if order.awaiting == 0:
                self._finish(index, out)
                return
            self._follow(order.first_child, out)
        else:
            self._ask(order.first_child, A_CANCEL, page.verdict.venue_state, out)
        out.exec_type = X_PENDING_CANCEL
        self._answer(id, orig, out)

    cdef void _answer(self, uint32_t id, uint32_t orig, Outcome* out) noexcept nogil:
        if id != NONE:
            out.id = id
            out.orig_id = orig

    cdef void _ask_children(self, uint32_t index) noexcept nogil:
        """Marks each live child: it is asked to cancel, and the order waits for its answer."""
        cdef Order* order = &self.orders[index]
        cdef uint32_t i = order.first_child
        cdef Child* child
        while i != NONE:
            child = &self.children[i]
            child.bits &= ~B_CANCEL_REJECTED
            if child_live(child):
                if not child.bits & B_ASKED:
                    order.awaiting += 1
                ask_cancel(child)
            i = child.next

    cdef void _follow(self, uint32_t start, Outcome* out) noexcept nogil:
        """The next child, from `start` on, whose request has not gone out: one derived event each."""
        cdef uint32_t i = start
        cdef Child* child
        while i != NONE:
            child = &self.children[i]
            if may_be_told(child):
                self._follow_child(i, out)
                return
            i = child.next
        out.follow = F_NONE

    cdef void _follow_child(self, uint32_t index, Outcome* out) noexcept nogil:
        cdef Child* child = &self.children[index]
        out.follow_child = index
        out.follow_qty = child.pend_qty
        out.follow = F_CHILD_REPLACE if asks_less(child) else F_CHILD_CANCEL

    cdef void _ask(self, uint32_t index, uint8_t action, uint8_t venue_state, Outcome* out) noexcept nogil:
        """Sends a cancel or replace for a child, or holds it while the venue is down."""
        cdef Child* child = &self.children[index]
        cdef Order* order = &self.orders[child.order]
        child.bits &= ~B_FRESH
        if action == A_CANCEL:
            if child.bits & B_HELD and child.bits & B_PENDING_REPLACE and not child.bits & B_PENDING_CANCEL:
                child.bits &= ~(B_PENDING_REPLACE | B_OURS | B_OWN)     # all of it goes: what was held is spared
            child.bits |= B_PENDING_CANCEL
        else:
            if child.bits & B_SHRINK and not child.bits & B_OWN:
                child.pend_price = child.price
            child.bits |= B_PENDING_REPLACE if child.bits & B_OWN else B_PENDING_REPLACE | B_OURS
        if child.bits & B_ASKED:
            child.bits |= B_TOLD
        out.child = index
        out.action = action
        out.send_qty = child.order_qty if child.bits & B_OWN else child.pend_qty
        out.send_price = child.pend_price if action == A_REPLACE else child.price
        if venue_state == VS_DOWN:
            child.bits |= B_HELD
            out.flags |= OF_HELD

    cdef void _replace(self, Page* page, Outcome* out) noexcept nogil:
        cdef ReplaceEvent* request = &page.request.replace
        cdef uint32_t index = page.resolved.order
        cdef Order* order = &self.orders[index]
        cdef Child* child
        out.order = index
        order.pend_qty = request.qty if request.flags & O_HAS_QTY else order.order_qty
        order.pend_price = request.price if request.flags & O_HAS_PRICE else order.price
        order.id_replace = page.resolved.id
        order.orig_replace = page.resolved.orig_id
        order.bits |= B_PENDING_REPLACE
        self.ids[page.resolved.id] = 1
        self._used(index, 0, page.resolved.id)
        if order.bits & B_WORKED:
            self._replace_worked(index, out)
            return
        child = &self.children[order.first_child]
        child.pend_qty = order.pend_qty
        child.pend_price = order.pend_price
        out.exec_type = X_PENDING_REPLACE
        self._ask(order.first_child, A_REPLACE, page.verdict.venue_state, out)
        self._answer(order.id_replace, order.orig_replace, out)

    cdef void _replace_worked(self, uint32_t index, Outcome* out) noexcept nogil:
        """Up at the same price: at once. Down: from what was never sent, then from the youngest child back.
        Any other change: all children are cancelled first."""
        cdef Order* order = &self.orders[index]
        if order.pend_price != order.price:
            self._ask_children(index)
        elif order.pend_qty < order.order_qty:
            self._cut_children(index, order.cum_qty + order.open_qty - order.pend_qty)
        if order.awaiting == 0:
            self._finish(index, out)
            return
        self._follow(order.first_child, out)
        out.exec_type = X_PENDING_REPLACE
        self._answer(order.id_replace, order.orig_replace, out)

    cdef void _cut_children(self, uint32_t index, int64_t cut) noexcept nogil:
        cdef Order* order = &self.orders[index]
        cdef uint32_t i = order.last_child
        cdef Child* child
        cdef int64_t part
        while i != NONE and cut > 0:
            child = &self.children[i]
            if child_live(child) and not child.bits & B_ASKED:
                part = child_open(child)
                part = part if part < cut else cut
                cut -= part
                child.pend_qty = child.order_qty - part
                child.bits = (child.bits | B_ASKED | B_SHRINK) & ~B_TOLD
                order.awaiting += 1
            i = child.previous

    # ---- what the core itself asks ----------------------------------------------------------------------------

    cdef void _slice(self, Page* page, Outcome* out) noexcept nogil:
        cdef SliceEvent* slice = &page.request.slice
        out.order = slice.order
        out.venue = slice.venue
        out.send_qty = slice.qty
        if not page.verdict.flags & VF_APPLIES:
            out.flags |= OF_REFUSED
            if page.verdict.reason == R_CHILD_BOUND:
                out.flags |= OF_CHILD_BOUND
            return
        self._new_child(page, slice.order, page.resolved.child, slice.n, slice.venue, slice.qty, slice.price,
                        slice.ord_type, slice.time_in_force)
        self._send_new(page.resolved.child, out)

    cdef void _child_request(self, Page* page, Outcome* out) noexcept nogil:
        """One child of a worked order is asked to cancel or shrink; the next one follows."""
        cdef uint32_t index = page.request.child.child
        cdef Child* child = &self.children[index]
        out.order = page.request.child.order
        if page.request.child.release:
            if child.bits & B_HELD:
                child.bits &= ~B_HELD
                self._ask(index, held_action(child), page.verdict.venue_state, out)
            return
        if may_be_told(child):
            self._ask(index, A_REPLACE if asks_less(child) else A_CANCEL, page.verdict.venue_state, out)
        elif self.orders[out.order].awaiting == 0 and self.orders[out.order].bits & B_PENDING_CANCEL:
            self._finish(out.order, out)
            return
        self._follow(child.next, out)

    cdef void _end(self, Page* page, Outcome* out) noexcept nogil:
        """The router gives the order up."""
        cdef uint32_t index = page.request.order_end.order
        cdef Order* order = &self.orders[index]
        if order_ended(order) or order.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE) or order.live_children:
            return                  # something else came first
        out.order = index
        out.exec_type = page.request.order_end.exec_type
        out.reason = page.request.order_end.reason
        order.bits |= B_REJECTED if out.exec_type == X_REJECTED else B_CANCELED
        order.bits &= ~B_SUSPENDED

    cdef void _expire(self, uint32_t index, Outcome* out) noexcept nogil:
        cdef Order* order = &self.orders[index]
        if order_ended(order) or order.bits & (B_EXPIRING | B_PENDING_CANCEL):
            return
        out.order = index
        order.bits |= B_EXPIRING
        self._ask_children(index)
        if order.awaiting == 0:
            self._finish(index, out)
        else:
            self._follow(order.first_child, out)

    cdef void _sweep(self, Page* page, Outcome* out) noexcept nogil:
        cdef uint32_t target = page.verdict.target
        cdef uint8_t kind = page.request.sweep.kind
        cdef Child* child
        if target == NONE:
            return
        if kind == SW_CANCEL or kind == SW_OWN:
            self._cancel(page, target, NONE, NONE, out)
        elif kind == SW_EXPIRE:
            self._expire(target, out)
        elif kind == SW_STATUS:
            child = &self.children[target]
            out.order = child.order
            if child.bits & B_HELD and not child_live(child):
                child.bits &= ~B_HELD       # filled meanwhile: the venue answers the request all the same
                self._ask(target, held_action(child), page.verdict.venue_state, out)
                return
            out.child = target
            out.action = A_STATUS
            if child.bits & B_HELD:
                out.follow_child = target
                out.follow = F_CHILD_CANCEL if held_action(child) == A_CANCEL else F_CHILD_REPLACE
        elif kind == SW_ASK:
            out.order = self.children[target].order
            out.child = target
            out.action = A_STATUS
        elif kind == SW_CHILD_CANCEL:
            out.order = self.children[target].order
            self._ask(target, A_CANCEL, page.verdict.venue_state, out)

    # ---- what venues say --------------------------------------------------------------------------------------

    cdef void _report(self, Page* page, Outcome* out) noexcept nogil:
        cdef uint32_t index = page.resolved.child
        cdef Child* child = &self.children[index]
        cdef Order* order = &self.orders[child.order]
        cdef uint8_t exec_type = page.request.report.exec_type
        cdef Before before
        cdef uint32_t child_bits = child.bits
        cdef int64_t open_before = child_open(child)
        self._remember(order, &before)
        out.order = child.order
        out.child = index
        self._child_report(page, child, order, out)
        self.change = order.cum_qty - before.cum_qty
        out.child_exec_type = X_CANCELED if exec_type == X_UNKNOWN_ORDER else exec_type
        self._recount(child, order, child_bits, open_before, out)
        if order.bits & B_WORKED:
            self._worked_report(child, order, exec_type, child_bits, out)
        else:
            self._direct_report(child, order, exec_type, child_bits, out)
        if out.exec_type == X_NONE and (always_printed(exec_type) or self._changed(order, &before)):
            out.exec_type = out.child_exec_type
        if out.reason == R_NONE and out.exec_type in (X_REJECTED, X_CANCELED, X_EXPIRED, X_CANCEL_REJECTED):
            out.reason = R_VENUE_TEXT
        if order.cum_qty > order.order_qty and (exec_type == X_TRADE or exec_type == X_TRADE_CORRECT):
            out.flags |= OF_OVERFILL

    cdef void _remember(self, const Order* order, Before* before) noexcept nogil:
        before.notional = order.notional
        before.order_qty = order.order_qty
        before.cum_qty = order.cum_qty
        before.leaves_qty = order_leaves(order)
        before.price = order.price
        before.id = order.id_current
        before.status = status_of(order.bits, order.order_qty, order.cum_qty)

    cdef bint _changed(self, const Order* order, const Before* before) noexcept nogil:
        return (before.status != status_of(order.bits, order.order_qty, order.cum_qty)
                or before.order_qty != order.order_qty or before.cum_qty != order.cum_qty
                or before.leaves_qty != order_leaves(order) or before.price != order.price
                or before.notional != order.notional or before.id != order.id_current)

    cdef void _child_report(self, Page* page, Child* child, Order* order, Outcome* out) noexcept nogil:
        """Moves the child; fills also count in the order."""
        cdef ReportEvent* report = &page.request.report
        cdef uint8_t exec_type = report.exec_type
        if exec_type == X_NEW:
            child.bits = (child.bits | B_ACKED) & ~(B_DONE_FOR_DAY | B_SUSPENDED | B_STOPPED)
        elif exec_type == X_TRADE:
            child.bits = (child.bits | B_ACKED) & ~B_DONE_FOR_DAY  # who fills it has it
            if order.bits & B_LIFTS:
                order.price = report.last_px
                order.pend_price = report.last_px
                order.bits |= B_HAS_PRICE
            self._fill(child, order, report.last_qty, report.last_px)
            out.flags |= OF_FILL_APPLIED
        elif exec_type == X_TRADE_CANCEL or exec_type == X_TRADE_CORRECT:
            self._fill(child, order, -page.resolved.ref_qty, page.resolved.ref_px)
            if exec_type == X_TRADE_CORRECT:
                self._fill(child, order, report.last_qty, report.last_px)
            out.flags |= OF_FILL_APPLIED
        elif exec_type == X_REPLACED or exec_type == X_RESTATED:
            self._child_replaced(report, child)
        elif exec_type == X_CANCELED or exec_type == X_UNKNOWN_ORDER:
            child.bits |= B_CANCELED
        elif exec_type == X_REJECTED:
            child.bits |= B_REJECTED
        elif exec_type == X_EXPIRED:
            child.bits |= B_EXPIRED
        elif exec_type == X_CANCEL_REJECTED:
            # the older request is answered first: a replace that was pending before the cancel
            if child.bits & B_PENDING_REPLACE:
                if child.bits & B_OWN:
                    out.flags |= OF_REFUSED
                    out.send_price = child.pend_price
                child.bits &= ~(B_PENDING_REPLACE | B_OURS | B_OWN)
            else:
                child.bits = (child.bits & ~B_PENDING_CANCEL) | B_CANCEL_REJECTED
        elif exec_type == X_PENDING_CANCEL:
            child.bits |= B_PENDING_CANCEL
        elif exec_type == X_PENDING_REPLACE:
            child.bits |= B_PENDING_REPLACE     # where nobody asked: what it comes to, the venue will say
        elif exec_type == X_DONE_FOR_DAY:
            child.bits |= B_DONE_FOR_DAY
        elif exec_type == X_STOPPED:
            child.bits |= B_STOPPED
        elif exec_type == X_SUSPENDED:
            child.bits |= B_SUSPENDED
        if child.bits & B_ENDED:
            child.bits &= ~(B_PENDING_CANCEL | B_PENDING_REPLACE | B_HELD | B_STOPPED | B_SUSPENDED | B_OURS | B_OWN)
        if not child.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE):
            child.bits &= ~B_HELD       # answered before it was sent: nothing waits for the venue any more

    cdef void _fill(self, Child* child, Order* order, int64_t qty, int64_t px) noexcept nogil:
        child.cum_qty += qty
        order.cum_qty += qty
        order.notional += <i128>qty * <i128>px

    cdef void _child_replaced(self, ReportEvent* report, Child* child) noexcept nogil:
        """The venue's own quantity and price win; else what was asked for."""
        if child.bits & B_PENDING_REPLACE and report.exec_type == X_REPLACED:
            if child.bits & B_OURS:
                child.order_qty = child.pend_qty
            if child.bits & (B_OURS | B_OWN):
                child.price = child.pend_price
            child.bits &= ~(B_PENDING_REPLACE | B_OURS | B_OWN)
        if report.flags & P_HAS_QTY:
            child.order_qty = report.order_qty
        if report.flags & P_HAS_PRICE and child.ord_type != T_MARKET:
            child.price = report.price
        if child.order_qty < child.cum_qty:
            child.order_qty = child.cum_qty
        child.bits = (child.bits | B_ACKED) & ~(B_DONE_FOR_DAY | B_SUSPENDED | B_STOPPED)

    cdef void _recount(self, Child* child, Order* order, uint32_t bits_before, int64_t open_before,
                       Outcome* out) noexcept nogil:
        """Keeps the order's sums over its children."""
        cdef int64_t open_after = child_open(child)
        order.open_qty += open_after - open_before
        order.live_children += <uint32_t>(open_after > 0) - <uint32_t>(open_before > 0)
        if child.bits & B_ENDED and not bits_before & B_ENDED:
            if not bits_before & B_ASKED:
                out.flags |= OF_CHILD_ENDED
            if child.bits & B_REJECTED:
                out.flags |= OF_CHILD_REJECTED

    cdef void _direct_report(self, Child* child, Order* order, uint8_t exec_type, uint32_t bits_before,
                             Outcome* out) noexcept nogil:
        """A direct order mirrors its child, and answers the client's requests with their own ids."""
        cdef uint32_t mirrored = (B_ACKED | B_DONE_FOR_DAY | B_STOPPED | B_SUSPENDED | B_ENDED | B_PENDING_CANCEL
                                  | B_PENDING_REPLACE)
        if exec_type == X_REPLACED and order.bits & B_PENDING_REPLACE and order.id_replace != NONE:
            order.id_current = order.id_replace
            out.flags |= OF_REPLACED
            self._answer(order.id_replace, order.orig_replace, out)
        elif exec_type == X_CANCEL_REJECTED:
            if bits_before & B_PENDING_REPLACE:
                self._answer(order.id_replace, order.orig_replace, out)
            else:
                self._answer(order.id_cancel, order.orig_cancel, out)
        elif (exec_type == X_CANCELED or exec_type == X_UNKNOWN_ORDER) and order.bits & B_PENDING_CANCEL:
            self._answer(order.id_cancel, order.orig_cancel, out)
        order.bits = (order.bits & ~mirrored) | (child.bits & mirrored)
        order.order_qty = child.order_qty
        order.price = child.price
        if not order.bits & B_PENDING_REPLACE:
            order.id_replace = NONE     # answered: a venue that begins another by itself answers no client
            order.pend_qty = 0
        if not order.bits & B_PENDING_CANCEL:
            order.id_cancel = NONE

    cdef void _worked_report(self, Child* child, Order* order, uint8_t exec_type, uint32_t bits_before,
                             Outcome* out) noexcept nogil:
        """Takes a child's answer off what the order waits for; the last one answers the client."""
        if not bits_before & B_ASKED:
            return
        if (bits_before & B_OURS and order.bits & B_PENDING_CANCEL and order.bits & B_PENDING_REPLACE
                and self._replace_first(order, exec_type, out)):
            self._let_go(child, order, out)
            return
        if not child.bits & B_ENDED:
            if child.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE):
                return
            if not child.bits & B_TOLD and child_open(child) > 0:
                self._follow_child(self._index(child), out)     # a peg's replace was answered: now what the order asks
                return
        child.bits &= ~(B_ASKED | B_TOLD | B_SHRINK)
        order.awaiting -= 1
        if order.awaiting == 0:
            self._finish(child.order, out)

    cdef void _let_go(self, Child* child, Order* order, Outcome* out) noexcept nogil:
        """It has answered the replace; where it filled before the cancel came, nobody asks it for more. The last one ends
        the order by an event of its own: this one tells of the replace."""
        if child.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE) or child_open(child) > 0 or may_be_told(child):
            return
        child.bits &= ~(B_ASKED | B_TOLD | B_SHRINK)
        order.awaiting -= 1
        if order.awaiting == 0:
            self._follow_child(self._index(child), out)

    cdef uint32_t _index(self, const Child* child) noexcept nogil:
        return <uint32_t>(child - self.children)

    cdef bint _replace_first(self, Order* order, uint8_t exec_type, Outcome* out) noexcept nogil:
        """A cancel came while the order's children shrink: the replace is answered before it."""
        if exec_type == X_CANCEL_REJECTED:
            order.bits &= ~B_PENDING_REPLACE
            out.exec_type = X_CANCEL_REJECTED
            self._answer(order.id_replace, order.orig_replace, out)
            return 1
        if exec_type != X_REPLACED or self._replacing(order):
            return 0
        self._finish_replace(order, out)
        return 1

    cdef bint _replacing(self, const Order* order) noexcept nogil:
        cdef uint32_t i = order.first_child
        while i != NONE:
            if child_live(&self.children[i]) and self.children[i].bits & B_PENDING_REPLACE:
                return 1
            i = self.children[i].next
        return 0

    cdef void _finish(self, uint32_t index, Outcome* out) noexcept nogil:
        """All children have answered: the order's own cancel, replace or expiry is decided."""
        cdef Order* order = &self.orders[index]
        if order.bits & B_PENDING_CANCEL:
            self._finish_cancel(index, out)
        elif order.bits & B_EXPIRING:
            if self._unasked(index):
                self._ask_again(index)
                self._follow(order.first_child, out)
                return
            order.bits &= ~(B_EXPIRING | B_PENDING_REPLACE)
            if order.live_children == 0 and not order_ended(order):
                order.bits = (order.bits | B_EXPIRED) & ~B_SUSPENDED
                out.exec_type = X_EXPIRED
            elif order.live_children:
                order.bits |= B_NO_ROUTE
        elif order.bits & B_PENDING_REPLACE:
            self._finish_replace(order, out)

    cdef void _finish_cancel(self, uint32_t index, Outcome* out) noexcept nogil:
        cdef Order* order = &self.orders[index]
        if self._unasked(index):
            # it was shrinking when the cancel came: those children are asked to cancel now
            self._ask_again(index)
            self._follow(order.first_child, out)
            return
        order.bits &= ~(B_PENDING_CANCEL | B_PENDING_REPLACE)
        if order.live_children == 0 and not order_ended(order):
            order.bits = (order.bits | B_CANCELED) & ~B_SUSPENDED
            out.exec_type = X_CANCELED
        else:
            order.bits |= B_NO_ROUTE
            out.exec_type = X_CANCEL_REJECTED
        self._answer(order.id_cancel, order.orig_cancel, out)

    cdef bint _unasked(self, uint32_t index) noexcept nogil:
        cdef uint32_t i = self.orders[index].first_child
        while i != NONE:
            if child_live(&self.children[i]) and not self.children[i].bits & B_CANCEL_REJECTED:
                return 1
            i = self.children[i].next
        return 0

    cdef void _ask_again(self, uint32_t index) noexcept nogil:
        cdef Order* order = &self.orders[index]
        cdef uint32_t i = order.first_child
        cdef Child* child
        while i != NONE:
            child = &self.children[i]
            if child_live(child) and not child.bits & (B_CANCEL_REJECTED | B_ASKED):
                ask_cancel(child)
                order.awaiting += 1
            i = child.next

    cdef void _finish_replace(self, Order* order, Outcome* out) noexcept nogil:
        cdef int64_t qty = order.pend_qty if order.pend_qty > order.cum_qty else order.cum_qty
        order.bits &= ~B_PENDING_REPLACE
        self._answer(order.id_replace, order.orig_replace, out)
        if order.cum_qty + order.open_qty > qty or (order.pend_price != order.price and order.live_children):
            out.exec_type = X_CANCEL_REJECTED
            out.flags |= OF_REPLACED    # what was taken back is sent again
            return
        if qty < order.order_qty:
            order.bits |= B_SHRUNK
        order.order_qty = qty
        if order.pend_price != order.price:
            order.bits |= B_HAS_PRICE   # a peg that had no limit has one now
        order.price = order.pend_price
        if order.id_replace != NONE:
            order.id_current = order.id_replace
        order.bits &= ~B_NO_ROUTE
        out.flags |= OF_REPLACED
        out.exec_type = X_REPLACED

    # ---- what the core held goes on ---------------------------------------------------------------------------

    cdef void _trigger(self, Page* page, Outcome* out) noexcept nogil:
        """A stop triggers, or an auction begins that the order waited for."""
        cdef Order* order = &self.orders[page.request.trigger.order]
        if order_ended(order) or order.bits & (B_PENDING_CANCEL | B_EXPIRING) or not order.bits & B_WAITS:
            return                  # something else came first
        if order.bits & B_LISTED and self.lists.is_to_go(page.request.trigger.order):
            return
        out.order = page.request.trigger.order
        if order.bits & B_WAITS_OWN:
            order.bits &= ~B_WAITS_OWN      # whatever else it waits for, it waits for still
            if not order.bits & B_WAITS:
                out.flags |= OF_REPLACED
            return
        if order.bits & B_WAITS_TRIGGER:
            out.exec_type = X_TRIGGERED
            if page.verdict.flags & VF_PROTECTED:
                self._protect(order, page.verdict.mark2)
        order.bits &= ~(B_WAITS_TRIGGER | B_WAITS_AUCTION)
        out.flags |= OF_REPLACED

    cdef void _peg(self, Page* page, Outcome* out) noexcept nogil:
        """The child of a pegged order is asked to follow the market, where nothing of the order is pending."""
        cdef uint32_t index = page.request.trigger.order
        cdef Order* order = &self.orders[index]
        cdef uint32_t i = self.off_peg(index, page.request.trigger.price)
        out.order = index
        if (i == NONE or order_ended(order)
                or order.bits & (B_PENDING_CANCEL | B_PENDING_REPLACE | B_EXPIRING | B_NO_ROUTE | B_SUSPENDED)):
            return
        if page.verdict.reason == R_HALTED:
            self._ask(i, A_CANCEL, page.verdict.venue_state, out)   # nothing new there: it goes on elsewhere
            return
        self.children[i].pend_price = page.request.trigger.price
        self.children[i].bits |= B_OWN
        self._ask(i, A_REPLACE, page.verdict.venue_state, out)

    cdef void _algo(self, Page* page, Outcome* out) noexcept nogil:
        """Pause, resume or stop; what changes nothing says nothing."""
        cdef uint32_t index = page.resolved.order
        cdef Order* order = &self.orders[index]
        cdef uint8_t action = page.request.algo.action
        if action == AA_PAUSE or action == AA_RESUME:
            if (order.bits & B_SUSPENDED != 0) == (action == AA_PAUSE):
                return
            out.order = index
            order.bits ^= B_SUSPENDED
            out.exec_type = X_SUSPENDED if action == AA_PAUSE else X_RESTATED
            if action == AA_RESUME:
                out.flags |= OF_REPLACED
            return
        self._cancel(page, index, NONE, NONE, out)

    # ---- what its list asks of an order -----------------------------------------------------------------------

    cdef void _list(self, Page* page, Outcome* out) noexcept nogil:
        """One leg of a list; the next one follows as an event of its own."""
        cdef ListEvent* event = &page.request.list
        cdef Order* order = &self.orders[event.order]
        cdef int64_t change = event.change
        out.order = event.order
        self.lists.follow(event)
        if event.action == LA_OWED:
            change = self.lists.take_owed(event.order)
            out.flags |= OF_REPLACED    # what waited for it is routed
        if event.action == LA_FILLED and order.bits & B_WAITS_ENTRY:
            if event.cum_qty > 0:
                self._live(order, event.cum_qty, out)
        elif event.action == LA_CANCEL or event.action == LA_ENDED:
            if not order_ended(order) and not order.bits & (B_PENDING_CANCEL | B_EXPIRING):
                self._cancel(page, event.order, NONE, NONE, out)
        elif event.action == LA_TAKE and (order_ended(order) or order.bits & B_WAITS_ENTRY):
            return
        elif change:
            self._resize(page, event.order, change, out)

    cdef void _live(self, Order* order, int64_t qty, Outcome* out) noexcept nogil:
        """The entry's first fill: the leg is live, with the entry's quantity."""
        if order_ended(order) or order.bits & (B_PENDING_CANCEL | B_EXPIRING):
            return
        order.bits &= ~B_WAITS_ENTRY
        if order.order_qty != qty:
            order.order_qty = qty
            out.exec_type = X_RESTATED
        out.flags |= OF_REPLACED
        self._hold(order)

    cdef void _resize(self, Page* page, uint32_t index, int64_t change, Outcome* out) noexcept nogil:
        """The core changes a leg's quantity: at once where no child need be asked."""
        cdef Order* order = &self.orders[index]
        cdef int64_t qty = order.order_qty + change
        if order.bits & (B_ENDED | B_PENDING_CANCEL | B_EXPIRING):
            return
        if order.bits & B_PENDING_REPLACE:
            self.lists.owe(index, change)
        elif qty <= order.cum_qty and change < 0:
            if not order_ended(order):
                self._cancel(page, index, NONE, NONE, out)
        elif order.bits & B_WORKED and order.cum_qty + order.open_qty <= qty:
            if change < 0:
                order.bits |= B_SHRUNK
            else:
                out.flags |= OF_REPLACED
            order.order_qty = qty
            out.exec_type = X_RESTATED
        elif change < 0:
            self._shrink(page, index, qty, out)

    cdef void _shrink(self, Page* page, uint32_t index, int64_t qty, Outcome* out) noexcept nogil:
        """The core's own replace, without a client's ids."""
        cdef Order* order = &self.orders[index]
        cdef Child* child
        order.pend_qty = qty
        order.pend_price = order.price
        order.id_replace = NONE
        order.bits |= B_PENDING_REPLACE
        if order.bits & B_WORKED:
            self._replace_worked(index, out)
            return
        child = &self.children[order.first_child]
        child.pend_qty = qty
        child.pend_price = order.price
        out.exec_type = X_PENDING_REPLACE
        self._ask(order.first_child, A_REPLACE, page.verdict.venue_state, out)


cdef bint always_printed(uint8_t exec_type) noexcept nogil:
    return (exec_type == X_TRADE or exec_type == X_TRADE_CORRECT or exec_type == X_TRADE_CANCEL
            or exec_type == X_CANCEL_REJECTED)
