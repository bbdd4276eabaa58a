"""How many instructions does an event take in each of the core's modules? Counted, so that no load moves it.

callgrind runs a fused core without a journal over a fixed flow (BRIEF): new orders, orders filled, quotes.
What the modules of core and core_ext executed themselves is held against bench/instructions.json, which
`--write` makes anew: TOTAL is too much of all together, EACH of a module that has a share of SHARE at least.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from bench.callgrind import count
from bench.fed import compare, opened, run_rows
from bench.machine import NoData, machine
from bench.orders import Shape

KEPT = Path(__file__).with_suffix(".json")
BRIEF = Shape(symbols=20, accounts=4, live=500, new=1500, filled=400, quotes=1500, seed=1)
TOTAL, EACH, SHARE = 1.05, 1.15, 0.02


def run(write: bool = False) -> dict[str, Any]:
    """ok: the core's state is right, nothing takes more than it did. NoData: no valgrind, or nothing kept."""
    counts, _ = count("from bench.instructions import play; play()")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if write:
        kept[compiler()] = dict(sorted(counts.items()))
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    if compiler() not in kept:
        raise NoData(f"nothing is kept for {compiler()}: nacre bench instructions --write")
    rows = sum(BRIEF_ROWS)
    told = judge(counts, kept[compiler()])
    return {
        "ok": told["ok"],
        "instructions_per_row": round(sum(counts.values()) / rows, 1),
        **told,
        "rows": rows,
        "compiler": compiler(),
        "machine": machine(),
        "placement": {"fused": "under valgrind", "processes": 1},
        "wait": "none: inputs lie ready",
    }


BRIEF_ROWS = (BRIEF.live, BRIEF.new, BRIEF.filled, BRIEF.quotes)


def judge(counts: dict[str, int], kept: dict[str, int]) -> dict[str, Any]:
    """What is too much, beside what was kept."""
    total, before = sum(counts.values()), sum(kept.values())
    rows: list[dict[str, Any]] = [
        {"module": name, "instructions": counts.get(name, 0), "kept": kept.get(name, 0),
         "ratio": round(counts.get(name, 0) / kept[name], 4) if kept.get(name) else None}
        for name in sorted(set(counts) | set(kept))
    ]  # fmt: skip
    large = (row for row in rows if max(row["instructions"], row["kept"]) >= SHARE * before)
    more = [row["module"] for row in large if row["instructions"] > EACH * row["kept"]]
    ratio = total / before
    return {
        "ok": ratio <= TOTAL and not more,
        "ratio": round(ratio, 4),
        "allowed": {"all": TOTAL, "a module": EACH},
        "too_much": more,
        "modules": rows,
    }


def play() -> None:
    """The flow, in the process that is counted."""
    feed, inputs, _ = opened(BRIEF)
    live = inputs.orders(BRIEF.live)
    for rows in (
        live,
        inputs.orders(BRIEF.new),
        inputs.filled(BRIEF.filled, live),
        inputs.quotes(BRIEF.quotes),
    ):
        run_rows(feed, rows)
    feed.core.raise_fault()
    if not all(compare(feed, inputs).values()):
        raise SystemExit("the core's state isn't the reference's")


def compiler() -> str:
    """By whose version counts are kept: another one makes other code."""
    words = [os.environ.get("CC", "gcc").split()[-1], "-dumpfullversion"]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return f"gcc {said.rpartition('.')[0] or said}"
