"""The analysis's phases, one after the other: engines leave the one process for containers, by configuration
alone.

Each phase plays the same recorded day. Its placements differ from the phase before, and nothing else does;
the state's hash, the figures and what executions cost must be those of all engines on one thread. Then each
engine that the phase moved is killed once on the way, and the hash must still be the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.elsewhere import Engines
from bench.machine import machine
from core.analytics.observer import Observer
from core.analytics.report import figures as costs_of
from core.backtest.demo import DemoConfig, DemoResult, run_demo
from core.backtest.fused import FusedCore
from core.backtest.pinned import PinnedCore, Where
from core.live.supervisor import Supervisor
from core.topology import CONTAINED, CURSORS, FUSED, REMOTE

KEYS = ("venue", "algo", "strategy", "account", "symbol")
FIGURES = ("events", "orders", "children", "fills", "positions", "pnl", "state_hash")


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of the analysis. placements: of the stages that aren't fused. moved: those that this step
    moves. partitions: of those that several engines share, order by order, since the day has one account.
    """

    name: str
    what: str
    placements: Mapping[str, str] = field(default_factory=dict)
    moved: tuple[str, ...] = ()
    partitions: Mapping[str, int] = field(default_factory=dict)

    def engines(self, where: str) -> tuple[str, ...]:
        """Those that are placed so; `execution-2` is the second that shares the work of execution."""
        placed = [stage for stage, place in self.placements.items() if place == where]
        more = [f"{stage}-{n}" for stage in placed for n in range(2, self.partitions.get(stage, 1) + 1)]
        return (*placed, *more)


def phases() -> tuple[Phase, ...]:
    """One builds on the other."""
    first = {"execution": CONTAINED}
    second = first | {"risk": CONTAINED}
    third = dict.fromkeys(CURSORS, CONTAINED)
    return (
        Phase("0", "all engines in one process"),
        Phase("1", "order execution contained", first, ("execution",)),
        Phase(
            "1b",
            "its orders shared out over two engines, behind ZeroMQ; risk single",
            {"execution": REMOTE},
            ("execution", "execution-2"),
            {"execution": 2},
        ),
        Phase("2", "real-time risk contained too", second, ("risk",)),
        Phase("3", "position keeper, router, everything apart", third, ("positions", "router", "orders")),
    )


