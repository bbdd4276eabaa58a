# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Alerts and halts: see alerts.pxd."""
from libc.string cimport memset

from core.messages cimport (
    K_ALERT, K_HALT, NONE, RS_HALTED, SC_ACCOUNT, SC_STRATEGY, SC_VENUE, U_QTY, AlertEvent, HaltEvent,
)


cdef void halt_order(Emitter emitter, Page* page, uint32_t strategy, uint32_t account, uint32_t symbol, uint8_t reason,
                     int64_t limit, int64_t value) noexcept nogil:
    """An alert about one order's quantity, and the halt of its strategy, else its account."""
    cdef AlertEvent alert
    cdef HaltEvent halt
    memset(&alert, 0, sizeof(AlertEvent))
    memset(&halt, 0, sizeof(HaltEvent))
    memset(&halt.scope, 0xFF, sizeof(halt.scope))
    if strategy != NONE:
        halt.kind = SC_STRATEGY
        halt.scope.strategy = strategy
    else:
        halt.kind = SC_ACCOUNT
        halt.scope.account = account
    halt.by = NONE
    halt.state = RS_HALTED
    halt.reason = reason
    alert.scope = halt.scope
    alert.reason = reason
    alert.level = 1
    alert.unit = U_QTY
    alert.limit = limit
    alert.value = value
    alert.symbol = symbol
    emitter.emit(page, K_ALERT, &alert, sizeof(AlertEvent), 0)
    emitter.emit(page, K_HALT, &halt, sizeof(HaltEvent), 0)


cdef void alert_venue(Emitter emitter, Page* page, uint8_t reason, uint8_t level) noexcept nogil:
    """An alert about what a venue reported. level: 0 warn, 1 halt."""
    cdef AlertEvent alert
    memset(&alert, 0, sizeof(AlertEvent))
    memset(&alert.scope, 0xFF, sizeof(alert.scope))
    alert.scope.venue = page.request.report.venue
    alert.reason = reason
    alert.level = level
    emitter.emit(page, K_ALERT, &alert, sizeof(AlertEvent), 0)


cdef void halt_venue(Emitter emitter, Page* page, uint32_t venue, uint8_t reason) noexcept nogil:
    """The halt of a venue, by the core itself."""
    cdef HaltEvent halt
    memset(&halt, 0, sizeof(HaltEvent))
    memset(&halt.scope, 0xFF, sizeof(halt.scope))
    halt.kind = SC_VENUE
    halt.scope.venue = venue
    halt.by = NONE
    halt.state = RS_HALTED
    halt.reason = reason
    emitter.emit(page, K_HALT, &halt, sizeof(HaltEvent), 0)
