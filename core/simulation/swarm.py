"""What a seed is about: which faults are on, how heavy; how stages are grouped; how small everything is."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from core.capacity import Capacity
from core.topology import LIVE_STAGES

FAULTS: tuple[str, ...] = (
    "worker_dies",
    "core_dies",
    "machine_dies",
    "worker_stalls",
    "outside_dies",
    "kill",
    "rearm",
    "session_leaves",
    "clock_steps",
    "mishap",
    "burst",
    "snapshot",
    "segment",
)
"""What may strike between two steps; the venues outside have their own, at each message."""


BREAKS: tuple[str, ...] = ("stray", "other_ids", "excess")
"""What venues outside say that can't be: the core halts them for it."""


@dataclass(frozen=True, slots=True)
class Swarm:
    """The options of one seed."""

    seed: int
    groups: tuple[tuple[str, ...], ...]
    durability: str
    sessions: int
    symbols: int
    matching: int  # simulated venues, hosted by the core
    outside: int  # venues with a gateway of their own
    capacity: Capacity
    segment_bytes: int
    tick_ns: int
    slow_readers: bool
    rates: dict[str, int]  # of 65536
    faults: dict[str, int]  # weights
    astray: dict[str, int]  # of 1024, at the venues outside

    @property
    def venues(self) -> int:
        return self.matching + self.outside


def of(seed: int) -> Swarm:
    """The options that a seed stands for; nothing else decides them."""
    rng = random.Random(seed)
    matching = rng.choice((0, 1, 1, 2))
    outside = rng.choice((0, 1, 1, 2)) if matching else rng.choice((1, 2))
    durability = rng.choice(("async", "group"))
    on = [name for name in FAULTS if rng.random() < 0.5]
    if durability != "group":
        on = [name for name in on if name != "machine_dies"]
    made = Swarm(
        seed=seed,
        groups=_groups(rng, apart=matching > 0 and rng.random() < 0.4),
        durability=durability,
        sessions=rng.randrange(1, 5),
        symbols=rng.randrange(1, 4),
        matching=matching,
        outside=outside,
        capacity=_capacity(rng),
        segment_bytes=rng.choice((1 << 15, 1 << 16, 1 << 18)),
        tick_ns=rng.choice((1_000, 20_000, 1_000_000)),
        slow_readers=rng.random() < 0.2,
        rates=_rates(rng),
        faults={name: rng.choice((1, 1, 4)) * _WEIGHT.get(name, 4) for name in on},
        astray=_astray(rng),
    )
    if rng.random() < 0.3:  # drawn last: what was drawn before is what it was
        made.faults["room_ends"] = 2
    made.astray.update((name, rng.choice((0, 0, 10))) for name in BREAKS)
    return made


_WEIGHT = {"worker_dies": 2, "core_dies": 1, "machine_dies": 1, "snapshot": 1, "session_leaves": 2}
"""What costs much strikes seldom."""


def _groups(rng: random.Random, *, apart: bool) -> tuple[tuple[str, ...], ...]:
    """Stages by worker: all in one, each alone, or as chance has it."""
    stages = [name for name in LIVE_STAGES if name != "venues" or apart]
    how = rng.randrange(4)
    workers = 1 if how == 0 else len(stages) if how == 1 else rng.randrange(2, 6)
    places = [rng.randrange(workers) for _ in stages] if how != 1 else list(range(len(stages)))
    if apart and workers > 1 and places[-1] == places[stages.index("gateways")]:
        places[-1] = workers  # beside the gateways they are not apart
    found = [
        tuple(stage for stage, place in zip(stages, places, strict=True) if place == i)
        for i in range(workers + 1)
    ]
    if apart:  # a worker of their own, as `places` of a core has it
        found = [tuple(stage for stage in each if stage != "venues") for each in found]
        found.append(("venues",))
    return tuple(each for each in found if each)


def _capacity(rng: random.Random) -> Capacity:
    return Capacity(
        symbols=4, accounts=4, strategies=8, sessions=16, orders=rng.choice((64, 512, 4096)),
        more_children=4096, ids=16384, fills=16384, positions=64, limits=16, counters=64, cells=64,
        rate_times=1024, depths=4, book_orders=64, facts=64, adjustments=64, lists=64, contents=64,
        currencies=4, sectors=4, spine=rng.choice((32, 64, 256, 1024)), loopback=rng.choice((512, 1024)),
    )  # fmt: skip


def _rates(rng: random.Random) -> dict[str, int]:
    return {
        "request": rng.choice((600, 2000, 6000)),
        "quote": rng.choice((300, 1500, 5000)),
        "outside": rng.choice((3000, 9000)),
        "trade": rng.choice((100, 600, 2000)),
        "fault": rng.choice((0, 30, 80, 160)),
    }


def _astray(rng: random.Random) -> dict[str, int]:
    names = ("drop", "repeat", "late", "reject", "reject_cancel", "die_in_write")
    return {
        name: rng.choice((0, 0, 20, 150)) if name != "die_in_write" else rng.choice((0, 4)) for name in names
    }


def with_options(swarm: Swarm, options: dict[str, Any]) -> Swarm:
    """The same seed with some of its options chosen."""
    return replace(swarm, **options)
