"""What does a hop over the spine cost, against the bare ping-pong of a cache line in the same run?

Two processes, each pinned to a processor. *Raw*: each writes one line of its own that the other waits
on. *Hop*: the one claims a slot and publishes a header, the other waits on the sequence inside it, makes
its paragraph from it, publishes that and moves its cursor; the first waits on the sequence inside the
paragraph. Blocks of the two alternate, with a third in which both only look at the clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.hop_loop import BOARD_BYTES, SLOT_BYTES, Asker, answer
from bench.machine import choose_two, machine, pinned, siblings
from core_ext.histogram import Histogram
from core_ext.region import Region
from core_ext.spine import Spine

GOAL = 1.5
LAYOUT = 1
LEAST_TRIPS = 1000
"""With fewer round trips a block says nothing: one of the processes did not run. Its pair is left out."""

MOST_TRIPS = 1 << 17
"""Round trips of one block that there is room for: a block ends there, or at its time."""

ROOT = Path(__file__).resolve().parents[1]
ANSWERER = "import sys; from bench.hop import serve; sys.exit(serve(sys.argv[1], int(sys.argv[2])))"
PATIENCE_S = 20.0


@dataclass(slots=True)
class Blocks:
    """What the blocks of a run gave: whole histograms, and a pair of medians and of means for each pair."""

    raw: Histogram = field(default_factory=Histogram)
    hop: Histogram = field(default_factory=Histogram)
    ratios: list[float] = field(default_factory=list)
    mean_ratios: list[float] = field(default_factory=list)
    disturbed: int = 0
    gap_ns: int = 0


def run(
    blocks: int = 100, block_ms: float = 5.0, wait: str = "spin", slots: int = 1024, lines: int = 1
) -> dict[str, Any]:
    """`blocks` pairs of a raw and a hop block of at most `block_ms` each. TooFewProcessors.

    wait: "spin", or "pause": spin with the processor's pause. slots: of the spine. lines: that a hop hands
    over, 1 for the header alone, up to 5 with the whole request.
    """
    first, second = choose_two()
    size = BOARD_BYTES + Spine.bytes_needed(slots, SLOT_BYTES, 2)
    with Region.create(f"nacre-bench-hop-{os.getpid()}", size, LAYOUT) as region, pinned(first):
        region.touch()
        with memoryview(region) as block:
            asker, taken = asker_on(block, slots, lines)
            found = _ask(region.name, asker, taken, second, blocks, int(block_ms * 1e6), wait == "pause")
            del asker
    return found | {
        "machine": machine(),
        "placement": {
            "asker": first,
            "answerer": second,
            "same_core": second in siblings(first),
            "processes": 2,
        },
        "wait": wait,
        "slots": slots,
        "lines": lines,
    }


def serve(name: str, cpu: int) -> int:
    """The other process: answers until it is told to leave. Its exit code."""
    with Region.attach(name, LAYOUT) as region, pinned(cpu), memoryview(region) as block:
        spine = Spine.attach(block[BOARD_BYTES:])
        told = answer(block, spine, PATIENCE_S)
        del spine
    return 0 if told else 1


def asker_on(block: memoryview, slots: int, lines: int) -> tuple[Asker, Any]:
    spine = Spine.format(block[BOARD_BYTES:], slots, SLOT_BYTES, 2)
    taken = np.zeros(MOST_TRIPS, np.int64)
    return Asker(block, spine, taken, PATIENCE_S, lines), taken


def _ask(
    name: str, asker: Asker, taken: Any, cpu: int, pairs: int, block_ns: int, relax: bool
) -> dict[str, Any]:
    done = Blocks()
    with answerer(name, cpu) as other:
        _measure(asker, Blocks(), taken, 2, block_ns, relax)  # warms up
        _measure(asker, done, taken, pairs, block_ns, relax)
        asker.end()
    return _report(done, asker.seen(), asker.lost or other.returncode != 0)


def _measure(asker: Asker, into: Blocks, taken: Any, pairs: int, block_ns: int, relax: bool) -> None:
    """Until there are so many whole pairs; three times as many tries at most."""
    for pair in range(3 * pairs):
        if len(into.ratios) == pairs or asker.lost:
            return
        order = ("raw", "hop") if pair % 2 else ("hop", "raw")  # neither is always the first
        trips: dict[str, int] = {}
        middle: dict[str, float] = {}
        mean: dict[str, float] = {}
        for kind in order:
            count = (asker.raw if kind == "raw" else asker.hop)(block_ns, relax)
            asker.record(into.raw if kind == "raw" else into.hop, count)
            trips[kind] = count
            middle[kind] = float(np.median(taken[: max(count, 1)]))
            mean[kind] = float(np.mean(taken[: max(count, 1)]))
        into.gap_ns = max(into.gap_ns, asker.hiccup(block_ns // 2))
        if min(trips.values()) < LEAST_TRIPS:
            into.disturbed += 1
            continue
        into.ratios.append(middle["hop"] / middle["raw"])
        into.mean_ratios.append(mean["hop"] / mean["raw"])


@contextmanager
def answerer(name: str, cpu: int) -> Iterator[subprocess.Popen[bytes]]:
    """The other process while the block runs; never left over."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-c", ANSWERER, name, str(cpu)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path})
    try:
        yield process
        process.wait(PATIENCE_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _report(done: Blocks, seen: dict[str, int], lost: bool) -> dict[str, Any]:
    gap = max(done.gap_ns, seen.pop("gap_ns"))
    return {
        "ok": not lost and bool(done.ratios) and _whole(seen),
        "ratio_p50": _round(np.percentile(done.ratios or [0], 50)),
        "ratio_iqr": [_round(x) for x in np.percentile(done.ratios or [0], [25, 75])],
        "ratio_of_means_p50": _round(np.percentile(done.mean_ratios or [0], 50)),
        "goal": GOAL,
        "raw_ns": _one_way(done.raw),
        "hop_ns": _one_way(done.hop),
        "blocks": len(done.ratios),
        "blocks_disturbed": done.disturbed,
        "hiccup_max_ns": gap,
        "seen": seen,
    }


def _whole(seen: dict[str, int]) -> bool:
    """Every sequence was seen once, in order, answered from what was asked, and both cursors stand there."""
    hops = {
        seen[key] for key in ("hops_asked", "hops_answered", "claimed", "asker_cursor", "answerer_cursor")
    }
    raw_seen = seen["raw_asked"] == seen["raw_answered"]
    return raw_seen and len(hops) == 1 and seen["broken"] == seen["wrong"] == 0


def _one_way(histogram: Histogram) -> dict[str, float | int]:
    """Half of a round trip, ns."""
    found = histogram.to_dict()
    count = found.pop("count")
    return {key: value / 2 for key, value in found.items()} | {"count": count}


def _round(value: Any) -> float:
    return round(float(value), 3)
