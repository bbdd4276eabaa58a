"""How long does each hop take from a tick to what is held and known of it, through real processes?

    recorded rows ─► core ─► stream ─► features
                       ▲        ├────► ml ─► alpha ─┐ signals are events of the core
                       ├────────┼───────────────────┘
                       │        ├────► portfolio ─► weight ─┐
                       ├────────┼──► strategy ◄─────────────┘
                       ├─ orders ◄──────┘
                       └─ fills ├────► risk
                                └────► analytics

Rows are played open loop, at their times or as soon after as may be. Times are those of the journal's events
and those at which a further process has heard them, or what an engine said at them. In the end each engine's
outputs are those of a pass over the journal alone, orders and positions what signals and fills add up to.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench import pipeline_day as day
from bench.desk_core import ROOT, DeskCore, desk_core
from bench.machine import machine
from bench.pipeline_hops import Journal, expected_orders, hops
from bench.pipeline_trader import WEIGHT
from core.live.ask import ask
from periphery.client import connect
from periphery.client.control import Control, dial, hello, read_token
from periphery.client.directory import Directory
from periphery.client.shared_memory import attach
from periphery.portfolio.optimise import Spec, optimise
from periphery.service.config import Config
from periphery.service.registry import find
from periphery.service.runner import Runner
from periphery.service.state import read_saved

ALPHA = "alpha"
GOAL_P99_MS = 3.0
GOAL_PER_S = 10_000
NAP_S = 0.0001
TOGETHER = 64
AFTERWARDS = 1000
"""Rows that are played slowly at the end, where some engine has said nothing yet."""
SETTLED_S = 1.0
OPTIMISED = 9
PATIENCE_S = 600.0
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Failed(RuntimeError):
    """A process of the bench ended, or did not come so far."""


def run(
    data: Path, rate: int = GOAL_PER_S, seconds: float = 20.0, lines: int = 94_000, period_s: float = 0.02,
    every: int = 10, over: str = "stream", fused: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """rate: rows a second. lines: of each recording. period_s: of all engines, in live time. every: periods
    between two targets. over: what engines hear the core by, its stream or its journal. fused: all of
    them in one process. NoData, Failed.
    """
    with tempfile.TemporaryDirectory(prefix="nacre-bench-pipeline-") as name, ExitStack() as stack:
        place = Path(name)
        paths = day.heads(data, place, lines)
        listing = day.listed(paths)
        symbols = day.learn(paths, listing, place / "models.db", period_s)
        settings = _settings(place, symbols, period_s, every)
        core = stack.enter_context(desk_core(None, day.declarations(listing), {}, "sleep"))
        rest = _Processes(place, core, over, fused)
        stack.callback(rest.end)
        rest.begin(settings)
        feeder = _Feeder(core, paths, listing, round(rate * seconds))
        stack.callback(feeder.close)
        before = rest.processor_s()
        feeder.play(rate)
        _completed(rest, feeder, period_s)
        through, outputs = _settled(core, rest)
        used = {name: after - before[name] for name, after in rest.processor_s().items()}
        heard = rest.heard(through, outputs)
        rest.stop()
        with connect(core.socket, name="look", cancel_on_disconnect=False) as client:
            held = {row["symbol"]: Decimal(row["qty"]) for row in client.positions()["positions"]}
        core.stop()
        journal = Journal(core.journal)
        checks = _checks(journal, heard, len(feeder.due_ns), held)
        checks |= _engines(heard, settings, core.journal, place)
    report = _report(journal, heard, feeder, checks, used, _optimise_ms(settings["portfolio"]))
    report["placement"] |= {"over": over, "fused": fused}
    return report


def _settings(place: Path, symbols: list[str], period_s: float, every: int) -> dict[str, dict[str, Any]]:
    """Parameters, by engine."""
    of = [{**each, "symbols": symbols} for each in day.FEATURES]
    champion = {"registry": str(place / "models.db"), "model": day.MODEL, "champion": 1, "signal": ALPHA}
    best = {"method": "mean_variance", "alpha": ALPHA, "signal": WEIGHT, "symbols": symbols, "every": every}
    periods = {"period_s": period_s, "periods": 100}
    return {
        "features": {"period_s": period_s, "features": of},
        "ml": champion,
        "portfolio": {**periods, **best, "least": 10},
        "risk": {**periods, "least": 10, "draws": 200},
        "analytics": periods,
    }


# ---- the processes -----------------------------------------------------------------------------------------


class _Processes:
    """What runs beside the core. Each says into a file of its own."""

    def __init__(self, place: Path, core: DeskCore, over: str, fused: bool) -> None:
        self.place = place
        self._over = over
        self._fused = fused
        self._core = core
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._ports: dict[str, int] = {}
        self._ear: subprocess.Popen[str] | None = None

    def begin(self, settings: dict[str, dict[str, Any]]) -> None:
        """All of them; they are there when it returns. Failed."""
        journal, core = str(self._core.journal), str(self._core.socket)
        self._start("stream", "bridge", "stream", "--journal", journal, "--at", "tcp://127.0.0.1:*")
        stream = self._said("stream", _address)
        for name, params in settings.items():
            asks = {"core": core} if name in ("ml", "portfolio") else {}
            given = {"journal": journal} if self._over == "journal" else {"connect": stream}
            given |= {"state": str(self.place / name), "publish": "tcp://127.0.0.1:*"}
            config = self.place / "engines.toml"
            with config.open("a") as file:
                file.write(_section(name, given | asks | {"http": "127.0.0.1:0", "params": params}))
        groups = [list(settings)] if self._fused else [[name] for name in settings]
        for names in groups:
            self._start("+".join(names), "engine", "run", *names, "--config", str(config))
        told = {name: self._said("+".join(names), _begins(name)) for names in groups for name in names}
        self._ports = {name: each["port"] for name, each in told.items()}
        trader = str(ROOT / "bench" / "pipeline_trader.py")
        self._start("strategy", "strategy", "run", trader, "--connect", core, "--wait", "sleep")
        self._said("strategy", lambda line: '"ready"' in line)
        words = [f"{name}={each['publish']}" for name, each in told.items()]
        self._hear(stream, words)

    def _start(self, name: str, *words: str) -> None:
        with (self.place / f"{name}.log").open("w") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "core.cli", *words], cwd=ROOT, stdout=log, stderr=log, text=True,
                env=os.environ | ONE_THREAD,
            )  # fmt: skip

    def _said(self, name: str, found: Callable[[str], Any]) -> Any:
        """What the first line gives that has it."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            text = (self.place / f"{name}.log").read_text()
            for line in text.splitlines():
                if value := found(line):
                    return value
            if self._running[name].poll() is not None:
                break
            time.sleep(0.05)
        raise Failed(f"{name} did not begin: {text}")

    def _hear(self, stream: str, words: list[str]) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "bench.pipeline_ear", str(self.place / "heard"), stream, *words]
        self._ear = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self._answer()

    def _answer(self) -> None:
        assert self._ear is not None
        assert self._ear.stdout is not None
        if not self._ear.stdout.readline():
            raise Failed("the process that hears has ended: see what it said")

    def status(self) -> dict[str, dict[str, Any]]:
        """Of each engine. Failed: one has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise Failed(f"{name} has ended: {(self.place / f'{name}.log').read_text()}")
        found = {}
        for name, port in self._ports.items():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=PATIENCE_S) as answer:
                found[name] = json.loads(answer.read())
        return found

    def processor_s(self) -> dict[str, float]:
        """Processor time so far, by process; of the core all of it."""
        pids = {name: [process.pid] for name, process in self._running.items()}
        pids["core"] = self._core.workers
        if self._ear is not None:
            pids["ear"] = [self._ear.pid]
        return {name: sum(map(_processor_s, each)) for name, each in pids.items()}

    def heard(self, through: int, outputs: dict[str, int]) -> dict[str, Any]:
        """All that the process that hears did, once that is so much."""
        assert self._ear is not None
        assert self._ear.stdin is not None
        self._ear.stdin.write(json.dumps({"through": through, "outputs": outputs}) + "\n")
        self._ear.stdin.flush()
        self._answer()
        told: dict[str, Any] = msgspec.msgpack.decode((self.place / "heard").read_bytes())
        return told

    def stop(self) -> None:
        """In order, the stream first: nobody hears more. Each keeps what it knows. Failed."""
        for name, process in self._running.items():
            process.terminate()
            if process.wait(PATIENCE_S):
                raise Failed(f"{name}: {(self.place / f'{name}.log').read_text()}")

    def end(self) -> None:
        """Whatever happened."""
        for process in [*self._running.values(), *([self._ear] if self._ear else [])]:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _processor_s(pid: int) -> float:
    """User and system time of a process that runs."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _address(line: str) -> str:
    found = re.search(r"at (tcp://\S+)", line)
    return found[1] if found else ""


