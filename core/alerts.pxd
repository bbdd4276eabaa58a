"""Alerts and halts: derived events that say what went wrong, and stop who did it."""
from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.engine cimport Emitter
from core.messages cimport Page

cdef void halt_order(Emitter emitter, Page* page, uint32_t strategy, uint32_t account, uint32_t symbol, uint8_t reason,
                     int64_t limit, int64_t value) noexcept nogil
cdef void alert_venue(Emitter emitter, Page* page, uint8_t reason, uint8_t level) noexcept nogil
