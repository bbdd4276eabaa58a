"""How many events would the core take on more processors, and how late, by what its stages take?

Measured: what a turn takes with so many events, on one processor and on each of two, cut at several places;
how a processor stands still meanwhile; what of a turn each stage is; the hop between two. From these
`bench/queueing` says how many events go through in a burst and how late they are at arrivals at random, and
each of these is measured right after the turns were. What an event costs on its way to another processor is
what the two take more than their stages on one. What is said of more processors than there are is a
prediction, and stands as one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from bench import hop
from bench.machine import choose_two, machine
from bench.model_core import ACCOUNTS, BATCH, ORDERS, STAGES, SYMBOLS, Line, rows
from bench.orders import MAX_QTY, Array, Inputs, Shape
from bench.queueing import (
    Crossing,
    Noise,
    Work,
    arrivals_ns,
    best_split,
    events_per_s,
    fitted,
    servers,
    sojourns,
)

GOAL_ERROR = 0.2
CUTS = ("resolve", "risk", "orders", "positions", "journal")
"""Where two processors part: the first stage on the second."""

LOADS = (0.3, 0.6, 0.8)
PROCESSORS = (2, 3, 4, 6, 8, 10, 16, 32, 64)
TRIES = 2
BURST, OPEN, STEPS, IDLE = 6000, 6000, {1: 300, BATCH: 40}, 200
"""Events of a try in a burst and at arrivals at random; turns of a sample with one event and with many, and
with none. What a try is to take is said from a sample that was taken just before: a machine that is slower
for a while is so for both."""

SETTLE = 1000
"""Events of a play that aren't looked at: whoever has just begun finds nothing in the processor's caches."""

SAMPLE_LOAD = 0.5
PAUSE_NS = 5_000
"""A turn that takes so much longer than others with as many events met a pause of its processor."""

QUANTILES = (50, 90)
HOPS = 20
LEAST = 3
DRAWS = 5
"""How often a try is played through the line of queues: pauses are at random."""

type Pair = tuple[float, float]
"""What was said and what was measured, of one try."""


class Sample(NamedTuple):
    """What each processor takes at the moment. idle_ns: a turn that finds nothing. noise: of each.
    was_interrupted: whether another process had one of them meanwhile."""

    parts: list[Work]
    idle_ns: float
    noise: list[Noise]
    was_interrupted: bool


class Apart(NamedTuple):
    """What each stage takes of a turn of all on one thread. share: what such a turn is of the sum of stages
    that are timed one by one, by its events."""

    stages: list[Work]
    share: dict[int, float]


class Try(NamedTuple):
    """What was planned, by what a sample showed right before, and what came out, float64 ns."""

    sample: Sample
    planned: Array
    took: Array
    was_interrupted: bool


def run(blocks: int = 6, seed: int = 1) -> dict[str, Any]:
    """blocks: of each; tries are TRIES times as many. ok: every core had the events that were fed to it, and
    denied the orders that it must. TooFewProcessors."""
    if blocks > (most := most_blocks()):
        raise ValueError(f"bench model: {blocks} blocks: there are orders for {most}")
    cpus = choose_two()
    checks: dict[str, bool] = {}
    apart: list[Apart] = []
    with Line([STAGES], cpus[:1], seed) as line:
        told, one = _tried("one processor", line, 0.0, blocks, seed, apart)
        checks["one"] = _right(line, seed)
    stages = _typical(apart)
    crossings = []
    for name in CUTS:
        cut = STAGES.index(name)
        hop_ns = float(hop.run(blocks=HOPS, lines=5)["hop_ns"]["p50"])
        with Line([STAGES[:cut], STAGES[cut:]], cpus, seed) as line:
            rows_, samples = _tried(f"two, cut before {name}", line, hop_ns, blocks, seed)
            checks[name] = _right(line, seed)
        told += rows_
        crossings.append(_crossing(stages, cut, samples, hop_ns))
    crossing = Crossing(*(median(each) for each in zip(*map(astuple, crossings), strict=True)))
    beside, checks["beside"] = _beside(cpus, blocks, seed)
    within = [row["within"] for row in told]
    return {
        "ok": all(checks.values()),
        "service": _served(stages, apart, one),
        "crossings": [
            {"before": name, **{key: round(value, 1) for key, value in asdict(each).items()}}
            for name, each in zip(CUTS, crossings, strict=True)
        ],
        "predictions": told,
        "within_20_percent": f"{sum(within)} of {len(within)}",
        "goal_error": GOAL_ERROR,
        "side_by_side_ratio": round(beside, 3),
        "processors": table(stages, crossing, _pooled(one)[0], beside, seed),
        "processors_are": "predicted, not measured",
        "checks": checks,
        "machine": machine(),
        "placement": {"one": cpus[0], "two": list(cpus)},
        "wait": "spin",
        "load": round(os.getloadavg()[0], 2),
    }  # fmt: skip


def most_blocks() -> int:
    """For so many are there orders; the first sample only warms up."""
    sample = BURST + OPEN + sum(batch * count for batch, count in STEPS.items())
    return (ORDERS - 1 - sample) // (TRIES * (sample + BURST + len(LOADS) * OPEN))


def _sample(line: Line) -> Sample:
    """What each processor takes, in a burst, whose turns are full, and where orders come at random, most of
    them alone."""
    done = line.play(np.zeros(BURST, np.int64))
    burst, interrupted = [_settled(each) for each in line.turns], line.was_interrupted
    line.play(arrivals_ns(SAMPLE_LOAD * BURST * 1e9 / float(done[-1]), OPEN, 0))
    single = [_settled(each) for each in line.turns]
    parts = [work_of(np.concatenate(both)) for both in zip(burst, single, strict=True)]
    # Full turns differ by as much as a pause is long.
    noise = [noise_of(each, work) for each, work in zip(single, parts, strict=True)]
    idle_ns = line.ask("idle", count=IDLE)["ns"]
    return Sample(parts, idle_ns, noise, interrupted or line.was_interrupted)


def _settled(turns: Array) -> Array:
    """Without the first ones of a play, and those that were done with nothing."""
    return turns[(np.cumsum(turns[:, 0]) > SETTLE) & (turns[:, 0] > 0)]


def work_of(turns: Array) -> Work:
    """A line through the medians of turns with as many events. turns: (n, 2), events and ns of each."""
    sizes, of, counts = np.unique(turns[:, 0], return_inverse=True, return_counts=True)
    typical = np.array([np.median(turns[of == i, 1]) for i in range(len(sizes))])
    if len(sizes) == 1:
        return Work(0.0, float(typical[0] / sizes[0]))
    each, fixed = np.polyfit(sizes, typical, 1, w=np.sqrt(counts))
    return Work(max(float(fixed), 0.0), max(float(each), 0.0))


def noise_of(turns: Array, work: Work) -> Noise:
    """What turns took more than such work does: where it is much, the processor stood still."""
    over = turns[:, 1] - (work.fixed_ns + work.each_ns * turns[:, 0])
    pauses = over[over > PAUSE_NS]
    return Noise(float(turns[:, 1].sum() - pauses.sum()), pauses)


def _apart(line: Line, turn: Work) -> Apart:
    """turn: of all stages, as they are together."""
    share, apart_ns = {}, {}
    for batch, count in STEPS.items():
        one = line.ask("steps", batch=batch, count=count)["ns"]
        apart_ns[batch] = [one[0] + one[1], *one[2:]]
        share[batch] = turn.of(batch) / sum(apart_ns[batch])
    works = [{batch: apart_ns[batch][i] * share[batch] for batch in STEPS} for i in range(len(STAGES))]
    return Apart([fitted(each) for each in works], share)


def _typical(apart: Sequence[Apart]) -> list[Work]:
    """The median of each stage."""
    return [
        Work(
            median(each.stages[i].fixed_ns for each in apart),
            median(each.stages[i].each_ns for each in apart),
        )
        for i in range(len(STAGES))
    ]


def _served(stages: Sequence[Work], apart: Sequence[Apart], one: Sequence[Sample]) -> list[dict[str, Any]]:
    rows_: list[dict[str, Any]] = [
        {"stage": name, "fixed_ns": round(work.fixed_ns, 1), "each_ns": round(work.each_ns, 1)}
        for name, work in zip(STAGES, stages, strict=True)
    ]
    turn: dict[str, Any] = {"stage": "a turn of all", "idle_ns": median(each.idle_ns for each in one)}
    for batch in STEPS:
        turn[f"{batch}_ns"] = round(median(each.parts[0].of(batch) for each in one), 1)
        turn[f"of_stages_apart_{batch}"] = round(median(each.share[batch] for each in apart), 3)
    noise = _pooled(one)[0]
    lengths = noise.lengths_ns if len(noise.lengths_ns) else np.zeros(1)
    turn["pauses_per_s"] = round(len(noise.lengths_ns) * 1e9 / noise.watched_ns)
    turn["pause_ns"] = {f"p{each}": round(float(np.percentile(lengths, each))) for each in (50, 90)}
    return [*rows_, turn]


def _tried(
    where: str, line: Line, hop_ns: float, blocks: int, seed: int, apart: list[Apart] | None = None
) -> tuple[list[dict[str, Any]], list[Sample]]:
    """A row each of the rate in a burst and of latencies at each load; the samples. apart: gets stages."""
    bursts: list[Try] = []
    loaded: dict[float, list[Try]] = {load: [] for load in LOADS}
    _sample(line)  # warms up
    for number in range(TRIES * blocks):
        sample = _sample(line)
        if apart is not None:
            apart.append(_apart(line, sample.parts[0]))
        bursts.append(_try(line, sample, np.zeros(BURST, np.int64)))
        for load in LOADS:
            planned = arrivals_ns(load * events_per_s(sample.parts, BATCH), OPEN, seed + number)
            loaded[load].append(_try(line, sample, planned))
    samples = [each.sample for each in bursts]
    noise = _pooled(samples)
    rows_ = [_row(f"{where}, events a second", _pairs(undisturbed(bursts), noise, hop_ns, seed, _rate))]
    for load, tries in loaded.items():
        for quantile in QUANTILES:
            pairs = _pairs(undisturbed(tries), noise, hop_ns, seed, partial(np.percentile, q=quantile))
            rows_.append(_row(f"{where}, p{quantile} ns at {load:.0%}", pairs))
    return rows_, samples


def _try(line: Line, sample: Sample, planned: Array) -> Try:
    took = (line.play(planned) - planned)[SETTLE:]
    return Try(sample, planned, took, sample.was_interrupted or line.was_interrupted)


def _pooled(samples: Sequence[Sample]) -> list[Noise]:
    """Of each processor, of all samples."""
    kept = (one.noise for one in undisturbed(samples))
    return [sum(each[1:], each[0]) for each in zip(*kept, strict=True)]


def undisturbed[Seen: (Sample, Try)](those: Sequence[Seen]) -> list[Seen]:
    """Those that lost no processor to another process: of that the model says nothing. All if few didn't."""
    kept = [each for each in those if not each.was_interrupted]
    return kept if len(kept) >= LEAST else list(those)


