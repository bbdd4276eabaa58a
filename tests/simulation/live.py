"""The live core under simulation: python -m tests.simulation.live --seeds 1000 --steps 4000.

Seeds, some processes at once; a failing one is printed, shrunk and kept; `--seed N` plays it again to the
same step.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.machine import machine
from bench.suite import commit
from core.simulation import marks, swarm
from core.simulation.runner import Failure, Result, memory, run_seed, run_seeds
from core.simulation.shrink import shrink

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "simulation"
TOGETHER = 100  # seeds that a process takes at once
ALL_MARKS = 20_000  # seeds from which on each mark must have been reached


def simulate(first: int, seeds: int, steps: int, processes: int, minutes: float) -> Result:
    """Seeds from `first` on. minutes: after these none begins any more."""
    until = time.monotonic() + 60 * minutes
    parts = [(at, min(TOGETHER, first + seeds - at)) for at in range(first, first + seeds, TOGETHER)]
    total = Result()
    with ProcessPoolExecutor(processes) as pool:
        for part in pool.map(
            run_seeds, *zip(*[(at, count, steps, until) for at, count in parts], strict=True)
        ):
            total.add(part)
    return total


def told(result: Result, first: int, steps: int, processes: int, seconds: float) -> dict[str, Any]:
    """What a run has shown."""
    return {
        "first": first, "seeds": result.seeds, "steps_a_seed": steps, "steps": result.steps,
        "events": result.events, "accepted": result.accepted, "denied": result.denied,
        "most_turns": result.most_turns,
        "failures": [asdict(each) for each in result.failures], "seconds": round(seconds, 1),
        "processes": processes, "steps_per_s": round(result.steps / max(seconds, 1e-9)),
        "marks": result.marks, "missed": marks.missed(result.marks),
        "commit": commit(ROOT), "machine": machine(),
    }  # fmt: skip


def keep(failure: Failure, folder: Path) -> Path:
    """The failure beside what of its seed is needed for one; its path."""
    with memory() as place:
        least = shrink(failure, place)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"live-{failure.seed}.json"
    shown = {"failure": asdict(failure), "shrunk": asdict(least.failure), "options": least.options}
    path.write_text(json.dumps(shown, indent=1, default=str) + "\n")
    return path


def add_up(path: Path, run: dict[str, Any]) -> None:
    """The run among those that the file has of the same commit's core, and its page beside it."""
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    runs.append(run)
    path.write_text(json.dumps({"runs": runs}, indent=1) + "\n")
    path.with_suffix(".md").write_text(page(runs))


def page(runs: list[dict[str, Any]]) -> str:
    """The figures of all runs together."""
    counts: dict[str, int] = {}
    for run in runs:
        for name, count in run["marks"].items():
            counts[name] = counts.get(name, 0) + count
    steps, seconds = sum(run["steps"] for run in runs), sum(run["seconds"] for run in runs)
    seeds, failures = sum(run["seeds"] for run in runs), sum(len(run["failures"]) for run in runs)
    lines = [
        "# The live core under simulation",
        "",
        'Made by `make simulate ARGS="--results docs/results/simulation.json"`, in several runs that add up.',
        "",
        f"{runs[-1]['machine']['processor']}, {runs[-1]['machine']['processors']} processors.",
        "",
        "| runs | seeds | steps | events | seconds | steps/s | failures |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        f"| {len(runs)} | {seeds:,} | {steps:,} | {sum(run['events'] for run in runs):,} | {seconds:,.0f} "
        f"| {steps / max(seconds, 1e-9):,.0f} | {failures} |",
        "",
        "| first seed | seeds | steps a seed | steps | failures | commit |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {run['first']} | {run['seeds']:,} | {run['steps_a_seed']:,} | {run['steps']:,} "
            f"| {len(run['failures'])} | {run['commit']} |"
            for run in runs
        ),
        "",
        "How often each rare branch was reached:",
        "",
        "| branch | times |",
        "| --- | --- |",
        *(f"| {name.replace('_', ' ')} | {counts.get(name, 0):,} |" for name in marks.MARKS),
    ]
    return "\n".join(lines) + "\n"


def again(seed: int, steps: int) -> int:
    """One seed, told in full."""
    with memory() as folder:
        result = run_seed(seed, steps, folder)
    print(json.dumps({"options": asdict(swarm.of(seed)), **asdict(result)}, indent=1, default=str))
    return 1 if result.failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.live", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=20_000, help="of each seed, before its end")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--minutes", type=float, default=60.0, help="after these no seed begins any more")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, help="this one alone, told in full")
    parser.add_argument("--keep", type=Path, default=KEPT, help="where failing seeds go")
    parser.add_argument("--results", type=Path, help="a file that this run is added to")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table")
    given = parser.parse_args()
    if given.seed is not None:
        return again(given.seed, given.steps)
    began = time.monotonic()
    result = simulate(given.first, given.seeds, given.steps, given.processes, given.minutes)
    run = told(result, given.first, given.steps, given.processes, time.monotonic() - began)
    for failure in result.failures[:20]:
        print(
            f"seed {failure.seed}, step {failure.step}: {failure.what}\n  {keep(failure, given.keep)}",
            file=sys.stderr,
        )
    if given.results is not None:
        add_up(given.results, run)
    print(json.dumps(run) if given.output == "json" else _table(run))
    return 1 if result.failures or (run["missed"] and result.seeds >= ALL_MARKS) else 0


def _table(run: dict[str, Any]) -> str:
    counts = ("seeds", "steps", "events", "accepted", "denied", "most_turns")
    shown = (*counts, "seconds", "steps_per_s", "commit")
    lines = [f"{name:16} {run[name]}" for name in shown]
    lines += [f"{name:32} {count}" for name, count in run["marks"].items()]
    return "\n".join(
        [*lines, f"failures         {len(run['failures'])}", f"missed           {run['missed']}"]
    )


if __name__ == "__main__":
    sys.exit(main())