class Killing:
    """Kills each of some engines once, the day shared out between them."""

    def __init__(self, engines: Engines, names: tuple[str, ...], events: int) -> None:
        self._engines, self._waiting = engines, list(names)
        self._every = max(events // (len(names) + 1), 1)
        self._due = self._every
        self.killed: list[str] = []

    def __call__(self, supervisor: Supervisor) -> None:
        if self._waiting and supervisor.board.seq >= self._due and supervisor.is_whole():
            self.killed.append(self._waiting.pop(0))
            self._engines.kill(self.killed[-1])
            self._due += self._every


def run(
    quotes: int = 1_500, seed: int = 3, only: str | None = None, report_to: Path | None = None
) -> dict[str, Any]:
    """Every phase, or one; `ok`: all came to the reference's state and figures. report_to: a folder for a
    report.
    """
    with tempfile.TemporaryDirectory(prefix="nacre-phases-") as folder:
        place = Path(folder)
        day = DemoConfig(journal=_new(place / "reference"), data=None, seed=seed, quotes=quotes)
        reference = run_demo(day, FusedCore, lambda *_: None)
        wanted = _seen(reference, day.journal)
        rows = [_phase(each, place, day, wanted) for each in phases() if only in (None, each.name)]
    found = {
        "machine": machine(),
        "load_average": round(os.getloadavg()[0], 1),
        "events": reference.core.events,
        "state_hash": reference.core.state_hash,
        "phases": rows,
        "ok": reference.ok and all(row["equal"] for row in rows),
    }
    if report_to is not None:
        write_report(report_to, found)
    return found


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _seen(result: DemoResult, journal: Path) -> dict[str, Any]:
    """What must be the same in every phase: the figures, and what executions cost."""
    figures = {name: getattr(result.core, name) for name in FIGURES}
    measured = Observer(str(journal)).catch_up().measure()
    costs = json.dumps(costs_of(measured, KEYS), sort_keys=True, default=str)
    return figures | {"costs": hashlib.sha256(costs.encode()).hexdigest()}


def _phase(phase: Phase, place: Path, day: DemoConfig, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Once undisturbed, and once with what it moved killed on the way."""
    whole, seconds = _played(phase, _new(place / f"phase-{phase.name}"), day, wanted["events"], ())
    row: dict[str, Any] = {
        "phase": phase.name,
        "what": phase.what,
        "contained": ", ".join((*phase.engines(CONTAINED), *phase.engines(REMOTE))),
        "us_an_event": round(seconds * 1e6 / wanted["events"], 1),
        "equal": whole[0] == wanted,
        "killed": "",
    }
    if phase.moved:
        disturbed, _ = _played(
            phase, _new(place / f"killed-{phase.name}"), day, wanted["events"], phase.moved
        )
        row["killed"] = ", ".join(disturbed[1])
        row["equal"] = row["equal"] and disturbed == (wanted, list(phase.moved))
    return row


def _played(
    phase: Phase, folder: Path, day: DemoConfig, events: int, killed: tuple[str, ...]
) -> tuple[tuple[dict[str, Any], list[str]], float]:
    """((what is seen, who was killed), seconds of the day)."""
    journal = _new(folder / "journal")
    remote = f"ipc://{folder}/{{stage}}"
    where = Where(
        FUSED, folder / "run" / "core.sock", remote, phase.placements, phase.partitions, partition_by="order"
    )
    config = DemoConfig(journal=journal, data=None, seed=day.seed, quotes=day.quotes)
    contained = Engines("engine", phase.engines(CONTAINED), "--socket", str(where.socket))
    behind = Engines("remote", phase.engines(REMOTE), "--listen", remote)
    with contained, behind:
        moved = behind if REMOTE in phase.placements.values() else contained
        killing = Killing(moved, killed, events) if killed else None
        result = run_demo(config, lambda setup: PinnedCore(setup, killing, where), lambda *_: None)
    return (_seen(result, journal), killing.killed if killing else []), result.run_ns / 1e9


def write_report(folder: Path, found: Mapping[str, Any]) -> None:
    """phases.md and phases.json."""
    (folder / "phases.json").write_text(json.dumps(found, indent=1) + "\n")
    (folder / "phases.md").write_text("\n".join(_lines(found)) + "\n")


def _lines(found: Mapping[str, Any]) -> list[str]:
    about = found["machine"]
    lines = [
        "# The phases, by configuration alone",
        "",
        "Made by `nacre bench phases --report DIR`.",
        "",
        f"{about['processor']}, {about['processors']} processors, Linux {about['kernel']}; load average "
        f"{found['load_average']}. The demonstration's synthetic day, {found['events']:,} events in recorded "
        "order: each event goes through all stages before the next begins, so a time is a sum of hops "
        "with the "
        "processes' waits for a processor in it, no latency. Contained engines run what their containers run "
        "(`nacre core engine NAME`, in 1b `nacre core remote NAME`), as processes here; `make "
        "test-containers` has them in containers.",
        "",
        "In every row the state's hash, orders, fills, positions, P&L and what executions cost are those "
        "of all "
        f"engines on one thread ({found['state_hash'][:16]}…), also where the engines that the phase "
        "moved were "
        "killed on the way."
        if found["ok"]
        else "**Not all rows came to the same state.**",
        "",
        "| phase | what | contained | µs an event | killed on the way | same state |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in found["phases"]:
        cells = (row["phase"], row["what"], row["contained"] or "-", row["us_an_event"], row["killed"] or "-")
        lines.append(f"| {' | '.join(map(str, cells))} | {'yes' if row['equal'] else 'NO'} |")
    return lines
