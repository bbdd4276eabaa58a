"""An engine: private state in an arena, and one verb on an event."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.messages cimport Page
from core_ext.ring cimport Ring
from core_ext.tables cimport Arena

cdef enum EngineId:
    E_SEQUENCER = 0
    E_RESOLVE = 1
    E_RISK = 2
    E_ORDERS = 3
    E_ROUTER = 4
    E_EXECUTION = 5
    E_POSITIONS = 6
    E_EGRESS = 7

cdef struct Derived:                # 192 bytes: the slot of a loopback ring
    int64_t due_ns                  # 0: now
    uint64_t cause                  # the event that derived it
    uint64_t root
    uint32_t n                      # its number within the cause and engine: the key is (engine, cause, n)
    uint16_t kind
    uint16_t length
    uint32_t session
    uint32_t pad
    uint64_t pad2
    char request[144]

cdef enum:
    DERIVES_MAX = 160               # what one event may derive in one engine: a quote that routes 8 waiting orders

@cython.final
cdef class Emitter:
    cdef Ring ring
    cdef uint8_t engine
    cdef uint64_t cause             # the last event that derived something, and how much
    cdef uint32_t n
    cdef readonly uint64_t overflows
    cdef uint64_t emitted
    cdef uint64_t told_cause        # up to this key all is on the ring already: who came back derives it again
    cdef uint32_t told_n
    cdef uint64_t planted           # for a test: this derived event gets noise mixed in
    cdef uint8_t noise
    cdef void emit(self, Page* page, uint16_t kind, const void* request, uint16_t length,
                   int64_t due_ns) noexcept nogil

cdef class Engine:
    cdef readonly Arena arena
    cdef readonly Emitter emitter
    cdef void on_event(self, Page* page) noexcept nogil
    # `on_event` for each of several events, and its paragraph published before the next: one call through the table of
    # methods a batch. What the engine's class is, is known inside of it.
    cdef void on_batch(self, Page** todo, int count) noexcept nogil
    # Asks for the memory that `on_event` will need for several events that are ready. It decides nothing: what an event
    # finds may still change before its turn, or never have been prepared.
    cdef void prepare(self, Page** todo, int count) noexcept nogil
