# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Gateways: see gateway.pxd."""
from libc.string cimport memcpy, memset

from core.messages cimport (
    A_NEW, A_REPLACE, A_STATUS, NONE, P_HAS_QTY, SC_ACCOUNT, SC_SESSION, SC_STRATEGY, SC_SYMBOL, SC_VENUE, X_CANCEL_REJECTED,
    X_CANCELED, X_EXPIRED, X_REJECTED, X_REPLACED, X_RESTATED, X_TRADE, X_TRADE_CANCEL, X_TRADE_CORRECT,
    X_UNKNOWN_ORDER, ReportEvent, Send,
)
from core.faults cimport FAULT_CHILD_BOUND, FAULT_DOUBLED_SEND, FAULT_NONE
from core_ext.atomics cimport fence_release, store_relaxed, store_release
from core_ext.fault_points cimport INTENT_DONE, INTENT_STORE, fault_after, fault_before


cdef void child_name(const Send* send, char* out) noexcept nogil:
    """`{length}<first cl_ord_id>.<n>`, 56 bytes."""
    cdef int length = <unsigned char>send.first_id[0]
    cdef char digits[10]
    cdef uint32_t n = send.n
    cdef int count = 0
    memset(out, 0, 56)
    memcpy(out + 1, send.first_id + 1, length)
    out[1 + length] = c'.'
    while n:
        digits[count] = <char>(c'0' + n % 10)
        n //= 10
        count += 1
    out[0] = <char>(length + 1 + count)
    while count:
        count -= 1
        length += 1
        out[1 + length] = digits[count]


