"""What long runs have shown, kept under docs/results: figures, commit and machine, and a page of them.

    nacre torture --kills 2000 -o json | python -m tests.results torture

keeps what it reads under that name; without a name the page alone is made anew. Runs of torture, fuzz and the
simulation add up.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import machine
from bench.suite import commit

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "results"
PAGE = "reliability.md"
ADD_UP = ("torture", "fuzz")
type Found = Mapping[str, Any]


def stamp() -> dict[str, Any]:
    """Of a run that begins now: when, of which commit, where."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"at": at, "commit": commit(ROOT), "machine": machine()}


def keep(folder: Path, name: str, found: Found) -> Path:
    """The figures beside those of other runs, and the page of all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    if name in ADD_UP:
        found = {"runs": [*_read(path).get("runs", []), found]}
    path.write_text(json.dumps(found, indent=1) + "\n")
    (folder / PAGE).write_text(page(folder))
    return path


def page(folder: Path) -> str:
    """A row a run; what was never run here says so."""
    found = {name: _read(folder / f"{name}.json") for name in ROWS}
    lines = [
        "# What the long runs have shown",
        "",
        "Made by `python -m tests.results` of the files beside it, each written by the command in its row.",
        "",
        "| run | command | figures | commit | machine |",
        "| --- | --- | --- | --- | --- |",
        *(_row(name, of) for name, of in found.items()),
    ]
    for name, of in found.items():
        if of and name in DETAILS:
            lines += ["", *DETAILS[name](of)]
    return "\n".join(lines) + "\n"


def _read(path: Path) -> Found:
    return json.loads(path.read_text()) if path.exists() else {}


def _row(name: str, found: Found) -> str:
    command, figures = ROWS[name]
    if not found:
        return f"| {name} | `{command}` | not run yet | | |"
    last = found["runs"][-1] if "runs" in found else found
    commits = dict.fromkeys(run["commit"] for run in found.get("runs", [found]))
    where = f"{last['machine']['processor']}, {last['machine']['processors']} processors"
    return f"| {name} | `{command}` | {figures(found)} | {', '.join(commits)} | {where} |"


def _torture(found: Found) -> str:
    runs = found["runs"]
    counted = ("kills", "lost", "duplicated", "replays", "orders")
    total = {name: sum(run[name] for run in runs) for name in counted}
    resumed = {name: max(run["resume_ms"][name] for run in runs) for name in ("p50", "p99")}
    equal = _yes(all(run["replay_equal"] for run in runs))
    return (
        f"{total['kills']:,} kills, {total['lost']} lost, {total['duplicated']} duplicated, "
        f"every replay equal: {equal} ({total['replays']:,}); {total['orders']:,} orders; "
        f"resumed after {resumed['p50']:,} ms (p50), {resumed['p99']:,} ms (p99), of the slowest run; "
        f"problems: {sum(len(run['problems']) for run in runs)}"
    )


def _soak(found: Found) -> str:
    return (
        f"{found['minutes']:g} minutes, {found['inputs']:,} inputs at {found['inputs_per_s']:,}/s, "
        f"{found['sessions']:,} sessions, {found['orders']:,} orders; memory and descriptors flat: "
        f"{_yes(found['flat'])}; rings filled: {len(found['filled'])}; lost {found['lost']}, "
        f"duplicated {found['duplicated']}, replay equal: {_yes(found['replay_equal'])}; "
        f"problems: {len(found['problems'])}"
    )


def _fuzz(found: Found) -> str:
    runs = found["runs"]
    inputs = sum(sum(run["inputs"].values()) for run in runs)
    return f"{inputs:,} inputs, {sum(len(run['problems']) for run in runs)} crashes"


def _simulation(found: Found) -> str:
    runs = found["runs"]
    return (
        f"{sum(run['seeds'] for run in runs):,} seeds, {sum(run['steps'] for run in runs):,} steps, "
        f"{sum(len(run['failures']) for run in runs)} failures"
    )


def _yes(well: bool) -> str:
    return "yes" if well else "**no**"


def _torture_by(found: Found) -> list[str]:
    counts = Counter[str]()
    for run in found["runs"]:
        counts.update(run["by"])
        counts.update({f"journal: {name.replace('_', ' ')}": count for name, count in run["damages"].items()})
        counts.update({f"disk: {name}": count for name, count in run["disks"].items()})
    return _table("Torture: what was done", ("what", "times"), [(n, f"{c:,}") for n, c in counts.items()])


def _fuzz_by(found: Found) -> list[str]:
    counts = Counter[str]()
    for run in found["runs"]:
        counts.update(run["inputs"])
    return _table("Fuzz: inputs a target", ("target", "inputs"), [(n, f"{c:,}") for n, c in counts.items()])


def _soak_by(found: Found) -> list[str]:
    rows = [
        (each["process"], each["what"], f"{each['mean']:,.0f}", _slope(each), _yes(each["flat"]))
        for each in found["slopes"]
    ]
    heads = ("process", "what", "mean", "an hour (95 %)", "flat")
    filled = [(name, f"{count:,}") for name, count in found["filled"].items()]
    return [
        *_table("Soak: memory in KiB, and descriptors", heads, rows),
        "",
        *_table("Soak: rings that were full", ("ring", "times"), filled),
    ]


def _slope(each: Found) -> str:
    low, high = each["slope_per_hour"]
    return f"{low:+,.0f} to {high:+,.0f}"


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in (heads, ("---",) * len(heads), *rows)]
    return [f"## {title}", "", *lines]


ROWS: dict[str, tuple[str, Callable[[Found], str]]] = {
    "torture": ("nacre torture --kills 2000 -o json", _torture),
    "soak": ("make soak", _soak),
    "fuzz": ("make fuzz", _fuzz),
    "simulation": ("make simulate", _simulation),
}
DETAILS = {"torture": _torture_by, "soak": _soak_by, "fuzz": _fuzz_by}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.results", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(ROWS), help="of the run whose JSON is read")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder")
    given = parser.parse_args()
    if given.name is None:
        (given.results / PAGE).write_text(page(given.results))
        return 0
    began = stamp()  # the run begins at the same time, at the other end of the pipe
    print(keep(given.results, given.name, json.load(sys.stdin) | began))
    return 0


if __name__ == "__main__":
    sys.exit(main())