def _rate(took: Array) -> float:
    """Events a second, of when each was done that was there in the beginning, ns."""
    return (len(took) - 1) * 1e9 / float(took[-1] - took[0])


def _pairs(
    tries: Sequence[Try], noise: Sequence[Noise], hop_ns: float, seed: int, figure: Callable[[Array], float]
) -> list[Pair]:
    """Of each try a figure by the model, the median of DRAWS, and by the clock."""
    chance = np.random.default_rng(seed)
    return [
        (median(float(figure(_sojourns(each, noise, hop_ns, chance))) for _ in range(DRAWS)),
         float(figure(each.took)))
        for each in tries
    ]  # fmt: skip


def _sojourns(each: Try, noise: Sequence[Noise], hop_ns: float, chance: np.random.Generator) -> Array:
    """From when an event is due until it is done. Whoever finds nothing looks again after an idle turn, of
    which an event meets the middle."""
    parts = each.sample.parts
    longest_ns = each.planned[-1] + len(each.planned) * 1e9 / events_per_s(parts, 1)
    pauses = [one.pauses(longest_ns, chance) for one in noise]
    said = sojourns(each.planned, parts, BATCH, hop_ns, pauses)
    return said[SETTLE:] + each.sample.idle_ns / 2


def _crossing(stages: Sequence[Work], cut: int, samples: Sequence[Sample], hop_ns: float) -> Crossing:
    """What an event costs more in full turns than the stages do, at both sides of a cut; none is less than
    nothing."""
    alone = servers(stages, (cut,), Crossing(0.0, 0.0, 0.0))
    more = [
        median(each.parts[side].of(BATCH) for each in samples) / BATCH - alone[side].of(BATCH) / BATCH
        for side in (0, 1)
    ]
    return Crossing(max(more[0], 0.0), max(more[1], 0.0), hop_ns)


