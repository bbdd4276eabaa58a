# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The core on one thread: see fused.pxd. The order of the stages is core.topology's."""
import hashlib

from core.capacity import DEFAULT
from core.engine cimport E_EXECUTION, E_ORDERS, E_POSITIONS, E_RISK, E_ROUTER
from core.faults cimport FAULT_LOOPBACK, FAULT_ORDER_RING
from core.messages cimport PAGE_SIZE, Response
from core.stage cimport BATCH, EngineStage
from core_ext.arena cimport Arena
from core_ext.clock cimport ticks, ticks_to_ns
from core_ext.memory cimport Memory

from core.lane import lanes
from core.topology import CURSORS, ENGINE_NAMES

TIMED = (*CURSORS, "event")


def plain_ring(int capacity, int slot_size):
    """A ring over memory of its own."""
    return Ring.format(Memory(Ring.bytes_needed(capacity, slot_size)), capacity, slot_size)


def plain_spine(int capacity, int slot_size, int cursors):
    """A spine over memory of its own. All its cursors hold the claimer back."""
    return Spine.format(Memory(Spine.bytes_needed(capacity, slot_size, cursors)), capacity, slot_size, cursors)


def state_hash(seq: int, digests: dict[str, str]) -> str:
    """One digest of the last sequence and of all engines' states, told by name in any order."""
    digest = hashlib.blake2b(str(seq).encode(), digest_size=32)
    for name in ENGINE_NAMES:
        digest.update(f"{name}={digests[name]};".encode())
    return digest.hexdigest()


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
        + 2560 * c.facts
        + 2048 * c.symbols
        + 256 * (c.counters + c.cells + c.limits)
        + 8 * c.rate_times
        + 64 * c.adjustments
        + 8 * c.currencies * c.currencies
    )


cdef class Fused(Path):
    """Takes inputs, runs each event through every stage, and hands out what the engines derive.

    journal: a JournalWriter, or None. timed: measure the service time of each stage. guarded: False disables the
    guard of execution, for the test that shows that the gateway's holds alone.
    """

    def __init__(self, capacity=DEFAULT, journal=None, bint timed=False, bint guarded=True):
        self.capacity = capacity
        self.spine = plain_spine(capacity.spine, PAGE_SIZE, len(CURSORS))
        self.faults = Faults()
        self.sequencer = Sequencer(self.spine, self.faults)
        self.sends = plain_ring(capacity.loopback, sizeof(Send))
        size = arena_bytes(capacity)
        self.resolve = Resolve(Arena(size), None, capacity)
        self.risk = Risk(Arena(size), self._emitter(E_RISK), capacity)
        self.orders = Orders(Arena(size), self._emitter(E_ORDERS), capacity)
        self.router = Router(Arena(size), self._emitter(E_ROUTER), capacity)
        self.execution = Execution(Arena(size), self._emitter(E_EXECUTION), capacity, self.sends, guarded)
        self.positions = Positions(Arena(size), self._emitter(E_POSITIONS), capacity)
        self.egress = Egress(Arena(size), None, capacity, plain_spine(capacity.spine, sizeof(Response), 0))
        self.from_risk, self.from_orders = self.risk.emitter.ring, self.orders.emitter.ring
        self.from_router, self.from_execution = self.router.emitter.ring, self.execution.emitter.ring
        self.from_positions = self.positions.emitter.ring
        self.recorder = Recorder(self.spine, self.faults)
        self.use(journal)
        self._chain()
        self.histograms = {}
        if timed:
            self._measure()

    def _emitter(self, int engine):
        return Emitter(engine, plain_ring(self.capacity.loopback, sizeof(Derived)))

    def _chain(self):
        """Every stage, as one lane."""
        self.stages = {name: self._stage(name) for name in CURSORS}
        (self.first,) = lanes(list(self.stages.values()))

    def _stage(self, name):
        if name == "journal":
            return self.recorder
        return EngineStage(name, getattr(self, name), self.spine, self.faults)

    def _measure(self):
        self.event_ns = Histogram()
        self.histograms = {name: Histogram() for name in CURSORS} | {"event": self.event_ns}
        for name, stage in self.stages.items():
            stage.service_ns = self.histograms[name]

    def use(self, journal) -> None:
        """Records in this journal from now on."""
        self.recorder.use(journal)
        if journal is not None:
            self.sequencer.short_of_space = self.recorder.short_of_space

    # ---- the path ---------------------------------------------------------------------------------------------

    cdef void handle(self, Page* page) noexcept nogil:
        """One event through every stage, in the order of the path. Nothing is sent or told before it is recorded:
        egress waits for the journal, gateways and sessions read their rings after this returns."""
        cdef int64_t began
        if self.event_ns is None:
            self.first.turn(1)
        else:
            began = ticks()
            self.first.turn(1)
            self.event_ns.record(ticks_to_ns(ticks() - began))
        self._check()

    cdef void _check(self) noexcept nogil:
        """Stops on what must never be: a derived event or a send that found its ring full."""
        if self.execution.counts[2]:
            self.faults.fail(FAULT_ORDER_RING, E_EXECUTION, 0, self.sequencer.seq)
        if self.risk.emitter.overflows:
            self.faults.fail(FAULT_LOOPBACK, E_RISK, 0, self.sequencer.seq)
        if self.orders.emitter.overflows:
            self.faults.fail(FAULT_LOOPBACK, E_ORDERS, 0, self.sequencer.seq)
        if self.router.emitter.overflows:
            self.faults.fail(FAULT_LOOPBACK, E_ROUTER, 0, self.sequencer.seq)
        if self.execution.emitter.overflows:
            self.faults.fail(FAULT_LOOPBACK, E_EXECUTION, 0, self.sequencer.seq)
        if self.positions.emitter.overflows:
            self.faults.fail(FAULT_LOOPBACK, E_POSITIONS, 0, self.sequencer.seq)

    cdef bint push(self, const Input* item) noexcept nogil:
        """Sequences an input and leaves it to `run`; 0: the spine has no room, or the core a fault."""
        cdef Page* page = NULL
        if not self.faults.code() and self.spine.can_claim(self.sequencer.seq + 1):
            page = self.sequencer.input(item)
        if page != NULL:
            self.resolve.foresee(page)
        return page != NULL

    cdef bint push_derived(self) noexcept nogil:
        """Sequences what an engine derived and is next, and leaves it to `run`; 0: nothing waits, or there is no room.
        A timer is not taken."""
        cdef uint8_t engine = 0
        cdef Derived* item = self.next_derived(&engine)
        if item == NULL or item.due_ns or not self.spine.can_claim(self.sequencer.seq + 1):
            return 0
        self.sequencer.derived(item, engine, 0)
        self.release(engine)
        return 1

    cdef void run(self) noexcept nogil:
        """Each stage in its turn takes what is sequenced, BATCH events at a time: the events share the waits for memory."""
        while self.first.next <= self.sequencer.seq and not self.faults.code():
            self.first.turn(BATCH)
            self._check()

    # ---- off the path -----------------------------------------------------------------------------------------

    def digests(self) -> dict[str, str]:
        """A digest of each engine's state."""
        return {name: getattr(self, name).arena.digest() for name in ENGINE_NAMES}

    def state_hash(self) -> str:
        """One digest of all engines' states and the last sequence: equal states, equal hash."""
        return state_hash(self.sequencer.seq, self.digests())

    def latency(self) -> dict[str, dict[str, int]]:
        """Service time by engine, ns."""
        return {name: histogram.to_dict() for name, histogram in self.histograms.items()}
