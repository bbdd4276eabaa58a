# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The timed loop of `bench throughput` (see throughput_loop.pxd)."""
from libc.stdint cimport int64_t, uint8_t

from core.engine cimport Derived, Engine
from core.fused cimport Fused
from core.sequencer.engine cimport Input
from core.stage cimport BATCH
from core_ext.arena cimport Arena
from core_ext.clock cimport mono_ns

from core.topology import ENGINE_NAMES

cdef enum:
    INPUT_HEAD = 48                 # of an Input: what stands before its request


cdef class Feed:
    """Feeds a core from buffers, as fast as it takes them, on the thread that calls."""

    def __init__(self, Fused core not None):
        self.core = core

    def prefault(self) -> int:
        """Takes every page of the engines' tables from the machine now. How many bytes they have."""
        cdef Arena arena
        cdef size_t at
        cdef size_t total = 0
        cdef volatile char* base
        for name in ENGINE_NAMES:
            arena = (<Engine>getattr(self.core, name)).arena
            base = arena.base
            for at in range(0, arena._header.used, 4096):
                base[at] = base[at]
            total += arena._header.used
        return total

    def run(self, const uint8_t[::1] rows, size_t row_bytes, const int64_t[::1] offsets) -> int:
        """Each row's inputs, and what the engines derive from them; ns. Stops where the core does.

        offsets: where in a row an Input begins. ValueError: an Input that would reach beyond its row.
        """
        cdef size_t count = rows.shape[0] // row_bytes
        cdef size_t row
        cdef Py_ssize_t part
        cdef const char* at
        cdef int64_t start
        for part in range(offsets.shape[0]):
            if offsets[part] < 0 or <size_t>offsets[part] + INPUT_HEAD > row_bytes:
                raise ValueError(f"bench throughput: an input at {offsets[part]} of a row of {row_bytes} bytes")
        if count == 0:
            return 0
        at = <const char*>&rows[0]
        with nogil:
            start = mono_ns()
            for row in range(count):
                for part in range(offsets.shape[0]):
                    self._feed(<const Input*>(at + offsets[part]))
                if self.core.faults.code():
                    break
                at += row_bytes
            self._settle()
            start = mono_ns() - start
        return start

    cdef void _feed(self, const Input* item) noexcept nogil:
        """As a live core takes what waits on its sources' rings: some inputs, then every stage over them."""
        self.inputs += 1
        self.core.push(item)
        self.waiting += 1
        if self.waiting == BATCH:
            self._settle()

    cdef void _settle(self) noexcept nogil:
        """Runs what is sequenced, and what the engines derive from it; what execution sends is taken off its ring."""
        self.waiting = 0
        self.core.run()
        while self._derive() and not self.core.faults.code():
            self.core.run()
        while self.core.sends.peek() != NULL:
            self.core.sends.release()
            self.sends += 1

    cdef bint _derive(self) noexcept nogil:
        """Sequences what waits on the loopback rings; timers never come due here."""
        cdef uint8_t engine = 0
        cdef bint found = 0
        cdef Derived* item = self.core.next_derived(&engine)
        while item != NULL:
            if item.due_ns:
                self.core.release(engine)
            elif self.core.push_derived():
                self.derived += 1
                found = 1
            else:
                break
            item = self.core.next_derived(&engine)
        return found
