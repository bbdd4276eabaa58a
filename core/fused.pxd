"""The core on one thread: every stage of the path takes its turn on each event."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.egress.engine cimport Egress
from core.engine cimport Derived, Emitter
from core.execution.engine cimport Execution
from core.faults cimport Faults
from core.messages cimport Page, Send
from core.orders.engine cimport Orders
from core.path cimport Path
from core.positions.engine cimport Positions
from core.recorder cimport Recorder
from core.resolve.engine cimport Resolve
from core.risk.engine cimport Risk
from core.router.engine cimport Router
from core.sequencer.engine cimport Input, Sequencer
from core.stage cimport Stage
from core_ext.histogram cimport Histogram
from core_ext.ring cimport Ring
from core_ext.spine cimport Spine

@cython.final
cdef class Fused(Path):
    cdef readonly Resolve resolve
    cdef readonly Risk risk
    cdef readonly Orders orders
    cdef readonly Router router
    cdef readonly Execution execution
    cdef readonly Positions positions
    cdef readonly Recorder recorder
    cdef readonly Egress egress
    cdef readonly dict stages       # by name, in the order of the path
    cdef Stage first                # the chain of them
    cdef readonly dict histograms   # service time by stage, where it is measured
    cdef Histogram event_ns         # of a whole event, or None

    cdef bint push(self, const Input* item) noexcept nogil
    cdef bint push_derived(self) noexcept nogil
    cdef void run(self) noexcept nogil
    cdef void _check(self) noexcept nogil
