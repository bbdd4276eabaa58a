"""The map of engines and services."""

from __future__ import annotations

from typing import Annotated

from periphery.backend.engine_map import TIERS
from periphery.backend.schemas.forms import OneOf, Told


class Place(Told):
    """One of the map. state: ready, running (it listens), unready, unhealthy, down; absent: not configured.

    behind: events on the spine that it hasn't done; hop: from when the stage before was done with an event
    until it was; service: its own time an event; timed: how many events that is of.
    """

    tier: Annotated[str, OneOf(*TIERS)]
    name: str
    does: str
    state: str
    why: str
    where: str | None = None
    wait: str | None = None
    pid: int | None = None
    seq: int | None = None
    behind: int | None = None
    timed: int | None = None
    hop_p50_ns: int | None = None
    hop_p99_ns: int | None = None
    service_p50_ns: int | None = None
    service_p99_ns: int | None = None


class RingUse(Told):
    """full: how often its producer found it full."""

    ring: str
    taken_by: str
    used: int
    capacity: int
    full: int


class SessionGaps(Told):
    """waiting, capacity: requests in its ring; busy: how often that was full; lapped: how often it lost
    answers, and asked for them again."""

    name: str
    waiting: int
    capacity: int
    requests: int
    responses: int
    busy: int
    lapped: int


class EngineMap(Told):
    """core: empty, or why it isn't there. unrecorded, undurable: events that the journal hasn't recorded,
    that aren't known to be on the disk. repeated: inputs that came again, and were dropped."""

    core: str
    placement: str | None = None
    seq: int | None = None
    events_per_s: int | None = None
    uptime_ns: int | None = None
    unrecorded: int | None = None
    undurable: int | None = None
    repeated: int | None = None
    restarts: int | None = None
    places: list[Place]
    rings: list[RingUse]
    sessions: list[SessionGaps]
