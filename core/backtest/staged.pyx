# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The path in processes of their own: see staged.pxd.

The driver is the sequencer, the gateways and the venues. It takes the next event only when every stage is done with
the one before: so what the engines derived is on its rings, and the order is that of the fused path.
"""
from core.board cimport Board
from core.faults cimport FAULT_LOST
from core.messages cimport Page
from core.sequencer.engine cimport Sequencer
from core_ext.clock cimport mono_ns

from core.topology import CURSORS, LIVE_CURSORS

cdef extern from "sched.h" nogil:
    int sched_yield()

cdef enum:
    ATTEND_NS = 2000000


cdef class Staged(Path):
    """board: whose stages others run.

    keep_going: called every two milliseconds while a stage works; what it raises ends it."""

    def __init__(self, Board board not None, keep_going):
        cdef dict loopbacks = board.loopbacks
        self.board = board
        self.capacity = board.capacity
        self.spine = board.spine
        self.faults = board.faults
        self.sequencer = Sequencer(board.spine, board.faults)
        self.sequencer.short_of_space = &board.words.journal.short_of_space
        self.sends = board.sends
        self.from_risk, self.from_orders = loopbacks["risk"], loopbacks["orders"]
        self.from_router, self.from_execution = loopbacks["router"], loopbacks["execution"]
        self.from_positions = loopbacks["positions"]
        self.keep_going = keep_going
        self.stages = len(CURSORS)

    cdef void handle(self, Page* page) noexcept nogil:
        cdef uint64_t seq = page.header.seq
        while not self._is_done(seq) and not self.faults.code():
            sched_yield()
            if mono_ns() > self.next_look_ns:
                self._attend()
                self.next_look_ns = mono_ns() + ATTEND_NS
        self.spine.set_cursor(self.stages, seq)     # the gateways': the driver plays them

    cdef bint _is_done(self, uint64_t seq) noexcept nogil:
        cdef int i
        for i in range(self.stages):
            if self.spine.cursor(i) < seq:
                return 0
        return 1

    cdef void _attend(self) noexcept nogil:
        with gil:
            try:
                self.keep_going()
            except BaseException as error:
                self.error = error
                self.faults.fail(FAULT_LOST, 0, 0, self.sequencer.seq)

    def raise_fault(self) -> None:
        """Raises what stopped the core, or what kept a process from coming back."""
        if self.error is not None:
            raise self.error
        self.faults.raise_first()


assert LIVE_CURSORS[len(CURSORS)] == "gateways"
