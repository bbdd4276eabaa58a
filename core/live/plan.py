"""Who runs what: the stages of a live core by process, from one line of configuration an engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from core.topology import FUSED, LIVE_STAGES, PINNED, REMOTABLE, REMOTE


class Plan(msgspec.Struct, frozen=True):
    """One worker: its stages, and all that it needs to know."""

    index: int
    name: str
    stages: tuple[str, ...]
    cpu: int | None
    wait: str
    venues_apart: bool
    capacity: dict[str, int]
    journal: str
    socket: str
    durability: str
    segment_bytes: int
    touch: bool  # takes all its memory before it begins
    where: str = (
        PINNED  # FUSED and PINNED: the supervisor starts it; CONTAINED: it comes by itself; REMOTE: its proxy
    )
    remote: str = ""  # the ZeroMQ address of a remote engine; several, with spaces: they share its work
    partition_by: str = "account"  # by what
    realtime: int = 0  # its priority, of SCHED_FIFO; 0: an ordinary one
    lock: bool = False  # keeps the memory that it has touched
    fenced: bool = False  # sends only while this host holds the lease


def places(placement: str, placements: Mapping[str, str]) -> dict[str, str]:
    """Where each stage is. placement: of every stage that `placements` doesn't name; with `remote` those
    that can't be behind a network are pinned. The simulated venues stand beside the gateways, unless
    they are named.
    """
    where = {}
    for stage in LIVE_STAGES:
        if stage in placements:
            where[stage] = placements[stage]
        elif stage != "venues":
            where[stage] = PINNED if placement == REMOTE and stage not in REMOTABLE else placement
    return where


def groups(placement: str, placements: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The stages of each worker. Fused stages share one; every other has its own."""
    where = places(placement, placements)
    fused = tuple(stage for stage in LIVE_STAGES if where.get(stage) == FUSED)
    alone: list[tuple[str, ...]] = [(stage,) for stage in where if where[stage] != FUSED]
    return sorted([fused] * bool(fused) + alone, key=lambda stages: LIVE_STAGES.index(stages[0]))


def choose(placement: str, usable: int) -> str:
    """What `auto` means on so many processors: pinned where each stage has one, and the host some more."""
    if placement != "auto":
        return placement
    return PINNED if usable >= len(LIVE_STAGES) + 2 else FUSED


def choose_wait(wait: str, workers: int, usable: int) -> str:
    """What `auto` means: spinning is for who has a processor to itself, and leaves one for everybody else."""
    if wait != "auto":
        return wait
    return "spin" if workers < usable else "sleep"


def processors(count: int, asked: tuple[int, ...]) -> list[int | None]:
    """A processor a worker: those asked for in turn, else the usable ones where there are enough."""
    usable = sorted(os.sched_getaffinity(0))
    if asked:
        return [asked[i % len(asked)] for i in range(count)]
    return [usable[-1 - i] for i in range(count)] if count < len(usable) else [None] * count


def remote_of(template: str, stage: str, where: Mapping[str, str], partitions: Mapping[str, int]) -> str:
    """The address of a remote stage's engine, or of those that share its work: {stage} is its name, then
    `NAME-2` and so on. "": it isn't remote.
    """
    if where[stage] != REMOTE:
        return ""
    more = (f"{stage}-{number}" for number in range(2, partitions.get(stage, 1) + 1))
    return " ".join(template.format(stage=name) for name in (stage, *more))


def plans(config: Any, capacity: dict[str, int]) -> list[Plan]:
    """The workers of a core that is configured so."""
    usable = len(os.sched_getaffinity(0))
    placement = choose(config.placement, usable)
    found, where = groups(placement, config.placements), places(placement, config.placements)
    wait = choose_wait(config.wait, len(found), usable)
    return [
        Plan(
            index=i,
            name=stages[0] if len(stages) == 1 else "core",
            stages=stages,
            cpu=cpu,
            wait=wait,
            venues_apart=("venues",) in found,
            capacity=capacity,
            journal=os.fspath(config.journal),
            socket=os.fspath(config.socket),
            durability=config.durability,
            segment_bytes=config.segment_mb << 20,
            touch=wait == "spin" or config.touch_memory,
            where=where[stages[0]],
            realtime=config.realtime,
            lock=config.lock_memory,
            fenced=config.fenced,
            remote=remote_of(config.remote, stages[0], where, config.partitions),
            partition_by=config.partition_by,
        )
        for i, (stages, cpu) in enumerate(zip(found, processors(len(found), config.cpus), strict=True))
    ]
