# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Faults: see faults.pxd."""
from core import errors
from core.topology import ENGINE_NAMES

from core_ext.atomics cimport compare_and_swap, store_release

FAULT_BYTES = sizeof(FaultLine)


cdef class Faults:
    """The line, over any zeroed buffer; of one process alone when none is given. The first fault stays."""

    def __cinit__(self, memory=None):
        self._window = Window(bytearray(FAULT_BYTES + 64) if memory is None else memory, "faults", 8)
        self.line = <FaultLine*>self._window.base

    cdef void fail(self, int fault, uint64_t source, uint64_t expected, uint64_t found) noexcept nogil:
        if not compare_and_swap(&self.line.claim, 0, 1):
            return
        self.line.source = source
        self.line.expected = expected
        self.line.found = found
        store_release(&self.line.code, <uint64_t>fault)

    def __bool__(self):
        return self.code() != FAULT_NONE

    def raise_first(self) -> None:
        """Raises what stopped the core, by its name; nothing where nothing did."""
        if not self.code():
            return
        raise _error(self.code(), self.line.source, self.line.expected, self.line.found)


def _error(fault, source, expected, found):
    if fault == FAULT_SOURCE_GAP:
        return errors.SourceGap(f"source {source}: input {expected} is missing, {found} came; ask the source again "
                                "from there")
    if fault == FAULT_JOURNAL:
        return errors.JournalFull(f"event {expected} can't be recorded: the journal and its reserve are full; free "
                                  "disk space or raise max_bytes")
    if fault == FAULT_LOOPBACK:
        return errors.LoopbackFull(f"engine {ENGINE_NAMES[source - 1]} at event {found}: its loopback ring is full; "
                                   "raise Capacity.loopback")
    if fault == FAULT_ORDER_RING:
        return errors.OrderRingFull(f"event {found}: the venues' order ring is full; raise Capacity.loopback")
    if fault == FAULT_NONDETERMINISM:
        return errors.Nondeterminism(f"engine {ENGINE_NAMES[source - 1]} derived something else than the journal's "
                                     f"event {expected}; compare the builds")
    if fault == FAULT_SCHEDULE:
        return errors.ScheduleFull(f"event {found}: too much is due later; raise Capacity.loopback")
    if fault == FAULT_DOUBLED_SEND:
        return errors.DoubledSend(f"venue {source}: the send of event {found} came again (last was {expected})")
    if fault == FAULT_LOST:
        return errors.ProcessLost(f"event {found}: a process of the core can't be brought back; see its output")
    return errors.ChildBound(f"venue {source}: the send of event {found} exceeds its order; it was not sent")
