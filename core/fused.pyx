# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The core on one thread: see fused.pxd. The order of the engines is core.topology's."""
import hashlib
import mmap
import struct
from dataclasses import fields

from libc.string cimport memcpy, memset

from core.capacity import DEFAULT, Capacity
from core.engine cimport E_EXECUTION, E_ORDERS, E_RISK, E_ROUTER
from core.messages cimport K_CONFIG, PAGE_SIZE, ConfigEvent, Response
from core.sequencer.engine cimport (
    FAULT_CHILD_BOUND, FAULT_DOUBLED_SEND, FAULT_JOURNAL, FAULT_LOOPBACK, FAULT_NONDETERMINISM, FAULT_ORDER_RING,
    FAULT_SCHEDULE, FAULT_SOURCE_GAP,
)
from core_ext.arena cimport Arena
from core_ext.clock cimport ticks, ticks_to_ns
from core_ext.spine cimport publish

from core import errors

ENGINES = ("resolve", "risk", "orders", "router", "execution", "positions", "egress")
SIZES = tuple(field.name for field in fields(Capacity))
TIMED = ("resolve", "risk", "orders", "router", "execution", "positions", "journal", "egress", "event")


def plain_ring(int capacity, int slot_size):
    """A ring over memory of its own."""
    return Ring.format(mmap.mmap(-1, Ring.bytes_needed(capacity, slot_size)), capacity, slot_size)


def plain_spine(int capacity, int slot_size, int cursors):
    """A spine over memory of its own that nobody gates: one thread writes and reads it."""
    return Spine.format(mmap.mmap(-1, Spine.bytes_needed(capacity, slot_size, cursors)), capacity, slot_size,
                        cursors, ())


def arena_bytes(capacity) -> int:
    """Room for any one engine's tables; pages that nobody touches are never taken from the machine."""
    c = capacity
    return (
        (64 << 20)
        + 640 * c.orders
        + 512 * c.more_children
        + 256 * c.ids
        + 512 * c.fills
        + 512 * c.positions
        + 64 * 1024 * c.depths
        + 2048 * c.symbols
        + 256 * (c.counters + c.cells + c.limits)
        + 8 * c.rate_times
        + 8 * c.currencies * c.currencies
    )


