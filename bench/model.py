"""How many events would the core take on more processors, and how late, by what its stages take?

Measured: what each stage takes of a turn with one event and with many, on one processor; what it costs
whoever writes and whoever reads when an event goes from one processor to another, at one cut; the
hop itself. From these `bench/queueing` says what the core does on one processor and on two, cut elsewhere, in
a burst and at arrivals at random, and each of these is measured right after the stages were. What it says of
more processors than there are is a prediction, and stands as one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from bench import hop
from bench.machine import choose_two, machine
from bench.model_core import ACCOUNTS, BATCH, ORDERS, STAGES, SYMBOLS, Line, rows
from bench.orders import MAX_QTY, Array, Inputs, Shape
from bench.queueing import (
    Crossing,
    Work,
    arrivals_ns,
    best_split,
    events_per_s,
    fitted,
    servers,
    sojourns,
)

GOAL_ERROR = 0.2
CUTS = {"orders": True, "resolve": False, "risk": False, "positions": False, "journal": False}
"""Where two processors part: the first stage on the second. True: there the crossing is measured."""

LOADS = (0.3, 0.6, 0.8)
PROCESSORS = (2, 3, 4, 6, 8, 10, 16, 32, 64)
TRIES = 4
BURST, OPEN, SINGLES, FULL = 1000, 800, 60, 6
"""Events of a try in a burst and at arrivals at random; turns of a sample with one event and with many. A try
takes milliseconds, and what it is to take is said from a sample that was taken just before: a machine that
is slower for a while is so for both."""

QUANTILES = (50, 90)
HOPS = 20

LEAST = 3

type Pair = tuple[float, float]
"""What was said and what was measured, of one try."""


class Sample(NamedTuple):
    """What each stage takes at the moment; `feed` is part of the first. idle_ns: a turn that finds nothing.
    turn_ns, apart: by the number of events, ns of a turn of all, and how much of the stages' sum it is.
    """

    stages: list[Work]
    idle_ns: float
    turn_ns: dict[int, float]
    apart: dict[int, float]


def run(blocks: int = 6, seed: int = 1) -> dict[str, Any]:
    """blocks: of each; tries are TRIES times as many. ok: every core had the events that were fed to it, and
    denied the orders that it must. TooFewProcessors."""
    cpus = choose_two()
    checks: dict[str, bool] = {}
    samples: list[Sample] = []
    with Line([STAGES], cpus[:1], seed) as line:
        _sample(line)  # warms up
        told = _tried("one processor", line, line, (), Crossing(0, 0, 0), blocks, seed, samples)
        checks["one"] = _right(line, seed)
    stages = _typical(samples)
    hop_ns = hop.run(blocks=HOPS, lines=5)["hop_ns"]["p50"]
    crossing = Crossing(0.0, 0.0, hop_ns)
    for name, calibrates in CUTS.items():
        cut = STAGES.index(name)
        with Line([STAGES], cpus[:1], seed) as alone, Line([STAGES[:cut], STAGES[cut:]], cpus, seed) as line:
            _sample(alone)
            if calibrates:
                crossing = _crossing(alone, line, cut, hop_ns, blocks)
            else:
                where = f"two, cut before {name}"
                told += _tried(where, alone, line, (cut,), crossing, blocks, seed, samples)
            checks[name] = _right(line, seed) and _right(alone, seed)
    beside, checks["beside"] = _beside(cpus, blocks, seed)
    within = [row["within"] for row in told]
    return {
        "ok": all(checks.values()),
        "service": _served(stages, samples),
        "crossing": {"out_ns": round(crossing.out_ns, 1), "in_ns": round(crossing.in_ns, 1),
                     "hop_ns": crossing.hop_ns, "measured_at": "orders"},
        "predictions": told,
        "within_20_percent": f"{sum(within)} of {len(within)}",
        "goal_error": GOAL_ERROR,
        "side_by_side_ratio": round(beside, 3),
        "processors": table(stages, crossing, beside, seed),
        "processors_are": "predicted, not measured",
        "checks": checks,
        "machine": machine(),
        "placement": {"one": cpus[0], "two": list(cpus)},
        "wait": "spin",
        "load": round(os.getloadavg()[0], 2),
    }  # fmt: skip


def _sample(line: Line) -> Sample:
    """What each stage takes, as it takes it among the others on its thread."""
    apart_ns, turn_ns = {}, {}
    for batch, count in ((1, SINGLES), (BATCH, FULL)):
        one = line.ask("steps", batch=batch, count=count)["ns"]
        apart_ns[batch] = [one[0] + one[1], *one[2:]]
        turn_ns[batch] = line.ask("turns", batch=batch, count=count)["ns"]
    lane = {batch: turn_ns[batch] / sum(apart_ns[batch]) for batch in apart_ns}
    works = [
        fitted({batch: apart_ns[batch][i] * lane[batch] for batch in apart_ns}) for i in range(len(STAGES))
    ]
    return Sample(works, line.ask("turns", batch=0, count=SINGLES)["ns"], turn_ns, lane)


def _typical(samples: Sequence[Sample]) -> list[Work]:
    """The median of each stage."""
    return [
        Work(
            median(each.stages[i].fixed_ns for each in samples),
            median(each.stages[i].each_ns for each in samples),
        )
        for i in range(len(STAGES))
    ]


def _served(stages: Sequence[Work], samples: Sequence[Sample]) -> list[dict[str, Any]]:
    rows_: list[dict[str, Any]] = [
        {"stage": name, "fixed_ns": round(work.fixed_ns, 1), "each_ns": round(work.each_ns, 1)}
        for name, work in zip(STAGES, stages, strict=True)
    ]
    turn: dict[str, Any] = {"stage": "a turn of all", "idle_ns": median(each.idle_ns for each in samples)}
    for batch in (1, BATCH):
        turn[f"{batch}_ns"] = median(each.turn_ns[batch] for each in samples)
        turn[f"of_stages_apart_{batch}"] = round(median(each.apart[batch] for each in samples), 3)
    return [*rows_, turn]


def _tried(
    where: str, alone: Line, line: Line, cuts: tuple[int, ...], crossing: Crossing, blocks: int, seed: int,
    samples: list[Sample],
) -> list[dict[str, Any]]:  # fmt: skip
    """A row each of the rate in a burst, and of latencies at each load."""
    tries: dict[str, list[tuple[Pair, bool]]] = {}
    for _ in range(TRIES * blocks):
        sample = _sample(alone)
        samples.append(sample)
        parts = servers(sample.stages, cuts, crossing)
        pair = _said(parts, crossing.hop_ns), _burst(line)
        tries.setdefault("events a second", []).append((pair, line.was_interrupted))
        for load in LOADS:
            for quantile, pair in _latencies(line, parts, crossing, sample.idle_ns, load, seed).items():
                tries.setdefault(f"p{quantile} ns at {load:.0%}", []).append((pair, line.was_interrupted))
    return [_row(f"{where}, {what}", undisturbed(each)) for what, each in tries.items()]


def undisturbed(tries: Sequence[tuple[Pair, bool]]) -> list[Pair]:
    """Those that lost no processor to another process: of that the model says nothing. All where few did."""
    kept = [pair for pair, was_interrupted in tries if not was_interrupted]
    return kept if len(kept) >= LEAST else [pair for pair, _ in tries]


def _burst(line: Line) -> float:
    """Events a second where all of them are there at once."""
    return BURST * 1e9 / float(line.play(np.zeros(BURST, np.int64))[-1])


def _said(parts: Sequence[Work], hop_ns: float) -> float:
    """The same by the model."""
    return BURST * 1e9 / float(sojourns(np.zeros(BURST), parts, BATCH, hop_ns)[-1])


def _latencies(
    line: Line, parts: Sequence[Work], crossing: Crossing, idle_ns: float, load: float, seed: int
) -> dict[int, Pair]:
    """From when an event is due until it is done. Whoever finds nothing looks again after an idle turn, of
    which an event meets the middle."""
    planned = arrivals_ns(load * events_per_s(parts, BATCH), OPEN, seed)
    said = sojourns(planned, parts, BATCH, crossing.hop_ns) + idle_ns / 2
    took = line.play(planned) - planned
    return {each: (float(np.percentile(said, each)), float(np.percentile(took, each))) for each in QUANTILES}


def _crossing(alone: Line, line: Line, cut: int, hop_ns: float, blocks: int) -> Crossing:
    """What an event costs more than the stages do, at both sides of the cut; none is less than nothing."""
    more: list[list[float]] = [[], []]
    for _ in range(TRIES * blocks):
        sample = _sample(alone)
        line.play(np.zeros(BURST, np.int64))
        for side, part in enumerate(servers(sample.stages, (cut,), Crossing(0, 0, 0))):
            more[side].append(line.busy_ns_each[side] - part.of(BATCH) / BATCH)
    return Crossing(max(median(more[0]), 0.0), max(median(more[1]), 0.0), hop_ns)


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


def table(stages: Sequence[Work], crossing: Crossing, beside: float, seed: int) -> list[dict[str, Any]]:
    """What the model says of more processors: one core over them, and as many cores as there are.

    Latency is at half of what one processor can do, the same for all. beside: what is left of a core's rate
    beside others; it is measured with two.
    """
    alone = servers(stages, (), crossing)
    rate = events_per_s(alone, BATCH) / 2
    planned: Array = arrivals_ns(rate, 10_000, seed)
    found = []
    for processors in PROCESSORS:
        cuts, parts = best_split(stages, processors, crossing, BATCH)
        took = sojourns(planned, parts, BATCH, crossing.hop_ns)
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