cdef class Gateway:
    """Accepts each send once, in the order of the spine, and never more than an order allows."""

    def __cinit__(self, Arena arena, object capacity, bint guarded=True, Arena kept=None):
        """kept: an arena that outlives the process, for the intents of as many children as there can be; without one
        nobody asks for any but the last."""
        cdef uint32_t children = capacity.orders + capacity.more_children
        self.max_orders = capacity.orders
        self.max_intents = min(children, <uint32_t>LATEST) if kept is None else children
        self.guarded = guarded
        self.arena = arena
        self.kept = arena if kept is None else kept
        self.children = IdTable(arena, "gateway.children", children, key_size=56)
        self.committed = <Committed*>arena.table("gateway.committed", sizeof(Committed), children)
        self.fills = IdTable(arena, "gateway.fills", capacity.fills, key_size=48)
        self.heard_fills = <Heard*>arena.table("gateway.heard", sizeof(Heard), capacity.fills)
        self.orders = <int64_t*>arena.table("gateway.orders", sizeof(int64_t), capacity.orders)
        self.intents = <Intent*>self.kept.table("gateway.intents", sizeof(Intent), self.max_intents)
        self.counts = <uint64_t*>arena.table("gateway.counts", sizeof(uint64_t), 96)

    cdef int begin(self, const Send* send) noexcept nogil:
        """Checks the send and stores the intent. Anything but FAULT_NONE: it must not be written."""
        cdef bint fenced = self._fenced(send)
        if send.seq <= self.counts[1]:
            self.counts[2] += 1
            return FAULT_DOUBLED_SEND
        self.counts[1] = send.seq
        if fenced or self._killed(send):
            self.counts[4] += 1
            self._store(send, HELD)
            return FENCED if fenced else SUPPRESSED
        if (send.action == A_NEW or send.action == A_REPLACE) and not self._bounded(send):
            self.counts[3] += 1
            return FAULT_CHILD_BOUND
        self._store(send, INTENT)
        self.counts[0] += 1
        return FAULT_NONE

    cdef Intent* _slot(self, uint64_t seq) noexcept nogil:
        return &self.intents[seq % self.max_intents]

    cdef void _store(self, const Send* send, uint8_t state) noexcept nogil:
        """Whole or not at all: a kill between two of these stores leaves none."""
        cdef Intent* intent = self._slot(send.seq)
        store_relaxed(&intent.seq, 0)
        fence_release()
        intent.child = send.child
        intent.venue = send.venue
        intent.action = send.action
        intent.venue_seq = 0
        intent.state = state
        fault_before(INTENT_STORE)
        store_release(&intent.seq, send.seq)
        fault_after(INTENT_STORE)
        self.last = intent

    cdef void done(self) noexcept nogil:
        """The last intent was written; or told, that it was held back."""
        fence_release()
        fault_before(INTENT_DONE)
        self.last.state = DONE if self.last.state == INTENT else TOLD
        fault_after(INTENT_DONE)

    cdef void lived_through(self, const Send* send) noexcept nogil:
        """A send of before: its intent says what became of it, and stands as it is. Without one, and with none since
        that could have taken its slot, a core died before it came to it."""
        cdef Intent* intent = self._slot(send.seq)
        self.counts[1] = send.seq
        if intent.seq < send.seq:
            return
        if intent.seq == send.seq and intent.state >= HELD:
            self.counts[4] += 1
            return
        if send.action == A_NEW or send.action == A_REPLACE:
            self._bounded(send)
        self.counts[0] += 1

    cdef bint _killed(self, const Send* send) noexcept nogil:
        """Asks the kill page itself, directly before each send; cancels and questions always pass."""
        cdef uint32_t keys[8]
        if self.kill_page is None or (send.action != A_NEW and send.action != A_REPLACE):
            return 0
        memset(keys, 0xFF, sizeof(keys))
        keys[<int>SC_ACCOUNT] = send.account
        keys[<int>SC_STRATEGY] = send.strategy
        keys[<int>SC_SYMBOL] = send.symbol
        keys[<int>SC_VENUE] = send.venue
        keys[<int>SC_SESSION] = send.session
        return self.kill_page.blocks(keys)

    cdef bint _fenced(self, const Send* send) noexcept nogil:
        """Whether the orders are another host's by now: then not even a cancel leaves; a question changes nothing."""
        return self.fence is not None and send.action != A_STATUS and not self.fence.is_open()

    cdef bint _bounded(self, const Send* send) noexcept nogil:
        cdef char name[56]
        cdef bint existed = 0
        cdef uint32_t index
        cdef Committed* child
        cdef int64_t after
        child_name(send, name)
        index = self.children.put(name, &existed)
        if index == NONE:
            return 0
        child = &self.committed[index]
        after = send.qty if send.qty > child.qty else child.qty
        if self.guarded and after > child.qty and self.orders[send.order] - child.qty + after > send.bound_qty:
            return 0
        child.order = send.order
        child.venue = send.venue
        if send.action == A_NEW:
            child.agreed_qty = send.qty
        else:
            child.asked_qty = send.qty
        self._recount(child)
        return 1

    cdef void _recount(self, Committed* child) noexcept nogil:
        """The most that the child may come to, and with it its order's children together."""
        cdef int64_t qty = child.cum_qty
        if not child.ended:
            qty = child.agreed_qty if child.agreed_qty > qty else qty
            qty = child.asked_qty if child.asked_qty > qty else qty
        self.orders[child.order] += qty - child.qty
        child.qty = qty

    cdef void heard(self, const ReportEvent* report) noexcept nogil:
        """What a report takes or gives back: fills, the rest of a child that ended, what a replace comes to."""
        cdef uint32_t index = self.children.find(report.child_id)
        cdef Committed* child
        if index == NONE or self.committed[index].venue != report.venue:
            return
        child = &self.committed[index]
        if report.exec_type == X_TRADE:
            self._trade(report, index)
        elif report.exec_type == X_TRADE_CANCEL or report.exec_type == X_TRADE_CORRECT:
            self._amend(report, index)
        elif report.exec_type in (X_CANCELED, X_EXPIRED, X_REJECTED, X_UNKNOWN_ORDER):
            child.ended = 1
        elif report.exec_type == X_REPLACED or report.exec_type == X_RESTATED:
            if report.flags & P_HAS_QTY:
                child.agreed_qty = report.order_qty
            elif report.exec_type == X_REPLACED and child.asked_qty:
                child.agreed_qty = child.asked_qty
            if report.exec_type == X_REPLACED:
                child.asked_qty = 0
        elif report.exec_type == X_CANCEL_REJECTED:
            child.asked_qty = 0
        self._recount(child)

    cdef void _trade(self, const ReportEvent* report, uint32_t index) noexcept nogil:
        """A fill counts once, however often it is told; where the table is full, each time: the safe side."""
        cdef FillKey key
        cdef bint existed = 0
        cdef uint32_t fill
        fill_key(&key, report.venue, report.exec_id)
        fill = self.fills.put(<char*>&key, &existed)
        if existed:
            return
        self.committed[index].cum_qty += report.last_qty
        if fill != NONE:
            self.heard_fills[fill].qty = report.last_qty
            self.heard_fills[fill].child = index
            self.heard_fills[fill].base = fill

    cdef void _amend(self, const ReportEvent* report, uint32_t index) noexcept nogil:
        """A bust or a correction of a fill of this child, once."""
        cdef FillKey key
        cdef bint existed = 0
        cdef uint32_t fill
        cdef uint32_t base
        cdef int64_t qty = report.last_qty if report.exec_type == X_TRADE_CORRECT else 0
        fill_key(&key, report.venue, report.exec_ref_id)
        base = self.fills.find(<char*>&key)
        if base == NONE or self.heard_fills[base].child != index:
            return
        base = self.heard_fills[base].base
        fill_key(&key, report.venue, report.exec_id)
        fill = self.fills.put(<char*>&key, &existed)
        if existed or fill == NONE:
            return
        self.heard_fills[fill].child = index
        self.heard_fills[fill].base = base
        self.committed[index].cum_qty += qty - self.heard_fills[base].qty
        self.heard_fills[base].qty = qty

    cdef uint64_t next_venue_seq(self, uint16_t venue) noexcept nogil:
        self.counts[16 + venue] += 1
        return self.counts[16 + venue]

    @property
    def sent(self) -> int:
        return self.counts[0]

    @property
    def suppressed(self) -> int:
        """Sends that the kill page or the fence held back."""
        return self.counts[4]

    def unknown(self) -> list[tuple[int, int, int]]:
        """(seq, child, venue) of intents without done: asked about, never sent again."""
        cdef uint64_t i
        out = []
        for i in range(self.max_intents):
            intent = &self.intents[i]
            if intent.seq and (intent.state == INTENT or intent.state == HELD):
                out.append((intent.seq, intent.child, intent.venue))
        return sorted(out)