def _burst(line: Line) -> float:
    """Events a second where all of them are there at once."""
    return BURST * 1e9 / float(line.play(np.zeros(BURST, np.int64))[-1])


def _beside(cpus: tuple[int, int], blocks: int, seed: int) -> tuple[float, bool]:
    """What of a core's rate is left while another core works on the other processor."""
    ratios = []
    with Line([STAGES], cpus[:1], seed) as one, Line([STAGES], cpus[1:], seed) as other:
        with ThreadPoolExecutor(2) as pool:
            for _ in range(TRIES * blocks):
                alone = _burst(one) + _burst(other)
                both = sum(pool.map(_burst, (one, other)))
                ratios.append(both / alone)
        return median(ratios), _right(one, seed) and _right(other, seed)


def _right(line: Line, seed: int) -> bool:
    """Whether the core has every event that it was fed and no other, and denied what it must."""
    told = line.told()
    orders = told["fed"] - rows(1, seed)[1]
    expected = Inputs(Shape(symbols=SYMBOLS, accounts=ACCOUNTS, seed=seed))
    expected.declared(0)
    denied = int(np.count_nonzero(expected.orders(ORDERS - 1)["request"]["qty"][:orders] > MAX_QTY))
    right = told["events"] == told["fed"] and told["denied"] == denied
    if not right:
        print(f"bench model: {told}, {denied} orders to be denied", file=sys.stderr)
    return right


