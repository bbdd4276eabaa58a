# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""orders: see engine.pxd; the rules are in life.pyx."""
from libc.string cimport memset

from core.engine cimport Emitter
from core.messages cimport (
    A_NEW, F_CHILD_CANCEL, F_NONE, K_CHILD_CANCEL, K_CHILD_REPLACE, K_EXPIRE, K_LIST, K_ORDER, K_SWEEP, NONE,
    OF_WORKED, TIF_GTD, X_EXPIRED, ChildEvent, ListEvent, OrderEndEvent, Outcome, Page, is_request,
)
from core.orders.life cimport Life
from core_ext.spine cimport publish
from core_ext.tables cimport Arena


cdef class Orders(Engine):
    """The life of each order, applied once risk has let the event pass."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity):
        self.arena = arena
        self.emitter = emitter
        self.life = Life(arena, capacity.orders, capacity.more_children, capacity.ids, capacity.lists)

    def plant(self, uint64_t n) -> None:
        """Makes the n-th child that is sent twice as large as it may be: what the guards after this engine are for."""
        self.planted = n

    cdef void _plant(self, Outcome* outcome) noexcept nogil:
        self.children += 1
        if self.children == self.planted:
            outcome.send_qty *= 2

    cdef void prepare(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            if is_request(todo[i].header.kind):
                self.life.prefetch(todo[i].resolved.order, todo[i].resolved.child)

    cdef void on_batch(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            self.on_event(todo[i])
            publish(<char*>&todo[i].outcome, todo[i].header.seq)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef Outcome* outcome = &page.outcome
        cdef uint32_t i
        self.life.apply(page, outcome)
        if outcome.order == NONE:
            return
        self.life.describe(outcome)
        if outcome.action == A_NEW:
            self._plant(outcome)
        if outcome.follow != F_NONE:
            self._follow(page)
        for i in range(self.life.lists.asked_count):
            self.emitter.emit(page, K_LIST, &self.life.lists.asked[i], sizeof(ListEvent), 0)
        if (page.header.kind == K_ORDER and outcome.flags & OF_WORKED and outcome.time_in_force == TIF_GTD):
            self._expire_later(page)

    cdef void _follow(self, Page* page) noexcept nogil:
        cdef Outcome* outcome = &page.outcome
        cdef ChildEvent ask
        memset(&ask, 0, sizeof(ChildEvent))
        ask.order = outcome.order
        ask.child = outcome.follow_child
        ask.qty = outcome.follow_qty
        ask.release = page.header.kind == K_SWEEP and outcome.child == outcome.follow_child
        self.emitter.emit(page, K_CHILD_CANCEL if outcome.follow == F_CHILD_CANCEL else K_CHILD_REPLACE, &ask,
                          sizeof(ChildEvent), 0)

    cdef void _expire_later(self, Page* page) noexcept nogil:
        """A worked order is ended by the core itself, at expire_at."""
        cdef OrderEndEvent end
        memset(&end, 0, sizeof(OrderEndEvent))
        end.order = page.outcome.order
        end.exec_type = X_EXPIRED
        self.emitter.emit(page, K_EXPIRE, &end, sizeof(OrderEndEvent), page.request.order.expire_ns)
