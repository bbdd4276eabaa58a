# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The timed loop of `bench risk` (see risk_loop.pxd)."""
from cpython.bytes cimport PyBytes_AS_STRING
from libc.string cimport memcpy, memset

from core.messages cimport K_ORDER, OrderEvent
from core.risk.proposal cimport Proposal
from core_ext.clock cimport ticks, ticks_to_ns

cdef enum:
    BATCH = 32                      # as a stage takes events


cdef class Judge:
    """Asks a core's gate about orders, and changes nothing."""

    def __init__(self, Fused core not None):
        self.core = core
        self._pages = bytes(BATCH * sizeof(Page) + 64)
        self.pages = <Page*>(<size_t>(PyBytes_AS_STRING(self._pages) + 63) & ~<size_t>63)

    def run(self, const uint8_t[::1] rows, const uint32_t[::1] positions, int64_t now_ns, bint prepared,
            Histogram each_ns=None) -> int:
        """ns of all orders' judgements: each an ORDER_EVENT of `rows`, for its position. prepared: a batch's memory is
        asked for before, as on the path. each_ns: every single one, the clock in it."""
        cdef size_t row_bytes = sizeof(OrderEvent)
        cdef Py_ssize_t count = rows.shape[0] // <Py_ssize_t>row_bytes
        cdef Py_ssize_t at = 0
        cdef int some
        cdef int i
        cdef int64_t begun
        cdef int64_t all_ticks = 0
        cdef int64_t one
        cdef Proposal asked
        cdef Page* todo[BATCH]
        for i in range(BATCH):
            todo[i] = &self.pages[i]
        with nogil:
            while at < count:
                some = <int>(count - at) if count - at < BATCH else BATCH
                self._fill(some, <const char*>&rows[at * <Py_ssize_t>row_bytes], row_bytes, &positions[at], now_ns)
                if prepared:
                    begun = ticks()
                    self.core.risk.prepare(todo, some)
                    all_ticks += ticks() - begun
                begun = ticks()
                for i in range(some):
                    one = ticks()
                    self.core.risk.propose(&self.pages[i], &asked)
                    self.denied += not self.core.risk.passes(&self.pages[i], &asked)
                    if each_ns is not None:
                        each_ns.record(ticks_to_ns(ticks() - one))
                all_ticks += ticks() - begun
                at += some
        return ticks_to_ns(all_ticks)

    cdef void _fill(self, int count, const char* rows, size_t row_bytes, const uint32_t* positions,
                    int64_t now_ns) noexcept nogil:
        cdef int i
        for i in range(count):
            memset(&self.pages[i], 0, sizeof(Page))
            memcpy(&self.pages[i].request.order, rows + i * row_bytes, row_bytes)
            self.pages[i].header.kind = K_ORDER
            self.pages[i].header.time_ns = now_ns
            self.pages[i].resolved.order = 0xFFFFFFFF
            self.pages[i].resolved.child = 0xFFFFFFFF
            self.pages[i].resolved.position = positions[i]