def _row(what: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    """The medians of both, and of how far they are apart in a try."""
    said, took = (median(pair[i] for pair in pairs) for i in (0, 1))
    error = median(one / other for one, other in pairs) - 1
    return {"what": what, "predicted": round(said, 1), "measured": round(took, 1),
            "error": round(error, 3), "within": abs(error) <= GOAL_ERROR, "tries": len(pairs)}  # fmt: skip


def table(
    stages: Sequence[Work], crossing: Crossing, noise: Noise, beside: float, seed: int
) -> list[dict[str, Any]]:
    """What the model says of more processors: one core over them, and as many cores as there are.

    Latency is at half of what one processor can do, the same for all; each stands still as this one does
    (noise). beside: what is left of a core's rate beside others; it is measured with two.
    """
    alone = servers(stages, (), crossing)
    rate = events_per_s(alone, BATCH) / 2
    planned: Array = arrivals_ns(rate, 10_000, seed)
    chance = np.random.default_rng(seed)
    found = []
    for processors in PROCESSORS:
        cuts, parts = best_split(stages, processors, crossing, BATCH)
        pauses = [noise.pauses(2.0 * planned[-1], chance) for _ in parts]
        took = sojourns(planned, parts, BATCH, crossing.hop_ns, pauses)
        found.append({
            "size": processors,
            "used": len(parts),
            "second_ones_begin_at": " ".join(STAGES[cut] for cut in cuts),
            "events_per_s": round(events_per_s(parts, BATCH)),
            "p50_ns": round(float(np.percentile(took, 50))),
            "p99_ns": round(float(np.percentile(took, 99))),
            "side_by_side_events_per_s": round(processors * beside * events_per_s(alone, BATCH)),
        })  # fmt: skip
    return found
