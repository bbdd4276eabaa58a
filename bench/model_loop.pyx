# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The loop of a core's processor (see model_loop.pxd)."""
from libc.string cimport memcpy

from core_ext.atomics cimport cpu_relax
from core_ext.clock cimport mono_ns, ticks, ticks_to_ns

cdef enum:
    BUDGET = 64                     # as a worker's turns have
    TOGETHER = 24                   # rows that are fed before a turn: what a stage takes at once
    LOOK = 1024                     # turns without work between two looks at whether patience is over
    TRIES = 1 << 20                 # polls for one batch: more are a fault


cdef class Player:
    """rows: Inputs one after the other, numbered from the first. last, also: neither waits for the other."""

    def __init__(self, Board board not None, Stage first not None, Stage last not None, Stage also not None,
                 const uint8_t[::1] rows, size_t row_bytes):
        self.board = board
        self.first, self.last, self.also = first, last, also
        self.rows = rows
        self.row_bytes = row_bytes

    cdef uint64_t _push(self, uint64_t most) noexcept nogil:
        """Puts rows on the desk's ring; how many had room."""
        cdef uint64_t pushed = 0
        cdef char* slot
        while pushed < most and (self.sent + 1) * self.row_bytes <= <uint64_t>self.rows.shape[0]:
            slot = self.board.desk.claim()
            if slot == NULL:
                self.full += 1
                break
            memcpy(slot, &self.rows[self.sent * self.row_bytes], self.row_bytes)
            self.board.desk.publish()
            self.sent += 1
            pushed += 1
        return pushed

    cdef uint64_t _done(self, Stage stage) noexcept nogil:
        return self.board.spine.cursor(stage.cursor) if stage.cursor >= 0 else self.board.last()

    cdef uint64_t _finished(self) noexcept nogil:
        cdef uint64_t one = self._done(self.last)
        cdef uint64_t other = self._done(self.also)
        return one if one < other else other

    def play(self, bint feeds, const int64_t[::1] planned, int64_t[::1] done, int64_t[:, ::1] took, uint64_t base,
             int64_t begin_ns, int64_t patience_ns) -> bool:
        """Until the stages have done so many events as are planned more than `base`; 0: not in time."""
        cdef uint64_t count = planned.shape[0]
        cdef uint64_t fed = 0 if feeds else count
        cdef uint64_t seen = 0
        cdef uint64_t idle = 0
        cdef uint64_t due, now_done, before
        cdef int64_t now, began
        cdef int64_t end = begin_ns + patience_ns
        self.full = 0
        self.took_turns = 0
        with nogil:
            while mono_ns() < begin_ns:
                cpu_relax()
            while seen < count and not self.board.faults.code():
                began = ticks()
                due = 0
                before = seen
                if fed < count:
                    now = mono_ns() - begin_ns
                    while due < TOGETHER and fed + due < count and planned[fed + due] <= now:
                        due += 1
                    due = self._push(due)
                    fed += due
                if self.first.turn(BUDGET) + due:
                    idle = 0
                else:
                    cpu_relax()
                    idle += 1
                    if idle % LOOK == 0 and mono_ns() > end:
                        break
                now_done = self._finished()
                if now_done > base + seen:
                    now = mono_ns()
                    while seen < count and base + seen < now_done:
                        done[seen] = now
                        seen += 1
                if idle == 0 and self.took_turns < <uint64_t>took.shape[0]:
                    took[self.took_turns, 0] = seen - before
                    took[self.took_turns, 1] = ticks_to_ns(ticks() - began)
                    self.took_turns += 1
        return seen == count

    def idle(self, int64_t[::1] took):
        cdef Py_ssize_t turn
        cdef int64_t began
        with nogil:
            for turn in range(took.shape[0]):
                began = ticks()
                self.first.turn(BUDGET)
                took[turn] = ticks_to_ns(ticks() - began)

    def steps(self, uint64_t batch, list stages not None, int64_t[:, ::1] took) -> bool:
        """Turns of the whole chain, each with so many events, each stage's polls timed on their own; False: they weren't
        done."""
        cdef Py_ssize_t turn
        cdef Py_ssize_t count = len(stages)
        cdef Py_ssize_t at
        cdef Stage stage
        cdef int64_t began
        cdef int tries
        cdef uint64_t target
        for turn in range(took.shape[0]):
            target = self.board.last() + batch
            began = ticks()
            if self._push(batch) < batch:
                return False
            took[turn, 0] = ticks_to_ns(ticks() - began)
            for at in range(count):
                stage = stages[at]
                tries = 0
                with nogil:
                    began = ticks()
                    while self._done(stage) < target and tries < TRIES:
                        stage.poll(BUDGET)
                        tries += 1
                    took[turn, at + 1] = ticks_to_ns(ticks() - began)
            if self._finished() < target:
                return False
        return True
