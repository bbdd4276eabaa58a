# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What goes wrong on demand: see mishaps.pxd."""
from libc.string cimport memcmp, memmove, memset

from core.messages cimport MAX_VENUES, SIM_LATE_REPORT


cdef class Mishaps:
    """What was asked for and not done yet, and the reports that were lost."""

    def __cinit__(self, Arena arena not None):
        self.asked = <Asked*>arena.table("venues.asked", sizeof(Asked), 8 * MAX_VENUES)
        self.kept = <Kept*>arena.table("venues.kept", sizeof(Kept), KEPT)
        self.count = <uint64_t*>arena.table("venues.kept_count", sizeof(uint64_t), 1)

    cdef void ask(self, const SimulateEvent* event) noexcept nogil:
        """From now on, count times; 0 calls it off."""
        cdef Asked* asked = &self.asked[8 * event.venue + (event.what & 7)]
        asked.left = event.count
        asked.delay_ns = event.a
        asked.exec_type = event.detail

    cdef bint strikes(self, uint16_t venue, uint8_t what, uint8_t exec_type) noexcept nogil:
        """Whether it happens to this message; that is one time less."""
        cdef Asked* asked = &self.asked[8 * venue + what]
        if asked.left == 0 or (asked.exec_type and asked.exec_type != exec_type):
            return 0
        asked.left -= 1
        asked.done += 1
        return 1

    cdef int64_t delay_ns(self, uint16_t venue) noexcept nogil:
        return self.asked[8 * venue + SIM_LATE_REPORT].delay_ns

    cdef bint has_room(self) noexcept nogil:
        return self.count[0] < KEPT

    cdef bint keep(self, const ReportEvent* report) noexcept nogil:
        """Keeps a report that is lost; 0: no room, so it must not be."""
        if self.count[0] >= KEPT:
            return 0
        self.kept[self.count[0]].report = report[0]
        self.count[0] += 1
        return 1

    cdef bint remember(self, const char* child_id, uint16_t venue, ReportEvent* out) noexcept nogil:
        """The oldest report about the child that was lost, which isn't kept any longer; 0: none."""
        cdef uint64_t i
        for i in range(self.count[0]):
            if self.kept[i].report.venue == venue and memcmp(self.kept[i].report.child_id, child_id, 56) == 0:
                out[0] = self.kept[i].report
                self.count[0] -= 1
                memmove(&self.kept[i], &self.kept[i + 1], (self.count[0] - i) * sizeof(Kept))
                memset(&self.kept[self.count[0]], 0, sizeof(Kept))
                return 1
        return 0
