"""Seeds, one after the other in each process: what they did, what they came to, which failed."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import CoreFault
from core.recovery.snapshots import BadSnapshot
from core.simulation import end, swarm
from core.simulation.errors import Violation
from core.simulation.play import Play
from core_ext.journal import JournalError
from core_ext.memory import keep

SHARED = "/dev/shm"
COLLECT = 64  # seeds between two collections of what refers to itself
FAILURES = (Violation, CoreFault, JournalError, BadSnapshot, TimeoutError, OSError, ValueError)


@dataclass
class Failure:
    """A seed that broke something, at a step of its own."""

    seed: int
    step: int
    steps: int
    what: str


@dataclass
class Result:
    """Of some seeds."""

    seeds: int = 0
    steps: int = 0
    events: int = 0
    accepted: int = 0
    denied: int = 0
    most_turns: int = 0  # of everybody, that any had to wait for something or for its rest
    marks: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Result) -> None:
        self.seeds += other.seeds
        self.steps += other.steps
        self.events += other.events
        self.accepted += other.accepted
        self.denied += other.denied
        self.most_turns = max(self.most_turns, other.most_turns)
        for name, count in other.marks.items():
            self.marks[name] = self.marks.get(name, 0) + count
        self.failures += other.failures


def run_seed(
    seed: int, steps: int, folder: Path, plant: Callable[[Play], None] | None = None, **options: Any
) -> Result:
    """One seed, so many steps, then its end.

    plant: what a test breaks in it. options: in place of the seed's own.
    """
    result = Result(seeds=1)
    place = folder / f"seed-{seed}"
    place.mkdir()
    chosen = swarm.of(seed)
    if options:
        chosen = swarm.with_options(chosen, options)
    play = None
    try:
        play = Play(chosen, place)
        if plant is not None:
            plant(play)
        play.run(steps)
        end.settle(play)
        end.check(play)
        result.events = play.board.seq
    except FAILURES as problem:
        step = play.step_no if play is not None else 0
        result.failures.append(Failure(seed, step, steps, f"{type(problem).__name__}: {problem}"))
    finally:
        if play is not None:
            play.count_at_end()
            result.steps = play.step_no
            result.marks = play.reached()
            result.most_turns = play.most_turns
            result.accepted, result.denied = play.traffic.accepted, play.traffic.denied
            play.close()
    return result


def run_seeds(first: int, count: int, steps: int, until: float = float("inf")) -> Result:
    """Seeds from `first` on, in this process; none begins after that moment of the monotonic clock."""
    total = Result()
    gc.disable()
    try:
        with memory() as folder:
            for seed in range(first, first + count):
                if time.monotonic() >= until:
                    break
                total.add(run_seed(seed, steps, folder))
                if total.seeds % COLLECT == 0:
                    gc.collect()
    finally:
        gc.enable()
    return total


class memory:
    """A folder for journals, in memory; while it is there, what a core leaves is kept for the next one."""

    def __enter__(self) -> Path:
        self._folder = tempfile.TemporaryDirectory(prefix="nacre-simulation-", dir=SHARED)
        keep(True)
        return Path(self._folder.name)

    def __exit__(self, *_: object) -> None:
        keep(False)
        self._folder.cleanup()
