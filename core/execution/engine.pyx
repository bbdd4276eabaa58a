# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""execution: see engine.pxd."""
from libc.string cimport memcpy

from core.alerts cimport halt_order
from core.engine cimport Emitter
from core.messages cimport (
    A_NEW, A_NONE, A_REPLACE, K_ORDER, NONE, OF_CHILD_OVER, OF_HELD, R_CHILD_BOUND, SF_CHILD_BOUND, SF_HELD, SF_SENT,
    X_NONE, Outcome, Page, Send, is_request,
)
from core_ext.atomics cimport prefetch_write
from core_ext.spine cimport publish
from core_ext.tables cimport Arena

RESERVED_BYTES = sizeof(Reserved)


cdef class Execution(Engine):
    """Sends, and refuses what would make the children of an order exceed it (counted apart from orders' own sums)."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity, Ring ring, bint guarded=True):
        self.arena = arena
        self.emitter = emitter
        self.ring = ring
        self.guarded = guarded
        self.reserved = <Reserved*>arena.table("execution.reserved", sizeof(Reserved), capacity.orders)
        self.more = <int64_t*>arena.table("execution.more", sizeof(int64_t), capacity.more_children)
        self.max_orders = capacity.orders
        self.counts = <uint64_t*>arena.table("execution.counts", sizeof(uint64_t), 8)
        arena.used_by("execution.reserved", &self.counts[0])
        arena.used_by("execution.more", &self.counts[1])

    def resume(self, Ring ring not None) -> None:
        """Goes on with the ring of one that died: what is on it isn't put there again."""
        cdef Send* newest = <Send*>ring.newest()
        self.ring = ring
        self.told_seq = 0 if newest == NULL else newest.seq

    @property
    def stalled(self) -> int:
        """Sends that found the venues' ring full: nothing may be lost, so the core stops on the first."""
        return self.counts[2]

    cdef void prepare(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            if is_request(todo[i].header.kind) and todo[i].outcome.order != NONE:
                prefetch_write(&self.reserved[todo[i].outcome.order])

    cdef void on_batch(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            self.on_event(todo[i])
            publish(<char*>&todo[i].send, todo[i].header.seq)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef Outcome* outcome = &page.outcome
        page.send.action = A_NONE
        page.send.flags = 0
        if outcome.order == NONE:
            return
        if page.header.kind == K_ORDER:
            self._begin(page)
        if outcome.child_exec_type != X_NONE:
            self._settle(outcome)
        if outcome.action != A_NONE:
            self._send(page)

    cdef void _begin(self, Page* page) noexcept nogil:
        cdef Reserved* reserved = &self.reserved[page.outcome.order]
        reserved.committed = 0
        reserved.first_child = 0
        memcpy(reserved.first_id, page.request.order.cl_ord_id, 40)
        reserved.expire_ns = page.request.order.expire_ns
        if page.outcome.order >= self.counts[0]:
            self.counts[0] = page.outcome.order + 1

    cdef void _commit(self, uint32_t order, uint32_t child, int64_t qty) noexcept nogil:
        cdef int64_t* part = self._part(child)
        self.reserved[order].committed += qty - part[0]
        part[0] = qty
        if child >= self.max_orders and child - self.max_orders >= self.counts[1]:
            self.counts[1] = child - self.max_orders + 1

    cdef int64_t* _part(self, uint32_t child) noexcept nogil:
        """What of the sum is the child's."""
        return &self.more[child - self.max_orders] if child >= self.max_orders else &self.reserved[child].first_child

    cdef void _settle(self, Outcome* outcome) noexcept nogil:
        """A report: what the child may still come to."""
        cdef int64_t qty = outcome.child_cum_qty
        if not outcome.flags & OF_CHILD_OVER and outcome.child_order_qty > qty:
            qty = outcome.child_order_qty
        self._commit(outcome.order, outcome.child, qty)

    cdef void _send(self, Page* page) noexcept nogil:
        cdef Outcome* outcome = &page.outcome
        cdef Send* send = &page.send
        cdef Reserved* reserved = &self.reserved[outcome.order]
        cdef Send* slot
        send.order = outcome.order
        send.child = outcome.child
        send.n = outcome.n
        send.symbol = outcome.symbol
        send.account = outcome.account
        send.strategy = outcome.strategy
        send.session = outcome.session
        send.venue = outcome.venue
        send.action = outcome.action
        send.side = outcome.side
        send.ord_type = outcome.ord_type
        send.time_in_force = outcome.time_in_force
        send.order_flags = outcome.order_flags
        send.qty = outcome.send_qty
        send.price = outcome.send_price
        send.time_ns = page.header.time_ns
        send.expire_ns = reserved.expire_ns
        send.bound_qty = outcome.bound_qty
        memcpy(send.first_id, reserved.first_id, 40)
        if outcome.flags & OF_HELD:
            send.flags = SF_HELD
            return
        if not self._bounded(page):
            send.flags = SF_CHILD_BOUND
            return
        if page.header.seq <= self.told_seq:
            send.flags = SF_SENT
            return
        slot = <Send*>self.ring.claim()
        if slot == NULL:
            self.counts[2] += 1
            return
        send.flags = SF_SENT
        slot[0] = send[0]
        slot.seq = page.header.seq
        self.ring.publish()

    cdef bint _bounded(self, Page* page) noexcept nogil:
        """Whether all children together stay within the order with this one sent; takes the quantity if so."""
        cdef Outcome* outcome = &page.outcome
        cdef int64_t before = self._part(outcome.child)[0]
        cdef int64_t after
        if outcome.action != A_NEW and outcome.action != A_REPLACE:
            return 1
        after = outcome.send_qty if outcome.send_qty > before else before
        if self.guarded and after > before and self.reserved[outcome.order].committed - before + after > outcome.bound_qty:
            self._refuse(page, after)
            return 0
        self._commit(outcome.order, outcome.child, after)
        return 1

    cdef void _refuse(self, Page* page, int64_t qty) noexcept nogil:
        cdef Outcome* outcome = &page.outcome
        cdef int64_t others = self.reserved[outcome.order].committed - self._part(outcome.child)[0]
        halt_order(self.emitter, page, outcome.strategy, outcome.account, outcome.symbol, R_CHILD_BOUND,
                   outcome.bound_qty, others + qty)
