"""A core as a line of queues: how many events a second it can take, and how long one is in it.

A server is a processor with the stages that run on it. It takes what waits, `batch` events at most, and is
done with all of them `fixed_ns` and `each_ns` for each of them later: that is how a stage of the core works.
The next server hears of them `hop_ns` after that. With a batch of one it is the queue of the textbooks, M/D/1
where arrivals are random. Now and then a processor stands still, for whatever its machine does meanwhile:
what it was at is done so much later (`Pauses`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

type Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Work:
    """What a turn takes: `fixed_ns` of it whatever comes, and `each_ns` an event."""

    fixed_ns: float
    each_ns: float

    def __add__(self, other: Work) -> Work:
        return Work(self.fixed_ns + other.fixed_ns, self.each_ns + other.each_ns)

    def scaled(self, by: float) -> Work:
        return Work(self.fixed_ns * by, self.each_ns * by)

    def of(self, events: int) -> float:
        """ns of a turn with so many."""
        return self.fixed_ns + self.each_ns * events


@dataclass(frozen=True, slots=True)
class Crossing:
    """What it costs when an event goes from one processor to another: who writes and who reads, ns an event,
    and how long until the reader sees it."""

    out_ns: float
    in_ns: float
    hop_ns: float


@dataclass(frozen=True, slots=True)
class Noise:
    """How often a processor stands still, and for how long: what was met in `watched_ns`."""

    watched_ns: float
    lengths_ns: Array

    def __add__(self, other: Noise) -> Noise:
        return Noise(self.watched_ns + other.watched_ns, np.concatenate([self.lengths_ns, other.lengths_ns]))

    def pauses(self, until_ns: float, chance: np.random.Generator) -> Pauses:
        """Some at random (Poisson) until then, each as long as one that was met."""
        count = int(chance.poisson(len(self.lengths_ns) * until_ns / self.watched_ns))
        lengths = chance.choice(self.lengths_ns, count) if count else np.empty(0)
        worked = np.sort(chance.uniform(0, until_ns, count))
        return Pauses(worked, np.concatenate([[0.0], np.cumsum(lengths)]))


@dataclass(frozen=True, slots=True)
class Pauses:
    """Of one processor. worked_ns: how long it has worked when each begins, rising; lost_ns: what is lost
    before the first, and after each of them."""

    worked_ns: Array
    lost_ns: Array

    def worked(self, at: Array) -> Array:
        """How long it has worked by then, ns."""
        begins = self.worked_ns + self.lost_ns[:-1]
        over = np.searchsorted(begins, at, side="right")
        worked: Array = at - self.lost_ns[over]
        within = over > 0
        worked[within] = np.maximum(worked[within], self.worked_ns[over[within] - 1])
        return worked

    def when(self, worked: Array) -> Array:
        """When it has worked so long."""
        when: Array = worked + self.lost_ns[np.searchsorted(self.worked_ns, worked, side="left")]
        return when


def fitted(times: dict[int, float]) -> Work:
    """From the ns of turns with few and with many events: {events: ns}, two of them."""
    (few, short), (many, long) = sorted(times.items())
    each = max(long - short, 0.0) / (many - few)
    return Work(max(short - few * each, 0.0), each)


def events_per_s(servers: Sequence[Work], batch: int) -> float:
    """The slowest server's, whose turns are all full: where there is more to do than can be done."""
    return batch * 1e9 / max(server.of(batch) for server in servers)


def utilisation(servers: Sequence[Work], batch: int, per_s: float) -> float:
    """Of the slowest, against what it could do in full turns."""
    return per_s / events_per_s(servers, batch)


def md1_sojourn_ns(service_ns: float, per_s: float) -> float:
    """The mean time in an M/D/1 queue, waiting and served (Pollaczek and Khinchine)."""
    load = per_s * service_ns / 1e9
    if not 0 <= load < 1:
        raise ValueError(f"queueing: a load of {load:.2f}: below 1 it can be borne")
    return service_ns + load * service_ns / (2 * (1 - load))


def arrivals_ns(per_s: float, count: int, seed: int) -> Array:
    """Times at which so many events come at random (Poisson), int64 ns, the first at 0."""
    gaps = np.random.default_rng(seed).exponential(1e9 / per_s, count)
    times: Array = np.cumsum(gaps).astype(np.int64)
    times -= times[0]
    return times


def departures(arrivals: Array, server: Work, batch: int) -> Array:
    """When a server is done with each event; float64 ns. arrivals: rising."""
    came = arrivals.tolist()
    done = np.empty(len(came))
    free = 0.0
    first = 0
    while first < len(came):
        begins = max(free, came[first])
        end = first + 1
        while end < len(came) and end - first < batch and came[end] <= begins:
            end += 1
        free = begins + server.of(end - first)
        done[first:end] = free
        first = end
    return done


NEVER = Pauses(np.empty(0), np.zeros(1))


def sojourns(
    arrivals: Array, servers: Sequence[Work], batch: int, hop_ns: float = 0.0, pauses: Sequence[Pauses] = ()
) -> Array:
    """How long each event is in the line, float64 ns. pauses: of each server, else there are none."""
    at = np.asarray(arrivals, np.float64)
    for number, server in enumerate(servers):
        its = pauses[number] if pauses else NEVER
        came = its.worked(at + (hop_ns if number else 0.0))
        at = its.when(departures(came, server, batch))
    return at - arrivals


def servers(stages: Sequence[Work], cuts: Sequence[int], crossing: Crossing) -> list[Work]:
    """Stages in their order, on a processor more from each cut on. cuts: rising places in `stages`."""
    bounds = [0, *cuts, len(stages)]
    found = []
    for first, end in pairwise(bounds):
        each = sum((stage.each_ns for stage in stages[first:end]), 0.0)
        each += (crossing.in_ns if first else 0.0) + (crossing.out_ns if end < len(stages) else 0.0)
        found.append(Work(sum((stage.fixed_ns for stage in stages[first:end]), 0.0), each))
    return found


def splits(stages: int, processors: int) -> Iterator[tuple[int, ...]]:
    """Every way to put stages in their order onto so many processors, by its cuts."""
    yield from combinations(range(1, stages), min(processors, stages) - 1)


def best_split(
    stages: Sequence[Work], processors: int, crossing: Crossing, batch: int
) -> tuple[tuple[int, ...], list[Work]]:
    """Whose slowest server is the fastest; of equals the one with the fewest processors. (cuts, servers)."""
    ways = (cuts for n in range(1, processors + 1) if n <= len(stages) for cuts in splits(len(stages), n))
    cuts = max(ways, key=lambda each: events_per_s(servers(stages, each, crossing), batch))
    return cuts, servers(stages, cuts, crossing)