cdef class Fused:
    """Takes inputs, runs each event through every engine, and hands out what the engines derive.

    journal: a JournalWriter, or None. timed: measure the service time of each engine. guarded: False disables the
    guard of execution, for the test that shows that the gateway's holds alone.
    """

    def __init__(self, capacity=DEFAULT, journal=None, bint timed=False, bint guarded=True):
        self.capacity = capacity
        self.timed = timed
        self.spine = plain_spine(capacity.spine, PAGE_SIZE, 1)
        self.sequencer = Sequencer(self.spine, journal)
        self.sends = plain_ring(capacity.loopback, sizeof(Send))
        size = arena_bytes(capacity)
        self.resolve = Resolve(Arena(size), None, capacity)
        self.risk = Risk(Arena(size), self._emitter(E_RISK), capacity)
        self.orders = Orders(Arena(size), self._emitter(E_ORDERS), capacity)
        self.router = Router(Arena(size), self._emitter(E_ROUTER), capacity)
        self.execution = Execution(Arena(size), self._emitter(E_EXECUTION), capacity, self.sends, guarded)
        self.positions = Positions(Arena(size), None, capacity)
        self.egress = Egress(Arena(size), None, capacity, plain_spine(capacity.spine, sizeof(Response), 1))
        self.resolve_ns = Histogram()
        self.risk_ns = Histogram()
        self.orders_ns = Histogram()
        self.router_ns = Histogram()
        self.execution_ns = Histogram()
        self.positions_ns = Histogram()
        self.journal_ns = Histogram()
        self.egress_ns = Histogram()
        self.event_ns = Histogram()
        self.histograms = dict(zip(TIMED, (
            self.resolve_ns, self.risk_ns, self.orders_ns, self.router_ns, self.execution_ns, self.positions_ns,
            self.journal_ns, self.egress_ns, self.event_ns), strict=True))

    def _emitter(self, int engine):
        return Emitter(engine, plain_ring(self.capacity.loopback, sizeof(Derived)))

    # ---- the path ---------------------------------------------------------------------------------------------

    cdef void handle(self, Page* page) noexcept nogil:
        """One event through every engine, in the order of the path. Nothing is sent or told before it is recorded:
        gateways and sessions read their rings after this returns."""
        cdef uint64_t seq = page.header.seq
        if self.timed:
            self._handle_timed(page)
            return
        self.resolve.on_event(page)
        publish(<char*>&page.resolved, seq)
        self.risk.on_event(page)
        publish(<char*>&page.verdict, seq)
        self.orders.on_event(page)
        publish(<char*>&page.outcome, seq)
        self.router.on_event(page)
        publish(<char*>&page.routing, seq)
        self.execution.on_event(page)
        publish(<char*>&page.send, seq)
        self.positions.on_event(page)
        publish(<char*>&page.booking, seq)
        if self.sequencer.record(page):
            self.egress.on_event(page)
        self._check()

    cdef void _handle_timed(self, Page* page) noexcept nogil:
        """The same with a stamp after each engine."""
        cdef int64_t t[9]
        cdef uint64_t seq = page.header.seq
        t[0] = ticks()
        self.resolve.on_event(page)
        publish(<char*>&page.resolved, seq)
        t[1] = ticks()
        self.risk.on_event(page)
        publish(<char*>&page.verdict, seq)
        t[2] = ticks()
        self.orders.on_event(page)
        publish(<char*>&page.outcome, seq)
        t[3] = ticks()
        self.router.on_event(page)
        publish(<char*>&page.routing, seq)
        t[4] = ticks()
        self.execution.on_event(page)
        publish(<char*>&page.send, seq)
        t[5] = ticks()
        self.positions.on_event(page)
        publish(<char*>&page.booking, seq)
        t[6] = ticks()
        if self.sequencer.record(page):
            t[7] = ticks()
            self.egress.on_event(page)
        else:
            t[7] = ticks()
        t[8] = ticks()
        self.resolve_ns.record(ticks_to_ns(t[1] - t[0]))
        self.risk_ns.record(ticks_to_ns(t[2] - t[1]))
        self.orders_ns.record(ticks_to_ns(t[3] - t[2]))
        self.router_ns.record(ticks_to_ns(t[4] - t[3]))
        self.execution_ns.record(ticks_to_ns(t[5] - t[4]))
        self.positions_ns.record(ticks_to_ns(t[6] - t[5]))
        self.journal_ns.record(ticks_to_ns(t[7] - t[6]))
        self.egress_ns.record(ticks_to_ns(t[8] - t[7]))
        self.event_ns.record(ticks_to_ns(t[8] - t[0]))
        self._check()

    cdef void _check(self) noexcept nogil:
        """Stops on what must never be: a derived event or a send that found its ring full."""
        if self.execution.counts[2]:
            self.sequencer.fail(FAULT_ORDER_RING, E_EXECUTION, 0, self.sequencer.seq)
        if self.risk.emitter.overflows:
            self.sequencer.fail(FAULT_LOOPBACK, E_RISK, 0, self.sequencer.seq)
        if self.orders.emitter.overflows:
            self.sequencer.fail(FAULT_LOOPBACK, E_ORDERS, 0, self.sequencer.seq)
        if self.router.emitter.overflows:
            self.sequencer.fail(FAULT_LOOPBACK, E_ROUTER, 0, self.sequencer.seq)
        if self.execution.emitter.overflows:
            self.sequencer.fail(FAULT_LOOPBACK, E_EXECUTION, 0, self.sequencer.seq)

    cdef Page* input(self, const Input* item) noexcept nogil:
        """Sequences an input and runs it; NULL: the core has a fault."""
        cdef Page* page
        if self.sequencer.fault:
            return NULL
        page = self.sequencer.input(item)
        if page != NULL:
            self.handle(page)
        return page

    cdef Page* timer(self, const Derived* item, uint8_t engine) noexcept nogil:
        """Sequences a timer that came due, and runs it."""
        cdef Page* page = self.sequencer.derived(item, engine, 1)
        self.handle(page)
        return page

    cdef Derived* next_derived(self, uint8_t* engine) noexcept nogil:
        """The derived event that is next by (cause, engine, n); NULL: none waits. `step` or `drop` takes it."""
        cdef Derived* best = NULL
        best = earlier(best, <Derived*>self.risk.emitter.ring.peek(), E_RISK, engine)
        best = earlier(best, <Derived*>self.orders.emitter.ring.peek(), E_ORDERS, engine)
        best = earlier(best, <Derived*>self.router.emitter.ring.peek(), E_ROUTER, engine)
        return earlier(best, <Derived*>self.execution.emitter.ring.peek(), E_EXECUTION, engine)

    cdef void release(self, uint8_t engine) noexcept nogil:
        """Gives the engine's oldest derived event back."""
        if engine == E_RISK:
            self.risk.emitter.ring.release()
        elif engine == E_ORDERS:
            self.orders.emitter.ring.release()
        elif engine == E_ROUTER:
            self.router.emitter.ring.release()
        else:
            self.execution.emitter.ring.release()

    cdef Page* step(self, const Derived* item, uint8_t engine) noexcept nogil:
        """Sequences what `next_derived` gave, and runs it."""
        cdef Page* page = self.sequencer.derived(item, engine, 0)
        self.release(engine)
        self.handle(page)
        return page

    def begin(self) -> None:
        """The first event: how large the tables are, so that a replay makes them alike."""
        cdef Input item
        cdef bytes sizes = struct.pack(f"<{len(SIZES)}I", *(getattr(self.capacity, name) for name in SIZES))
        memset(&item, 0, sizeof(Input))
        item.kind = K_CONFIG
        item.source_seq = 1
        item.length = sizeof(ConfigEvent)
        memcpy(item.request, <const char*>sizes, len(sizes))
        self.input(&item)

    # ---- off the path -----------------------------------------------------------------------------------------

    def digests(self) -> dict[str, str]:
        """A digest of each engine's state."""
        return {name: getattr(self, name).arena.digest() for name in ENGINES}

    def state_hash(self) -> str:
        """One digest of all engines' states and the last sequence: equal states, equal hash."""
        digest = hashlib.blake2b(str(self.sequencer.seq).encode(), digest_size=32)
        for name, value in self.digests().items():
            digest.update(f"{name}={value};".encode())
        return digest.hexdigest()

    def latency(self) -> dict[str, dict[str, int]]:
        """Service time by engine, ns."""
        return {name: histogram.to_dict() for name, histogram in self.histograms.items()}

    def raise_fault(self) -> None:
        """Raises what stopped the core, by its name; nothing where nothing did."""
        fault = self.sequencer.fault
        if not fault:
            return
        source = self.sequencer.fault_source
        expected = self.sequencer.fault_expected
        found = self.sequencer.fault_found
        if fault == FAULT_SOURCE_GAP:
            raise errors.SourceGap(f"source {source}: input {expected} is missing, {found} came; ask the source again "
                                   "from there")
        if fault == FAULT_JOURNAL:
            raise errors.JournalFull(f"event {expected} can't be recorded: the journal and its reserve are full; free "
                                     "disk space or raise max_bytes")
        if fault == FAULT_LOOPBACK:
            raise errors.LoopbackFull(f"engine {ENGINES[source - 1]} at event {found}: its loopback ring is full; "
                                      "raise Capacity.loopback")
        if fault == FAULT_ORDER_RING:
            raise errors.OrderRingFull(f"event {found}: the venues' order ring is full; raise Capacity.loopback")
        if fault == FAULT_NONDETERMINISM:
            raise errors.Nondeterminism(f"engine {ENGINES[source - 1]} derived something else than the journal's "
                                        f"event {expected}; compare the builds")
        if fault == FAULT_SCHEDULE:
            raise errors.ScheduleFull(f"event {found}: too much is due later; raise Capacity.loopback")
        if fault == FAULT_DOUBLED_SEND:
            raise errors.DoubledSend(f"venue {source}: the send of event {found} came again (last was {expected})")
        raise errors.ChildBound(f"venue {source}: the send of event {found} exceeds its order; it was not sent")


cdef Derived* earlier(Derived* best, Derived* other, uint8_t engine, uint8_t* found) noexcept nogil:
    if other == NULL or (best != NULL and best.cause <= other.cause):
        return best
    found[0] = engine
    return other
