"""Two runs, or two checkouts in turns: what the one's figures are of the other's, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench import suite
from bench.figures import figures
from core.cli.benches import Bench, find

SAMPLES = 2000
TAILS = (2.5, 97.5)

type Values = Mapping[tuple[str, str], Sequence[float]]
"""By bench and figure: the runs' values."""


def run(
    first: Path, second: Path, benches: Sequence[Bench], rounds: int, seed: int, say: Callable[[str], object]
) -> list[dict[str, Any]]:
    """Rows: bench, figure, a, b (medians), ratio, low, high, sure. ValueError: what is wrong with A or B."""
    sides = [is_checkout(each) for each in (first, second)]
    if all(sides):
        runs = _in_turns((first, second), benches or (find("hop"), find("throughput")), rounds, say)
        return rows(_values(runs[0]), _values(runs[1]), seed, paired=True)
    if any(sides):
        raise ValueError("give two checkouts, or two runs: one of each can't be compared")
    if benches:
        raise ValueError("--bench is for checkouts: runs are compared as they are")
    return rows(_values(suite.read(first)), _values(suite.read(second)), seed, paired=False)


def is_checkout(path: Path) -> bool:
    return (path / "core" / "cli" / "bench.py").is_file()


def _in_turns(
    roots: tuple[Path, Path], benches: Sequence[Bench], rounds: int, say: Callable[[str], object]
) -> list[list[dict[str, Any]]]:
    """A, B, B, A, ...: what drifts on the machine meets both."""
    runs: list[list[dict[str, Any]]] = [[], []]
    for turn in range(rounds):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            say(f"round {turn + 1} of {rounds}: {roots[side]}")
            told = [suite.ask(bench, roots[side].resolve()) for bench in benches]
            failed = [row for row in told if row["found"] is None or not row["ok"]]
            if failed:
                raise ValueError(f"{roots[side]}: bench {failed[0]['name']}: {failed[0]['why']}")
            runs[side].append({"benches": told})
    return runs


def _values(runs: Sequence[Mapping[str, Any]]) -> Values:
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for each in runs:
        for row in each["benches"]:
            for place, value in figures(row["found"] or {}):
                values[row["name"], place].append(value)
    return values


def rows(first: Values, second: Values, seed: int, paired: bool) -> list[dict[str, Any]]:
    """Of every figure that both have and that isn't 0."""
    random = np.random.default_rng(seed)
    out = []
    for key, a in first.items():
        b = second.get(key, ())
        if not b or min(*a, *b) <= 0:
            continue
        low, high = _interval(np.array(a), np.array(b), random, paired)
        middle = float(np.median(b) / np.median(a))
        out.append({
            "bench": key[0], "figure": key[1], "a": float(np.median(a)), "b": float(np.median(b)),
            "ratio": round(middle, 3), "low": low, "high": high, "runs": min(len(a), len(b)),
            "differs": low is not None and high is not None and not low <= 1 <= high,
        })  # fmt: skip
    return out


def _interval(
    a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], random: np.random.Generator, paired: bool
) -> tuple[float | None, float | None]:
    """Of the ratio of medians, by resampling the runs; pairs stay together. None: there is one run."""
    if min(len(a), len(b)) < 2:
        return None, None
    of_a = random.integers(0, len(a), (SAMPLES, len(a)))
    of_b = of_a if paired and len(a) == len(b) else random.integers(0, len(b), (SAMPLES, len(b)))
    ratios = np.median(b[of_b], axis=1) / np.median(a[of_a], axis=1)
    low, high = np.percentile(ratios, TAILS)
    return round(float(low), 3), round(float(high), 3)
