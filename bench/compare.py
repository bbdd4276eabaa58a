"""Two runs, or two checkouts in turns: what the one's figures are of the other's, and how sure that is.

An interval is one of order statistics: whatever a figure's distribution, it holds the median ratio 95 of 100
times. So it takes six rounds of checkouts, or four runs a side; with fewer there is none.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from math import comb
from pathlib import Path
from statistics import median
from typing import Any

from bench import suite
from bench.figures import figures
from core.cli.benches import Bench, find

DOUBT = 0.05
ENOUGH_ROUNDS = 6
"""Rounds with which there is an interval: two of 64 ways that six signs can fall are all one sign."""

type Values = Mapping[tuple[str, str], Sequence[float]]
"""By bench and figure: the runs' values."""


def run(
    first: Path, second: Path, benches: Sequence[Bench], rounds: int, say: Callable[[str], object]
) -> list[dict[str, Any]]:
    """Rows: bench, figure, a, b (medians), ratio, low, high, runs, differs. ValueError: what is wrong with A
    or B."""
    for each in (first, second):
        _must_be_there(each)
    if first.resolve() == second.resolve():
        say(f"{first} and {second} are the same: what differs is the machine's")
    sides = [is_checkout(each) for each in (first, second)]
    if all(sides):
        for each in (first, second):
            _must_be_made(each)
        if rounds < ENOUGH_ROUNDS:
            say(f"{rounds} rounds are too few for an interval: it takes {ENOUGH_ROUNDS}")
        runs = _in_turns((first, second), benches or (find("hop"), find("throughput")), rounds, say)
        return rows(_values(runs[0]), _values(runs[1]), paired=True)
    if any(sides):
        run_ = second if sides[0] else first
        raise ValueError(f"give two checkouts, or two runs: {run_} is no checkout, the other is one")
    if benches:
        raise ValueError("--bench is for checkouts: runs are compared as they are")
    found = rows(_values(suite.read(first)), _values(suite.read(second)), paired=False)
    if found and all(row["low"] is None for row in found):
        say("too few runs for an interval: it takes four a side")
    return found


def _must_be_there(path: Path) -> None:
    """ValueError; of a commit it says how to get a checkout of it."""
    if path.exists():
        return
    words = ["git", "-C", str(suite.ROOT), "rev-parse", "--verify", "--quiet", f"{path}^{{commit}}"]
    is_commit = not subprocess.run(words, capture_output=True, check=False).returncode
    if not is_commit:
        raise ValueError(f"{path}: no such file or folder, and no commit of {suite.ROOT}")
    folder = f"../nacre-{str(path).replace('/', '-')}"
    raise ValueError(
        f"{path} is a commit, and what is compared is checkouts: "
        f"git worktree add --detach {folder} {path} && make -C {folder} env, then name {folder}"
    )


def is_checkout(path: Path) -> bool:
    return (path / "core" / "cli" / "bench.py").is_file()


def _must_be_made(path: Path) -> None:
    if path.resolve() != suite.ROOT and not suite.python_of(path.resolve()).exists():
        raise ValueError(f"{path} has no .venv, so nothing in it is compiled: make -C {path} env")


def _in_turns(
    roots: tuple[Path, Path], benches: Sequence[Bench], rounds: int, say: Callable[[str], object]
) -> list[list[dict[str, Any]]]:
    """A, B, B, A, ...: what drifts on the machine meets both."""
    runs: list[list[dict[str, Any]]] = [[], []]
    for turn in range(rounds):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            say(f"round {turn + 1} of {rounds}: {'AB'[side]}, {roots[side]}")
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


def rows(first: Values, second: Values, paired: bool) -> list[dict[str, Any]]:
    """Of every figure that both have and that isn't 0. paired: the values at a place are of one round."""
    out = []
    for key, a in first.items():
        b = second.get(key, ())
        if not b or min(*a, *b) <= 0:
            continue
        rounds = paired and len(a) == len(b)
        ratios = (
            sorted(y / x for x, y in zip(a, b, strict=True))
            if rounds
            else sorted(y / x for x in a for y in b)
        )
        aside = _aside_of_rounds(len(a)) if rounds else _aside_of_runs(len(a), len(b))
        low, high = (ratios[aside - 1], ratios[-aside]) if aside else (None, None)
        out.append({
            "bench": key[0], "figure": key[1], "a": median(a), "b": median(b),
            "ratio": round(median(ratios), 3), "low": _rounded(low), "high": _rounded(high),
            "runs": min(len(a), len(b)),
            "differs": low is not None and high is not None and not low <= 1 <= high,
        })  # fmt: skip
    return out


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


@cache
def _aside_of_rounds(count: int) -> int:
    """Which ratio from either end bounds the median, by the signs of so many rounds; 0: none surely does."""
    return _aside([comb(count, at) for at in range(count + 1)])


@cache
def _aside_of_runs(count: int, other: int) -> int:
    """The same of all ratios of runs that have nothing to do with each other (Mann and Whitney's U)."""
    most = count * other
    ways = [1] + [0] * most
    for at in range(1, count + 1):
        for u in range(most, other + at - 1, -1):
            ways[u] -= ways[u - other - at]
        for u in range(at, most + 1):
            ways[u] += ways[u - at]
    return _aside(ways)


def _aside(ways: Sequence[int]) -> int:
    """How many outcomes at one end are together less likely than half of what may be in doubt."""
    return sum(2 * each <= DOUBT * sum(ways) for each in accumulate(ways))
