# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Timing: see timing.pxd."""
from core.messages cimport KINDS

from core.topology import LIVE_CURSORS, STAGES, TAKES, before

TIMED_EVERY = EVERY
TIMED = (*LIVE_CURSORS, "sequencer")
"""The stages that are timed, by their lines' index."""
TIMING_BYTES = len(TIMED) * sizeof(TimingLines)


cdef class Timing:
    """One stage's lines over memory of TIMING_BYTES, with those of the stages before it. fresh: empties them."""

    def __init__(self, memory, str name not None, bint fresh=False):
        cdef char* base
        self._window = Window(memory, "timing", 64)
        self.own = TIMED.index(name)
        self.sequencer = TIMED.index("sequencer")
        self.lines = <TimingLines*>self._window.base
        for kind in range(KINDS):
            self.before[kind] = self._before(name, kind)
        self.gate = TIMED.index("journal") if "journal" in _follows(name) else -1
        view = memoryview(memory)
        at = self.own * sizeof(TimingLines) + sizeof(Mark) * MARKS
        made = Histogram.format if fresh else Histogram.attach
        self.hop, self.service, self.since = (
            made(view[at + i * sizeof(HistogramBlock) : at + (i + 1) * sizeof(HistogramBlock)]) for i in range(3))

    def _before(self, name, kind):
        if name == "sequencer":
            return -1
        if name in TAKES and kind not in TAKES[name]:
            return -1
        return TIMED.index("sequencer" if name == "journal" else before(name, kind))

    cdef void mark(self, uint64_t seq, int64_t now) noexcept nogil:
        cdef Mark* mark = &self.lines[self.own].marks[seq // EVERY % MARKS]
        store_release(&mark.seq, 0)
        store_relaxed(<uint64_t*>&mark.ticks, <uint64_t>now)
        store_release(&mark.seq, seq)

    cdef int64_t at(self, int stage, uint64_t seq) noexcept nogil:
        """When that stage was done with the event, in ticks; 0: that isn't known."""
        cdef Mark* mark = &self.lines[stage].marks[seq // EVERY % MARKS]
        cdef int64_t found
        if load_acquire(&mark.seq) != seq:
            return 0
        found = <int64_t>load_acquire(<uint64_t*>&mark.ticks)
        return found if load_acquire(&mark.seq) == seq else 0

    cdef void note(self, uint64_t seq, int kind, int64_t now) noexcept nogil:
        """The stage is done with a timed event."""
        cdef int64_t began, other
        self.mark(seq, now)
        if kind >= KINDS or self.before[kind] < 0:
            return
        began = self.at(self.before[kind], seq)
        if self.gate >= 0 and began:
            other = self.at(self.gate, seq)
            began = 0 if other == 0 else (other if other > began else began)
        if began and now >= began:
            self.hop.record(ticks_to_ns(now - began))
        began = self.at(self.sequencer, seq)
        if began and now >= began:
            self.since.record(ticks_to_ns(now - began))

    def times(self, uint64_t seq) -> dict[str, int]:
        """When each stage was done with the event, in ns since the sequencer took it, of those that still know."""
        cdef int64_t began = self.at(self.sequencer, seq)
        cdef int64_t found
        cdef int stage
        out = {}
        if not began:
            return out
        for stage in range(len(TIMED)):
            found = self.at(stage, seq)
            if found:
                out[TIMED[stage]] = ticks_to_ns(found - began)
        return out


def _follows(name):
    return STAGES[name].follows if name in STAGES else ()
