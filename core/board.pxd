"""The memory that all processes of one core share, as a table of named parts.

    part        writer -> reader                what
    faults      anybody, once                   what stopped the core
    words       a cache line a writer           declared: server; intake; gateways; journal (below)
    timing      each stage, observers           how long it takes: see core/timing.pxd
    workers     supervisor, worker              a pair of lines a worker: attention; sign of life
    spine       sequencer, then each stage      the events
    loopback.*  engine -> sequencer             derived events, a ring an engine
    desk, feed  server -> sequencer             commands and declarations; market data
    reports     gateways -> sequencer           what venues said
    sends       execution -> gateways           what venues are told
    to_venues, from_venues                      gateways <-> simulated venues, where these have a process of their own

The memory belongs to the supervisor: it is a file in shared memory without a name, passed on by inheritance or over a
socket, and gone with the last process that has it. Any process that dies leaves the parts whole: what it hadn't published isn't there.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.faults cimport Faults
from core_ext.ring cimport Ring
from core_ext.spine cimport Spine
from core_ext.window cimport Window

cdef enum:
    WORKERS = 16
    SEATS = 64                      # sessions at once

cdef struct Declared:               # 64: by the server; how many there are: an index beyond is unknown
    uint32_t symbols
    uint32_t venues
    uint32_t accounts
    uint32_t strategies
    uint64_t pad[6]

cdef struct IntakeWords:            # 128: by the intake
    uint64_t inputs                 # requests taken from sessions
    uint64_t repeated               # inputs and derived events that came again after a crash, and were dropped
    uint64_t spilled                # derived events that waited outside their ring
    uint64_t timers                 # waiting
    uint64_t waiting                # derived events not yet sequenced
    uint64_t pad[3]
    uint8_t seat_faults[64]

cdef struct GatewayWords:           # 64: by the gateways
    uint64_t sent                   # intents stored
    uint64_t suppressed
    uint64_t unknown                # intents without done, found when they came back
    uint64_t under_way              # messages to and from simulated venues that are not due yet, or wait for room
    uint64_t pad[4]

cdef struct VenueWords:             # 64: by the simulated venues
    uint64_t messages               # sends that reached them
    uint64_t bytes
    uint64_t doubled                # a new order that had come before
    uint64_t under_way
    uint64_t pad[4]

cdef struct JournalWords:           # 64: by the recorder
    uint64_t short_of_space
    uint64_t durable                # the last event that is known to be on the disk
    uint64_t pad[6]

cdef struct Words:
    Declared declared
    IntakeWords intake
    GatewayWords gateways
    VenueWords venues
    JournalWords journal

cdef struct WorkerLines:            # 128
    uint64_t attention              # supervisor: counts its messages to the worker
    uint64_t pad[7]
    int64_t beat_ns                 # worker: when it last began a turn, monotonic
    uint64_t taken                  # events that its stages handled
    uint64_t turns
    uint64_t naps
    uint64_t pad2[4]

cdef class Board:
    cdef readonly object capacity
    cdef int journal                # its cursor
    cdef readonly object memory
    cdef readonly Faults faults
    cdef readonly Spine spine
    cdef readonly dict loopbacks    # by engine
    cdef readonly dict timings      # by stage, and of the sequencer
    cdef readonly Ring desk
    cdef readonly Ring feed
    cdef readonly Ring reports
    cdef readonly Ring sends
    cdef readonly Ring to_venues
    cdef readonly Ring from_venues
    cdef Window _words
    cdef Window _workers
    cdef Words* words
    cdef WorkerLines* workers
    cdef uint64_t last(self) noexcept nogil
