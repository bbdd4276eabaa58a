# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Takes a replay's whole state as bytes, and lays it into a fresh one: see snapshot.pxd."""
import struct

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from core.engine cimport Derived
from core.recovery.replay cimport Replay
from core.sequencer.backlog cimport ENGINES, Queue
from core.sequencer.engine cimport Sequencer
from core.sequencer.schedule cimport Due, Schedule
from core.stage cimport Stage

from core.topology import ENGINE_NAMES

_COUNT = struct.Struct("<Q")

cdef struct Stamp:                  # 2,080: where the sequencer is
    uint64_t seq
    int64_t time_ns
    uint64_t kill
    uint64_t zero
    uint64_t source_seqs[256]


def capture(Replay played not None) -> list[bytes | memoryview]:
    """All that it is after its last event, in parts that belong together in this order. Tables are shown as they lie, not
    copied: a copy of all of them is as much memory again, at each snapshot. Good until the next event is played."""
    parts = [_stamp(played.core.sequencer), *_timers(played.schedule)]
    for engine in range(ENGINES):
        parts += _waiting(played, engine)
    for name in ENGINE_NAMES:
        tables = getattr(played.core, name).arena.parts()
        parts += [_COUNT.pack(sum(map(len, tables))), *tables]
    return parts


cdef bytes _stamp(Sequencer sequencer):
    cdef Stamp stamp
    stamp.seq = sequencer.seq
    stamp.time_ns = sequencer.time_ns
    stamp.kill = sequencer.kill
    stamp.zero = 0
    memcpy(stamp.source_seqs, sequencer.source_seqs, sizeof(stamp.source_seqs))
    return PyBytes_FromStringAndSize(<char*>&stamp, sizeof(Stamp))


cdef list _timers(Schedule schedule):
    """The heap as it lies: its order is part of what comes next."""
    return [_COUNT.pack(schedule.count), _COUNT.pack(schedule.asked),
            PyBytes_FromStringAndSize(<char*>schedule.heap, schedule.count * sizeof(Due))]


cdef list _waiting(Replay played, int engine):
    cdef Queue* queue = &played.waiting.queues[engine]
    cdef uint64_t i
    parts = [_COUNT.pack(queue.tail - queue.head)]
    for i in range(queue.head, queue.tail):
        parts.append(PyBytes_FromStringAndSize(<char*>&queue.items[i % played.waiting.capacity], sizeof(Derived)))
    return parts


def lay(Replay fresh not None, saved) -> None:
    """Lays what `capture` gave into a replay that has seen nothing yet. ValueError names what doesn't fit."""
    cdef const unsigned char[::1] raw = saved
    cdef uint64_t at = 0
    cdef Stamp stamp
    if fresh.events or fresh.core.sequencer.seq:
        raise ValueError("snapshot: it is laid into a core that has lived already: give it a fresh one")
    _need(raw, at, sizeof(Stamp))
    memcpy(&stamp, &raw[0], sizeof(Stamp))
    at = _lay_timers(fresh.schedule, raw, sizeof(Stamp))
    for engine in range(ENGINES):
        at = _lay_waiting(fresh, engine, raw, at)
    for name in ENGINE_NAMES:
        size = _count(raw, at)
        _need(raw, at + 8, size)
        getattr(fresh.core, name).arena.load_parts(raw[at + 8:at + 8 + size])
        at += 8 + size
    _go_on_after(fresh, &stamp)


cdef _need(const unsigned char[::1] raw, uint64_t at, uint64_t size):
    if at + size > <uint64_t>raw.shape[0]:
        raise ValueError(f"snapshot: {raw.shape[0]} bytes end before {at + size}: it is cut off")


cdef uint64_t _count(const unsigned char[::1] raw, uint64_t at) except? 0xFFFFFFFFFFFFFFFF:
    cdef uint64_t count = 0
    _need(raw, at, 8)
    memcpy(&count, &raw[at], 8)
    return count


cdef uint64_t _lay_timers(Schedule schedule, const unsigned char[::1] raw, uint64_t at) except 0:
    cdef uint64_t count = _count(raw, at)
    if count > schedule.capacity:
        raise ValueError(f"snapshot: {count} timers; here are {schedule.capacity}: use the sizes that it was made with")
    schedule.asked = _count(raw, at + 8)
    _need(raw, at + 16, count * sizeof(Due))
    if count:
        memcpy(schedule.heap, &raw[at + 16], count * sizeof(Due))
    schedule.count = <unsigned int>count
    return at + 16 + count * sizeof(Due)


cdef uint64_t _lay_waiting(Replay fresh, uint8_t engine, const unsigned char[::1] raw, uint64_t at) except 0:
    cdef uint64_t count = _count(raw, at)
    cdef Derived item
    cdef uint64_t i
    at += 8
    _need(raw, at, count * sizeof(Derived))
    for i in range(count):
        memcpy(&item, &raw[at], sizeof(Derived))
        if not fresh.waiting.push(engine, &item):
            raise ValueError(f"snapshot: {count} events wait; here is room for {fresh.waiting.capacity}")
        at += sizeof(Derived)
    return at


cdef _go_on_after(Replay fresh, const Stamp* stamp):
    """Sequencer, spine and stages stand after the last event."""
    cdef Sequencer sequencer = fresh.core.sequencer
    sequencer.seq, sequencer.time_ns, sequencer.kill = stamp.seq, stamp.time_ns, stamp.kill
    memcpy(sequencer.source_seqs, stamp.source_seqs, sizeof(stamp.source_seqs))
    fresh.core.spine.start_at(stamp.seq)
    for stage in fresh.core.stages.values():
        (<Stage>stage).next = stamp.seq + 1
    fresh.core.first.next = stamp.seq + 1
    fresh.events = stamp.seq
