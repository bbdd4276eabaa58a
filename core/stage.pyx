# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Stages: see stage.pxd.

A stage takes the events whose paragraph before its own is published, in order, and publishes its own; those of kinds
that its engine has no business with it passes by. It stops where the next event isn't ready, or where what it may
derive or send would not fit on its rings: that holds back the sequencer in the end, never loses anything, and decides
nothing. Of several events that are ready, all are prepared before the first is handled: the memory that they need is
then on its way.
"""
from libc.string cimport memcmp, memcpy

from core.engine cimport DERIVES_MAX
from core.faults cimport FAULT_NONDETERMINISM
from core.messages cimport KINDS, PAGE_SIZE, Page
from core.timing cimport EVERY
from core_ext.clock cimport ticks, ticks_to_ns
from core_ext.spine cimport publish, published

from core.messages import Kind
from core.topology import CURSORS, PARAGRAPHS, STAGES, TAKES, before


cdef uint64_t UNTIMED = 0xFFFFFFFFFFFFFFFF


cdef class Stage:
    """Base: something that polls and has a cursor on the spine."""

    def __cinit__(self, *args, **kwargs):
        self.next = 1
        self.cursor = -1
        self.timed = UNTIMED

    def then(self, Stage follower):
        """Who has the next turn on this thread; gives it back, so that a path can be written as one chain."""
        self.follower = follower
        return follower

    @property
    def done(self) -> int:
        """The last event that it is done with."""
        return self.next - 1

    def be_timed(self, Timing timing not None) -> None:
        """Times its events from the next one on, one in EVERY."""
        self.timing = timing
        self.timed = (self.next + EVERY - 1) // EVERY * EVERY

    cdef void _time(self, int64_t began, uint64_t first, uint64_t end) noexcept nogil:
        """It is done with the events from `first` to before `end`, which it began then (0: it didn't
        look). While their slots are its."""
        cdef int64_t now = ticks()
        if self.timed >= end:
            return
        while self.timed < end:
            if self.timed >= first:
                self.timing.note(self.timed, (<const Page*>self.spine.slot(self.timed)).header.kind, now)
            self.timed += EVERY
        if began:
            self.timing.service.record(ticks_to_ns(now - began) // <int64_t>(end - first))

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        return 0

    cdef uint64_t turn(self, uint64_t budget) noexcept nogil:
        """Polls this stage and those after it; how much was done."""
        cdef uint64_t done = self.poll(budget)
        if self.follower is not None:
            done += self.follower.turn(budget)
        return done

    cdef bint can_take(self, uint64_t first, int count) noexcept nogil:
        """Whether this stage and those after it in its lane take so many events, which begin with `first`, at once."""
        return 0

    cdef bint take(self, Page** todo, int count, uint64_t end) noexcept nogil:
        """Takes all that is ready before `end`, and hands it on; 0: not everybody did."""
        return 0

    def poll_once(self, uint64_t budget=1) -> int:
        """One poll; how many events it took. For tests: drivers poll without Python."""
        cdef uint64_t done
        with nogil:
            done = self.poll(budget)
        return done

    def turn_once(self, uint64_t budget=64) -> int:
        """One turn of this stage and those after it; how much was done. For tests, as `poll_once`."""
        cdef uint64_t done
        with nogil:
            done = self.turn(budget)
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
        for kind in range(KINDS):
            self.awaits[kind] = -1
        self.can_join = True
        for kind in TAKES[name]:
            self.also_take(kind)
        self.plain = type(self) is EngineStage
        self.writes, self.written = PARAGRAPHS.get(name, (-1, 0))
        self.gate = CURSORS.index("journal") if "journal" in STAGES[name].follows else -1
        self._scratch = bytearray(PAGE_SIZE)
        self.scratch = <Page*><char*>self._scratch

    cdef void also_take(self, int kind) noexcept:
        """That its engine has no business with a kind doesn't mean that who extends this class has none."""
        self.awaits[kind] = PARAGRAPHS[before(self.name, kind)][0]
        self.kinds |= <uint64_t>1 << kind

    def takes(self, int kind) -> bool:
        """Whether it acts on events of that kind."""
        return 0 <= kind < KINDS and self.awaits[kind] >= 0

    def resume(self, uint64_t seq) -> None:
        """Its engine has lived through the events up to `seq`. What a former process did beyond, as its cursor and
        its published paragraphs tell, is lived through again, at once and without a trace: the cursor that stands at
        `seq` may be another's of its worker, and keeps these events on the spine until that moves. Its own cursor stays
        where it is; see `show_done`. Raises a RuntimeError where such an event isn't on the spine."""
        cdef Page* todo[BATCH]
        cdef int count = 0
        cdef int i
        cdef uint64_t end
        self._leave_off(seq)
        while self.next <= self.redo_through and not self.faults.code():
            end = self._find(self.redo_through + 1 - self.next, todo, &count)
            if end == self.next:
                raise RuntimeError(f"{self.name}: event {end}, which it was done with, is not whole on the spine")
            for i in range(count):
                self._again(todo[i], todo[i].header.seq)
            self.next = end
        self.relived = self.redo_through - seq

    def show_done(self) -> None:
        """Its cursor says what it has lived through."""
        if self.spine.cursor(self.cursor) < self.next - 1:
            self.spine.set_cursor(self.cursor, self.next - 1)

    cdef void _leave_off(self, uint64_t seq) noexcept nogil:
        """Where a former process was, which is beyond `seq` maybe."""
        cdef uint64_t at
        self.next = seq + 1
        self.redo_through = max(seq, self.spine.cursor(self.cursor))
        at = self.redo_through + 1
        while self.writes >= 0 and published(self.spine.slot(at), at):
            if published(self.spine.slot(at) + self.writes, at):
                self.redo_through = at
            elif self._takes(<const Page*>self.spine.slot(at)):
                break
            at += 1

    cdef bint _takes(self, const Page* page) noexcept nogil:
        return page.header.kind < KINDS and self.awaits[page.header.kind] >= 0

    cdef uint64_t _find(self, uint64_t budget, Page** todo, int* count) noexcept nogil:
        """The end of the events that can be taken now, and the pages of those that the engine acts on."""
        cdef uint64_t seq = self.next
        cdef uint64_t end = seq + budget
        cdef uint64_t gated
        cdef uint64_t mask = self.spine._mask
        cdef char* slots = self.spine._slots
        cdef Page* page
        cdef int found = 0
        cdef int awaits
        if self.gate >= 0:
            gated = self.spine.cursor(self.gate) + 1
            end = gated if gated < end else end
        while seq < end and found < BATCH:
            page = <Page*>(slots + (seq & mask) * sizeof(Page))
            if not published(<const char*>page, seq):
                break
            awaits = self.awaits[page.header.kind] if page.header.kind < KINDS else -1
            if awaits >= 0:
                if not published(<const char*>page + awaits, seq):
                    break
                todo[found] = page
                found += 1
            seq += 1
        count[0] = found
        return seq

    cdef bint _has_room(self, int count) noexcept nogil:
        return ((self.engine.emitter is None or self.engine.emitter.ring.has_room(DERIVES_MAX * count))
                and (self.sends is None or self.sends.has_room(count)))

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        cdef Page* todo[BATCH]
        cdef int count = 0
        cdef int i
        cdef uint64_t first = self.next
        cdef uint64_t end = self._find(budget, todo, &count)
        cdef int64_t began = 0
        if end == first:
            return 0
        if end > self.timed:
            began = ticks()
        if count > 1:
            self.engine.prepare(todo, count)
        if not self.plain or self.patient or self.service_ns is not None:
            for i in range(count):
                if self.patient and not self._has_room(1):
                    end = todo[i].header.seq
                    break
                self._handle(todo[i])
        elif count:
            self.engine.on_batch(todo, count)
        self.next = end
        if began and end != first:
            self._time(began, first, end)
        if end != first:
            self.spine.set_cursor(self.cursor, end - 1)
        return end - first

    cdef bint can_take(self, uint64_t first, int count) noexcept nogil:
        if (self.next != first or self.service_ns is not None
                or (self.patient and count and not self._has_room(count))):
            return 0
        return self.follower is None or self.follower.can_take(first, count)

    cdef bint take(self, Page** todo, int count, uint64_t end) noexcept nogil:
        cdef uint64_t first = self.next
        cdef int64_t began = ticks() if end > self.timed else 0
        if count > 1:
            self._take_many(todo, count)
        elif (self.kinds >> todo[0].header.kind) & 1:
            if self.plain:
                self.engine.on_batch(todo, 1)
            else:
                self._handle(todo[0])
        self.next = end
        if began:
            self._time(began, first, end)
        self.spine.set_cursor(self.cursor, end - 1)
        return self.follower is None or self.follower.take(todo, count, end)

    cdef void _take_many(self, Page** todo, int count) noexcept nogil:
        """Those of several events that its engine acts on."""
        cdef Page* own[BATCH]
        cdef int mine = 0
        cdef int i
        for i in range(count):
            if (self.kinds >> todo[i].header.kind) & 1:
                own[mine] = todo[i]
                mine += 1
        if mine > 1:
            self.engine.prepare(own, mine)
        if not self.plain:
            for i in range(mine):
                self._handle(own[i])
        elif mine:
            self.engine.on_batch(own, mine)

    cdef void _handle(self, Page* page) noexcept nogil:
        if self.service_ns is None:
            self.engine.on_event(page)
        else:
            self._measured(page)
        if self.writes >= 0:
            publish(<char*>page + self.writes, page.header.seq)

    cdef void _measured(self, Page* page) noexcept nogil:
        cdef int64_t began = ticks()
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