def _section(name: str, values: dict[str, Any]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _begins(engine: str) -> Callable[[str], Any]:
    def found(line: str) -> Any:
        said = json.loads(line) if line.startswith("{") else {}
        return said if said.get("port") and said.get("service") == engine else None

    return found


class _Feeder:
    """A session that plays the rows. due_ns: when each that was sent should have been. full: how often the
    core's ring had no room.
    """

    def __init__(self, core: DeskCore, paths: list[Path], listing: Any, count: int) -> None:
        self._control = Control(dial(core.socket, PATIENCE_S), core.socket, PATIENCE_S)
        token = read_token(None, core.socket)
        told, fds = hello(self._control, token, "feed-bench", False, feeds=True)
        self._ring = attach(fds).requests
        names = Directory(told["directory"], told["accounts"])
        self._rows = day.inputs(paths, listing, names, count + AFTERWARDS)
        self.count = min(count, len(self._rows) - AFTERWARDS)
        self.due_ns: list[int] = []
        self.late_max_ns = self.full = 0
        self.took_s = 0.0

    def play(self, rate: int) -> None:
        """Each at its time, or as soon after as may be."""
        sent, began = 0, time.time_ns() + 1_000_000
        self.due_ns = [began + n * 1_000_000_000 // rate for n in range(self.count)]
        while sent < self.count:
            now = time.time_ns()
            due = min(self.count, (now - began) * rate // 1_000_000_000 + 1)
            if due <= sent:
                time.sleep(NAP_S)
                continue
            self.late_max_ns = max(self.late_max_ns, now - self.due_ns[sent])
            until = min(due, sent + TOGETHER)
            self._push(self._rows[sent:until])
            sent = until
        self.took_s = (time.time_ns() - began) / 1e9

    def one_more(self) -> None:
        """A row after all, now. Failed: there is none."""
        if len(self.due_ns) == len(self._rows):
            raise Failed("the recordings are over, and some engine has said nothing yet: give more lines")
        self.due_ns.append(time.time_ns())
        self._push([self._rows[len(self.due_ns) - 1]])

    def _push(self, rows: list[bytes]) -> None:
        while not self._ring.try_push_all(rows):
            self.full += 1
            time.sleep(NAP_S)

    def close(self) -> None:
        self._control.close()


# ---- what came of it ---------------------------------------------------------------------------------------


def _completed(rest: _Processes, feeder: _Feeder, period_s: float) -> None:
    """Goes on slowly until each engine has said something: on a busy machine orders come late. Failed."""
    while not all(each["outputs"] for each in rest.status().values()):
        feeder.one_more()
        time.sleep(period_s)


def _settled(core: DeskCore, rest: _Processes) -> tuple[int, dict[str, int]]:
    """Waits until nothing comes any more and all engines know the last event: that one, and how much each has
    said. Failed.
    """
    end, before = time.monotonic() + PATIENCE_S, -1
    while time.monotonic() < end:
        seq, told = int(ask(core.socket, "status")["seq"]), rest.status()
        if seq == before and {each["last_seq"] for each in told.values()} == {seq}:
            return seq, {name: each["outputs"] for name, each in told.items()}
        before = seq
        time.sleep(SETTLED_S)
    raise Failed(f"at event {before:,} of the core: {told}")


def _checks(journal: Journal, heard: dict[str, Any], rows: int, held: dict[str, Decimal]) -> dict[str, bool]:
    """What came of it against the journal's text."""
    orders = [(each.symbol, each.change) for each in journal.orders.values()]
    expected = [(symbol, change) for _, symbol, change in expected_orders(journal.of("engine.portfolio"))]
    symbols = journal.book.directory.symbols
    added = {
        name: Decimal(units).scaleb(-symbols[name].qty_precision) for name, units in journal.held.items()
    }
    return {
        "rows": len(journal.market) == rows,
        "orders": orders == expected and len(orders) > 0,
        "ended": all(each.fills or each.canceled for each in journal.orders.values()),
        "positions": {name: qty for name, qty in held.items() if qty}
        == {name: qty for name, qty in added.items() if qty},
    }


def _engines(
    heard: dict[str, Any], settings: dict[str, dict[str, Any]], journal: Path, place: Path
) -> dict[str, bool]:
    """Whether each, over the journal alone, says what it said live, and whether all of it was heard."""
    found = {}
    for name, params in settings.items():
        again = Config(journal=str(journal), state=str(place / f"{name}-again"), params=params)
        runner = Runner(find(name), again)
        saved = read_saved(place / name / "state", name, runner.told_params)
        assert saved is not None
        runner.catch_up(saved.mark.seq)
        status = runner.health.status
        runner.close()
        same = (status["last_seq"], status["digest"]) == (saved.mark.seq, saved.digest.hex())
        found[name] = same and 0 < status["outputs"] == len(heard["outputs"][name])
    return found


def _optimise_ms(params: dict[str, Any]) -> float:
    """The processor's time of one target's weights alone, the median of some: no target comes sooner."""
    names: list[str] = params["symbols"]
    took: list[float] = []
    returns = np.random.default_rng(1).normal(0.0, 1e-5, (params["periods"], len(names)))
    spec = Spec(method=params["method"])
    for _ in range(OPTIMISED):
        began = time.thread_time()
        optimise(names, returns, spec, {}, None, dict.fromkeys(names, 0.0))
        took.append(time.thread_time() - began)
    return round(statistics.median(took) * 1e3, 3)


def _report(
    journal: Journal, heard: dict[str, Any], feeder: _Feeder, checks: dict[str, bool], used: dict[str, float],
    optimise_ms: float,
) -> dict[str, Any]:  # fmt: skip
    return {
        "ok": all(checks.values()),
        "hops": hops(journal, heard, feeder.due_ns),
        "goal": {"p99_ms": GOAL_P99_MS, "events_per_s": GOAL_PER_S},
        "events": len(journal.time_ns) - 1,
        "orders": len(journal.orders),
        "rows": feeder.count,
        "rows_per_s": round(feeder.count / feeder.took_s),
        "rows_late_max_ms": round(feeder.late_max_ns / 1e6, 3),
        "ring_was_full": feeder.full,
        "processor_us_a_row": {name: round(1e6 * each / feeder.count, 1) for name, each in used.items()},
        "optimise_processor_ms": optimise_ms,
        "reference_equal": checks,
        "load": [round(each, 2) for each in os.getloadavg()],
        "machine": machine(),
        "placement": {"core": "fused", "processes": len(used) + 1, "pinned": False},
        "wait": {"core": "sleep", "stream": "sleep", "feeder": "sleep"},
    }
