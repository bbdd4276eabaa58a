"""How many events would the core take on more processors, and how late, by what its stages take?

Measured first: what each stage takes of a turn with one event and with many, on one processor; what it costs
whoever writes and whoever reads when an event goes from one processor to another, at one cut through the
path; the hop itself. Then `bench/queueing` says what the core does on one processor and on two, cut
elsewhere, in a burst and at arrivals at random, and each of these is measured in the same run. What it says
of more processors than there are is a prediction, and stands as one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

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
BURST, OPEN, SINGLES, FULL = 1000, 800, 300, 40
"""Events of a try in a burst and at arrivals at random; turns of a block with one event and with many. Tries
are short, and the best counts: arrivals are the same in each, and what else the machine does isn't the
model's."""

QUANTILES = (50, 90)
HOPS = 20


def run(blocks: int = 6, seed: int = 1) -> dict[str, Any]:
    """blocks: of each; tries are TRIES times as many. ok: every core had the events that were fed to it, and
    denied the orders that it must. TooFewProcessors."""
    cpus = choose_two()
    checks: dict[str, bool] = {}
    with Line([STAGES], cpus[:1], seed) as line:
        found = _stages(line, blocks)
        stages, idle_ns = found["stages"], found["idle_ns"]
        predicted = [_one_processor(line, stages, idle_ns, blocks, seed)]
        checks["one"] = _right(line, seed)
    hop_ns = hop.run(blocks=HOPS, lines=5)["hop_ns"]["p50"]
    crossing = Crossing(0.0, 0.0, hop_ns)
    for name, calibrates in CUTS.items():
        cut = STAGES.index(name)
        with Line([STAGES[:cut], STAGES[cut:]], cpus, seed) as line:
            if calibrates:
                crossing = _crossing(line, stages, cut, hop_ns, blocks)
                checks[name] = _right(line, seed)
                continue
            predicted.append(_two_processors(line, stages, cut, crossing, idle_ns, blocks, seed))
            checks[name] = _right(line, seed)
    beside, checks["beside"] = _beside(cpus, blocks, seed)
    told = [row for rows_ in predicted for row in rows_]
    within = [row["within"] for row in told]
    return {
        "ok": all(checks.values()),
        "service": found["told"],
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


def _stages(line: Line, blocks: int) -> dict[str, Any]:
    """What each stage takes, as it takes it among the others on its thread; `feed` is part of the first."""
    steps: dict[int, list[list[float]]] = {1: [], BATCH: []}
    turns: dict[int, list[float]] = {1: [], BATCH: []}
    idle = []
    for block in range(blocks + 1):
        for batch, count in ((1, SINGLES), (BATCH, FULL)):
            one = line.ask("steps", batch=batch, count=count)["ns"]
            whole = line.ask("turns", batch=batch, count=count)["ns"]
            if block:  # the first warms up
                steps[batch].append([one[0] + one[1], *one[2:]])
                turns[batch].append(whole)
        idle.append(line.ask("turns", batch=0, count=SINGLES)["ns"])
    apart = {batch: np.median(np.array(each), axis=0) for batch, each in steps.items()}
    lane = {batch: median(turns[batch]) / float(apart[batch].sum()) for batch in apart}
    works = [
        fitted({batch: float(apart[batch][i]) * lane[batch] for batch in apart}) for i in range(len(STAGES))
    ]
    return {
        "stages": works,
        "idle_ns": median(idle),
        "told": [
            {"stage": name, "fixed_ns": round(work.fixed_ns, 1), "each_ns": round(work.each_ns, 1)}
            for name, work in zip(STAGES, works, strict=True)
        ]
        + [{"stage": "a turn of all", "one_ns": median(turns[1]), f"{BATCH}_ns": median(turns[BATCH]),
            "of_stages_apart_1": round(lane[1], 3), f"of_stages_apart_{BATCH}": round(lane[BATCH], 3),
            "idle_ns": median(idle)}],
    }  # fmt: skip


def _one_processor(
    line: Line, stages: Sequence[Work], idle_ns: float, blocks: int, seed: int
) -> list[dict[str, Any]]:
    whole = servers(stages, (), Crossing(0, 0, 0))
    found = [_row("one processor, events a second", _said(whole, 0.0), _burst(line, blocks))]
    return found + _latencies(line, "one processor", whole, Crossing(0, 0, 0), idle_ns, blocks, seed)


def _two_processors(
    line: Line, stages: Sequence[Work], cut: int, crossing: Crossing, idle_ns: float, blocks: int, seed: int
) -> list[dict[str, Any]]:
    where = f"two, cut before {STAGES[cut]}"
    both = servers(stages, (cut,), crossing)
    found = [_row(f"{where}, events a second", _said(both, crossing.hop_ns), _burst(line, blocks))]
    return found + _latencies(line, where, both, crossing, idle_ns, blocks, seed)


def _burst(line: Line, blocks: int) -> float:
    """Events a second where all of them are there at once."""
    rates = []
    for _ in range(TRIES * blocks):
        done = line.play(np.zeros(BURST, np.int64))
        rates.append(BURST * 1e9 / float(done[-1]))
    return max(rates)


def _said(parts: Sequence[Work], hop_ns: float) -> float:
    """The same by the model."""
    return BURST * 1e9 / float(sojourns(np.zeros(BURST), parts, BATCH, hop_ns)[-1])


def _latencies(
    line: Line, where: str, parts: Sequence[Work], crossing: Crossing, idle_ns: float, blocks: int, seed: int
) -> list[dict[str, Any]]:
    """From when an event is due until it is done. Whoever finds nothing looks again after an idle turn, of
    which an event meets the middle."""
    found = []
    for load in LOADS:
        planned = arrivals_ns(load * events_per_s(parts, BATCH), OPEN, seed)
        said = sojourns(planned, parts, BATCH, crossing.hop_ns) + idle_ns / 2
        tries = [line.play(planned) - planned for _ in range(TRIES * blocks)]
        for quantile in QUANTILES:
            took = min(float(np.percentile(each, quantile)) for each in tries)
            found.append(
                _row(f"{where}, p{quantile} ns at {load:.0%}", float(np.percentile(said, quantile)), took)
            )
    return found


def _crossing(line: Line, stages: Sequence[Work], cut: int, hop_ns: float, blocks: int) -> Crossing:
    """What an event costs more than the stages do, at both sides of the cut; none is less than nothing."""
    sides = []
    for _ in range(TRIES * blocks):
        line.play(np.zeros(BURST, np.int64))
        sides.append(list(line.busy_ns_each))
    alone = [part.of(BATCH) / BATCH for part in servers(stages, (cut,), Crossing(0, 0, 0))]
    more = [max(min(each) - one, 0.0) for each, one in zip(zip(*sides, strict=True), alone, strict=True)]
    return Crossing(more[0], more[1], hop_ns)


def _beside(cpus: tuple[int, int], blocks: int, seed: int) -> tuple[float, bool]:
    """What of a core's rate is left while another core works on the other processor."""
    ratios = []
    with Line([STAGES], cpus[:1], seed) as one, Line([STAGES], cpus[1:], seed) as other:
        with ThreadPoolExecutor(2) as pool:
            for _ in range(blocks):
                alone = _burst(one, 1) + _burst(other, 1)
                both = sum(pool.map(lambda each: _burst(each, 1), (one, other)))
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


def _row(what: str, predicted: float, measured: float) -> dict[str, Any]:
    error = predicted / measured - 1
    return {"what": what, "predicted": round(predicted, 1), "measured": round(measured, 1),
            "error": round(error, 3), "within": abs(error) <= GOAL_ERROR}  # fmt: skip


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
