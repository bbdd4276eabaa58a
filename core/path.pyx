# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The path as its driver sees it: see path.pxd."""
import struct
from dataclasses import fields

from libc.string cimport memcpy, memset

from core.capacity import Capacity
from core.engine cimport E_EXECUTION, E_ORDERS, E_POSITIONS, E_RISK, E_ROUTER
from core.messages cimport K_CONFIG, ConfigEvent

SIZES = tuple(field.name for field in fields(Capacity))


def config_request(capacity) -> bytes:
    """The first event's request: how large the tables are, so that a replay makes them alike."""
    return struct.pack(f"<{len(SIZES)}I", *(getattr(capacity, name) for name in SIZES)).ljust(
        sizeof(ConfigEvent), b"\0")


cdef class Path:
    """Sequences one event after the other; each has been everywhere before the next."""

    cdef void handle(self, Page* page) noexcept nogil:
        """Returns once every stage is done with the event."""

    cdef Page* input(self, const Input* item) noexcept nogil:
        """Sequences an input and runs it; NULL: the core has a fault."""
        cdef Page* page
        if self.faults.code():
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
        best = earlier(best, <Derived*>self.from_risk.peek(), E_RISK, engine)
        best = earlier(best, <Derived*>self.from_orders.peek(), E_ORDERS, engine)
        best = earlier(best, <Derived*>self.from_router.peek(), E_ROUTER, engine)
        best = earlier(best, <Derived*>self.from_execution.peek(), E_EXECUTION, engine)
        return earlier(best, <Derived*>self.from_positions.peek(), E_POSITIONS, engine)

    cdef void release(self, uint8_t engine) noexcept nogil:
        """Gives the engine's oldest derived event back."""
        if engine == E_RISK:
            self.from_risk.release()
        elif engine == E_ORDERS:
            self.from_orders.release()
        elif engine == E_ROUTER:
            self.from_router.release()
        elif engine == E_EXECUTION:
            self.from_execution.release()
        else:
            self.from_positions.release()

    cdef Page* step(self, const Derived* item, uint8_t engine) noexcept nogil:
        """Sequences what `next_derived` gave, and runs it."""
        cdef Page* page = self.sequencer.derived(item, engine, 0)
        self.release(engine)
        self.handle(page)
        return page

    def begin(self) -> None:
        """The first event."""
        cdef Input item
        cdef bytes request = config_request(self.capacity)
        memset(&item, 0, sizeof(Input))
        item.kind = K_CONFIG
        item.source_seq = 1
        item.length = sizeof(ConfigEvent)
        memcpy(item.request, <const char*>request, sizeof(ConfigEvent))
        self.input(&item)

    def raise_fault(self) -> None:
        """Raises what stopped the core, by its name; nothing where nothing did."""
        self.faults.raise_first()


cdef Derived* earlier(Derived* best, Derived* other, uint8_t engine, uint8_t* found) noexcept nogil:
    if other == NULL or (best != NULL and best.cause <= other.cause):
        return best
    found[0] = engine
    return other
