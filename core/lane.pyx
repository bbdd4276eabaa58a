# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Lanes: see lane.pxd.

A stage on its own looks for events, sees that the paragraph before its own is published, and says how far it is. Of
stages on one thread all but the first would find what the one before has just done. So the lane looks, and hands the
events on. Where its members are not in step (one came back after a crash, or waits for room), each polls for itself.
"""
from itertools import pairwise

from core.messages cimport KINDS
from core.stage cimport BATCH
from core_ext.spine cimport published

from core.stage import EngineStage
from core.topology import PARAGRAPHS, STAGES, before

_ORDER = list(STAGES)


cdef class Lane(Stage):
    """members: stages in the order of the path, none of whose gates is outside of it and behind its first."""

    def __init__(self, list members):
        self.head = members[0]
        self.name = "+".join(member.name for member in members)
        self.spine, self.faults = self.head.spine, self.head.faults
        for one, other in pairwise(members):
            one.then(other)
        for kind in range(KINDS):
            taken = any(isinstance(member, EngineStage) and member.takes(kind) for member in members)
            self.awaits[kind] = PARAGRAPHS[before(members[0].name, kind)][0] if taken else -1
        self.next = self.head.next
        self.patient = any(isinstance(member, EngineStage) and member.patient for member in members)

    cdef uint64_t poll(self, uint64_t budget) noexcept nogil:
        cdef Page* todo[BATCH]
        cdef uint64_t first = self.head.next
        cdef uint64_t end = first
        cdef int count = self._find(budget, todo, &end)
        cdef uint64_t done
        if self.in_step and not count:
            return 0
        if count and ((self.in_step and not self.patient) or self.head.can_take(first, count)):
            self.in_step = self.head.take(todo, count, end)
            done = end - first
        else:
            done = self.head.turn(budget)
            self.in_step = self.head.can_take(self.head.next, 0)
        self.next = self.head.next
        return done

    cdef int _find(self, uint64_t budget, Page** todo, uint64_t* end) noexcept nogil:
        """The events that can be taken now, and where they end."""
        cdef uint64_t seq = self.head.next
        cdef uint64_t last = seq + (budget if budget < BATCH else BATCH)
        cdef Page* page
        cdef int found = 0
        cdef int awaits
        while seq < last:
            page = <Page*>self.spine.slot(seq)
            if not published(<const char*>page, seq):
                break
            awaits = self.awaits[page.header.kind] if page.header.kind < KINDS else -1
            if awaits > 0 and not published(<const char*>page + awaits, seq):
                break
            todo[found] = page
            found += 1
            seq += 1
        end[0] = seq
        return found


def lanes(stages: list) -> list:
    """Stages of one thread, in the order of the path, as lanes where they can be. A follower of a gate's cursor
    (egress: the journal's) is in the lane of that gate, or begins one. So does who waits for a stage that is elsewhere:
    what a lane hands on, nobody looks at again."""
    found: list = []
    run: list = []
    for stage in stages:
        if run and not (stage.can_join and _gate(stage) in (None, *_names(run)) and _is_next(run, stage)):
            found.append(_lane(run))
            run = []
        run.append(stage)
        if not stage.can_join:
            found += run
            run = []
    return found + ([_lane(run)] if run else [])


def _names(run: list) -> list[str]:
    return [member.name for member in run]


def _is_next(run: list, stage) -> bool:
    """Whether each paragraph that it waits for is written in the run, or before what the run's first waits for."""
    if not isinstance(stage, EngineStage):
        return True
    for kind in filter(stage.takes, range(KINDS)):
        awaited = before(stage.name, kind)
        if awaited not in _names(run) and _ORDER.index(awaited) > _ORDER.index(before(run[0].name, kind)):
            return False
    return True


def _gate(stage) -> str | None:
    """Whose cursor it waits for, beside the paragraph before its own."""
    return "journal" if "journal" in STAGES[stage.name].follows else None


def _lane(run: list):
    return Lane(run) if len(run) > 1 else run[0]
