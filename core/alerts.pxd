"""Alerts and halts: derived events that say what went wrong, and stop who did it."""
from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.engine cimport Emitter
from core.messages cimport HaltEvent, Page, R_EXEC_ID_CONFLICT, R_OVERFILL, R_VENUE_UNKNOWN, SC_VENUE

cdef void halt_order(Emitter emitter, Page* page, uint32_t strategy, uint32_t account, uint32_t symbol, uint8_t reason,
                     int64_t limit, int64_t value) noexcept nogil
cdef void alert_venue(Emitter emitter, Page* page, uint8_t reason, uint8_t level) noexcept nogil
cdef void halt_venue(Emitter emitter, Page* page, uint32_t venue, uint8_t reason) noexcept nogil


cdef inline bint is_break(const HaltEvent* halt) noexcept nogil:
    """Whether a venue is halted since it and the core don't agree; else a limit does it."""
    return halt.kind == SC_VENUE and (
        halt.reason == R_VENUE_UNKNOWN or halt.reason == R_EXEC_ID_CONFLICT or halt.reason == R_OVERFILL)
