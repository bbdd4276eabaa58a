"""The path as its driver sees it: inputs in, derived events and sends out. Who runs the engines is the subclass's."""
from libc.stdint cimport uint8_t

from core.engine cimport Derived
from core.faults cimport Faults
from core.messages cimport Page
from core.sequencer.engine cimport Sequencer
from core.sequencer.input cimport Input
from core_ext.ring cimport Ring
from core_ext.spine cimport Spine

cdef class Path:
    cdef readonly object capacity
    cdef readonly Spine spine
    cdef readonly Faults faults
    cdef readonly Sequencer sequencer
    cdef readonly Ring sends        # to the gateways
    cdef Ring from_risk             # loopback rings
    cdef Ring from_orders
    cdef Ring from_router
    cdef Ring from_execution
    cdef Ring from_positions

    cdef Page* input(self, const Input* item) noexcept nogil
    cdef Page* timer(self, const Derived* item, uint8_t engine) noexcept nogil
    cdef Derived* next_derived(self, uint8_t* engine) noexcept nogil
    cdef Page* step(self, const Derived* item, uint8_t engine) noexcept nogil
    cdef void handle(self, Page* page) noexcept nogil
    cdef void release(self, uint8_t engine) noexcept nogil
