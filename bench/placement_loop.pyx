# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The path's side of `bench placement`: see placement_loop.pxd."""
from libc.string cimport memcmp, memcpy
from libc.stdint cimport int64_t, uint8_t, uint64_t

from core.messages cimport Page
from core_ext.atomics cimport cpu_relax
from core_ext.clock cimport mono_ns, ticks, ticks_to_ns
from core_ext.spine cimport publish, published

from core.topology import LIVE_CURSORS, PARAGRAPHS

cdef extern from "time.h" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int nanosleep(const timespec* asked, timespec* left)

cdef int64_t PATIENCE_NS = 20000000000


class EngineSilent(RuntimeError):
    """The engine didn't answer a page."""


def note(Histogram histogram not None, int64_t ns) -> None:
    """A time that was taken in Python."""
    histogram.record(ns)


cdef class Player:
    """board: whose stage `stage.name` is the engine. pages: of a tape. stage: an EngineStage of that name."""

    def __init__(self, Board board not None, const uint8_t[:, ::1] pages, EngineStage stage not None):
        self.board = board
        self.pages = pages
        self.stage = stage
        self.loopback = board.loopbacks.get(stage.name)
        self.sends = board.sends if stage.name == "execution" else None
        self.writes, self.written = PARAGRAPHS[stage.name]

    def move(self, Player other not None) -> None:
        """Goes on where another one is."""
        self.seq = other.seq
        self.wrong, self.derived, self.sent = other.wrong, other.derived, other.sent

    @property
    def left(self) -> int:
        """Pages of the tape that were not put yet."""
        return self.pages.shape[0] - self.seq

    cdef bint _put(self) noexcept nogil:
        """The next page, with all that comes before the engine; whether the engine takes it."""
        cdef uint64_t seq = self.seq + 1
        cdef const char* tape = <const char*>&self.pages[seq - 1, 0]
        cdef char* slot = self.board.spine.slot(seq)
        cdef int i
        self.board.spine.claim(seq)
        memcpy(slot + 8, tape + 8, self.writes - 8)
        memcpy(slot + self.writes + 8, tape + self.writes + 8, self.written - 8)
        for i in range(self.board.spine._cursor_count):
            if i != self.stage.cursor:
                self.board.spine.set_cursor(i, seq)
        self.seq = seq
        publish(slot, seq)
        return self.stage._takes(<const Page*>slot)

    cdef bint _answered(self, uint64_t seq, int64_t patience_ns) noexcept nogil:
        cdef int64_t end = 0
        cdef int spins = 0
        while not published(self.board.spine.slot(seq) + self.writes, seq):
            spins += 1
            if spins & 1023 == 0:
                end = mono_ns() + patience_ns if end == 0 else end
                if mono_ns() > end:
                    return 0
        return 1

    cdef void _check(self, uint64_t seq) noexcept nogil:
        """The paragraph against the tape's; what the engine derived and sent is taken off its rings."""
        cdef const char* tape = <const char*>&self.pages[seq - 1, 0] + self.writes
        self.wrong += memcmp(self.board.spine.slot(seq) + self.writes + 8, tape + 8, self.written - 8) != 0
        while self.loopback is not None and self.loopback.peek() != NULL:
            self.loopback.release()
            self.derived += 1
        while self.sends is not None and self.sends.peek() != NULL:
            self.sends.release()
            self.sent += 1

    def block(self, uint64_t count, Histogram histogram not None, bint own=False) -> int:
        """Pages until the engine has answered so many, each measured from its publication. own: it is run here.

        EngineSilent."""
        cdef uint64_t done = 0
        cdef int64_t began
        cdef bint answered = 1
        with nogil:
            while done < count and self.seq < <uint64_t>self.pages.shape[0]:
                while not self.board.spine.can_claim(self.seq + 1):
                    cpu_relax()
                began = ticks()
                if not self._put():
                    if own:
                        self.stage.poll(1)
                    continue
                if own:
                    self.stage.poll(1)
                answered = self._answered(self.seq, PATIENCE_NS)
                if not answered:
                    break
                histogram.record(ticks_to_ns(ticks() - began))
                self._check(self.seq)
                done += 1
        if not answered:
            raise EngineSilent(f"{self.stage.name} didn't answer event {self.seq}")
        return done

    def put(self) -> bool:
        """The next page; whether the engine takes it."""
        return self._put()

    def await_answer(self, double patience_s) -> bool:
        """Whether the last page is answered by then; it is checked."""
        cdef bint found
        cdef int64_t patience_ns = <int64_t>(patience_s * 1e9)
        with nogil:
            found = self._answered(self.seq, patience_ns)
            if found:
                self._check(self.seq)
        return found

    def burst(self, uint64_t count, bint own=False) -> int:
        """So many pages as fast as the spine takes them; the ns until the engine was done with all."""
        cdef int64_t began = mono_ns()
        cdef uint64_t last = self.seq
        cdef uint64_t target
        if self.seq + count > <uint64_t>self.pages.shape[0]:
            count = self.pages.shape[0] - self.seq
        target = self.seq + count
        with nogil:
            while last < target and mono_ns() - began < PATIENCE_NS:
                while self.seq < target and self.seq < last + 256:
                    self._put()
                if own:
                    self.stage.poll(32)
                while last < self.board.spine.cursor(self.stage.cursor):
                    last += 1
                    if self.stage._takes(<const Page*>self.board.spine.slot(last)):
                        self._check(last)
        if last < target:
            raise EngineSilent(f"{self.stage.name} didn't come to event {target}")
        return mono_ns() - began

    def paced(self, uint64_t count, double per_second, bint own=False) -> int:
        """Pages at planned times, a nap between them; the ns that it took."""
        cdef int64_t began = mono_ns()
        cdef int64_t wait
        cdef timespec nap
        cdef uint64_t number
        with nogil:
            for number in range(count):
                if self.seq >= <uint64_t>self.pages.shape[0]:
                    break
                wait = began + <int64_t>(number * 1e9 / per_second) - mono_ns()
                if wait > 0:
                    nap.tv_sec = wait // 1000000000
                    nap.tv_nsec = wait % 1000000000
                    nanosleep(&nap, NULL)
                while not self.board.spine.can_claim(self.seq + 1):
                    cpu_relax()
                self._put()
                if own:
                    self.stage.poll(1)
                while self.loopback is not None and self.loopback.peek() != NULL:
                    self.loopback.release()
                while self.sends is not None and self.sends.peek() != NULL:
                    self.sends.release()
        return mono_ns() - began
