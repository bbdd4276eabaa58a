# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Breaks: see breaks.pxd."""
from core.alerts cimport alert_venue, halt_venue, is_break
from core.messages cimport MAX_VENUES, P_BY_PERSON, R_OVERFILL


cdef class Breaks:
    """Found when a report comes by; in force with the halt that it derives, so that every engine has it from there."""

    def __cinit__(self, Arena arena, Emitter emitter, MarketView view):
        self.view = view
        self.emitter = emitter
        self.reasons = <uint8_t*>arena.table("risk.breaks", 1, MAX_VENUES)

    cdef bint halts(self, uint32_t venue) noexcept nogil:
        """Whether a break with the venue halts it."""
        return venue < MAX_VENUES and self.view.venues[venue].halts

    cdef void found(self, Page* page, uint8_t reason) noexcept nogil:
        """The report that the page has is one; what a person says in the venue's place is none of the venue's."""
        cdef uint32_t venue = page.request.report.venue
        if not self.halts(venue) or self.reasons[venue] or page.request.report.flags & P_BY_PERSON:
            return
        if reason == R_OVERFILL:
            alert_venue(self.emitter, page, reason, 1)  # the alert of the order names whose it is, not the venue
        halt_venue(self.emitter, page, venue, reason)

    cdef void halted(self, const HaltEvent* halt) noexcept nogil:
        """A halt is in force, of whatever."""
        if is_break(halt) and halt.scope.venue < MAX_VENUES and not self.reasons[halt.scope.venue]:
            self.reasons[halt.scope.venue] = halt.reason

    cdef void armed(self, uint32_t venue) noexcept nogil:
        """A person has armed the venue again."""
        if venue < MAX_VENUES:
            self.reasons[venue] = 0

    cdef bint stands(self, uint32_t venue) noexcept nogil:
        """Whether nothing new may be sent there."""
        return venue < MAX_VENUES and self.reasons[venue] != 0
