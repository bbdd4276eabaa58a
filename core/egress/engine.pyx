# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""egress: see engine.pxd."""
from libc.string cimport memcpy, memset

from core.engine cimport Emitter
from core.messages cimport (
    K_CANCEL, K_CONNECT, K_ORDER, K_REPLACE, K_REPORT, NAME_SIZE, NONE, RK_DENY, RK_ORDER, VF_DENIED, X_NONE, X_TRADE,
    Outcome, Page, Response, is_order, is_request,
)
from core_ext.atomics cimport prefetch_write
from core_ext.spine cimport Spine, publish
from core_ext.tables cimport Arena


cdef class Egress(Engine):
    """One response for each denial and each order's line, on a ring that nobody can hold back."""

    def __cinit__(self, Arena arena, Emitter emitter, object capacity, Spine responses):
        self.arena = arena
        self.emitter = emitter
        self.responses = responses
        self.ids = arena.table("egress.ids", NAME_SIZE, capacity.ids)
        self.max_sessions = capacity.sessions
        self.told = <uint64_t*>arena.table("egress.told", sizeof(uint64_t), capacity.sessions)
        self.counts = <uint64_t*>arena.table("egress.counts", sizeof(uint64_t), 272)
        arena.used_by("egress.ids", &self.counts[0])

    @property
    def denials(self) -> int:
        return self.counts[2]

    def denials_by_reason(self) -> dict[int, int]:
        """How many requests were denied, by Reason."""
        return {reason: self.counts[16 + reason] for reason in range(256) if self.counts[16 + reason]}

    @property
    def fills(self) -> int:
        return self.counts[3]

    def id_bytes(self, int index) -> bytes:
        """The cl_ord_id with that index, as its field: a length and the text."""
        cdef char* field = self.ids + index * NAME_SIZE
        return field[:NAME_SIZE]

    cdef void on_batch(self, Page** todo, int count) noexcept nogil:
        cdef int i
        for i in range(count):
            self.on_event(todo[i])

    cdef void prepare(self, Page** todo, int count) noexcept nogil:
        """The texts of the ids that the answers will carry, or where they will be kept."""
        cdef int i
        for i in range(count):
            if todo[i].header.kind == K_REPORT:
                if todo[i].outcome.order != NONE:
                    self._prefetch(todo[i].outcome.id)
            elif is_request(todo[i].header.kind) and todo[i].resolved.id != NONE:
                self._prefetch(todo[i].resolved.id)

    cdef void _prefetch(self, uint32_t id) noexcept nogil:
        prefetch_write(self.ids + id * NAME_SIZE)
        prefetch_write(self.ids + id * NAME_SIZE + NAME_SIZE - 1)

    cdef void on_event(self, Page* page) noexcept nogil:
        cdef uint16_t kind = page.header.kind
        if kind == K_CONNECT:
            self.told[page.request.filter.scope.session] = 0
        if not is_order(kind):
            return
        if is_request(kind):
            self._remember(page)
        if page.verdict.flags & VF_DENIED:
            self._deny(page)
        if page.outcome.order != NONE and page.outcome.exec_type != X_NONE:
            self._order(page)

    cdef void _remember(self, Page* page) noexcept nogil:
        cdef uint32_t id = page.resolved.id
        cdef const char* text
        if id == NONE:
            return
        if page.header.kind == K_ORDER:
            text = page.request.order.cl_ord_id
        elif page.header.kind == K_REPLACE:
            text = page.request.replace.cl_ord_id
        else:
            text = page.request.cancel.cl_ord_id
        memcpy(self.ids + id * NAME_SIZE, text, NAME_SIZE)
        if id >= self.counts[0]:
            self.counts[0] = id + 1

    cdef Response* _begin(self, Page* page, uint8_t kind, uint32_t session) noexcept nogil:
        cdef uint64_t seq = self.counts[1] + 1
        cdef Response* out = <Response*>self.responses.slot(seq)
        self.counts[1] = seq
        self.responses.claim(seq)
        out.time_ns = page.header.time_ns
        out.session = session
        out.order = page.outcome.order
        memset(&out.kind, 0, sizeof(Response) - 24)
        if session < self.max_sessions:
            self.told[session] += 1
            out.number = self.told[session]
        out.kind = kind
        out.event = page.header.seq
        return out

    cdef void _deny(self, Page* page) noexcept nogil:
        cdef Response* out = self._begin(page, RK_DENY, page.header.session)
        out.reason = page.verdict.reason
        if page.header.kind == K_ORDER:
            memcpy(out.cl_ord_id, page.request.order.cl_ord_id, NAME_SIZE)
        elif page.header.kind == K_REPLACE:
            memcpy(out.cl_ord_id, page.request.replace.cl_ord_id, NAME_SIZE)
            memcpy(out.orig_cl_ord_id, page.request.replace.orig_cl_ord_id, NAME_SIZE)
        elif page.header.kind == K_CANCEL:
            memcpy(out.cl_ord_id, page.request.cancel.cl_ord_id, NAME_SIZE)
            memcpy(out.orig_cl_ord_id, page.request.cancel.orig_cl_ord_id, NAME_SIZE)
        self.counts[2] += 1
        self.counts[16 + page.verdict.reason] += 1
        publish(<char*>out, self.counts[1])

    cdef void _order(self, Page* page) noexcept nogil:
        cdef Outcome* outcome = &page.outcome
        cdef Response* out = self._begin(page, RK_ORDER, page.outcome.session)
        out.exec_type = outcome.exec_type
        out.status = outcome.status
        out.reason = outcome.reason
        out.side = outcome.side
        out.order_qty = outcome.order_qty
        out.cum_qty = outcome.cum_qty
        out.leaves_qty = outcome.leaves_qty
        out.price = outcome.price
        out.notional = outcome.notional
        memcpy(out.cl_ord_id, self.ids + outcome.id * NAME_SIZE, NAME_SIZE)
        if outcome.orig_id != NONE:
            memcpy(out.orig_cl_ord_id, self.ids + outcome.orig_id * NAME_SIZE, NAME_SIZE)
        if page.header.kind == K_REPORT and outcome.exec_type == X_TRADE:
            out.last_qty = page.request.report.last_qty
            out.last_px = page.request.report.last_px
            self.counts[3] += 1
        publish(<char*>out, self.counts[1])
