# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Turns: see turns.pxd."""
from core_ext.atomics cimport cpu_relax, load_acquire, store_relaxed
from core_ext.clock cimport mono_ns

cdef extern from "sched.h" nogil:
    int sched_yield()

cdef extern from "time.h" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int nanosleep(const timespec* asked, timespec* left)

WAITS = ("spin", "yield", "sleep")

cdef enum:
    BUDGET = 64                     # events of one stage before the next one's turn
    LOOK = 32                       # turns between two looks at the clock
    YIELDS = 100                    # turns without work that yield before the thread sleeps
    NAP_NS = 50000
    LONG_NAP_NS = 500000
    NAPS = 2000                     # turns without work after which it sleeps longer


cdef class Turns:
    """stages: a chain, by its first. worker: whose lines on the board it writes. wait: one of WAITS."""

    def __init__(self, Board board not None, int worker, Stage first not None, str wait="sleep"):
        self.board = board
        self.first = first
        self.lines = &board.workers[worker]
        self.wait = WAITS.index(wait)

    def look(self) -> None:
        """All messages up to now are about to be served: `run` ends for those after them."""
        self.seen = load_acquire(&self.lines.attention)

    def run(self) -> None:
        """Until a message waits for this worker, or the core has a fault."""
        cdef uint64_t taken
        cdef uint64_t turn = 0
        with nogil:
            while load_acquire(&self.lines.attention) == self.seen and not self.board.faults.code():
                if turn % LOOK == 0 or (self.wait != WAIT_SPIN and self.idle > YIELDS):
                    self.lines.beat_ns = mono_ns()
                turn += 1
                taken = self.first.turn(BUDGET)
                store_relaxed(&self.lines.turns, self.lines.turns + 1)
                if taken:
                    store_relaxed(&self.lines.taken, self.lines.taken + taken)
                    self.idle = 0
                else:
                    self._pause()
                    self.idle += 1
            self.lines.beat_ns = mono_ns()

    def is_called(self) -> bool:
        """Whether `run` would end now."""
        return load_acquire(&self.lines.attention) != self.seen or self.board.faults.code() != 0

    def count(self, uint64_t taken) -> None:
        """A turn that was made in Python; where nothing was done in it, a pause."""
        self.lines.beat_ns = mono_ns()
        store_relaxed(&self.lines.turns, self.lines.turns + 1)
        store_relaxed(&self.lines.taken, self.lines.taken + taken)
        self.idle = 0 if taken else self.idle + 1
        if not taken:
            with nogil:
                self._pause()

    cdef void _pause(self) noexcept nogil:
        cdef timespec nap
        if self.wait == WAIT_SPIN:
            cpu_relax()
        elif self.wait == WAIT_YIELD or self.idle < YIELDS:
            sched_yield()
        else:
            nap.tv_sec = 0
            nap.tv_nsec = NAP_NS if self.idle < NAPS else LONG_NAP_NS
            self.lines.naps += 1
            nanosleep(&nap, NULL)
