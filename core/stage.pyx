# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Stages: see stage.pxd.

A stage takes the events whose paragraph before its own is published, in order, and publishes its own. It stops where
the next event isn't ready, or where what it may derive or send would not fit on its rings: that holds back the
sequencer in the end, never loses anything, and decides nothing.
"""
from libc.string cimport memcmp, memcpy

from core.engine cimport DERIVES_MAX
from core.faults cimport FAULT_NONDETERMINISM
from core.messages cimport PAGE_SIZE, Page
from core_ext.clock cimport ticks, ticks_to_ns
from core_ext.spine cimport publish, published

from core.topology import CURSORS, PARAGRAPHS, STAGES


cdef class Stage:
    """Base: something that polls and has a cursor on the spine."""

    def __cinit__(self, *args, **kwargs):
        self.next = 1
        self.cursor = -1

    def then(self, Stage follower):
        """Who has the next turn on this thread; gives it back, so that a path can be written as one chain."""
        self.follower = follower
        return follower

    @property
    def done(self) -> int:
        """The last event that it is done with."""
        return self.next - 1

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        return 0

    cdef uint64_t turn(self, uint64_t budget) noexcept nogil:
        """Polls this stage and those after it; how much was done."""
        cdef uint64_t done = self.poll(budget)
        if self.follower is not None:
            done += self.follower.turn(budget)
        return done

    def poll_once(self, uint64_t budget=1) -> int:
        """One poll; how many events it took. For tests: drivers poll without Python."""
        cdef uint64_t done
        with nogil:
            done = self.poll(budget)
        return done


cdef class EngineStage(Stage):
    """An engine of the path. sends: the ring on which it must have room for one more before each event."""

    def __init__(self, str name, Engine engine not None, Spine spine not None, Faults faults not None, Ring sends=None):
        self.name = name
        self.engine = engine
        self.spine = spine
        self.faults = faults
        self.sends = sends
        self.cursor = CURSORS.index(name)
        self.engine_id = list(STAGES).index(name)
        before = [each for each in STAGES[name].follows if each != "journal"]
        self.reads = PARAGRAPHS[before[0]][0]
        self.writes, self.written = PARAGRAPHS.get(name, (-1, 0))
        self.gate = CURSORS.index("journal") if "journal" in STAGES[name].follows else -1
        self._scratch = bytearray(PAGE_SIZE)
        self.scratch = <Page*><char*>self._scratch

    def resume(self, uint64_t seq) -> None:
        """Its engine has lived through the events up to `seq`. What a former process did beyond, as its cursor and
        its published paragraphs tell, is lived through again without a trace."""
        self.next = seq + 1
        self.redo_through = max(seq, self.spine.cursor(self.cursor))
        while self.writes >= 0 and published(self.spine.slot(self.redo_through + 1) + self.writes, self.redo_through + 1):
            self.redo_through += 1

    cdef uint64_t _ready(self, uint64_t budget) noexcept nogil:
        """The end of the events that can be taken now."""
        cdef uint64_t seq = self.next
        cdef uint64_t end = seq + budget
        cdef uint64_t gated
        if self.gate >= 0:
            gated = self.spine.cursor(self.gate) + 1
            end = gated if gated < end else end
        while seq < end and published(self.spine.slot(seq) + self.reads, seq):
            seq += 1
        return seq

    cdef bint _has_room(self) noexcept nogil:
        return ((self.engine.emitter is None or self.engine.emitter.ring.has_room(DERIVES_MAX))
                and (self.sends is None or self.sends.has_room(1)))

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        cdef uint64_t first = self.next
        cdef uint64_t end = self._ready(budget)
        cdef uint64_t seq = first
        cdef Page* page
        while seq < end and (not self.patient or self._has_room()):
            page = <Page*>self.spine.slot(seq)
            if seq > self.redo_through:
                self._handle(page)
                if self.writes >= 0:
                    publish(<char*>page + self.writes, seq)
            else:
                self._again(page, seq)
            seq += 1
        if seq != first:
            self.next = seq
            if seq - 1 >= self.redo_through:
                self.spine.set_cursor(self.cursor, seq - 1)
        return seq - first

    cdef void _handle(self, Page* page) noexcept nogil:
        cdef int64_t began
        if self.service_ns is None:
            self.engine.on_event(page)
            return
        began = ticks()
        self.engine.on_event(page)
        self.service_ns.record(ticks_to_ns(ticks() - began))

    cdef void _again(self, const Page* page, uint64_t seq) noexcept nogil:
        """On a copy: those who follow may be reading the page. What was published must come out again."""
        memcpy(self.scratch, page, PAGE_SIZE)
        self.engine.on_event(self.scratch)
        if self.writes >= 0 and memcmp(<const char*>page + self.writes + sizeof(uint64_t),
                                       <char*>self.scratch + self.writes + sizeof(uint64_t),
                                       self.written - sizeof(uint64_t)):
            self.faults.fail(FAULT_NONDETERMINISM, self.engine_id, seq, 0)
